import Foundation
import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    /// A primary's answer to a balancer, and what is left on the server, while something hangs there.
    @Suite("Statements that hang or wait in the server")
    struct HangingStatementTests {
        private static let isRoot = geteuid() == 0
        private static let local = Task { try await ServerSoftware.find("mariadb") }

        /// The exporter's connections that have been working for a second or more, by their statements. (A server that
        /// has sent its answer still shows the statement for a moment.)
        private func atWork(_ server: Server, for account: String) async throws -> [String] {
            try await server.sql("SHOW FULL PROCESSLIST").rows
                .filter { $0.text("User") == account && $0.text("Command") != "Sleep" }
                .filter { $0.number("Time") ?? 0 >= 1 }.map { $0.text("Info") ?? "" }
        }

        /// Asks as a balancer does, once a second; the server's own state is checked each time.
        private func watch(
            _ path: String, seconds: Int, _ exporter: RunningExporter, _ look: () async throws -> Void = {}
        ) async throws -> [Int] {
            var answers: [Int] = []
            var next = ContinuousClock.now
            for _ in 0..<seconds {
                answers.append(try await exporter.get(path).status)
                try await look()
                next += .seconds(1)
                try await Task.sleep(until: next, clock: .continuous)
            }
            return answers
        }

        private func skipLoudly() {
            print("!!! mounting a disk that can be filled needs root: the tests of full disks are SKIPPED")
        }

        @Test(
            "A full disk under the binary log leaves one connection stuck, and the primary up; full facts return when it ends",
            arguments: try await Matrix.thorough.value)
        func fullBinaryLog(software: ServerSoftware) async throws {
            guard Self.isRoot else { return skipLoudly() }
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let db1 = try sandbox.server("db1")
                let account = sandbox.accounts.monitor.user
                let disk = try await db1.restart("--log-bin", onDiskOf: 3, with: ["--binlog-format=ROW"])
                defer { disk.remove() }
                let exporter = try await RunningExporter.start(try sandbox.writeExporterConfiguration(), in: sandbox)
                try await exporter.scrape(until: "all is told") { $0.value("up", "db1") == 1 }
                try await db1.fillDisk()

                var most = 0
                let answers = try await watch("/nodes/db1/primary", seconds: 12, exporter) {
                    let stuck = try await atWork(db1, for: account)
                    most = max(most, stuck.count)
                    #expect(stuck.allSatisfy { $0.hasPrefix("SHOW BIN") }, "\(stuck)")
                }
                #expect(answers == [Int](repeating: 200, count: 12))
                #expect(most == 1)
                let scrape = try await exporter.scrape()
                #expect(scrape.value("up", "db1") == 1)
                #expect(
                    scrape.value("node_fact_missing", "db1", ["fact": "binlog_status", "reason": "timeout"]) == 1)
                // The list of binary logs waits for the same thing, if it is due.
                let missing = Set(scrape.all("node_fact_missing").compactMap { $0.labels["fact"] })
                #expect(missing.isSubset(of: ["binlog_status", "binlog_index"]))
                #expect(try exporter.output().contains("hangs in the server (connection "))

                // A server checks for free space once a minute.
                guard software.series == (try await Self.local.value).series else { return }
                try disk.grow()
                let healthy = try await exporter.scrape(until: "all is told again", within: .seconds(90)) {
                    $0.all("node_fact_missing").isEmpty
                }
                #expect(healthy.value("binlog_enabled", "db1") == 1)
                #expect(try await atWork(db1, for: account) == [])
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test(
            "A full disk under the relay log leaves one connection stuck; the replica is not up, and the reason is reported"
        )
        func fullRelayLog() async throws {
            guard Self.isRoot else { return skipLoudly() }
            try await withSandbox(.primary(replicas: 1), software: try await Self.local.value) { sandbox in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                let account = sandbox.accounts.monitor.user
                let disk = try await db2.restart("--relay-log", onDiskOf: 3, with: ["--skip-slave-start"])
                defer { disk.remove() }
                try await db2.sql("RESET SLAVE")
                try await sandbox.repoint("db2", to: "db1")
                let exporter = try await RunningExporter.start(try sandbox.writeExporterConfiguration(), in: sandbox)
                try await exporter.scrape(until: "both are up") { $0.all("up").map(\.value) == [1, 1] }
                try await db1.sql("CREATE TABLE sandbox.bulk (body LONGTEXT)")
                try await db1.sql("SET SESSION binlog_format = 'ROW'")
                for _ in 0..<5 { try await db1.sql("INSERT INTO sandbox.bulk VALUES (REPEAT('q', 1000000))") }
                let stuck = try await exporter.scrape(until: "the replica is down") { $0.value("up", "db2") == 0 }
                #expect(stuck.value("node_failure", "db2", ["reason": "timeout"]) == 1)

                var most: [String] = []
                let answers = try await watch("/nodes/db1/primary", seconds: 10, exporter) {
                    let stuck = try await atWork(db2, for: account)
                    if stuck.count > most.count { most = stuck }
                }
                #expect(answers == [Int](repeating: 200, count: 10))
                #expect(most == ["SHOW ALL SLAVES STATUS"])
                let answer = try await exporter.get("/topology.json").body
                #expect(answer.contains("SHOW ALL SLAVES STATUS hangs in the server"), "\(answer)")
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test(
            "Probes leave one connection each on a server whose disk is full",
            arguments: try await Matrix.thorough.value)
        func probes(software: ServerSoftware) async throws {
            guard Self.isRoot else { return skipLoudly() }
            let keys = """
                heartbeat: {table: replication_probe.heartbeat, interval: 500ms, write: true}
                sentinel: {table: replication_probe.sentinel, interval: 2s}
                """
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let db1 = try sandbox.server("db1")
                let account = sandbox.accounts.monitor.user
                try await sandbox.grant("CREATE, SELECT, INSERT, UPDATE, DELETE ON replication_probe.*")
                // 3 of the collector, 2 of each probe: docs/deployment.md.
                try await db1.sql("ALTER USER '\(account)'@'127.0.0.1' WITH MAX_USER_CONNECTIONS 7")
                let disk = try await db1.restart("--log-bin", onDiskOf: 3, with: ["--binlog-format=ROW"])
                defer { disk.remove() }
                try await db1.sql("CREATE DATABASE replication_probe")
                let exporter = try await RunningExporter.start(
                    try sandbox.writeExporterConfiguration(probes: keys), in: sandbox)
                try await sandbox.heartbeat(of: 1, on: "db1", after: nil)
                try await db1.fillDisk()
                var most = 0
                for _ in 0..<30 {
                    most = max(most, try await atWork(db1, for: account).count)
                    try await Task.sleep(for: .milliseconds(500))
                }
                // The collector's, the heartbeat's, the sentinel's; and the one that checks whether one of them still
                // hangs.
                #expect(most <= 4)
                let log = try exporter.output()
                #expect(log.contains("an earlier statement still hangs in the server"))
                #expect(!log.contains("1226"), "\(log)")
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test("Locked tables cost only their own series", arguments: try await Matrix.thorough.value)
        func lockedTables(software: ServerSoftware) async throws {
            let columns = "db CHAR(64), tbl CHAR(64), chunk INT, this_crc CHAR(40), this_cnt INT, master_crc CHAR(40), "
            let definitions = [
                "CREATE DATABASE p", "CREATE TABLE p.heartbeat (ts VARCHAR(26) NOT NULL, server_id INT PRIMARY KEY)",
                "CREATE TABLE p.checksums (\(columns) master_cnt INT, ts TIMESTAMP, PRIMARY KEY (db, tbl, chunk))",
            ]
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let db1 = try sandbox.server("db1")
                for definition in definitions { try await db1.sql(definition) }
                try await sandbox.grant("SELECT ON p.*")
                let exporter = try await RunningExporter.start(
                    try sandbox.writeExporterConfiguration(
                        adding: "heartbeat: {table: p.heartbeat}", "checksums: {table: p.checksums}"), in: sandbox)
                try await exporter.scrape(until: "all is told") { $0.all("node_fact_missing").isEmpty }
                try await db1.sql("LOCK TABLES p.heartbeat WRITE, p.checksums WRITE")
                let answers = try await watch("/nodes/db1/primary", seconds: 8, exporter)
                #expect(answers == [Int](repeating: 200, count: 8))
                let scrape = try await exporter.scrape(until: "both are missed") { scrape in
                    ["heartbeat", "checksums"].allSatisfy {
                        scrape.value("node_fact_missing", "db1", ["fact": $0, "reason": "timeout"]) == 1
                    }
                }
                #expect(scrape.value("up", "db1") == 1)
                #expect(scrape.value("binlog_enabled", "db1") == 1)
                try await db1.sql("UNLOCK TABLES")
                // The summary, which has a short time limit, is tried again after a minute.
                try await exporter.scrape(until: "both are told again") { scrape in
                    ["heartbeat", "checksums"].allSatisfy {
                        scrape.all("node_fact_missing", "db1", ["fact": $0]).isEmpty
                    }
                }
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test("A checksum table of a million chunks takes its time, and no balancer waits for it")
        func slowSummary() async throws {
            try await withSandbox(.primary(replicas: 0), software: try await Self.local.value) { sandbox in
                let db1 = try sandbox.server("db1")
                for statement in [
                    "SET SESSION sql_log_bin = 0", "CREATE DATABASE p",
                    """
                    CREATE TABLE p.checksums (db CHAR(64), tbl CHAR(64), chunk INT, this_crc CHAR(40), this_cnt INT, \
                    master_crc CHAR(40), master_cnt INT, ts TIMESTAMP, PRIMARY KEY (db, tbl, chunk), INDEX (ts, db, tbl))
                    """,
                    """
                    INSERT INTO p.checksums SELECT 'shop', CONCAT('t', seq DIV 100), seq, 'a', 1, 'a', 1, NOW() \
                    FROM mysql.seq_1_to_1200000
                    """, "SET SESSION sql_log_bin = 1",
                ] { try await db1.sql(statement, within: .seconds(120)) }
                try await sandbox.grant("SELECT ON p.*")
                let exporter = try await RunningExporter.start(
                    try sandbox.writeExporterConfiguration(adding: "checksums: {table: p.checksums}", "timeout: 5s"),
                    in: sandbox)
                let answers = try await watch("/nodes/db1/primary", seconds: 6, exporter)
                #expect(answers == [Int](repeating: 200, count: 6))
                let scrape = try await exporter.scrape()
                #expect(scrape.value("up", "db1") == 1)
                #expect(
                    scrape.value("node_fact_missing", "db1", ["fact": "checksum_summary", "reason": "timeout"]) == 1)
                #expect(await exporter.stop() == .exited(0))
            }
        }
    }
}
