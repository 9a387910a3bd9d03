import Foundation
import MariaDB
import Sandbox
import Testing

private let writing = "heartbeat: {table: replication_probe.heartbeat, interval: 250ms, write: true}"

extension IntegrationSuite {
    @Suite("Heartbeat")
    struct HeartbeatTests {
        @Test(
            "makes its table, is written on the primary, and measures a replica that stops and catches up",
            arguments: try await Matrix.all.value)
        func life(software: ServerSoftware) async throws {
            try await withProbes(writing, of: .primary(replicas: 2), software: software) { sandbox, exporter in
                let healthy = try await exporter.scrape(until: "heartbeats arrive") { scrape in
                    ["db2", "db3"].allSatisfy {
                        scrape.state("lag_method", $0, "method") == "heartbeat" && scrape.value("lag_seconds", $0) == 0
                    }
                }
                for node in ["db1", "db2", "db3"] {
                    #expect((healthy.value("heartbeat_age_seconds", node) ?? 9) < 2, "\(node)")
                    #expect(healthy.value("node_round_trips", node) == 1, "\(node)")
                }

                let replica = try sandbox.server("db2")
                try await replica.stopSQL()
                let stopped = ContinuousClock.now
                let late = try await exporter.scrape(until: "db2 is late") {
                    ($0.value("lag_seconds", "db2") ?? 0) > 2
                }
                #expect(late.value("lag_seconds", "db2") ?? .infinity <= stopped.duration(to: .now).inSeconds + 0.5)
                #expect(late.value("lag_seconds", "db3") == 0)
                #expect(late.state("lag_method", "db2", "method") == "heartbeat")
                try await replica.startSQL()
                try await exporter.scrape(until: "db2 is in time") { $0.value("lag_seconds", "db2") == 0 }
                // Nothing was written but on the primary.
                #expect(try await sandbox.heartbeats(on: "db1").keys.sorted() == [1])
            }
        }
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
