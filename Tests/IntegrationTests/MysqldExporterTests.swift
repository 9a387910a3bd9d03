import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// mysqld_exporter and this exporter scrape the same servers. Debian 12 has 0.14; scripts/test-newer.sh brings 0.19.
    @Suite(
        "Compared with mysqld_exporter",
        .enabled(
            if: Peer.mysqldExporter != nil,
            "mysqld_exporter is not installed here: its series are NOT compared (Debian: prometheus-mysqld-exporter)"))
    struct MysqldExporterTests {
        @Test(
            "its replication series are here too: names, labels and values", arguments: try await Matrix.thorough.value,
            [Wiring.primary(replicas: 1), .multiSource()])
        func sameSeries(software: ServerSoftware, wiring: Wiring) async throws {
            let isNew = try await MysqldExporter.isNew()
            // SHOW SLAVE STATUS, the only statement that 0.14 knows, was removed in MySQL 8.4.
            let isStatusKnown = software.flavor == .mariadb || isNew
            try await withSandbox(wiring, software: software) { sandbox in
                let ours = try await RunningExporter.start(try configuration(sandbox), in: sandbox)
                for server in sandbox.servers {
                    let theirs = try await MysqldExporter.start(server, in: sandbox)
                    // Heartbeats continue meanwhile: theirs lies between two of ours.
                    let before = try await series(ours, of: server.name)
                    let reference = try await theirs.replicationSeries()
                    let after = try await series(ours, of: server.name)
                    await theirs.stop()

                    let isReplica = !server.node.links.isEmpty
                    #expect(reference["mysql_up"] == 1)
                    #expect(reference.keys.contains { $0.hasPrefix("mysql_binlog_size_bytes") })
                    #expect(
                        reference.keys.contains { $0.hasPrefix("mysql_slave_status_relay_log_space{") }
                            == (isReplica && isStatusKnown))
                    for (name, value) in reference {
                        let least = try #require(before[name], "\(name) of \(server.name)")
                        let most = max(least, after[name] ?? least)
                        #expect((least...most).contains(value), "\(name) of \(server.name)")
                    }
                    let extra = before.keys.filter {
                        reference[$0] == nil && !isLacking($0, isNew: isNew, isStatusKnown: isStatusKnown)
                    }
                    #expect(extra == [], "\(server.name)")
                }
                #expect(await ours.stop() == .exited(0))
            }
        }

        @Test(
            "its heartbeat series exist here too, from a table as written by pt-heartbeat",
            arguments: try await Matrix.thorough.value)
        func heartbeat(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                for statement in [
                    "CREATE DATABASE heartbeat",
                    "CREATE TABLE heartbeat.heartbeat (ts VARCHAR(26) NOT NULL, server_id INT UNSIGNED PRIMARY KEY)",
                    "INSERT INTO heartbeat.heartbeat VALUES ('2026-11-21T05:51:41.123456', 1), "
                        + "('2026-11-21T05:50:00.000000', 2)",
                ] { try await sandbox.server("db1").sql(statement) }
                try await sandbox.grant("SELECT ON heartbeat.heartbeat")
                _ = try sandbox.writeExporterConfiguration(probes: "heartbeat: {table: heartbeat.heartbeat}")
                let ours = try await RunningExporter.start(try compatible(sandbox), in: sandbox)
                let replica = try sandbox.server("db2")
                let theirs = try await MysqldExporter.start(
                    replica, in: sandbox, collecting: ["--collect.heartbeat", "--collect.heartbeat.utc"])
                let before = try await series(ours, of: "db2")
                let reference = try await theirs.replicationSeries().filter { $0.key.hasPrefix("mysql_heartbeat_") }
                let after = try await series(ours, of: "db2")
                await theirs.stop()
                #expect(reference.count == 4)
                for (name, value) in reference {
                    let least = try #require(before[name], "\(name)")
                    let most = try #require(after[name], "\(name)")
                    // The server's clock, derived from the exporter's: accurate to half a round trip.
                    #expect(value >= least - 0.5 && value <= most + 0.5, "\(name)")
                }
                #expect(before.keys.filter { $0.hasPrefix("mysql_heartbeat_") }.count == 4)
                #expect(await ours.stop() == .exited(0))
            }
        }

        @Test("MySQL 9: the columns that 0.14 cannot ask for, under their new names")
        func newWords() async throws {
            for software in try await Matrix.all.value where software.flavor == .mysql {
                try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                    let ours = try await RunningExporter.start(try configuration(sandbox), in: sandbox)
                    let series = try await series(ours, of: "db2")
                    let source = try await sandbox.server("db1").sql("SELECT @@server_uuid AS uuid")
                    let uuid = try #require(source.first?.text("uuid"))
                    let labels =
                        #"{channel_name="",connection_name="",master_host="127.0.0.1",master_uuid="\#(uuid)"}"#
                    #expect(series["mysql_slave_status_replica_io_running" + labels] == 1)
                    #expect(series["mysql_slave_status_replica_sql_running" + labels] == 1)
                    #expect(series["mysql_slave_status_seconds_behind_source" + labels] != nil)
                    #expect(series["mysql_slave_status_source_server_id" + labels] == 1)
                    #expect(!series.keys.contains { $0.contains("_slave_io_running") || $0.contains("behind_master") })
                    #expect(await ours.stop() == .exited(0))
                }
            }
        }

        @Test("a reload turns the series on and off, on existing connections")
        func reload() async throws {
            let software = try await ServerSoftware.find("mariadb")
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let plain = try String(contentsOfFile: try sandbox.writeExporterConfiguration(), encoding: .utf8)
                let path = try configuration(sandbox)
                let compatible = try String(contentsOfFile: path, encoding: .utf8)
                let ours = try await RunningExporter.start(
                    ["--config.file", path, "--web.enable-lifecycle"], in: sandbox)
                for (text, isOn) in [(compatible, true), (plain, false), (compatible, true)] {
                    try text.write(toFile: path, atomically: true, encoding: .utf8)
                    #expect(try await ours.get("/-/reload", method: "POST").status == 200)
                    let scrape = try await ours.scrape()
                    #expect(scrape.samples.contains { $0.name == "mysql_slave_status_slave_io_running" } == isOn)
                    #expect(scrape.samples.contains { $0.name == "mysql_up" } == isOn)
                }
                #expect(await ours.stop() == .exited(0))
            }
        }

        private func configuration(_ sandbox: Sandbox) throws -> String {
            _ = try sandbox.writeExporterConfiguration()
            return try compatible(sandbox)
        }

        /// The exporter's configuration as written so far, plus the series of mysqld_exporter.
        private func compatible(_ sandbox: Sandbox) throws -> String {
            let path = "\(sandbox.folder)/exporter.yml"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try (text + "metrics: {compatibility: [mysqld_exporter]}\n").write(
                toFile: path, atomically: true, encoding: .utf8)
            return path
        }

        /// Our versions of their series for a node, as soon as it is up: a busy machine may take its time.
        private func series(_ ours: RunningExporter, of node: String) async throws -> [String: Double] {
            let scrape = try await ours.scrape(until: "\(node) is up") { $0.value("up", node) == 1 }
            return try MysqldExporter.series(
                scrape.samples.filter { $0.labels["node"] == node && !$0.name.hasPrefix("mysql_replication_") })
        }

        /// Whether it has no series of this name yet.
        /// - Parameter isNew: it is 0.19, which lacks only the number of transactions; 0.14 does not split MariaDB's positions.
        private func isLacking(_ series: String, isNew: Bool, isStatusKnown: Bool) -> Bool {
            series.hasPrefix("mysql_gtid_transactions") || (!isNew && series.hasPrefix("mysql_slave_status_gtid_"))
                || (!isStatusKnown && series.hasPrefix("mysql_slave_status_"))
        }
    }
}

