import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    /// What real servers say of themselves, and what is made of it.
    @Suite("Servers' own words")
    struct ServersWordsTests {
        @Test(
            "A relay log that has reached its limit is the replica's own trouble: its source is not silent, and its lag is known",
            arguments: try await Matrix.all.value)
        func relayLogLimit(software: ServerSoftware) async throws {
            var settings = ServerSettings()
            settings.arguments = ["--relay-log-space-limit=1M", "--max-relay-log-size=1M", "--binlog-format=ROW"]
            try await withExporter(of: .primary(replicas: 1), software: software, settings: settings) {
                sandbox, exporter in
                try await sandbox.server("db2").lock()
                let db1 = try sandbox.server("db1")
                try await db1.write()
                try await db1.sql("CREATE TABLE sandbox.wide (id INT PRIMARY KEY AUTO_INCREMENT, t LONGTEXT)")
                for _ in 0..<6 {
                    try await db1.sql("INSERT INTO sandbox.wide (t) VALUES (REPEAT('q', 1000000))")
                }
                // Longer than two heartbeat periods, which are a second each.
                try await exporter.scrape(until: "it is said for a while on \(software)", within: .seconds(60)) {
                    scrape in
                    scrape.value("lag_seconds", "db2") ?? 0 >= 4 && scrape.value("io_thread_running", "db2") == 1
                        && scrape.all("source_silent_seconds", "db2").isEmpty
                }
                let scrape = try await exporter.scrape()
                #expect(scrape.check("transfer", "db2") == 1)
                #expect(scrape.value("lag_known", "db2") == 1)
                let topology = try await exporter.get("/topology.json").body
                #expect(
                    topology.contains("waits for its own SQL thread: the relay log has reached relay_log_space_limit"))
                #expect(!topology.contains("nothing has arrived"))
                try await sandbox.server("db2").unlock()
                try await exporter.scrape(until: "it has caught up", within: .seconds(60)) {
                    $0.value("missing_transactions", "db2") == 0 && $0.value("source_silent_seconds", "db2") != nil
                }
            }
        }

        @Test(
            "A server whose init_connect fails is down, and that is named as the likely cause",
            arguments: try await Matrix.all.value)
        func initConnect(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let db1 = try sandbox.server("db1")
                try await db1.sql("SET GLOBAL init_connect = 'SELECT * FROM no_such_database.t'")
                let exporter = try await RunningExporter.start(try sandbox.writeExporterConfiguration(), in: sandbox)
                let scrape = try await exporter.scrape()
                #expect(scrape.value("up", "db1") == 0)
                #expect(scrape.all("node_failure", "db1").map { $0.labels["reason"] } == ["connect"])
                let topology = try await exporter.get("/topology.json").body
                #expect(topology.contains("as it does if its init_connect fails"), "\(topology)")
                try await db1.sql("SET GLOBAL init_connect = ''")
                try await exporter.scrape(until: "it is up") { $0.value("up", "db1") == 1 }
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test("The error of an applier names the table and the key", arguments: try await Matrix.all.value)
        func applierError(software: ServerSoftware) async throws {
            try await withExporter(of: .primary(replicas: 1), software: software) { sandbox, exporter in
                try await sandbox.breakSQL("db2")
                try await exporter.scrape(until: "it is broken") { $0.value("sql_errno", "db2") ?? 0 > 0 }
                let topology = try await exporter.get("/topology.json").body
                #expect(topology.contains("Duplicate entry"), "\(topology)")
                #expect(!topology.contains("Coordinator stopped"))
            }
        }

        @Test("The wrong source is named along with the intended one", arguments: try await Matrix.flavors.value)
        func wrongSource(software: ServerSoftware) async throws {
            try await withExporter(of: .primary(replicas: 2), software: software) { sandbox, exporter in
                try await sandbox.repoint("db3", to: "db2")
                try await exporter.scrape(until: "it is seen") { $0.check("source", "db3") == 0 }
                let port = try sandbox.server("db2").port
                let topology = try await exporter.get("/topology.json").body
                #expect(
                    topology.contains("replicates from db2 (127.0.0.1:\(port)) instead of db1"), "\(topology)")
            }
        }

        @Test("MySQL: what is off, or at its default, is no trouble", arguments: try await Matrix.all.value)
        func asItIs(software: ServerSoftware) async throws {
            guard software.flavor == .mysql else { return }
            var settings = ServerSettings()
            settings.arguments = ["--performance-schema=OFF", "--relay-log-recovery=OFF"]
            try await withExporter(of: .primary(replicas: 1), software: software, settings: settings) {
                sandbox, exporter in
                let scrape = try await exporter.scrape(until: "the replica is seen") {
                    $0.value("lag_known", "db2") == 1
                }
                #expect(scrape.value("node_durable", "db2", ["part": "replication_state"]) == 1)
                let missing = scrape.all("node_fact_missing")
                #expect(missing.allSatisfy { $0.labels["reason"] == "unsupported" })
                #expect(missing.contains { $0.labels["fact"] == "connected_replicas" })
                #expect(scrape.all("node_connected_replicas").isEmpty)
                let topology = try await exporter.get("/topology.json").body
                #expect(!topology.contains("severity"), "\(topology)")
            }
        }

        @Test(
            "An intermediate that does not log what it replicates says so; its replicas get no reads, and their lag is not known",
            arguments: try await Matrix.all.value)
        func changesNotLogged(software: ServerSoftware) async throws {
            let name = software.flavor == .mysql ? "log-replica-updates" : "log-slave-updates"
            try await withExporter(of: .chain(of: 3), software: software) { sandbox, exporter in
                try await sandbox.server("db2").restart(with: ["--\(name)=OFF"])
                try await exporter.scrape(until: "the last node follows again") {
                    $0.value("io_thread_running", "db3") == 1
                }
                try await sandbox.server("db1").write()
                let scrape = try await exporter.scrape(until: "the chain is seen") {
                    $0.value("node_unserved_replicas", "db2") == 1 && $0.value("node_total_lag_seconds", "db2") != nil
                }
                #expect(scrape.value("node_unserved_replicas", "db1") == 0)
                #expect(scrape.value("node_unserved_replicas", "db3") == 0)
                #expect(scrape.value("io_thread_running", "db3") == 1)
                #expect(scrape.all("node_total_lag_seconds", "db3").isEmpty)
                let why = "does not log what it replicates (\(name.replacing("-", with: "_")) is off)"
                let reads = try await exporter.get("/nodes/db3/replica?max_lag=1h")
                #expect(reads.status == 503 && reads.body.contains("db3 follows db2, which \(why)"), "\(reads.body)")
                #expect(try await exporter.get("/nodes/db2/replica?max_lag=1h").status == 200)
                let topology = try await exporter.get("/topology.json").body
                #expect(topology.contains("\(why), so db3 never gets it"), "\(topology)")
            }
        }

        @Test(
            "A channel that leads nowhere although a source is configured by its name has the wrong source",
            arguments: try await Matrix.flavors.value)
        func detachedByName(software: ServerSoftware) async throws {
            try await withExporter(of: .multiSource(), software: software) { sandbox, exporter in
                try await exporter.scrape(until: "both channels run") {
                    $0.all("io_thread_running", "db3").map(\.value) == [1, 1]
                }
                try await sandbox.detach("db3", channel: "db1")
                let scrape = try await exporter.scrape(until: "the source is wrong") {
                    $0.value("check", "db3", ["channel": "db1", "check": "source"]) == 0
                }
                #expect(scrape.value("channel_parked", "db3", ["channel": "db1"]) == 0)
                #expect(scrape.value("check", "db3", ["channel": "db2", "check": "source"]) == 1)
                let topology = try await exporter.get("/topology.json").body
                #expect(topology.contains("which leads nowhere, instead of db1"), "\(topology)")
            }
        }

        @Test(
            "A channel that leads nowhere, as orchestrator leaves it, is parked",
            arguments: try await Matrix.flavors.value)
        func detached(software: ServerSoftware) async throws {
            try await withExporter(of: .primary(replicas: 1), software: software) { sandbox, exporter in
                try await sandbox.detach("db2")
                let scrape = try await exporter.scrape(until: "it is parked") { $0.value("channel_parked", "db2") == 1 }
                #expect(scrape.all("check", "db2").isEmpty)
                #expect(scrape.all("lag_seconds", "db2").isEmpty && scrape.all("apply_delta_bytes", "db2").isEmpty)
                let topology = try await exporter.get("/topology.json").body
                #expect(topology.contains("is read-only and receives nothing"), "\(topology)")
                #expect(!topology.contains("critical"))
            }
        }
    }
}
