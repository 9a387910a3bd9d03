/// A request as a handler sees it: complete, within limits, decoded. Bodies are read and dropped: no route takes one.
package struct Request: Sendable {
    /// As sent, in capitals by custom: `GET`, `HEAD`, `POST`.
    package var method: String
    /// Percent-decoded, without the query; begins with `/` (or is `*`, for OPTIONS).
    package var path: String
    /// Decoded, in order, a name as often as it came.
    package var query: [(name: String, value: String)]
    package var headers: Headers
    /// `address:port` of the peer, for logs; `unix` on a UNIX socket.
    package var remoteAddress: String
    /// What stood for `:name` in the route's pattern; set by `Router`.
    package var parameters: [String: String] = [:]

    package init(
        method: String = "GET", path: String, query: [(name: String, value: String)] = [], headers: Headers = [:],
        remoteAddress: String = "unix"
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.remoteAddress = remoteAddress
    }

    /// Every value that the query gives to `name`: `?node=a&node=b`.
    package func queryValues(_ name: String) -> [String] {
        query.filter { $0.name == name }.map(\.value)
    }
}
