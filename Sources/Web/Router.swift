/// Finds the handler for a method and a path.
///
/// A pattern is a path; a segment that begins with a colon matches any one segment, which the handler finds in
/// `Request.parameters`: `/nodes/:node/primary`. Patterns are tried in the order in which they were added.
///
/// A handler whose method may change something is never called on behalf of another web site: see `CrossSiteRequest`.
package struct Router: Sendable {
    /// The response, and the pattern that matched, for metrics: a path must not become a label.
    package struct Answer: Sendable {
        package var response: Response
        /// The pattern as given to `on`, or `Router.unknown`.
        package var route: String
    }

    /// Represents all paths that no pattern matches.
    package static let unknown = "unknown"

    fileprivate struct Route: Sendable {
        var methods: [String]
        var pattern: String
        var segments: [Substring]
        var handler: Handler
    }

    private var routes: [Route] = []

    package init() {}

    /// Adds a route. GET implies HEAD; OPTIONS is answered only if it is listed.
    package mutating func on(_ methods: String..., path pattern: String, handler: @escaping Handler) {
        let all = methods.contains("GET") && !methods.contains("HEAD") ? methods + ["HEAD"] : methods
        routes.append(Route(methods: all, pattern: pattern, segments: Self.segments(pattern), handler: handler))
    }

    /// The answer of the first matching route; 404 if the path matches none; 405 with Allow if only the method does not.
    package func answer(_ request: Request) async -> Answer {
        let segments = Self.segments(request.path)
        var fitting: Route?
        var allowed: [String] = []
        for route in routes {
            guard let parameters = route.match(segments) else { continue }
            guard route.methods.contains(request.method) else {
                fitting = fitting ?? route
                allowed += route.methods.filter { !allowed.contains($0) }
                continue
            }
            if let refusal = CrossSiteRequest.refusal(of: request) {
                return Answer(response: refusal, route: route.pattern)
            }
            var request = request
            request.parameters = parameters
            return Answer(response: await route.handler(request), route: route.pattern)
        }
        guard let fitting else { return Answer(response: .bare(404), route: Self.unknown) }
        var response = Response.bare(405)
        response.headers["Allow"] = allowed.joined(separator: ", ")
        return Answer(response: response, route: fitting.pattern)
    }

    private static func segments(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }
}

extension Router.Route {
    /// The parameters if the path matches, otherwise `nil`. No parameter is ever empty.
    fileprivate func match(_ path: [Substring]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (pattern, segment) in zip(segments, path) {
            if pattern.first == ":" {
                guard !segment.isEmpty else { return nil }
                parameters[String(pattern.dropFirst())] = String(segment)
            } else if pattern != segment {
                return nil
            }
        }
        return parameters
    }
}
