import Replication
import Topology

/// What the exporter sees at present of an alert's subject: the head of a runbook's page.
struct LiveFacts {
    private let runbook: String
    private let subject: RunbookSubject
    private let findings: SetFindings?
    private let node: NodeFindings?
    private let channel: ChannelFindings?
    private let age: Duration

    init(runbook: String, subject: RunbookSubject, findings: SetFindings?, age: Duration) {
        self.runbook = runbook
        self.subject = subject
        self.findings = findings
        self.age = age
        let node = subject.node.flatMap { findings?.node(named: $0) }
        self.node = node
        channel = subject.channel.flatMap { name in node?.channels.first { $0.channel.name == name } }
    }

    /// The node's server, or if that is not known, those of its set that answer.
    var audience: Audience {
        func answering(_ nodes: [NodeFindings]) -> [NodeFacts] { nodes.compactMap(\.report.facts) }
        let own = answering(node.map { [$0] } ?? [])
        let facts = own.isEmpty ? answering(findings?.nodes ?? []) : own
        let services = Set(facts.compactMap(\.service))
        return Audience(
            servers: facts.map(\.identity),
            services: Service.allCases.filter { $0 != .unmanaged && services.contains($0) })
    }

    /// The channel's name, if it is certain what it means between apostrophes.
    var channelInSQL: String? {
        channel.map(\.channel.name).flatMap { name in
            name.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789_-.".unicodeScalars.contains($0))
            }
                ? name : nil
        }
    }

    /// Nothing without a subject.
    var markup: HTML? {
        if subject == RunbookSubject() { return nil }
        let remarks = remarks.map { remark -> HTML in "<p>\(remark)</p>\n" }
        guard let findings else {
            return "<section class=\"live\" aria-label=\"Now\">\n\(remarks)</section>\n\n"
        }
        let set = SetMarkup(findings, node: node?.description.name, channel: channel?.channel.name)
        return """
            <section class="live" aria-label="Now">
            \(remarks)<p>\(verdict(findings))<small>As of \(Amount.seconds(age.seconds)) before this page was loaded. \
            <a href="../\(QueryText.query([(name: "replication_set", value: findings.name)]))">The whole set, live</a></small></p>
            \(set.markup(isOpen: true))</section>

            """
    }

    // MARK: - What is not there

    private var remarks: [String] {
        guard let findings else {
            if let set = subject.set { return ["The configuration has no replication set \(Self.quoted(set))."] }
            return subject.node.map { ["The configuration has no node \(Self.quoted($0))."] }
                ?? ["Name the replication set of the channel."]
        }
        guard let name = subject.node else { return [] }
        guard let node else {
            return ["The replication set \(findings.name) has no node \(Self.quoted(name)). This is the whole set."]
        }
        // Members replicate without a channel; series about them have one all the same.
        guard let name = subject.channel, channel == nil, node.report.isUp, node.member == nil else { return [] }
        let what = name.isEmpty ? "no default channel" : "no channel \(Self.quoted(name))"
        return ["\(node.description.name) has \(what) at present."]
    }

    /// No name that can be configured is longer than this; neither is a channel's.
    private static let longestName = 128

    /// Names come from the address that somebody opened.
    private static func quoted(_ name: String) -> String {
        let short = name.unicodeScalars.prefix(longestName)
        let end = short.endIndex < name.unicodeScalars.endIndex ? "…" : ""
        return "“\(String(String.UnicodeScalarView(short)).printable)\(end)”"
    }

    // MARK: - Whether it is still so

    /// A sentence, for alerts of which one round shows whether they are right.
    private func verdict(_ findings: SetFindings) -> HTML? {
        guard Trouble.Kind.allCases.contains(where: { Runbook.name(of: $0) == runbook }) else { return nil }
        let nodes = node.map { [$0] } ?? findings.nodes
        let channels = channel.map { [$0] } ?? nodes.flatMap(\.channels)
        let troubles = findings.troubles + nodes.flatMap(\.troubles) + channels.flatMap(\.troubles)
        if let seen = troubles.first(where: { Runbook.name(of: $0.kind) == runbook }) {
            return "\(seen.reason.state.icon)<b>The exporter sees this now.</b> "
        }
        // Most of what is judged is a comparison: a node that is silent leaves it open for the others, too.
        let asked = runbook == Runbook.name(of: .nodeDown) ? nodes : findings.nodes
        let silent = asked.filter { !$0.report.isUp }.map(\.description.name)
        if let first = silent.first {
            let others = silent.count > 1 ? " and \(Amount.count(silent.count - 1, "other node"))" : ""
            return
                "\(PageState.unknown.icon)<b>\(first)\(others) cannot be asked, so it is not known whether this is still so.</b> "
        }
        if runbook.hasPrefix("MySQLReplicationLag"), channels.contains(where: { !$0.isParked && $0.lag == nil }) {
            return "\(PageState.unknown.icon)<b>The lag is unknown, so it is not known whether this is still so.</b> "
        }
        return "\(PageState.ok.icon)<b>The exporter does not see this now.</b> "
    }
}
