import Alerting
import Foundation
import Metrics
import Testing

/// The rules in deploy/ are what `mysql-replication-exporter rules` prints.
/// `RECORD=1 swift test --filter ShippedRulesTests` writes them.
@Suite("The shipped rules")
struct ShippedRulesTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test(
        "are what the program prints",
        arguments: [
            (
                "deploy/prometheus/mysql-replication.rules.yml", RuleOptions.Format.prometheus,
                RuleOptions.Part.recording
            ),
            ("deploy/prometheus/mysql-replication.alerts.yml", .prometheus, .alerts),
            ("deploy/kubernetes/prometheusrule.yaml", .operator, .all),
        ])
    func areFresh(path: String, format: RuleOptions.Format, part: RuleOptions.Part) throws {
        var options = RuleOptions()
        options.format = format
        options.part = part
        let fresh = RuleFile(options).text
        let file = Self.root.appendingPathComponent(path)
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try fresh.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == fresh, "write it again with RECORD=1")
    }

    @Test("cannot be restricted by labels of the exporter's own, which not all of its series have")
    func ownLabels() {
        for label in Set(Metric.allCases.flatMap { Catalogue[$0].labels }) {
            var options = RuleOptions()
            #expect(throws: RuleOptionError.self, "\(label)") { try options.select("\(label)=\"x\"") }
        }
    }
}
