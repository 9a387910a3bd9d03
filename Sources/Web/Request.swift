/// A request as a handler sees it: complete, within limits, decoded. Bodies are read and discarded: no route needs one.
package struct Request: Sendable {
    /// As sent, by convention in capitals: `GET`, `HEAD`, `POST`.
    package var method: String
    /// Percent-decoded, without the query; begins with `/` (or is `*`, for OPTIONS).
    package var path: String
    /// Decoded, in order, with repeated names.
    package var query: [(name: String, value: String)]
    package var headers: Headers
    /// `address:port` of the peer, for logs; `unix` on a UNIX socket.
    package var remoteAddress: String
    /// The values of `:name` segments in the route's pattern; set by `Router`.
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

    /// All values of `name` in the query: `?node=a&node=b`.
    package func queryValues(_ name: String) -> [String] {
        query.filter { $0.name == name }.map(\.value)
    }
}
