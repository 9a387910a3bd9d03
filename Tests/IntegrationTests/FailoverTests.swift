import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// db1 is preferred, db2 the standby; each replicates from the other.
    @Suite("Failover answer")
    struct FailoverTests {
        static let software = Task { try await ServerSoftware.find("mariadb") }

        struct Answer: Decodable {
            /// Nil if there is none.
            let answer: Int?
            let node: String?
            let cause: String
            let reason: String
        }

        func withPair(
            _ software: ServerSoftware, _ arguments: [String] = [], limits: String = "",
            _ body: (Sandbox, RunningExporter, _ configuration: String) async throws -> Void
        ) async throws {
            try await withSandbox(.ring, software: software) { sandbox in
                let account = "'\(sandbox.accounts.monitor.user)'@'127.0.0.1'"
                try await sandbox.server("db1").sql("CREATE DATABASE replication_probe")
                try await sandbox.server("db1").sql(
                    "GRANT SELECT, INSERT, UPDATE, CREATE ON replication_probe.* TO \(account)")
                let path = try sandbox.writeExporterConfiguration()
                var text = try String(contentsOfFile: path, encoding: .utf8)
                text += "    failover: {preferred: db1, standby: db2, table: replication_probe.lastcheck\(limits)}\n"
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                let exporter = try await RunningExporter.start(["--config.file", path] + arguments, in: sandbox)
                try await sandbox.catchUp()
                try await body(sandbox, exporter, path)
                #expect(await exporter.stop() == .exited(0))
            }
        }

        func answer(_ exporter: RunningExporter) async throws -> Answer {
            let page = try await exporter.get("/failover/demo?format=json")
            return try JSONDecoder().decode(Answer.self, from: Data(page.body.utf8))
        }

        /// Asks until the cause is this one: servers take a moment to reach a state.
        func answer(_ exporter: RunningExporter, until cause: String) async throws -> Answer {
            var last: Answer?
            return try await eventualValue(
                "\(cause), but \(last.map { "\($0)" } ?? "nothing")", every: .milliseconds(100)
            ) {
                last = try await self.answer(exporter)
                return last?.cause == cause ? last : nil
            }
        }

        /// Sets the last good check back by this long, so that it no longer counts.
        func miss(_ sandbox: Sandbox, seconds: Int = 100) async throws {
            try await sandbox.server("db1").sql(
                "UPDATE replication_probe.lastcheck SET epoch = epoch - \(seconds)")
        }

        /// One answer after the other, at an interval, as a balancer asks.
        func answers(_ exporter: RunningExporter, for time: Duration) async throws -> [Answer] {
            var answers: [Answer] = []
            let end = ContinuousClock.now + time
            while ContinuousClock.now < end {
                answers.append(try await answer(exporter))
                try await Task.sleep(for: .milliseconds(200))
            }
            return answers
        }

        func lastCheck(_ sandbox: Sandbox) async throws -> String? {
            try await sandbox.server("db1").sql("SELECT epoch FROM replication_probe.lastcheck").first?.text("epoch")
        }

        /// What the command prints, and its exit code.
        func command(_ arguments: [String], in sandbox: Sandbox) async throws -> (String, Int32) {
            let output = "\(sandbox.folder)/command-\(UUID().uuidString)"
            let process = try ChildProcess.start(
                [try Products.path("mysql-replication-exporter"), "failover-check"] + arguments,
                group: sandbox.processGroup, output: output)
            let status = await process.ended().shellCode
            return (try String(contentsOfFile: output, encoding: .utf8), status)
        }

        @Test(
            "A pair with constant writes to one node is healthy on the first look: its own transactions come back to it",
            arguments: try await Matrix.flavors.value)
        func firstLook(software: ServerSoftware) async throws {
            try await withPair(software) { sandbox, _, configuration in
                let db1 = try sandbox.server("db1")
                try await db1.sql("CREATE DATABASE shop")
                try await db1.sql("CREATE TABLE shop.t (n INT)")
                let writer = Task {
                    while !Task.isCancelled {
                        try await db1.sql("INSERT INTO shop.t VALUES (1)")
                        try await Task.sleep(for: .milliseconds(30))
                    }
                }
                if software.flavor == .mysql {
                    // Three of db2's heartbeat periods.
                    try await eventually("db2 is not heard of", every: .milliseconds(100)) {
                        let row = try await db1.sql(
                            "SELECT LAST_HEARTBEAT_TIMESTAMP < NOW() - INTERVAL 3 SECOND AS quiet "
                                + "FROM performance_schema.replication_connection_status"
                        ).first
                        return row?.text("quiet") == "1"
                    }
                }
                // A server that has not answered within the check's two seconds, on a busy machine, is named as that.
                var late = 3
                for _ in 0..<10 {
                    var (text, status) = try await command(["--config.file", configuration, "demo"], in: sandbox)
                    while late > 0, text.contains("(timeout)") {
                        late -= 1
                        (text, status) = try await command(["--config.file", configuration, "demo"], in: sandbox)
                    }
                    #expect(status == 0 && text.hasPrefix("100\n"), "\(text)")
                }
                writer.cancel()
                _ = await writer.result
            }
        }

        @Test("The preferred node dies, comes back and catches up", arguments: try await Matrix.thorough.value)
        func deathAndReturn(software: ServerSoftware) async throws {
            try await withPair(software) { sandbox, exporter, _ in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                // No check has ever been recorded, so replication is examined.
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

                // Back, but not replicating: what it lacks is not known.
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
                // One transaction is delayed: the row is the preferred node's own, and arrives at the standby.
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
                let before = try await lastCheck(sandbox)
                func fails(_ reason: String) async throws {
                    let answer = try await self.answer(exporter)
                    #expect(answer.cause == "preferred_failed" && answer.reason.contains(reason), "\(answer)")
                    #expect(try await lastCheck(sandbox) == before)
                }

                // The account could still write.
                try await db1.sql("GRANT READ_ONLY ADMIN ON *.* TO \(account)")
                try await db1.sql("KILL CONNECTION USER \(sandbox.accounts.monitor.user)")
                try await db1.sql("SET GLOBAL read_only = 1")
                try await fails("db1 is read-only and cannot be updated")
                try await db1.sql("SET GLOBAL read_only = 0")

                // It answered "standby", and so has to catch up first, however recent the row.
                #expect(try await answer(exporter, until: "caught_up").answer == 100)

                // Another session holds a lock on the row.
                try await db1.sql("BEGIN")
                try await db1.sql("UPDATE replication_probe.lastcheck SET epoch = epoch + 1")
                let locked = try await answer(exporter)
                #expect(locked.cause == "preferred_failed", "\(locked)")
                try await db1.sql("ROLLBACK")

                // Frozen: clients that ask meanwhile share one check.
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

        @Test(
            "Without its standby the preferred node serves; nothing is recorded, so replication is examined on its return"
        )
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

        @Test(
            "A preferred node that lacks what the standby has lost gets no requests, though it shows the same numbers")
        func lossy() async throws {
            try await withPair(try await Self.software.value, limits: ", max_gap: 1s") { sandbox, exporter, _ in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                #expect(try await answer(exporter, until: "caught_up").answer == 100)
                try await db1.sql("SET GLOBAL read_only = 1")
                #expect(try await answer(exporter).cause == "preferred_failed")
                try await db1.sql("STOP SLAVE")
                for _ in 0..<3 { try await db2.write() }
                _ = try await exporter.get("/metrics")
                try await db2.sql("RESET MASTER")
                _ = try await exporter.get("/metrics")
                for _ in 0..<60 { try await db2.write() }
                try await db1.sql("SET GLOBAL read_only = 0")
                try await db1.sql("START SLAVE")
                try await eventually("db1 has the standby's numbers", every: .milliseconds(100)) {
                    func state(_ server: Server) async throws -> [Substring] {
                        let row = try await server.sql("SELECT @@gtid_binlog_state AS state").first
                        return (row?.text("state") ?? "").split(separator: ",")
                    }
                    let newest = try await state(db2).first { $0.contains("-2-") }
                    return try await newest.map(state(db1).contains) == true
                }
                _ = try await exporter.get("/metrics")
                for _ in 0..<3 {
                    let lossy = try await answer(exporter)
                    #expect(lossy.answer == 200 && lossy.cause == "lag_unknown", "\(lossy)")
                }
            }
        }

        @Test("A standby that was away for longer than max_gap does not get the traffic by coming back")
        func standbyReturns() async throws {
            try await withPair(try await Self.software.value, limits: ", max_gap: 5s") { sandbox, exporter, _ in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                #expect(try await answer(exporter, until: "caught_up").answer == 100)
                // It does not retry by itself: nothing is known when the standby is back.
                try await db1.sql("STOP SLAVE IO_THREAD")
                await db2.kill()
                var answers = try await answers(exporter, for: .seconds(7))
                #expect(answers.last?.cause == "standby_failed")
                // MariaDB 10.11 may crash when a replica comes back to its previous dump thread (seen twice, a null
                // pointer).
                let dumps = try await db1.sql(
                    "SELECT id FROM information_schema.processlist WHERE command = 'Binlog Dump'")
                for dump in dumps.rows.compactMap({ $0.text("id") }) { try await db1.sql("KILL \(dump)") }
                async let start: Void = db2.start()
                while answers.last?.cause == "standby_failed" { answers.append(try await answer(exporter)) }
                try await start
                answers += try await self.answers(exporter, for: .seconds(1))
                #expect(answers.allSatisfy { $0.answer == 100 }, "\(answers.filter { $0.answer != 100 })")
                #expect(answers.last?.cause == "unbroken")
                // As after any gap without checks.
                try await Task.sleep(for: .seconds(5.5))
                #expect(try await answer(exporter).cause == "lag_unknown")
            }
        }

        @Test("The state outlives the exporter, and the metric shows which node has the traffic while a client asks")
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

                // What one has recorded does not count for another, nor for one that has just started: it examines
                // replication.
                let another = try await RunningExporter.start(configuration, in: sandbox)
                #expect(try await answer(another).cause == "caught_up")
                #expect(try await answer(another).cause == "unbroken")
                let text = try await another.get("/failover/demo", headers: ["Accept": "application/json"])
                #expect(text.body.hasPrefix("{\"replication_set\":\"demo\",\"answer\":100,\"node\":\"db1\""))
                #expect(try await another.get("/failover/other").status == 404)
                #expect(try await another.get("/failover/demo?format=xml").status == 400)
                #expect(await another.stop() == .exited(0))
            }
        }

        @Test("What the exporter itself lacks moves no traffic; if nothing is known there is no answer")
        func ownFault() async throws {
            try await withPair(try await Self.software.value, ["--web.enable-lifecycle"]) {
                sandbox, exporter, configuration in
                let db1 = try sandbox.server("db1")
                let account = "'\(sandbox.accounts.monitor.user)'@'127.0.0.1'"
                #expect(try await answer(exporter, until: "caught_up").answer == 100)
                func stays(_ reason: String) async throws {
                    let answer = try await self.answer(exporter)
                    #expect(
                        answer.answer == 100 && answer.cause == "unbroken" && answer.reason.contains(reason),
                        "\(answer)")
                }
                try await db1.sql("REVOKE UPDATE ON replication_probe.* FROM \(account)")
                try await stays("UPDATE command denied")
                try await db1.sql("GRANT UPDATE ON replication_probe.* TO \(account)")
                #expect(try await answer(exporter).reason.hasPrefix("checked 0"))

                // A malformed table, and one that cannot be created.
                try await db1.sql("RENAME TABLE replication_probe.lastcheck TO replication_probe.kept")
                try await db1.sql("CREATE TABLE replication_probe.lastcheck (a INT, b INT)")
                try await stays("has neither the columns checker, server_id and epoch nor a single one")
                try await db1.sql("DROP TABLE replication_probe.lastcheck")
                try await db1.sql("REVOKE CREATE ON replication_probe.* FROM \(account)")
                try await stays("CREATE command denied")
                try await db1.sql("RENAME TABLE replication_probe.kept TO replication_probe.lastcheck")

                // The account's own connection limit: existing connections continue, new ones are refused.
                try await db1.sql("ALTER USER \(account) WITH MAX_USER_CONNECTIONS 1")
                try await db1.sql("KILL CONNECTION USER \(sandbox.accounts.monitor.user)")
                for answer in try await answers(exporter, for: .seconds(3)) {
                    #expect(answer.answer != 200, "\(answer)")
                }
                try await db1.sql("ALTER USER \(account) WITH MAX_USER_CONNECTIONS 0")

                // A checker that has just started knows nothing: no answer is a 503, and a failed command.
                try await db1.sql("STOP SLAVE")
                try await db1.sql("REVOKE UPDATE ON replication_probe.* FROM \(account)")
                let another = try await RunningExporter.start(configuration, in: sandbox)
                let none = try await another.get("/failover/demo")
                #expect(
                    none.status == 503 && none.body.hasPrefix("no answer: this checker has just started"),
                    "\(none.body)")
                let (said, status) = try await command(["--config.file", configuration, "demo"], in: sandbox)
                #expect(!said.contains("00\n") && said.contains("cause=not_checked") && status == 1, "\(said)")
                #expect(await another.stop() == .exited(0))
            }
        }

        @Test(
            "A row that is refused by a trigger, a grant or a column moves no traffic, nor does it when that is mended")
        func refusedRow() async throws {
            try await withPair(try await Self.software.value) { sandbox, exporter, _ in
                let db1 = try sandbox.server("db1")
                let account = "'\(sandbox.accounts.monitor.user)'@'127.0.0.1'"
                #expect(try await answer(exporter, until: "caught_up").answer == 100)
                // Replication reveals nothing from now on.
                try await db1.sql("STOP SLAVE")
                func stays(_ statement: String, _ reason: String) async throws {
                    try await db1.sql(statement)
                    // For longer than two clocks may be apart.
                    for answer in try await answers(exporter, for: .seconds(1.3)) {
                        #expect(answer.cause == "unbroken" && answer.reason.contains(reason), "\(statement): \(answer)")
                    }
                }
                try await stays(
                    "CREATE TRIGGER replication_probe.no BEFORE UPDATE ON replication_probe.lastcheck FOR EACH ROW "
                        + "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not here'",
                    "not recorded: db1 cannot be checked: not here")
                try await stays("DROP TRIGGER replication_probe.no", "s ago")
                try await stays("REVOKE UPDATE ON replication_probe.* FROM \(account)", "UPDATE command denied")
                try await stays("GRANT UPDATE ON replication_probe.* TO \(account)", "s ago")
                try await stays(
                    "CREATE TRIGGER replication_probe.no BEFORE UPDATE ON replication_probe.lastcheck FOR EACH ROW "
                        + "SET NEW.epoch = 7", "replication_probe`.`lastcheck` holds 7.000000 after")
                try await stays(
                    "CREATE OR REPLACE TABLE replication_probe.lastcheck (n SMALLINT)",
                    "Out of range value for column 'n'")
                try await stays("DROP TABLE replication_probe.lastcheck", "s ago")
                let last = try await answer(exporter)
                #expect(!last.reason.contains("not recorded"))
                #expect(try await lastCheck(sandbox) != nil)
            }
        }
    }
}
