import Glibc

/// One connection to a server on 127.0.0.1, kept between requests. Blocking, and limited to the HTTP/1.1 that exporters
/// use: it competes for the same cores with the programs being measured.
final class HTTPClient {
    struct Answer {
        var status = 0
        var body: [UInt8] = []
    }

    private let port: UInt16
    private var descriptor: Int32 = -1
    private var buffer: [UInt8] = []
    private var next = 0

    init(port: UInt16) {
        self.port = port
    }

    deinit { hangUp() }

    /// - Parameter headers: lines, each with its line terminator.
    /// - Throws: `BenchmarkError` if there is no complete response within 60 s.
    func get(_ path: String, headers: String = "") throws(BenchmarkError) -> Answer {
        let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n"
        if descriptor >= 0 {
            do throws(BenchmarkError) {
                return try exchange(request)
            } catch {
                hangUp()  // a kept connection may have been closed meanwhile
            }
        }
        try connect()
        do throws(BenchmarkError) {
            return try exchange(request)
        } catch {
            hangUp()
            throw error
        }
    }

    private func hangUp() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        buffer.removeAll(keepingCapacity: true)
        next = 0
    }

    private func connect() throws(BenchmarkError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("make a socket") }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            hangUp()
            throw .system("connect to 127.0.0.1:\(port)")
        }
    }

    private func exchange(_ request: String) throws(BenchmarkError) -> Answer {
        var request = request
        let sent = request.withUTF8 { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == request.utf8.count else { throw .system("send a request") }
        var answer = Answer()
        var length: Int?
        var isChunked = false
        answer.status = Int(try line().split(separator: " ").dropFirst().first ?? "") ?? 0
        while case let header = try line().lowercased(), !header.isEmpty {
            if header.hasPrefix("content-length:") { length = Int(header.dropFirst(15).filter { $0 != " " }) }
            if header.hasPrefix("transfer-encoding:") { isChunked = header.hasSuffix("chunked") }
        }
        if isChunked {
            while let size = Int(try line(), radix: 16), size > 0 {
                try read(size, into: &answer.body)
                _ = try line()
            }
            _ = try line()
        } else {
            guard let length else { throw .answer("a response without a length") }
            try read(length, into: &answer.body)
        }
        return answer
    }

    private func line() throws(BenchmarkError) -> String {
        while true {
            if let end = buffer[next...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { next = end + 1 }
                return String(decoding: buffer[next..<end].dropLast(), as: UTF8.self)
            }
            try fill()
        }
    }

    private func read(_ count: Int, into body: inout [UInt8]) throws(BenchmarkError) {
        body.reserveCapacity(body.count + count)
        var missing = count
        while true {
            let part = buffer[next...].prefix(missing)
            body += part
            next += part.count
            missing -= part.count
            if missing == 0 { return }
            try fill()
        }
    }

    private func fill() throws(BenchmarkError) {
        if next == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            next = 0
        }
        let chunk = 256 * 1024
        var count = 0
        buffer.reserveCapacity(buffer.count + chunk)
        buffer += [UInt8](unsafeUninitializedCapacity: chunk) { space, filled in
            count = recv(descriptor, space.baseAddress, chunk, 0)
            filled = max(0, count)
        }
        guard count > 0 else { throw .system("read an answer") }
    }
}
