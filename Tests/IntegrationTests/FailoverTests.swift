import Foundation
import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    /// db1 is preferred, db2 the standby; each replicates from the other.
    @Suite("Failover answer")
    struct FailoverTests {
        private static let software = Task { try await ServerSoftware.find("mariadb") }

        private struct Answer: Decodable {
            let answer: Int
            let node: String
            let cause: String
            let reason: String
        }

        private func withPair(
            _ software: ServerSoftware, _ body: (Sandbox, RunningExporter, _ configuration: String) async throws -> Void
        ) async throws {
            try await withSandbox(.ring, software: software) { sandbox in
                let account = "'\(sandbox.accounts.monitor.user)'@'127.0.0.1'"
                try await sandbox.server("db1").sql("CREATE DATABASE replication_probe")
                try await sandbox.server("db1").sql(
                    "GRANT SELECT, INSERT, UPDATE, CREATE ON replication_probe.* TO \(account)")
                let path = try sandbox.writeExporterConfiguration()
                var text = try String(contentsOfFile: path, encoding: .utf8)
                text += "    failover: {preferred: db1, standby: db2, table: replication_probe.lastcheck}\n"
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                let exporter = try await RunningExporter.start(path, in: sandbox)
                #expect(!(try exporter.output()).contains("not available in this version"))
                try await sandbox.catchUp()
                try await body(sandbox, exporter, path)
                #expect(await exporter.stop() == .exited(0))
            }
        }

        private func answer(_ exporter: RunningExporter) async throws -> Answer {
            let page = try await exporter.get("/failover/demo?format=json")
            return try JSONDecoder().decode(Answer.self, from: Data(page.body.utf8))
        }

        /// Asks until the cause is this one: servers come to a state a moment later.
        private func answer(_ exporter: RunningExporter, until cause: String) async throws -> Answer {
            let deadline = ContinuousClock.now + .seconds(30)
            while true {
                let answer = try await self.answer(exporter)
                if answer.cause == cause { return answer }
                guard ContinuousClock.now < deadline else { throw Failure("never \(cause), but \(answer)") }
                try await Task.sleep(for: .milliseconds(100))
            }
        }

        /// Lets the last good check be so long ago.
        private func miss(_ sandbox: Sandbox, seconds: Int = 100) async throws {
            try await sandbox.server("db1").sql(
                "UPDATE replication_probe.lastcheck SET epoch = epoch - \(seconds)")
        }

        private func lastCheck(_ sandbox: Sandbox) async throws -> String? {
            try await sandbox.server("db1").sql("SELECT epoch FROM replication_probe.lastcheck").first?.text("epoch")
        }

        /// What the command prints, and its exit code.
        private func command(_ arguments: [String], in sandbox: Sandbox) async throws -> (String, Int32) {
            let output = "\(sandbox.folder)/command-\(UUID().uuidString)"
            let process = try ChildProcess.start(
                [try Products.path("mysql-replication-exporter"), "failover-check"] + arguments,
                group: sandbox.processGroup, output: output)
            let status = await process.ended().shellCode
            return (try String(contentsOfFile: output, encoding: .utf8), status)
        }

        @Test("The preferred node dies, comes back and catches up", arguments: try await Matrix.all.value)
        func deathAndReturn(software: ServerSoftware) async throws {
            try await withPair(software) { sandbox, exporter, _ in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                // No check has ever been noted, so replication is looked at.
                let first = try await answer(exporter, until: "caught_up")
                #expect(first.answer == 100 && first.node == "db1", "\(first)")
                #expect(try await answer(exporter).cause == "unbroken")
                #expect(try await exporter.get("/failover/demo").body == "100\n")
                let noted = try #require(try await lastCheck(sandbox))
                #expect(noted.firstMatch(of: /^\d{10}\.\d{6}$/) != nil, "\(noted)")

                try await miss(sandbox)
                await db1.kill()
                #expect(try await answer(exporter).cause == "preferred_failed")
                #expect(try await exporter.get("/failover/demo").body == "200\n")
                for _ in 0..<5 { try await db2.write() }

                // Back, and not replicating: nobody knows what it lacks.
                try await db1.start(
                    with: [software.flavor == .mariadb ? "--skip-slave-start" : "--skip-replica-start"])
                let back = try await answer(exporter, until: "lag_unknown")
                #expect(back.answer == 200 && back.node == "db2")
                try await db1.lock()
                try await db1.sql(software.flavor == .mariadb ? "START SLAVE" : "START REPLICA")
                let behind = try await answer(exporter, until: "behind")
                #expect(behind.answer == 200, "\(behind)")
                await db1.unlock()
                #expect(try await answer(exporter, until: "caught_up").answer == 100)
                #expect(try await answer(exporter).cause == "unbroken")
                // One transaction is late on its way: the row is the preferred node's own, and arrives at the standby.
                try await sandbox.catchUp()
                let copy = try await db2.sql("SELECT epoch FROM replication_probe.lastcheck").first?.text("epoch")
                #expect(copy == (try await lastCheck(sandbox)))
                let log = try exporter.output()
                for cause in ["caught_up", "preferred_failed", "lag_unknown", "behind"] {
                    #expect(log.contains("cause=\(cause) "), "\(cause)")
                }
                #expect(!log.contains("cause=unbroken") && !log.contains(sandbox.accounts.monitor.password))
            }
        }

        @Test("Whatever keeps the preferred node from being updated means 200, and leaves the row as it is")
        func preferredFails() async throws {
            try await withPair(try await Self.software.value) { sandbox, exporter, _ in
                let db1 = try sandbox.server("db1")
                let account = "'\(sandbox.accounts.monitor.user)'@'127.0.0.1'"
                #expect(try await answer(exporter, until: "caught_up").answer == 100)
                try await miss(sandbox)
                let before = try await lastCheck(sandbox)
                func fails(_ reason: String) async throws {
                    let answer = try await self.answer(exporter)
                    #expect(answer.cause == "preferred_failed" && answer.reason.contains(reason), "\(answer)")
                    #expect(try await lastCheck(sandbox) == before)
                }

                // The account could write all the same.
                try await db1.sql("GRANT READ_ONLY ADMIN ON *.* TO \(account)")
                try await db1.sql("KILL CONNECTION USER \(sandbox.accounts.monitor.user)")
                try await db1.sql("SET GLOBAL read_only = 1")
                try await fails("db1 is read-only, and so cannot be updated")
                try await db1.sql("SET GLOBAL read_only = 0")

                try await db1.sql("REVOKE UPDATE ON replication_probe.* FROM \(account)")
                try await fails("cannot be queried or updated: UPDATE command denied")
                try await db1.sql("GRANT UPDATE ON replication_probe.* TO \(account)")

                try await db1.sql("INSERT INTO replication_probe.lastcheck VALUES (2, 1)")
                let doubled = try await answer(exporter)
                #expect(doubled.cause == "preferred_failed" && doubled.reason.contains("holds 2 rows"), "\(doubled)")
                try await db1.sql("DELETE FROM replication_probe.lastcheck WHERE id = 2")

                // Somebody holds the row.
                try await db1.sql("BEGIN")
                try await db1.sql("UPDATE replication_probe.lastcheck SET epoch = epoch + 1")
                let locked = try await answer(exporter)
                #expect(locked.cause == "preferred_failed", "\(locked)")
                try await db1.sql("ROLLBACK")

                // Frozen: whoever asks meanwhile shares one check.
                await db1.freeze()
                let lines = try exporter.output().ranges(of: "cause=preferred_failed").count
                try await withThrowingTaskGroup { group in
                    for _ in 0..<5 { group.addTask { try await self.answer(exporter).answer } }
                    for try await answer in group { #expect(answer == 200) }
                }
                #expect(try exporter.output().ranges(of: "cause=preferred_failed").count == lines + 1)
                await db1.thaw()
                #expect(try await answer(exporter, until: "caught_up").answer == 100)
                #expect(try await lastCheck(sandbox) != before)
            }
        }

        @Test("Without its standby the preferred node serves; nothing is noted, so its return is looked at")
        func standbyFails() async throws {
            try await withPair(try await Self.software.value) { sandbox, exporter, _ in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                #expect(try await answer(exporter, until: "caught_up").answer == 100)
                try await miss(sandbox)
                let before = try await lastCheck(sandbox)
                await db2.freeze()
                #expect(try await answer(exporter).cause == "standby_failed")
                await db2.kill()
                let alone = try await answer(exporter)
                #expect(alone.cause == "standby_failed" && alone.answer == 100, "\(alone)")
                #expect(try await lastCheck(sandbox) == before)
                try await db2.start()
                for statement in ["STOP SLAVE", "START SLAVE"] { try await db1.sql(statement) }
                #expect(try await answer(exporter, until: "caught_up").answer == 100)
            }
        }

        @Test("The state outlives the exporter, and the metric tells who has the traffic while somebody asks")
        func restart() async throws {
            try await withPair(try await Self.software.value) { sandbox, exporter, configuration in
                let none = try await exporter.scrape()
                #expect(none.all("failover_active").isEmpty)
                #expect(try await answer(exporter, until: "caught_up").answer == 100)
                let well = try await exporter.scrape()
                #expect(well.value("failover_active", "db1") == 1 && well.value("failover_active", "db2") == 0)
                try await sandbox.server("db1").sql("SET GLOBAL read_only = 1")
                #expect(try await answer(exporter).answer == 200)
                let changed = try await exporter.scrape()
                #expect(changed.value("failover_active", "db1") == 0 && changed.value("failover_active", "db2") == 1)
                try await sandbox.server("db1").sql("SET GLOBAL read_only = 0")

                let another = try await RunningExporter.start(configuration, in: sandbox)
                #expect(try await answer(another).cause == "unbroken")
                let text = try await another.get("/failover/demo", headers: ["Accept": "application/json"])
                #expect(text.body.hasPrefix("{\"replication_set\":\"demo\",\"answer\":100,\"node\":\"db1\""))
                #expect(try await another.get("/failover/other").status == 404)
                #expect(try await another.get("/failover/demo?format=xml").status == 400)
                #expect(await another.stop() == .exited(0))
            }
        }

        @Test("snmpd tells the answer, and its first line is nothing else")
        func snmp() async throws {
            try await withPair(try await Self.software.value) { sandbox, exporter, configuration in
                let db1 = try sandbox.server("db1")
                let daemon = try await SNMPDaemon.start(configuration, in: sandbox)
                let first = try await daemon.firstLine()
                #expect(first == "100")
                #expect(try await daemon.result() == "0")
                await db1.kill()
                try await daemon.firstLine(becomes: "200")
                #expect(try await daemon.result() == "0")
                try await db1.start()
                try await daemon.firstLine(becomes: "100")

                let (well, status) = try await command(["--config.file", configuration, "demo"], in: sandbox)
                #expect(well == "100\n" && status == 0)
                await db1.freeze()
                let (frozen, exit) = try await command(["--config.file", configuration, "demo"], in: sandbox)
                #expect(
                    frozen.hasPrefix("200\n") && frozen.contains("cause=preferred_failed") && exit == 0,
                    "\(exit): \(frozen)")
                await db1.thaw()
                let (unknown, refusal) = try await command(["--config.file", configuration, "other"], in: sandbox)
                #expect(!unknown.contains("00\n") && refusal != 0)
                await daemon.stop()
            }
        }
    }
}
