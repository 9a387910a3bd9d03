internal import Documents

/// Turns a composed document into a `WebConfiguration`, reporting everything that is wrong with it.
///
/// Values that cannot be read are left out and reading goes on; the result is valid only if the report has no problems.
struct WebReader {
    let report: Report

    func configuration(_ document: YAMLValue?) -> WebConfiguration {
        // An empty file means plain HTTP without passwords.
        guard let document, document.content.isSomething,
            let root = Fields(document, WebSchema.root, name: "the file", report: report)
        else { return WebConfiguration(tls: nil, headers: [], users: [:], rateLimit: nil) }
        let http = root.dictionary(WebSchema.http, WebSchema.httpSection)
        let isHTTP2Wanted = http?.value(WebSchema.http2) ?? true
        return WebConfiguration(
            tls: root.dictionary(WebSchema.tls, WebSchema.tlsSection).flatMap { tls($0, http2: isHTTP2Wanted) },
            headers: http.map(headers) ?? [], users: users(root), rateLimit: rateLimit(root))
    }

    private func headers(_ http: Fields) -> [WebConfiguration.ResponseHeader] {
        guard let fields = http.dictionary(WebSchema.headers, WebSchema.headersSection) else { return [] }
        return WebSchema.headerKeys.compactMap { key in
            guard let value = fields.given(key), !value.isEmpty else { return nil }
            return WebConfiguration.ResponseHeader(name: key.name, value: value)
        }
    }

    private func users(_ root: Fields) -> [String: BcryptHash] {
        guard let value = root.given(WebSchema.users), value.content.isSomething else { return [:] }
        guard case .dictionary(let entries) = value.content else {
            report.problem(value.at, "'\(WebSchema.users.name)' must be a dictionary, not \(value.kind)")
            return [:]
        }
        var users: [String: BcryptHash] = [:]
        for entry in entries {
            // The value is not quoted: it may be the password itself.
            if entry.key.isEmpty || entry.key.utf8.contains(UInt8(ascii: ":")) {
                report.problem(entry.at, "a user's name must not be empty or contain a colon: \(shown(entry.key))")
            } else if case .text(let text, _) = entry.value.content, let hash = BcryptHash(text) {
                if hash.cost > BcryptHash.highestCost {
                    report.problem(
                        entry.value.at,
                        "the password of user \(shown(entry.key)) is hashed with a cost of \(hash.cost), and a check would take "
                            + "minutes to days: use at most \(BcryptHash.highestCost), as in `htpasswd -nBC 10 USER`")
                }
                users[entry.key] = hash
            } else {
                report.problem(
                    entry.value.at,
                    "the password of user \(shown(entry.key)) must be a bcrypt hash beginning with $2y$, $2b$ or $2a$, "
                        + "as `htpasswd -nBC 10 USER` prints it")
            }
        }
        return users
    }

    private func rateLimit(_ root: Fields) -> WebConfiguration.RateLimit? {
        guard let fields = root.dictionary(WebSchema.rateLimit, WebSchema.rateLimitSection),
            let interval = fields.soundValue(WebSchema.interval), let burst = fields.soundValue(WebSchema.burst),
            interval > .zero
        else { return nil }
        guard burst > 0 else {
            report.problem(
                fields.position(of: WebSchema.burst), "'rate_limit' with a 'burst' of 0 would refuse every request")
            return nil
        }
        return WebConfiguration.RateLimit(interval: interval, burst: burst)
    }
}
