internal import Glibc

enum Loopback {
    /// A listening socket on an address of 127.0.0.0/8, given by its last three bytes.
    /// - Parameter port: 0 for any free port.
    static func listen(
        host: (UInt8, UInt8, UInt8), port: UInt16, backlog: Int32
    ) throws(FaultServerError) -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw FaultServerError("socket", errno) }
        // A server that restarts on its old port finds the remains of its connections there.
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = address(host, port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && Glibc.listen(descriptor, backlog) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isListening else {
            let error = FaultServerError("listen", errno)
            close(descriptor)
            throw error
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    static func address(_ host: (UInt8, UInt8, UInt8), _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = (0x7F00_0000 | UInt32(host.0) << 16 | UInt32(host.1) << 8 | UInt32(host.2)).bigEndian
        address.sin_port = port.bigEndian
        return address
    }
}
