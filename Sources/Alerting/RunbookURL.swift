/// Where runbooks are, with `%s` for the alert's name: `https://wiki.example.net/%s`.
struct RunbookPattern: Sendable {
    private let halves: [String]

    init(_ text: String) throws(RuleOptionError) {
        try text.checkURL()
        halves = text.components(around: "%s")
        guard halves.count == 2 else {
            throw RuleOptionError("must have %s once, for the alert's name: https://wiki.example.net/%s")
        }
        guard !halves[0].hasSuffix("://") else { throw RuleOptionError("has no host") }
    }

    func url(_ alert: String) -> String { halves.joined(separator: alert) }
}

/// Where people's browsers reach the exporter: `https://exporter.example.net`, also with a path.
struct ExternalURL: Sendable {
    private let base: String

    init(_ text: String) throws(RuleOptionError) {
        try text.checkURL()
        guard !text.contains("?"), !text.contains("#") else {
            throw RuleOptionError("has a query or a fragment, after which no path can follow")
        }
        var base = text[...]
        while base.hasSuffix("/") { base = base.dropLast() }
        self.base = String(base)
    }

    /// The values of labels are escaped by Prometheus when the alert fires.
    func runbook(of alert: Alert) -> String {
        let query = alert.subject.labels.map { "\($0)={{ $labels.\($0) | urlquery }}" }.joined(separator: "&")
        return "\(base)/runbooks/\(alert.fullName)" + (query.isEmpty ? "" : "?\(query)")
    }

    /// For the text of an alert that has a replication set.
    var sentence: String { "Look at \(base)/?replication_set={{ $labels.replication_set | urlquery }}." }
}

extension String {
    /// Only characters that a URL may contain, so that it needs no quoting in YAML and is no template of Prometheus'.
    fileprivate func checkURL() throws(RuleOptionError) {
        let lowercased = lowercased()
        guard let scheme = ["http://", "https://"].first(where: { lowercased.hasPrefix($0) }) else {
            throw RuleOptionError("must begin with http:// or https://")
        }
        let host = utf8.dropFirst(scheme.utf8.count).prefix { !"/?#".utf8.contains($0) }
        guard !host.isEmpty else { throw RuleOptionError("has no host") }
        guard !host.contains(UInt8(ascii: "@")) else {
            throw RuleOptionError("must not name a user: it would stand in every alert")
        }
        guard utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"'<>\\^`{|}".utf8.contains($0) }) else {
            throw RuleOptionError("contains a character that has to be percent-encoded in a URL")
        }
    }

    fileprivate func components(around separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
