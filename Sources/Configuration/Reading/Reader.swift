internal import Documents
internal import Replication

/// Turns a composed document into a `Configuration`, reporting everything that is wrong on the way.
///
/// Values that cannot be read are left out and reading goes on; the result is valid only if the report has no problems.
struct Reader {
    let report: Report
    let environment: [String: String]

    func configuration(_ document: YAMLValue?) -> Configuration {
        guard let document, document.content.isSomething else {
            report.problem(.start, "the file is empty; it needs the key 'replication_sets'")
            return Configuration(sets: [])
        }
        guard let root = Fields(document, Schema.root, name: "the file", report: report) else {
            return Configuration(sets: [])
        }
        let defaults = root.dictionary(Schema.defaults, Schema.common).map(settings)
        var sets: [ReplicationSet] = []
        var names = Names(report: report)
        if let items = root.list(Schema.replicationSets) {
            if items.isEmpty {
                report.problem(
                    root.position(of: Schema.replicationSets), "'replication_sets' is empty; it needs at least one set")
            }
            sets = items.compactMap { set($0, defaults: defaults, names: &names) }
        }
        requireUser(sets.flatMap(\.nodes), at: root.position(of: Schema.defaults))
        return Configuration(sets: sets, metrics: metrics(root))
    }

    /// Reports a missing user once, however many nodes lack one.
    private func requireUser(_ nodes: [Node], at position: Position) {
        guard nodes.contains(where: { !$0.credentials.mayHaveUser(environment: environment) }) else { return }
        report.problem(position, Credentials.missingUser)
    }

    private func set(_ item: YAMLValue, defaults: CommonSettings?, names: inout Names) -> ReplicationSet? {
        guard let fields = Fields(item, Schema.set, name: "a replication set", report: report) else { return nil }
        let name = fields.given(Schema.setName)
        if let name { names.add(set: name, at: fields.position(of: Schema.setName)) }
        let common = settings(fields)

        var nodes: [PlacedNode] = []
        if let items = fields.list(Schema.nodes) {
            if items.isEmpty {
                report.problem(
                    fields.position(of: Schema.nodes), "'nodes' is empty; a replication set needs at least one node")
            }
            nodes = items.compactMap { node($0, set: common, defaults: defaults, names: &names) }
        }
        SetChecks(report: report, nodes: nodes).run()

        return ReplicationSet(
            name: name ?? "", nodes: nodes.compactMap(\.node), thresholds: thresholds(fields),
            heartbeat: heartbeat(fields),
            sentinel: sentinel(fields), failover: failover(fields, nodes: nodes), checksums: checksums(fields),
            errantAllowed: errantAllowed(fields))
    }

    private func errantAllowed(_ fields: Fields) -> ErrantAllowed {
        var servers: [String] = []
        for item in fields.list(Schema.errantAllowed) ?? [] {
            guard case .text(let text, _) = item.content else {
                report.problem(item.at, "'errant_allowed' must list server UUIDs or server IDs, not \(item.kind)")
                continue
            }
            if ServerUUID(text) == nil, UInt32(text) == nil {
                report.problem(
                    item.at,
                    "'errant_allowed' must list server UUIDs (MySQL) or server IDs (MariaDB), not \(shown(text))")
            }
            servers.append(text)
        }
        return ErrantAllowed(servers: servers)
    }

    private func metrics(_ root: Fields) -> MetricsOptions {
        guard let fields = root.dictionary(Schema.metrics, Schema.metricsSection) else { return MetricsOptions() }
        let words = MetricsOptions.Compatibility.allCases.map(\.rawValue)
        var compatibility: Set<MetricsOptions.Compatibility> = []
        for item in fields.list(Schema.compatibility) ?? [] {
            if case .text(let text, _) = item.content {
                if let known = MetricsOptions.Compatibility(rawValue: text) {
                    compatibility.insert(known)
                } else {
                    report.problem(
                        item.at, "'compatibility' accepts \(words.joined(separator: ", ")), not \(shown(text))",
                        suggestion: suggestion(for: text, among: words))
                }
            } else {
                report.problem(item.at, "'compatibility' must list names, not \(item.kind)")
            }
        }
        return MetricsOptions(
            compatibility: compatibility, workers: fields.value(Schema.workers) ?? false,
            gtidDomains: fields.value(Schema.gtidDomains) ?? false)
    }
}

/// The names taken so far in the whole file.
struct Names {
    let report: Report
    private var sets: [String: Position] = [:]
    private var nodes: [String: Position] = [:]

    init(report: Report) {
        self.report = report
    }

    mutating func add(set name: String, at position: Position) {
        if let first = sets[name] {
            report.problem(position, "a replication set named \(shown(name)) is already defined on line \(first.line)")
        } else {
            sets[name] = position
        }
    }

    mutating func add(node name: String, at position: Position) {
        if let first = nodes[name] {
            report.problem(
                position,
                "a node named \(shown(name)) is already defined on line \(first.line); names are unique in the whole file"
            )
        } else {
            nodes[name] = position
        }
    }
}