private final class MysqldExporter: Sendable {
    /// Whether it is 0.19 or later.
    static func isNew() async throws -> Bool {
        try await !Peer.release(of: try #require(Peer.mysqldExporter)).lexicographicallyPrecedes([0, 19])
    }

    private let process: ChildProcess
    private let port: Int

    private init(_ process: ChildProcess, port: Int) {
        self.process = process
        self.port = port
    }

    deinit { process.signal(SIGKILL) }

    static func start(
        _ server: Server, in sandbox: Sandbox, collecting more: [String] = []
    ) async throws -> MysqldExporter {
        let options = "\(sandbox.folder)/mysqld_exporter-\(server.name).cnf"
        let monitor = sandbox.accounts.monitor
        try "[client]\nuser=\(monitor.user)\npassword=\(monitor.password)\nhost=127.0.0.1\nport=\(server.port)\n".write(
            toFile: options, atomically: true, encoding: .utf8)
        let log = "\(sandbox.folder)/mysqld_exporter-\(server.name).log"
        let process = try ChildProcess.start(
            [
                try #require(Peer.mysqldExporter), "--config.my-cnf=\(options)", "--web.listen-address=127.0.0.1:0",
                "--collect.slave_status", "--collect.binlog_size", "--no-collect.global_status",
                "--no-collect.global_variables",
            ] + more, group: sandbox.processGroup, output: log)
        func text() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
        do {
            let port = try await eventualValue("mysqld_exporter listens: \(text())") {
                text().firstMatch(of: /Listening on" address=127\.0\.0\.1:(\d+)/).flatMap { Int($0.1) }
            }
            return MysqldExporter(process, port: port)
        } catch {
            process.signal(SIGKILL)
            throw error
        }
    }

    func replicationSeries() async throws -> [String: Double] {
        let lines = try await HTTPAnswer.to("GET", "/metrics", port: port).body.split(separator: "\n").filter { line in
            ["mysql_slave_status_", "mysql_binlog_", "mysql_heartbeat_", "mysql_up"].contains { line.hasPrefix($0) }
        }
        return try Self.series(try Scrape(lines.joined(separator: "\n")).samples)
    }

    func stop() async {
        process.signal(SIGTERM)
        await process.ended()
    }

    /// Values by name and labels, in canonical order.
    static func series(_ samples: [Scrape.Sample]) throws -> [String: Double] {
        var series: [String: Double] = [:]
        for sample in samples {
            let labels = sample.labels.filter { $0.key != "replication_set" && $0.key != "node" }
                .sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }
            let name = labels.isEmpty ? sample.name : "\(sample.name){\(labels.joined(separator: ","))}"
            guard series.updateValue(sample.value, forKey: name) == nil else { throw Failure("\(name) occurs twice") }
        }
        return series
    }
}
