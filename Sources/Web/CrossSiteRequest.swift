/// Recognises requests that a web page of another site made a browser send, from a user who can reach this server.
///
/// A browser lets any page send some requests to any server, with the passwords that it has stored for that server. It
/// names their origin (`Sec-Fetch-Site`, `Origin`), and without asking the server first (CORS) it sends only forms and plain
/// text. Programs such as curl send none of these headers, and are let through.
///
/// Not recognised: a page whose host name the attacker's name server resolves to this machine (DNS rebinding). The browser
/// takes that page and this server for the same site; a password or TLS keeps it out (docs/web.md).
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
            "refused because a page of another web site may have sent this request (\(sign)): "
                + "use curl -X POST without a body")
    }

    /// The header that gives the request away.
    private static func sign(in headers: Headers) -> String? {
        if headers.tokens("Sec-Fetch-Site").contains(where: { $0 != "same-origin" && $0 != "none" }) {
            return "Sec-Fetch-Site"
        }
        if headers["Origin"].map({ !isOwn($0, host: headers["Host"]) }) ?? false { return "Origin" }
        let types = headers.tokens("Content-Type").map { $0.split(separator: ";").first.map { $0.trimmed } ?? "" }
        return types.contains { type in formTypes.contains { $0 == type } } ? "the Content-Type of a form" : nil
    }

    /// Whether an origin is this server. The scheme may differ, because a proxy in front of this server may speak TLS.
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
