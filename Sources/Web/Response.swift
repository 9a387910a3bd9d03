/// A complete response. Content-Length, Date, Connection and the encoding are added when it is sent.
package struct Response: Sendable {
    /// The HTTP status code, 200…599.
    package var status: Int
    package var headers: Headers
    package var body: [UInt8]
    /// Whether `encoded` has been applied.
    var isEncoded = false

    package init(status: Int = 200, headers: Headers = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// UTF-8 text of any type; `contentType` is sent unchanged.
    package init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.init(
            status: status, headers: ["Content-Type": contentType, "X-Content-Type-Options": "nosniff"], body: body)
    }

    /// Plain text, ended by a line feed.
    package static func text(status: Int = 200, _ text: String) -> Response {
        Response(status: status, contentType: "text/plain; charset=utf-8", body: Array((text + "\n").utf8))
    }

    /// JSON that is already encoded.
    package static func json(status: Int = 200, _ json: [UInt8]) -> Response {
        Response(status: status, contentType: "application/json; charset=utf-8", body: json)
    }

    /// A page. `allowing` extends a policy that allows nothing: `script-src 'sha256-…'; connect-src 'self'`.
    package static func html(status: Int = 200, _ page: [UInt8], allowing policy: String? = nil) -> Response {
        var response = Response(status: status, contentType: "text/html; charset=utf-8", body: page)
        let strict = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        response.headers["Content-Security-Policy"] = policy.map { "\(strict); \($0)" } ?? strict
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
    }

    /// The listener's own response that consists only of the status.
    static func bare(_ status: Int) -> Response {
        text(status: status, "\(status) \(reason(of: status))")
    }
}

/// Answers a request; runs on Swift's concurrent pool and is cancelled when the client goes away, so it must
/// neither block nor ignore cancellation for long. It cannot fail: an error is a response.
package typealias Handler = @Sendable (Request) async -> Response
