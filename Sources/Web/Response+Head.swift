extension Response {
    /// The status line and the fields, up to the empty line. `date` is in the format of `httpDate`.
    func head(keepAlive: Bool, date: String) -> [UInt8] {
        var head: [UInt8] = []
        head.reserveCapacity(512)
        head.append(contentsOf: "HTTP/1.1 \(status) \(Self.reason(of: status))\r\n".utf8)
        for field in headers.fields {
            head.append(contentsOf: field.name.utf8)
            head.append(contentsOf: ": ".utf8)
            // A newline in a value would allow it to inject further fields.
            head.append(contentsOf: field.value.utf8.lazy.map { $0 < 0x20 && $0 != 0x09 ? UInt8(ascii: " ") : $0 })
            head.append(contentsOf: "\r\n".utf8)
        }
        if mayHaveBody { head.append(contentsOf: "Content-Length: \(body.count)\r\n".utf8) }
        head.append(contentsOf: "Date: \(date)\r\nConnection: \(keepAlive ? "keep-alive" : "close")\r\n\r\n".utf8)
        return head
    }

    /// 204 and 304 end with the head, whatever is in `body`.
    var mayHaveBody: Bool { status != 204 && status != 304 }

    static func reason(of status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 417: "Expectation Failed"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 200..<300: "Success"
        case 300..<400: "Redirection"
        case 400..<500: "Client Error"
        default: "Server Error"
        }
    }
}
