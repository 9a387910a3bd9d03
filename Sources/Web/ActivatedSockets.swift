import Glibc

/// Sockets that a service manager listens on already and passes at the start: sd_listen_fds(3).
package enum ActivatedSockets {
    /// The first descriptor that may be one.
    private static let first: Int32 = 3

    /// The sockets that were passed, in the order of the unit's ListenStream lines. A child would not inherit them.
    /// - Parameter environment: of the process; LISTEN_PID and LISTEN_FDS tell whether there are any, and how many.
    /// - Throws: `ListenerError.notActivated`.
    package static func addresses(environment: [String: String]) throws(ListenerError) -> [ListenAddress] {
        guard let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...1024).contains(count) else {
            throw .notActivated(
                reason: "no socket was passed: start it by a systemd .socket unit, or leave the flag out")
        }
        guard environment["LISTEN_PID"] == "\(getpid())" else {
            throw .notActivated(reason: "the sockets were passed to another process: let systemd start this one itself")
        }
        var addresses: [ListenAddress] = []
        for descriptor in first..<(first + count) {
            guard option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
                option(SO_ACCEPTCONN, of: descriptor) == 1
            else {
                throw .notActivated(
                    reason: "descriptor \(descriptor) is no listening stream socket: use ListenStream= with Accept=no")
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            addresses.append(.activated(descriptor: descriptor))
        }
        return addresses
    }

    /// An option of a socket; nil if it is no socket.
    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }
}
