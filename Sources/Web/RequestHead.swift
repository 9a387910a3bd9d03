/// The request line and the fields, as parsed.
struct RequestHead: Sendable {
    var method: String
    var target: String
    /// The 1 of HTTP/1.1.
    var minorVersion: Int
    var headers: Headers

    /// Whether the client wants the connection to stay open, and it can.
    var isKeepAlive: Bool {
        // After these, the parser takes what follows for another protocol, which we do not support.
        if method == "CONNECT" || headers["Upgrade"] != nil { return false }
        let options = headers.tokens("Connection")
        return minorVersion >= 1 ? !options.contains("close") : options.contains("keep-alive")
    }

    /// Whether the client has announced that it will close, so that no more requests are on their way.
    var asksToClose: Bool { headers.tokens("Connection").contains("close") }

    var isChunked: Bool { headers["Transfer-Encoding"] != nil }

    /// The declared length of the body; `nil` if there is none or the body is chunked.
    var contentLength: Int? { headers["Content-Length"].flatMap { Int($0) } }

    var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

    var expectsContinue: Bool { minorVersion >= 1 && headers.tokens("Expect") == ["100-continue"] }

    /// The status to refuse this head with, or `nil` if it may be served. The parser has checked the syntax.
    func refusal(bodyLimit: Int) -> Int? {
        let hosts = headers.values("Host").count
        if hosts > 1 || (hosts == 0 && minorVersion >= 1) { return 400 }
        if isChunked && (minorVersion == 0 || headers.tokens("Transfer-Encoding") != ["chunked"]) { return 400 }
        if (contentLength ?? 0) > bodyLimit { return 413 }
        if headers["Expect"] != nil && minorVersion >= 1 && !expectsContinue { return 417 }
        return nil
    }
}
