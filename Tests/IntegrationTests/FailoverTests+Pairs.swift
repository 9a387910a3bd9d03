import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite.FailoverTests {
    @Test("Two checkers: what one records does not bring the traffic back for the other, which had a gap")
    func twoCheckers() async throws {
        try await withPair(try await Self.software.value, ["--failover.checker", "balancer-a"]) {
            sandbox, exporter, configuration in
            let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
            let other = try await RunningExporter.start(
                ["--config.file", configuration, "--failover.checker", "balancer-b"], in: sandbox)
            #expect(try await answer(exporter, until: "caught_up").answer == 100)
            #expect(try await answer(other, until: "caught_up").answer == 100)
            // The first loses the preferred node for a moment, and its answer sends writes to the standby.
            try await db1.sql("SET GLOBAL read_only = 1")
            #expect(try await answer(exporter).answer == 200)
            try await db1.sql("SET GLOBAL read_only = 0")
            try await db1.sql("STOP SLAVE")
            for _ in 0..<3 { try await db2.write() }
            #expect(try await answer(other).cause == "unbroken")
            let back = try await answer(exporter)
            #expect(back.answer == 200 && back.cause == "lag_unknown", "\(back)")
            try await db1.sql("START SLAVE")
            #expect(try await answer(exporter, until: "caught_up").answer == 100)
            let rows = try await db1.sql(
                "SELECT checker, server_id FROM replication_probe.lastcheck ORDER BY checker")
            #expect(rows.rows.map { $0.text("checker") } == ["balancer-a", "balancer-b"])
            #expect(rows.rows.map { $0.unsigned("server_id") } == [1, 1])
            #expect(await other.stop() == .exited(0))
        }
    }

    @Test(
        "The table of the original script works as it is, empty or not, whatever its column is called"
    )
    func scriptsTable() async throws {
        try await withPair(try await Self.software.value) { sandbox, exporter, _ in
            let db1 = try sandbox.server("db1")
            for (definition, insert) in [
                ("lastcheck (lastcheck BIGINT)", nil), ("lastcheck (`t ``x` INT UNSIGNED)", "1"),
                ("lastcheck (id TINYINT NOT NULL DEFAULT 1 PRIMARY KEY, epoch DECIMAL(17,6) NOT NULL)", nil),
            ] as [(String, String?)] {
                try await db1.sql("DROP TABLE IF EXISTS replication_probe.lastcheck")
                try await db1.sql("CREATE TABLE replication_probe.\(definition)")
                if let insert { try await db1.sql("INSERT INTO replication_probe.lastcheck VALUES (\(insert))") }
                _ = try await answer(exporter, until: "caught_up")
                #expect(try await answer(exporter).cause == "unbroken")
                let rows = try await db1.sql("SELECT * FROM replication_probe.lastcheck")
                let noted = rows.first?.number(definition.contains("id ") ? "epoch" : rows.columns.names[0])
                #expect(
                    rows.rowCount == 1 && abs((noted ?? 0) - Date().timeIntervalSince1970) < 30, "\(definition)")
            }
        }
    }

    @Test("A one-way pair comes back after a pause, as long as the standby has nothing of its own")
    func oneWay() async throws {
        for software in try await Matrix.flavors.value {
            try await withPair(software, ["--web.enable-lifecycle"]) { sandbox, exporter, _ in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                let isMariaDB = software.flavor == .mariadb
                for statement in isMariaDB
                    ? ["STOP SLAVE", "RESET SLAVE ALL"] : ["STOP REPLICA", "RESET REPLICA ALL"]
                {
                    try await db1.sql(statement)
                }
                try await db2.sql("SET GLOBAL read_only = 1")
                let first = try await answer(exporter, until: "caught_up")
                #expect(first.reason.contains("db2 is read-only and has nothing that db1 lacks"), "\(first)")
                try await miss(sandbox)
                #expect(try await answer(exporter).answer == 100)
                // Promoted and written to for a while.
                try await db2.sql("SET GLOBAL read_only = 0")
                try await db2.write()
                try await db2.sql("SET GLOBAL read_only = 1")
                try await miss(sandbox)
                let behind = try await answer(exporter)
                #expect(behind.answer == 200 && behind.cause == "behind", "\(behind)")
                // An operator decides otherwise.
                #expect(try await exporter.get("/failover/demo/accept", method: "POST").status == 200)
                #expect(try await answer(exporter).answer == 100)
                #expect(try await answer(exporter).cause == "unbroken")
            }
        }
    }

    @Test("MariaDB: a position left over from another source says nothing about what the standby has")
    func leftOverPosition() async throws {
        try await withPair(try await Self.software.value) { sandbox, exporter, _ in
            let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
            try await db2.sql("STOP SLAVE")
            for statement in [
                "STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL gtid_slave_pos = '0-9-1000000'", "RESET MASTER",
            ] { try await db1.sql(statement) }
            for statement in [
                "RESET MASTER", "SET GLOBAL gtid_slave_pos = ''", "START SLAVE", "SET GLOBAL read_only = 1",
                "SET SESSION gtid_domain_id = 0",
            ] { try await db2.sql(statement) }
            try await db1.write()
            #expect(try await answer(exporter, until: "caught_up").answer == 100)
            try await miss(sandbox)
            #expect(try await answer(exporter).cause == "caught_up")
            for statement in ["STOP SLAVE", "SET GLOBAL read_only = 0"] { try await db2.sql(statement) }
            for _ in 0..<2 { try await db2.write() }
            for statement in ["SET GLOBAL read_only = 1", "START SLAVE"] { try await db2.sql(statement) }
            try await miss(sandbox)
            let answer = try await answer(exporter)
            #expect(answer.answer == 200 && answer.cause == "lag_unknown", "\(answer)")
        }
    }

    @Test("Without GTIDs, 0 seconds is not proof: a node with unapplied bytes has not caught up")
    func withoutGTID() async throws {
        guard let mySQL = try await Matrix.flavors.value.first(where: { $0.flavor == .mysql }) else {
            print("!!! no MySQL here: a ring without GTIDs is NOT tested")
            return
        }
        var settings = ServerSettings()
        settings.usesGTID = false
        try await withSandbox(.ring, software: mySQL, settings: settings) { sandbox in
            let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
            try await db1.sql("CREATE DATABASE replication_probe")
            let exporter = try await RunningExporter.start(
                try sandbox.writeExporterConfiguration(
                    probes: "failover: {preferred: db1, standby: db2, table: replication_probe.lastcheck}"),
                in: sandbox)
            try await sandbox.grant("SELECT, INSERT, UPDATE, CREATE ON replication_probe.*")
            #expect(try await answer(exporter, until: "caught_up").answer == 100)
            // db1 cannot apply what it has fetched; its server reports 0 seconds behind until it tries.
            try await db1.lock()
            try await miss(sandbox)
            try await db2.write()
            let behind = try await answer(exporter)
            #expect(behind.answer == 200, "\(behind)")
            await db1.unlock()
            #expect(try await answer(exporter, until: "caught_up").answer == 100)
            #expect(await exporter.stop() == .exited(0))
        }
    }

    @Test("The state directory preserves the last check across a restart, for this checker and this node")
    func stateDirectory() async throws {
        let states = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: states, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: states) }
        try await withPair(try await Self.software.value, ["--state.directory", states]) {
            sandbox, exporter, path in
            #expect(try await answer(exporter, until: "caught_up").answer == 100)
            let db1 = try sandbox.server("db1")
            try await db1.sql("STOP SLAVE")
            // While it runs, no file says so: it might be killed after another answer.
            #expect(!FileManager.default.fileExists(atPath: "\(states)/demo.failover"))
            #expect(await exporter.stop() == .exited(0))
            let another = try await RunningExporter.start(
                ["--config.file", path, "--state.directory", states], in: sandbox)
            #expect(try await answer(another).cause == "unbroken")
            let arguments = ["--config.file", path, "--state.directory", states, "demo"]
            // The command itself has not checked yet, whatever the exporter knows.
            #expect(try await command(arguments, in: sandbox).0.contains("cause=lag_unknown"))
            try await db1.sql("START SLAVE")
            #expect(try await answer(another, until: "unbroken").answer == 100)
            let deadline = ContinuousClock.now + .seconds(30)
            while !(try await command(arguments, in: sandbox).0.hasPrefix("100\n")), .now < deadline {}
            try await db1.sql("STOP SLAVE")
            let (kept, status) = try await command(arguments, in: sandbox)
            #expect(kept == "100\n" && status == 0, "\(kept)")
            let (other, _) = try await command(["--failover.checker", "other"] + arguments, in: sandbox)
            #expect(other.hasPrefix("200\n"), "\(other)")
            let (again, _) = try await command(arguments, in: sandbox)
            #expect(again.hasPrefix("200\n"), "the other one has said 200 meanwhile: \(again)")
            let (looked, _) = try await command(["--config.file", path, "demo"], in: sandbox)
            #expect(looked.hasPrefix("200\n") && looked.contains("cause=lag_unknown"), "\(looked)")
            try Data("state 1 nonsense".utf8).write(to: URL(fileURLWithPath: "\(states)/demo.failover-check"))
            let (lost, _) = try await command(arguments, in: sandbox)
            #expect(lost.hasPrefix("200\n"), "\(lost)")
            #expect(await another.stop() == .exited(0))
        }
    }

    @Test("snmpd returns the answer, and nothing else in its first line")
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
            // Each run has just started, and examines replication.
            #expect(well.hasPrefix("100\n") && well.contains("cause=caught_up") && status == 0, "\(well)")
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
