import Foundation

/// A server's response to one request on this machine, over its own connection.
///
/// Not with FoundationNetworking: cancelling a request there may end the process ("Trying to access a behaviour for a
/// task that in not in the registry", Swift 6.3).
struct HTTPAnswer: Sendable {
    let status: Int
    private let fields: [(name: String, value: String)]
    let data: Data

    var body: String { String(decoding: data, as: UTF8.self) }

    func header(_ name: String) -> String? {
        fields.first { $0.name.caseInsensitiveCompare(name) == .orderedSame }?.value
    }

    /// - Parameter path: including the query; characters that a URL cannot contain are encoded.
    static func to(
        _ method: String = "GET", _ path: String, port: Int, headers: [String: String] = [:]
    ) async throws -> HTTPAnswer {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw Failure("no URL: \(path)") }
        let target = url.path(percentEncoded: true) + (url.query(percentEncoded: true).map { "?\($0)" } ?? "")
        var lines = ["\(method) \(target) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"]
        lines += headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        let request = lines.map { $0 + "\r\n" }.joined() + "\r\n"
        let bytes = try await withCheckedThrowingContinuation { continuation in
            // Blocking reads must not occupy the thread pool that all tests share.
            Thread.detachNewThread {
                continuation.resume(with: Result { try exchange(Data(request.utf8), port: UInt16(clamping: port)) })
            }
        }
        return try HTTPAnswer(bytes, isHead: method == "HEAD")
    }

    private init(_ bytes: Data, isHead: Bool) throws {
        guard let end = bytes.firstRange(of: Data("\r\n\r\n".utf8)) else {
            throw Failure("no HTTP answer, but \(String(decoding: bytes.prefix(200), as: UTF8.self))")
        }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        guard let status = head[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw Failure("no HTTP answer, but \(head[0])")
        }
        self.status = status
        fields = head.dropFirst().compactMap { line in
            line.firstIndex(of: ":").map { colon in
                (String(line[..<colon]), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
            }
        }
        let rest = bytes[end.upperBound...]
        if isHead {
            data = Data()
        } else if fields.contains(where: { $0.name.lowercased() == "transfer-encoding" && $0.value == "chunked" }) {
            data = try Self.joined(rest)
        } else {
            let length =
                fields.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? rest.count
            guard rest.count >= length else {
                throw Failure("the answer was cut short: \(rest.count) of \(length) bytes")
            }
            data = Data(rest.prefix(length))
        }
    }

    /// Joins the chunks of a body. (RFC 9112, 7.1.)
    private static func joined(_ bytes: Data) throws -> Data {
        var (rest, data) = (bytes, Data())
        while let end = rest.firstRange(of: Data("\r\n".utf8)) {
            let line = String(decoding: rest[..<end.lowerBound], as: UTF8.self).prefix { $0 != ";" }
            guard let length = Int(line, radix: 16),
                rest.distance(from: end.upperBound, to: rest.endIndex) >= length + 2
            else { break }
            if length == 0 { return data }
            data += rest[end.upperBound..<end.upperBound + length]
            rest = rest[(end.upperBound + length + 2)...]
        }
        throw Failure("the answer's chunks were cut short")
    }

    /// Sends a request and reads until the server closes the connection, waiting at most a minute between two pieces.
    private static func exchange(_ request: Data, port: UInt16) throws -> Data {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw Failure("no socket: \(String(cString: strerror(errno)))") }
        defer { close(socket) }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let status = withUnsafeBytes(of: &address) { bytes in
            connect(
                socket, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        guard status == 0 else { throw Failure("port \(port): \(String(cString: strerror(errno)))") }
        var unsent = request[...]
        while !unsent.isEmpty {
            let count = unsent.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure("port \(port): \(String(cString: strerror(errno)))") }
            unsent = unsent.dropFirst(count)
        }
        var (answer, buffer) = (Data(), [UInt8](repeating: 0, count: 65_536))
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count == 0 { return answer }
            guard count > 0 else { throw Failure("port \(port): \(String(cString: strerror(errno)))") }
            answer += buffer.prefix(count)
        }
    }
}
