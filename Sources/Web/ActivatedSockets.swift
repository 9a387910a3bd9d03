import Glibc

/// Sockets on which a service manager already listens, passed at start-up: sd_listen_fds(3).
package enum ActivatedSockets {
    /// The first passed descriptor.
    private static let first: Int32 = 3

    /// The sockets that were passed, in the order of the unit's ListenStream lines, now set not to be inherited by children.
    /// - Parameter environment: the process's environment; LISTEN_PID and LISTEN_FDS say whether and how many there are.
    /// - Throws: `ListenerError.notActivated`.
    package static func addresses(environment: [String: String]) throws(ListenerError) -> [ListenAddress] {
        guard let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...1024).contains(count) else {
            throw .notActivated(
                reason: "no socket was passed: start the exporter by a systemd .socket unit, or remove the flag")
        }
        guard environment["LISTEN_PID"] == "\(getpid())" else {
            throw .notActivated(
                reason: "the sockets were passed to another process: let systemd start the exporter directly")
        }
        var addresses: [ListenAddress] = []
        for descriptor in first..<(first + count) {
            guard option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
                option(SO_ACCEPTCONN, of: descriptor) == 1
            else {
                throw .notActivated(
                    reason:
                        "descriptor \(descriptor) is not a listening stream socket: use ListenStream= with Accept=no")
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            addresses.append(.activated(descriptor: descriptor))
        }
        return addresses
    }

    /// An option of a socket; nil if the descriptor is not a socket.
    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }
}
