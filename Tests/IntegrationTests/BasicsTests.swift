import Foundation
import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("A primary with two replicas")
    struct BasicsTests {
        @Test("is shown as it is, in one round trip per node", arguments: try await Matrix.all.value)
        func healthy(software: ServerSoftware) async throws {
            try await withExporter(of: .primary(replicas: 2), software: software) { sandbox, exporter in
                try await exporter.scrape()
                let scrape = try await exporter.scrape(until: "both replicas caught up") { scrape in
                    ["db2", "db3"].allSatisfy { scrape.value("missing_transactions", $0) == 0 }
                }
                for node in ["db1", "db2", "db3"] {
                    #expect(scrape.value("up", node) == 1)
                    #expect(scrape.value("node_round_trips", node) == 1)
                    #expect(scrape.all("node_failure", node).isEmpty)
                    #expect(scrape.all("node_fact_missing", node).isEmpty)
                    #expect(abs(scrape.value("node_clock_offset_seconds", node) ?? 9) < 1)
                }
                #expect(scrape.state("node_role", "db1", "role") == "primary")
                #expect(scrape.value("node_read_only", "db1") == 0)
                #expect(scrape.value("node_connected_replicas", "db1") == 2)
                #expect(scrape.all("lag_known", "db1").isEmpty)
                for node in ["db2", "db3"] {
                    #expect(scrape.state("node_role", node, "role") == "replica")
                    #expect(scrape.value("node_read_only", node) == 1)
                    #expect(scrape.value("lag_known", node) == 1)
                    #expect(scrape.value("lag_seconds", node) == 0)
                    #expect(scrape.value("read_delta_bytes", node) == 0)
                    #expect(scrape.value("apply_delta_bytes", node) == 0)
                    #expect(scrape.value("errant_transactions", node) == 0)
                    #expect(scrape.state("io_thread_state", node, "state") == "running")
                    #expect(scrape.all("source_info", node).first?.labels["source_node"] == "db1")
                    for check in ["source", "binary_log", "transfer", "apply", "lag"] {
                        #expect(scrape.check(check, node) == 1, "\(check) of \(node)")
                    }
                }
                let position = try await sandbox.server("db1").binlogPosition()
                #expect(scrape.value("binlog_position_bytes", "db1") == Double(position.offset))
                #expect(scrape.value("set_writable_nodes", "db1") == nil)
                #expect(scrape.all("set_writable_nodes").map(\.value) == [1])
                #expect(scrape.all("set_nodes_up").map(\.value) == [3])
            }
        }

        @Test("byte deltas across files match a manual calculation", arguments: try await Matrix.all.value)
        func deltaAcrossFiles(software: ServerSoftware) async throws {
            var settings = ServerSettings()
            settings.arguments = ["--binlog-format=ROW"]  // otherwise 48 MiB would be 48 statements
            try await withExporter(of: .primary(replicas: 1), software: software, settings: settings) {
                sandbox, exporter in
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                try await primary.sql(
                    "CREATE TABLE sandbox.large (id INT AUTO_INCREMENT PRIMARY KEY, body LONGTEXT)")
                try await sandbox.catchUp()
                try await replica.stopSQL()
                let stopped = try await replica.channels()[0]
                // 48 MiB over three files.
                for file in 0..<3 {
                    for _ in 0..<16 {
                        try await primary.sql(
                            "INSERT INTO sandbox.large (body) VALUES (REPEAT('x', 1048576))", within: .seconds(60))
                    }
                    if file < 2 { try await primary.rotateBinlog() }
                }
                let end = try await primary.binlogPosition()
                try await replica.waitUntil("everything is read", within: .seconds(60)) {
                    $0.readFile == end.file && $0.readPosition == end.offset
                }

                // Manually: the rest of the file that it is in, everything between, and the last file up to its end.
                var expected: UInt64 = 0
                for row in try await primary.sql("SHOW BINARY LOGS").rows {
                    let name = try #require(row.text("Log_name"))
                    let size = try #require(row.unsigned("File_size"))
                    if name == stopped.execFile { expected += size - stopped.execPosition }
                    if name > stopped.execFile { expected += size }
                }
                #expect(expected > 48 << 20)
                for _ in 0..<2 {
                    let scrape = try await exporter.scrape()
                    #expect(scrape.value("apply_delta_bytes", "db2") == Double(expected))
                    #expect(scrape.value("read_delta_bytes", "db2") == 0)
                    #expect(scrape.value("sql_thread_running", "db2") == 0)
                    #expect(scrape.value("lag_known", "db2") == 0)
                    #expect(scrape.all("lag_seconds", "db2").isEmpty)
                    #expect(scrape.check("apply", "db2") == 0)
                }
                // By now the list of files is requested together with the other statements.
                let again = try await exporter.scrape()
                #expect(again.value("node_round_trips", "db1") == 1)

                try await replica.startSQL()
                try await exporter.scrape(until: "all is applied", within: .seconds(120)) {
                    $0.value("apply_delta_bytes", "db2") == 0 && $0.check("apply", "db2") == 1
                        && $0.value("lag_known", "db2") == 1
                }
            }
        }

        @Test(
            "a frozen node costs the scrape its deadline and the others nothing", arguments: try await Matrix.all.value)
        func frozen(software: ServerSoftware) async throws {
            try await withExporter(of: .primary(replicas: 2), software: software) { sandbox, exporter in
                try await exporter.scrape()
                try await sandbox.server("db2").freeze()
                let scrape = try await exporter.scrape(timeout: 1.5)
                #expect(scrape.value("up", "db2") == 0)
                #expect(scrape.value("node_failure", "db2", ["reason": "timeout"]) == 1)
                #expect(scrape.all("lag_known", "db2").isEmpty)
                for node in ["db1", "db3"] { #expect(scrape.value("up", node) == 1) }
                #expect(scrape.value("lag_seconds", "db3") == 0)
                // The deadline is the exporter's own, 1.5 s less half a second, and it reports it itself.
                let took = try #require(
                    scrape.samples.first { $0.name == "mysql_replication_exporter_scrape_duration_seconds" })
                #expect(took.value >= 1 && took.value < 1.5, "\(took.value) s")

                try await sandbox.server("db2").thaw()
                let healed = try await exporter.scrape()
                #expect(healed.value("up", "db2") == 1)
            }
        }

        @Test("comes back after a kill, with every series", arguments: try await Matrix.all.value)
        func killed(software: ServerSoftware) async throws {
            try await withExporter(of: .primary(replicas: 1), software: software) { sandbox, exporter in
                let before = try await exporter.scrape(until: "caught up") { $0.value("lag_known", "db2") == 1 }
                try await sandbox.server("db2").kill()
                let dead = try await exporter.scrape()
                #expect(dead.value("up", "db2") == 0)
                #expect(dead.value("node_failure", "db2", ["reason": "connect"]) == 1)
                #expect(dead.value("up", "db1") == 1)
                try await sandbox.server("db2").start()
                let after = try await exporter.scrape(until: "it is back", within: .seconds(60)) {
                    // While it connects, the server does not say how far behind it is.
                    $0.value("up", "db2") == 1 && $0.value("lag_known", "db2") == 1
                        && $0.value("io_thread_running", "db2") == 1
                }
                func series(_ scrape: Scrape) -> Set<String> {
                    Set(scrape.all("up").map(\.name) + scrape.samples.filter { $0.labels["node"] == "db2" }.map(\.name))
                }
                // Except for the times of the last transaction, as there has been none since the start.
                let lost = series(before).subtracting(series(after)).subtracting(["mysql_replication_stage_seconds"])
                #expect(lost.isEmpty)
            }
        }
    }
}
