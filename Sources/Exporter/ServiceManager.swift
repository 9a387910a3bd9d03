import Glibc

/// Tells the program that started this one how it is doing: systemd's sd_notify(3), a datagram to a socket.
enum ServiceManager {
    /// Does nothing if nobody wants to know.
    /// - Parameters:
    ///   - state: such as `READY=1`.
    ///   - environment: names the socket, `NOTIFY_SOCKET`: a path, or with a leading `@` an abstract name.
    static func notify(_ state: String, environment: [String: String]) {
        guard let name = environment["NOTIFY_SOCKET"], name.hasPrefix("/") || name.hasPrefix("@") else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if name.hasPrefix("@") { bytes[0] = 0 }
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return }
        defer { close(socket) }
        // Without a terminating zero, which would be part of an abstract name.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let message = Array(state.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(socket, message, message.count, Int32(MSG_NOSIGNAL), address, length)
            }
        }
    }
}
