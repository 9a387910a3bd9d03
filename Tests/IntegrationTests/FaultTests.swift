import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    /// Every fault is produced on real servers, has to show in the metrics, and has to disappear after the repair.
    @Suite("A fault is seen, and so is its repair")
    struct FaultTests {
        @Test(arguments: try await Matrix.thorough.value, Fault.all)
        func seen(software: ServerSoftware, fault: Fault) async throws {
            guard fault.flavors.contains(software.flavor) else { return }
            try await withExporter(of: fault.wiring, software: software, settings: fault.settings) {
                sandbox, exporter in
                let replicas = fault.wiring.nodes.filter { !$0.links.isEmpty }.map(\.name)
                func isHealthy(_ scrape: Scrape) -> Bool {
                    scrape.all("set_nodes_up").map(\.value) == [Double(fault.wiring.nodes.count)]
                        && replicas.allSatisfy {
                            scrape.isHealthyReplica($0, knowsTransactions: fault.settings.usesGTID)
                        }
                }
                let before = try await exporter.scrape(until: "all is well", isHealthy)
                try await fault.make(sandbox)
                try await exporter.scrape(until: "\(fault.name) on \(software)", fault.shows)
                guard let repair = fault.repair else { return }
                try await repair(sandbox)
                // A position may come a moment after all is well: MySQL has none before its first event.
                func lost(_ after: Scrape) -> Set<String> {
                    before.seriesNames.subtracting(after.seriesNames).subtracting(["mysql_replication_stage_seconds"])
                }
                let after = try await exporter.scrape(until: "all is well again", within: .seconds(60), isHealthy)
                if lost(after).isEmpty { return }
                try await exporter.scrape(until: "\(lost(after)) are back") { isHealthy($0) && lost($0).isEmpty }
            }
        }
    }
}

struct Fault: Sendable, CustomTestStringConvertible {
    let name: String
    var flavors: [ServerSoftware.Flavor] = [.mariadb, .mysql]
    var wiring: Wiring = .primary(replicas: 1)
    var settings = ServerSettings()
    let make: @Sendable (Sandbox) async throws -> Void
    let shows: @Sendable (Scrape) -> Bool
    /// Nil if it cannot be repaired within a test.
    var repair: (@Sendable (Sandbox) async throws -> Void)?

    var testDescription: String { name }
}

extension Scrape {
    var seriesNames: Set<String> { Set(samples.map(\.name)) }

    func isHealthyReplica(_ node: String, knowsTransactions: Bool) -> Bool {
        let channels = Set(all("lag_known", node).compactMap { $0.labels["channel"] })
        return !channels.isEmpty
            && channels.allSatisfy { channel in
                func value(_ name: String) -> Double? { self.value(name, node, ["channel": channel]) }
                let checks = all("check", node, ["channel": channel])
                return value("lag_known") == 1 && value("io_thread_running") == 1 && value("sql_thread_running") == 1
                    && value("apply_delta_bytes") == 0 && checks.count == 5 && checks.allSatisfy { $0.value == 1 }
                    && (!knowsTransactions || value("missing_transactions") == 0 && value("errant_transactions") == 0)
            }
    }
}
