import Foundation
import Testing
import Topology

/// `Trouble.Kind.severity` is the table; the shipped alerts must say the same.
@Suite("Severities of the shipped alerts")
struct AlertSeverityTests {
    /// The alert that fires for each trouble; nil for one without an alert.
    private static func alert(_ kind: Trouble.Kind) -> String? {
        switch kind {
        case .nodeDown: "NodeDown"
        case .connectionLimit: "ConnectionLimit"
        case .factMissing: "NodeFactMissing"
        case .semiSyncDegraded: "SemiSyncDegraded"
        case .noPrimary: "NoWritableNode"
        case .severalWriters: "SeveralWritableNodes"
        case .writableReplica: nil
        case .duplicateServerID: "DuplicateServerIDs"
        case .duplicateServerUUID: "DuplicateServerUUIDs"
        case .channelAbsent, .wrongSource: "WrongSource"
        case .binaryLogMissing: "BinlogMissing"
        case .changesNotLogged: "ChangesNotLogged"
        case .receiverFailing, .receiverStopped: "IOThreadStopped"
        case .applierFailing, .applierStopped: "SQLThreadStopped"
        case .sourceSilent: "SourceSilent"
        case .relayLogFull, .cutOff: nil
        case .clusterWithoutQuorum: "ClusterNoQuorum"
        case .clusterSplit: "ClusterSplit"
        case .memberOutside: "ClusterMemberOutside"
        case .primariesDisagree: nil
        case .errantTransactions: "ErrantTransactions"
        case .lag: "LagHigh"
        }
    }

    /// Alerts about what one round does not show (growth, time, probes), about the exporter, and about the quality of a setup that
    /// works.
    private static let withoutTrouble: Set<String> = [
        "ClockSkew", "NotCrashSafe", "IOThreadFlapping", "LagGrowing", "LagUnknown", "ByteDeltaGrowing",
        "PurgeHeadroomLow", "NoUnfilteredReplica", "HeartbeatMissing", "SentinelFailing", "SentinelNotSent",
        "ChecksumDifferences", "ExporterDown", "ExporterAbsent", "ExporterSlow", "ConfigReloadFailed",
    ]

    @Test("are those of the troubles that they are about")
    func agree() throws {
        var expected: [String: Set<String>] = [:]
        for kind in Trouble.Kind.allCases {
            if let alert = Self.alert(kind) { expected[alert, default: []].insert(kind.severity.rawValue) }
        }
        let shipped = try shipped()
        #expect(shipped.count > 25)
        #expect(shipped.filter { !Self.withoutTrouble.contains($0.key) } == expected)
        #expect(Self.withoutTrouble.subtracting(shipped.keys) == [])
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
