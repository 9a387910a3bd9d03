/// The series that rules are about, by labels that the scrape adds: `cluster="eu", env!="test"`.
package struct Selector: Sendable, Equatable {
    let matchers: [Matcher]

    static let all = Selector(matchers: [])

    private init(matchers: [Matcher]) { self.matchers = matchers }

    /// Labels that not all series of the exporter have, or that not all rules keep.
    private static let foreign: Set<String> = [
        "__name__", "instance", "alertname", "severity", "replication_set", "node", "channel", "cluster_name", "probe",
        "address", "cause", "check", "code", "database", "domain", "fact", "filter", "flavor", "hostname", "kind",
        "libmariadb", "member", "method", "operation", "part", "reason", "result", "revision", "role", "route",
        "server_id", "server_uuid", "managed_service",
        "source_host", "source_node", "source_port", "source_server_id", "source_uuid", "stage", "state", "swift",
        "table",
        "thread", "version", "worker",
    ]

    /// Reads matchers, with or without braces.
    package init(_ text: String) throws(RuleOptionError) {
        var reader = SelectorReader(text)
        matchers = try reader.matchers()
        for matcher in matchers where Self.foreign.contains(matcher.label) {
            throw RuleOptionError(
                "cannot go by the label \(matcher.label), which not all series have that the rules compare: use one "
                    + "that each scrape adds, such as job or cluster")
        }
    }
}
