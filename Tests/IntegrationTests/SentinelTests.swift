import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Testing

private let sentinel = "sentinel: {table: replication_probe.sentinel, interval: 2s}"

extension IntegrationSuite {
    @Suite("Sentinel")
    struct SentinelTests {
        @Test(
            "reaches every replica; one that stops is the only one to fail, and recovers",
            arguments: try await Matrix.thorough.value)
        func life(software: ServerSoftware) async throws {
            try await withProbes(sentinel, of: .primary(replicas: 2), software: software) { sandbox, exporter in
                let healthy = try await exporter.scrape(until: "all operations were seen") { scrape in
                    ["db2", "db3"].allSatisfy { scrape.sentinel($0) == [1, 1, 1] }
                }
                for node in ["db2", "db3"] {
                    for sample in healthy.all("sentinel_propagation_seconds", node) {
                        #expect((0..<0.6).contains(sample.value), "\(node) \(sample.labels)")
                    }
                    let last = try #require(healthy.value("sentinel_last_success_timestamp_seconds", node))
                    #expect(abs(last - Date().timeIntervalSince1970) < 10)
                }
                #expect(healthy.all("sentinel_success", "db1").isEmpty)

                let replica = try sandbox.server("db2")
                try await replica.stopSQL()
                let stopped = try await exporter.scrape(until: "db2 fails") { $0.sentinel("db2") == [0, 0, 0] }
                #expect(stopped.sentinel("db3") == [1, 1, 1])
                #expect(stopped.all("sentinel_propagation_seconds", "db2").isEmpty)
                let lastSuccess = stopped.value("sentinel_last_success_timestamp_seconds", "db2")
                #expect(lastSuccess != nil)

                try await replica.startSQL()
                try await exporter.scrape(until: "db2 succeeds again") {
                    $0.sentinel("db2") == [1, 1, 1]
                        && ($0.value("sentinel_last_success_timestamp_seconds", "db2") ?? 0) > lastSuccess ?? 0
                }
                await replica.kill()
                try await exporter.scrape(until: "db2 fails while it is down") { $0.sentinel("db2") == [0, 0, 0] }
                try await exporter.scrape(until: "db3 still succeeds") { $0.sentinel("db3") == [1, 1, 1] }
            }
        }

        @Test(
            "deletes rows of runs that were cut short, without breaking replication",
            arguments: try await Matrix.thorough.value)
        func leftovers(software: ServerSoftware) async throws {
            try await withProbes(sentinel, of: .primary(replicas: 1), software: software) { sandbox, exporter in
                try await exporter.scrape(until: "runs succeed") { $0.sentinel("db2") == [1, 1, 1] }
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                let known = String(repeating: "a", count: 32)
                let unknown = String(repeating: "b", count: 32)
                let columns = "INSERT INTO replication_probe.sentinel (id, value, written) VALUES"
                try await primary.sql("\(columns) ('\(known)', 1, '2020-01-01')")
                // A row that exists only on the primary must stay: in ROW format its deletion would stop the applier.
                try await primary.sql("SET SESSION sql_log_bin = 0")
                try await primary.sql("\(columns) ('\(unknown)', 2, '2020-01-01')")
                try await primary.sql("SET SESSION sql_log_bin = 1")
                try await eventually("the row is deleted", every: .milliseconds(50)) {
                    try await primary.sql("SELECT id FROM replication_probe.sentinel WHERE id = '\(known)'").isEmpty
                }
                #expect(
                    try await primary.sql("SELECT id FROM replication_probe.sentinel WHERE id = '\(unknown)'").rowCount
                        == 1)
                try await exporter.scrape(until: "runs still succeed") { $0.sentinel("db2") == [1, 1, 1] }
                #expect(try await replica.channels()[0].sqlThread == "Yes")
                // A run that is interrupted leaves no row behind.
                #expect(await exporter.stop() == .exited(0))
                let left = try await primary.sql("SELECT id FROM replication_probe.sentinel").rows.map { $0.text("id") }
                #expect(left == [unknown])
            }
        }

        @Test("follows a failover, and reports nothing while there is no primary")
        func failover() async throws {
            let software = try await Matrix.all.value[0]
            try await withProbes(sentinel, of: .primary(replicas: 2), software: software) { sandbox, exporter in
                try await exporter.scrape(until: "runs succeed") {
                    $0.sentinel("db2") == [1, 1, 1] && $0.sentinel("db3") == [1, 1, 1]
                }
                await (try sandbox.server("db1")).kill()
                let resting = try await exporter.scrape(until: "nothing is reported any longer") {
                    $0.sentinel("db2").isEmpty && $0.sentinel("db3").isEmpty
                }
                #expect(resting.value("sentinel_last_success_timestamp_seconds", "db3") != nil)
                try await sandbox.promote("db2", insteadOf: "db1")
                try await exporter.scrape(until: "db3 gets the rows of db2") { $0.sentinel("db3") == [1, 1, 1] }
            }
        }
    }
}

extension Scrape {
    /// Success of insert, update and delete on a node's default channel; empty if not reported.
    fileprivate func sentinel(_ node: String) -> [Double] {
        ["insert", "update", "delete"].compactMap {
            value("sentinel_success", node, ["operation": $0, "channel": ""])
        }
    }
}
