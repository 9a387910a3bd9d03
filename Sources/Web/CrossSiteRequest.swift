/// Recognises requests that a web page of another site had sent by the browser of somebody who may reach this server.
///
/// A browser lets any page send some requests to any server, with the passwords that it has kept for that server. It says
/// where they come from (`Sec-Fetch-Site`, `Origin`), and without asking the server first (CORS) it sends forms and plain
/// text alone. Programs such as curl say none of this, and are let through.
///
/// Not recognised: a page whose own name the attacker's name server points to this machine (DNS rebinding). To the browser
/// that page and this server are one site; a password or TLS keeps it out (docs/web.md).
enum CrossSiteRequest {
    /// What a browser sends to another site without asking it first (Fetch Standard, "CORS-safelisted request-header").
    private static let formTypes = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]

    /// Methods that change nothing (RFC 9110, 9.2.1).
    private static let safeMethods = ["GET", "HEAD", "OPTIONS"]

    /// - Returns: 403 for a request that may change something and may be another site's; otherwise nil.
    static func refusal(of request: Request) -> Response? {
        guard !safeMethods.contains(request.method), let sign = sign(in: request.headers) else { return nil }
        return .text(
            status: 403,
            "refused, because a page of another web site may have sent this request (\(sign)): "
                + "use curl -X POST, without a body")
    }

    /// What gives it away.
    private static func sign(in headers: Headers) -> String? {
        if headers.tokens("Sec-Fetch-Site").contains(where: { $0 != "same-origin" && $0 != "none" }) {
            return "Sec-Fetch-Site"
        }
        if headers["Origin"].map({ !isOwn($0, host: headers["Host"]) }) ?? false { return "Origin" }
        let types = headers.tokens("Content-Type").map { $0.split(separator: ";").first.map { $0.trimmed } ?? "" }
        return types.contains { type in formTypes.contains { $0 == type } } ? "the Content-Type of a form" : nil
    }

    /// Whether an origin is the server that was asked. The scheme may differ: in front of this server a proxy may speak TLS.
    private static func isOwn(_ origin: String, host: String?) -> Bool {
        let origin = origin.lowercased()
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where origin.hasPrefix(scheme) {
            return String(origin.dropFirst(scheme.count)).dropping(port) == host?.lowercased().dropping(port)
        }
        return false
    }
}

extension String {
    fileprivate func dropping(_ suffix: String) -> Substring {
        hasSuffix(suffix) ? dropLast(suffix.count) : self[...]
    }
}
