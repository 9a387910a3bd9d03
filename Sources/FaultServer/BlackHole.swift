internal import Glibc

/// A loopback port that never answers: a client waits for a packet that never arrives, as behind a firewall that drops
/// packets. Its backlog is full and nothing accepts from it; Linux then drops further connection attempts (listen(2)).
package final class BlackHole: Sendable {
    package let port: UInt16
    private let listener: Int32
    private let queued: [Int32]

    /// - Throws: if the system has no port left, or lets the backlog grow without limit.
    package init() throws(FaultServerError) {
        (listener, port) = try Loopback.listen(host: (0, 0, 1), port: 0, backlog: 0)
        var queued: [Int32] = []
        while let socket = Self.connected(to: port), queued.count < 64 { queued.append(socket) }
        self.queued = queued
    }

    deinit {
        for socket in queued { close(socket) }
        close(listener)
    }

    /// A connection, or nil if none is established promptly, as it would be on loopback.
    private static func connected(to port: UInt16) -> Int32? {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = Loopback.address((0, 0, 1), port)
        _ = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var writable = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if poll(&writable, 1, 200) == 1 { return descriptor }
        close(descriptor)
        return nil
    }
}
