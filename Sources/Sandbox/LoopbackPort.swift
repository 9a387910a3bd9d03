import Foundation

/// A TCP port on 127.0.0.1 that is reserved for one server, even while that server is down.
///
/// A socket stays bound to it without ever listening, so the kernel does not give the port to a process that asks for
/// any free one. The server can still bind it, because both set SO_REUSEADDR and this socket does not listen
/// (socket(7)).
package final class LoopbackPort: Sendable {
    package let number: UInt16
    private let descriptor: Int32

    package init() throws(SandboxError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system(doing: "make a socket", errno: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var reuse: Int32 = 1
        let descriptor = descriptor
        // Reuse is allowed only after binding: before that, the kernel might choose a port that another sandbox has
        // reserved.
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0
                    && setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
                        == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        number = UInt16(bigEndian: address.sin_port)
        guard isBound else { throw .system(doing: "keep a port on 127.0.0.1", errno: errno) }
    }

    deinit { close(descriptor) }
}
