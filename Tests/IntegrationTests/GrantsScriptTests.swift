import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// What `grants` prints, run as a new user would: first the script, then everything that needs it.
    @Suite("The script of grants")
    struct GrantsScriptTests {
        private static let probes = [
            "heartbeat: {table: replication_probe.heartbeat, interval: 250ms, write: true}",
            "sentinel: {table: replication_probe.sentinel, interval: 2s}",
            "failover: {preferred: db1, standby: db2, table: replication_probe.lastcheck}", "checksums: {}",
        ]

        @Test(
            "on the primary alone, it is enough for the exporter, all probes, the failover answer and checksum",
            arguments: try await Matrix.all.value)
        func newUser(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let db1 = try sandbox.server("db1")
                let configuration = try sandbox.configuration(
                    "new.yml", user: "new", password: "it's; a -- \"secret\"", keys: Self.probes)
                let script = try await sandbox.run(
                    "grants", "--config.file", configuration, "--from", "127.0.0.1", "--password-file",
                    "\(sandbox.folder)/new.password")
                #expect(script.status == .exited(0) && script.errors.isEmpty)
                #expect(try await sandbox.execute(script.output, on: db1) == "")
                // Again, as after a mistake.
                #expect(try await sandbox.execute(script.output, on: db1) == "")
                try await sandbox.catchUp()

                let exporter = try await RunningExporter.start(configuration, in: sandbox)
                let scrape = try await exporter.scrape(until: "probes work") { scrape in
                    ["heartbeat", "sentinel"].allSatisfy {
                        scrape.all("probe_working", nil, ["probe": $0]).map(\.value) == [1]
                    }
                }
                for node in ["db1", "db2"] {
                    #expect(scrape.value("up", node) == 1)
                    let missing = scrape.all("node_fact_missing", node)
                    #expect(
                        !missing.contains { ["permission", "no_table"].contains($0.labels["reason"]) }, "\(missing)")
                }
                #expect(scrape.value("errant_transactions", "db2") == 0)
                let answer = try await exporter.get("/failover/demo")
                #expect(answer.status == 200 && answer.body.hasPrefix("100"), "\(answer.body)")
                #expect(await exporter.stop() == .exited(0))
                #expect(try !exporter.output().contains("denied"))
                try await compare(in: sandbox, db1)
            }
        }

        private func compare(in sandbox: Sandbox, _ db1: Server) async throws {
            for statement in [
                "CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT PRIMARY KEY)",
                "INSERT INTO shop.orders VALUES (1), (2)",
            ] { try await db1.sql(statement) }
            let checker = try sandbox.configuration("checker.yml", user: "checker", password: "p")
            let script = try await sandbox.run(
                "grants", "--checksum", "--config.file", checker, "--from", "127.0.0.1", "--password-file",
                "\(sandbox.folder)/checker.password")
            #expect(try await sandbox.execute(script.output, on: db1) == "")
            try await sandbox.catchUp()
            let run = try await sandbox.run(
                "checksum", "demo", "--config.file", checker, "--tables", "shop.orders")
            #expect(run.status == .exited(0), "\(run.output)\(run.errors)")
        }

        @Test(
            "--each-server leaves no transaction behind, in whatever order; without a password, accounts are locked",
            arguments: try await Matrix.all.value)
        func eachServer(software: ServerSoftware) async throws {
            var settings = ServerSettings()
            settings.isGTIDStrict = true
            try await withSandbox(.primary(replicas: 1), software: software, settings: settings) { sandbox in
                let configuration = try sandbox.configuration(
                    "new.yml", user: "new", password: "p", keys: Array(Self.probes.prefix(1)))
                let script = try await sandbox.run(
                    "grants", "--each-server", "--config.file", configuration, "--from", "127.0.0.1")
                // The replica first: what replicates from the primary later would then exist there already.
                for name in ["db2", "db1"] {
                    #expect(try await sandbox.execute(script.output, on: try sandbox.server(name)) == "")
                }
                // Not seen in a pipe: the script's own comment.
                let note = "grants: no password was given: unless it exists already, new is locked until ALTER USER "
                #expect(script.errors.hasPrefix(note))
                // A server that refuses the account is alive.
                let locked = try await sandbox.run("check", "--config.file", configuration)
                #expect(locked.status == .exited(3) && locked.output.contains("authentication"), "\(locked.output)")

                let unlock = try #require(
                    script.output.split(separator: "\n").first { $0.contains("IDENTIFIED BY '...'") })
                for name in ["db2", "db1"] {
                    let statement = unlock.drop { $0 != "A" }.replacing("'...'", with: "'p'")
                    let session = "SET SESSION sql_log_bin = 0;\n\(statement)\n"
                    #expect(try await sandbox.execute(session, on: try sandbox.server(name)) == "")
                }
                try await sandbox.server("db1").sql("CREATE DATABASE later")
                try await sandbox.catchUp()
                let exporter = try await RunningExporter.start(configuration, in: sandbox)
                let scrape = try await exporter.scrape(until: "it replicates") {
                    $0.value("sql_thread_running", "db2") == 1 && $0.value("errant_transactions", "db2") != nil
                }
                #expect(scrape.value("up", "db1") == 1 && scrape.value("up", "db2") == 1)
                #expect(scrape.value("errant_transactions", "db2") == 0)
                #expect(await exporter.stop() == .exited(0))
            }
        }
    }
}
