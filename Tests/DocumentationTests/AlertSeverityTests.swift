import Foundation
import Testing
import Topology

/// `Trouble.Kind.severity` is the table; the shipped alerts must say the same.
@Suite("Severities of the shipped alerts")
struct AlertSeverityTests {
    /// Alerts about what one round does not show (growth, time, probes), about the exporter, and about the quality of a setup that
    /// works.
    private static let withoutTrouble: Set<String> = [
        "ClockSkew", "NotCrashSafe", "IOThreadFlapping", "LagGrowing", "LagUnknown", "ByteDeltaGrowing",
        "PurgeHeadroomLow", "NoUnfilteredReplica", "HeartbeatMissing", "SentinelFailing", "SentinelNotSent",
        "ChecksumDifferences", "ExporterDown", "ExporterAbsent", "ClusterFlowControl", "ClusterNotReady",
        "ClusterNoTolerance", "ClusterMemberMissing", "ClusterUnknownMembers", "ClusterJoinStuck", "ExporterSlow",
        "ConfigReloadFailed",
    ]

    @Test("are those of the troubles that they are about")
    func agree() throws {
        var expected: [String: Set<String>] = [:]
        for kind in Trouble.Kind.allCases {
            if let alert = kind.alert { expected[alert, default: []].insert(kind.severity.rawValue) }
        }
        let shipped = try shipped()
        #expect(shipped.count > 25)
        #expect(shipped.filter { !Self.withoutTrouble.contains($0.key) } == expected)
        #expect(Self.withoutTrouble.subtracting(shipped.keys) == [])
    }

    @Test("have a runbook each, which the page links to")
    func runbooks() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/runbooks")
        for case let alert? in Trouble.Kind.allCases.map(\.alert) {
            let page = folder.appendingPathComponent("MySQLReplication\(alert).md")
            #expect(FileManager.default.fileExists(atPath: page.path), "\(alert)")
        }
    }

    /// By name without its prefix: the severities with which the alert is shipped.
    private func shipped() throws -> [String: Set<String>] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("deploy/prometheus/mysql-replication.alerts.yml")
        var severities: [String: Set<String>] = [:]
        var alert = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 3, words[1] == "alert:" {
                alert = String(words[2].trimmingPrefix("MySQLReplication"))
            } else if words.count == 2, words[0] == "severity:" {
                severities[alert, default: []].insert(String(words[1]))
            }
        }
        return severities
    }
}
