import Glibc

/// Sockets on which a service manager already listens, passed at start-up: sd_listen_fds(3).
package enum ActivatedSockets {
    /// The first passed descriptor.
    private static let first: Int32 = 3

    /// Which of the sockets.
    package enum Use: Sendable {
        /// Those of units with `FileDescriptorName=agent`.
        case agent
        /// All others.
        case web
    }

    /// The sockets that were passed, in the order of the unit's ListenStream lines, now set not to be inherited by children.
    /// - Parameter environment: the process's environment; LISTEN_PID and LISTEN_FDS say whether and how many there are,
    ///   LISTEN_FDNAMES what their units call them.
    /// - Throws: `ListenerError.notActivated`, also if none of them is for this use.
    package static func addresses(
        for use: Use, environment: [String: String]
    ) throws(ListenerError) -> [ListenAddress] {
        guard let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...1024).contains(count) else {
            throw .notActivated(
                reason: "no socket was passed: start the exporter by a systemd .socket unit, or remove the flag")
        }
        guard environment["LISTEN_PID"] == "\(getpid())" else {
            throw .notActivated(
                reason: "the sockets were passed to another process: let systemd start the exporter directly")
        }
        var addresses: [ListenAddress] = []
        for index in indices(for: use, of: Int(count), names: environment["LISTEN_FDNAMES"]) {
            let descriptor = first + Int32(index)
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
        guard !addresses.isEmpty else {
            throw .notActivated(
                reason: use == .agent
                    ? "no socket was passed for it: set FileDescriptorName=agent in its .socket unit"
                    : "all sockets that were passed are the agent's (FileDescriptorName=agent)")
        }
        return addresses
    }

    /// Which of the passed sockets are for a use.
    /// - Parameter names: what their units call them, separated by colons.
    static func indices(for use: Use, of count: Int, names: String?) -> [Int] {
        let names = (names ?? "").split(separator: ":", omittingEmptySubsequences: false)
        return (0..<count).filter { ($0 < names.count && names[$0] == "agent") == (use == .agent) }
    }

    /// An option of a socket; nil if the descriptor is not a socket.
    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }
}
