import Collection
import Exposition
import Foundation
import MariaDB
import Metrics
import Replication
import Testing
import Topology

/// docs/metrics.md is made here, from the catalogue, and from what each version's recorded replies, read by its dialect,
/// turn into. `RECORD=1 swift test --filter DocumentationTests` writes it.
@Suite("The metrics reference")
struct MetricsReferenceTests {
    @Test("is what the catalogue and the recorded replies say")
    func isFresh() throws {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = repository.appendingPathComponent("docs/metrics.md")
        let fresh = MetricsReference(versions: try RecordedVersion.all()).page
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try fresh.write(to: page, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: page, encoding: .utf8) == fresh, "write it anew with RECORD=1")
    }

    @Test("every version tells the essentials", arguments: try RecordedVersion.all())
    func essentials(version: RecordedVersion) {
        for metric in [Metric.up, .nodeInfo, .lagKnown, .ioThreadRunning, .applyDelta, .readDelta, .check, .sourceInfo]
        {
            #expect(version.metrics.contains(metric), "\(metric)")
        }
    }
}

/// What the replies of one version turn into.
struct RecordedVersion: Sendable, CustomTestStringConvertible {
    let name: String
    let dialect: String
    /// Metrics that had a value in at least one recorded situation.
    let metrics: Set<Metric>
    /// What its dialect asks for.
    let facts: Set<FactName>
    let flavor: Flavor

    var testDescription: String { name }

    static func all() throws -> [RecordedVersion] {
        try FileManager.default.contentsOfDirectory(atPath: Recording.folder.path).sorted { left, right in
            left.compare(right, options: .numeric) == .orderedAscending
        }.filter { !$0.contains(".") || $0.contains("-") }.compactMap { try RecordedVersion($0) }
    }

    /// ● it had a value; ○ it is asked for, and no recorded situation had a value for it; empty: not to be had.
    func mark(of metric: Metric) -> String {
        if metrics.contains(metric) { return "●" }
        let entry = Catalogue[metric]
        let isAsked = entry.flavor == nil || entry.flavor == flavor
        return isAsked && entry.fact.map { facts.contains($0) } ?? true ? "○" : ""
    }

    /// Nil for what is no folder of recordings.
    private init?(_ name: String) throws {
        let folder = Recording.folder.appendingPathComponent(name)
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let cases = try files.filter { $0.hasSuffix(".json") }.sorted().map { file in
            (name: String(file.dropLast(5)), recording: try Recording(folder.appendingPathComponent(file)))
        }
        guard let primary = cases.first(where: { $0.name == "primary" })?.recording else { return nil }
        var metrics: Set<Metric> = []
        for (_, recording) in cases {
            let set = ReplicationSetReport(
                name: "recorded",
                nodes: [
                    .init(.init(name: "db1", address: .tcp(host: "db1", port: 3306)), try primary.report),
                    .init(
                        .init(
                            name: "db2", address: .tcp(host: "db2", port: 3306), intendedSources: ["": "db1"]),
                        try recording.report),
                ])
            var families = Families()
            families.add(SetFindings(set), MetricsOptions(workers: true, gtidDomains: true))
            let names = Set(families.all.map(\.description.name))
            metrics.formUnion(Metric.allCases.filter { names.contains(Catalogue[$0].description.name) })
        }
        self.name = name
        self.dialect = try primary.dialect.name
        self.metrics = metrics
        self.flavor = Flavor(handshake: primary.version)
        self.facts = Set(
            try primary.dialect.facts.map(\.name) + [.binlogIndex, .cluster, .checksums, .checksumSummary])
    }
}

/// A file of `Tests/Fixtures`, read through the dialect of its version.
private struct Recording: Decodable {
    struct Result: Decodable {
        let sql: String
        let columns: [String]?
        let rows: [[String?]]?
    }

    let version: String
    let results: [Result]

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    init(_ file: URL) throws {
        self = try JSONDecoder().decode(Recording.self, from: Data(contentsOf: file))
    }

    var dialect: Dialect {
        get throws {
            let version = try #require(ServerVersion(version))
            return try #require(Dialect.of(Flavor(handshake: self.version), version))
        }
    }

    var report: NodeReport {
        get throws {
            let dialect = try dialect
            var facts = NodeFacts(
                identity: ServerIdentity(
                    flavor: Flavor(handshake: version), version: try #require(ServerVersion(version))))
            facts.askedAt = 0
            for fact in dialect.facts + [dialect.binlogIndex] {
                guard let result = results.first(where: { $0.sql == fact.statement }), let columns = result.columns
                else {
                    facts.missing[fact.name] = .permission
                    continue
                }
                let moment = Moment(.now, wall: 0)
                let table = ResultTable(columns: columns, rows: result.rows ?? [])
                try fact.read(Answer(table, asked: moment, told: moment), &facts)
            }
            if let uptime = facts.uptime, let offset = facts.clockOffset { facts.startTime = offset - uptime }
            return NodeReport(
                facts: facts, failure: facts.channels == nil ? .init(reason: .permission, message: "") : nil)
        }
    }
}

struct MetricsReference {
    let versions: [RecordedVersion]

    var page: String {
        var lines = [
            "# Metrics", "",
            "<!-- Written by `RECORD=1 swift test --filter DocumentationTests`; do not edit. -->", "",
            "The tables leave out the common labels: `replication_set`, `node`, and for a replication stream `channel` (\"\" for",
            "the default channel). A one-hot family has a series for every value of its last label, exactly one of which is 1.",
            "A value that is not known is absent.", "",
            "● that version's replies gave the metric a value in at least one situation in `Tests/Fixtures` (which also says",
            "where the replies of MySQL 5.7, 8.0 and 8.4 come from); ○ the exporter asks for it, but none of these situations",
            "gave it a value; empty: that version does not report it. On servers that do not report the time of the last",
            "arrival, `source_silent_seconds` needs two rounds, and a recording is only one; the checksum metrics need a",
            "checksum table, and those of clusters a member of one; the recorded servers have neither.",
            "",
        ]
        for (title, metrics) in sections {
            lines += ["## \(title)", ""]
            let isOwn = title == "Exporter"
            let columns = ["metric", "type", "labels", "meaning"] + (isOwn ? [] : versions.map(\.name))
            lines.append("| " + columns.joined(separator: " | ") + " |")
            lines.append("|" + columns.map { _ in "---|" }.joined())
            for metric in metrics {
                let entry = Catalogue[metric]
                var cells = [
                    "`\(entry.description.name)`", entry.description.type.word,
                    entry.labels.filter { !["replication_set", "node", "channel"].contains($0) }.joined(
                        separator: ", "),
                    entry.description.help,
                ]
                if !isOwn { cells += versions.map { $0.mark(of: metric) } }
                lines.append("| " + cells.joined(separator: " | ") + " |")
            }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    private var sections: [(String, [Metric])] {
        let all = Metric.allCases
        func labelled(_ labels: [String]) -> [Metric] {
            all.filter { metric in
                Catalogue[metric].labels.filter { ["replication_set", "node", "channel"].contains($0) } == labels
            }
        }
        return [
            ("Node", labelled(["replication_set", "node"])),
            ("Channel", labelled(["replication_set", "node", "channel"])),
            ("Replication set", labelled(["replication_set"])), ("Exporter", labelled([])),
        ]
    }
}

extension MetricType {
    fileprivate var word: String {
        switch self {
        case .gauge: "gauge"
        case .counter: "counter"
        case .info: "info"
        case .stateSet: "one-hot"
        case .unknown: "unknown"
        }
    }
}
