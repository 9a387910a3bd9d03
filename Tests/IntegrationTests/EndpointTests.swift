import Foundation
import MariaDB
import Replication
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("Endpoints")
    struct EndpointTests {
        private static let software = Task { try await ServerSoftware.find("mariadb") }

        @Test("probe, service discovery, topology and configuration are served, without a secret")
        func pages() async throws {
            try await withExporter(of: .primary(replicas: 1), software: try await Self.software.value) {
                sandbox, exporter in
                let probe = try await exporter.scrape("/probe?target=db2")
                #expect(probe.value("up", "db2") == 1)
                #expect(probe.value("apply_delta_bytes", "db2") != nil)  // its source was asked as well
                // Only this node, plus what the rules need about its set and the exporter.
                #expect(probe.samples.allSatisfy { $0.labels["node"] == "db2" || $0.labels["node"] == nil })
                let whole = try await exporter.scrape()
                let others = whole.samples.filter { $0.labels["node"] == nil }.map(\.name)
                #expect(
                    probe.samples.filter { $0.labels["node"] == nil }.map(\.name)
                        == others.filter { !$0.hasPrefix("process_") && !$0.hasSuffix("http_requests_total") })
                for query in ["", "?target=", "?target=127.0.0.1:3306", "?target=db1&target=db2"] {
                    let refused = try await exporter.get("/probe" + query)
                    #expect(refused.status == 400, "\(query)")
                }
                #expect(try await exporter.get("/probe?target=db9").body == "not configured: node \"db9\"\n")

                struct Group: Decodable {
                    let targets: [String]
                    let labels: [String: String]
                }
                let discovery = try await exporter.get("/sd")
                #expect(
                    discovery.header("Content-Type") == "application/json; charset=utf-8")
                let groups = try JSONDecoder().decode([Group].self, from: Data(discovery.body.utf8))
                #expect(groups.map(\.targets) == [["db1"], ["db2"]])
                #expect(groups.map { $0.labels["__meta_mysql_replication_set"] } == ["demo", "demo"])

                struct Topology: Decodable {
                    struct ReplicationSet: Decodable {
                        struct Node: Decodable {
                            let name: String
                            let up: Bool
                        }
                        let name: String
                        let primary: String?
                        let nodes: [Node]
                    }
                    let replication_sets: [ReplicationSet]
                }
                let topology = try await exporter.get("/topology.json").body
                let sets = try JSONDecoder().decode(Topology.self, from: Data(topology.utf8)).replication_sets
                #expect(sets.map(\.name) == ["demo"] && sets.map(\.primary) == ["db1"])
                #expect(sets[0].nodes.map(\.name) == ["db1", "db2"] && sets[0].nodes.allSatisfy(\.up))
                #expect(try await exporter.get("/topology.json?replication_set=x").status == 400)

                let configuration = try await exporter.get("/config")
                #expect(configuration.status == 200 && configuration.body.contains("- name: db2"))
                #expect(try await exporter.get("/-/reload", method: "POST").status == 403)
                for text in [discovery.body, topology, configuration.body] {
                    #expect(!text.contains(sandbox.accounts.monitor.password))
                }
            }
        }

        @Test("a scrape that is cut short by its own timeout does not log any node as down")
        func shortTimeout() async throws {
            try await withExporter(of: .primary(replicas: 1), software: try await Self.software.value) {
                sandbox, exporter in
                try await exporter.scrape(until: "all are up") { $0.all("up").map(\.value) == [1, 1] }
                var cut = 0
                for _ in 0..<20 {
                    for path in ["/metrics", "/probe?target=db2"] {
                        cut += try await exporter.scrape(path, timeout: 0.0001).all("up").count { $0.value == 0 }
                    }
                    try await exporter.scrape()
                }
                try #require(cut > 0, "no scrape was cut short")
                #expect(try exporter.output().ranges(of: "node is up").count == 2)
                #expect(try !exporter.output().contains("node is not up"))
            }
        }

        @Test("a password in the configuration file is masked")
        func maskedPassword() async throws {
            try await withSandbox(.primary(replicas: 0), software: try await Self.software.value) { sandbox in
                let path = "\(sandbox.folder)/literal.yml"
                try """
                defaults: {user: exporter, password: open-sesame-77}
                replication_sets: [{name: demo, nodes: [{name: db1, address: "127.0.0.1:1"}]}]
                """.write(toFile: path, atomically: true, encoding: .utf8)
                let exporter = try await RunningExporter.start(path, in: sandbox)
                let page = try await exporter.get("/config").body
                #expect(page.contains("name: db1") && !page.contains("open-sesame-77"))
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test("a reload keeps the connections of unchanged nodes, and closes those of the others with their threads")
        func reload() async throws {
            try await withSandbox(.primary(replicas: 3), software: try await Self.software.value) { sandbox in
                let path = try sandbox.writeExporterConfiguration()
                let exporter = try await RunningExporter.start(
                    ["--config.file", path, "--web.enable-lifecycle"], in: sandbox)
                try await exporter.scrape(until: "all are up") { $0.all("up").map(\.value) == [1, 1, 1, 1] }
                let before = try await connections(sandbox)
                #expect(before.map(\.count) == [1, 1, 1, 1])
                #expect(try nodeThreads(exporter) == 4)

                // db1 and db2 unchanged, db3 with another timeout, db4 removed; and another threshold.
                var lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
                lines.removeAll { $0.contains("name: db4") }
                lines = lines.map {
                    $0.contains("name: db3") ? $0.replacingOccurrences(of: "}", with: ", timeout: 3s}") : $0
                }
                lines.append("    thresholds: {lag: 5s}")
                try write(lines.joined(separator: "\n"), to: path)
                let answer = try await exporter.get("/-/reload", method: "POST")
                #expect(answer.status == 200, "\(answer.body)")
                let scrape = try await exporter.scrape()
                #expect(scrape.all("up").map(\.value) == [1, 1, 1] && scrape.all("up", "db4").isEmpty)
                #expect(try await exporter.get("/config").body.contains("lag: 5s"))

                // The old fleet is closed in the background.
                try await eventually("db4 is left") { try await connections(sandbox)[3].isEmpty }
                try await eventually("the old threads end") { try nodeThreads(exporter) == 3 }
                let after = try await connections(sandbox)
                #expect(after[0] == before[0] && after[1] == before[1])
                #expect(after[2].count == 1 && after[2] != before[2])
                // Reported once, and again only for the node that changed.
                let log = try exporter.output()
                #expect(log.ranges(of: "node is up").count == 5)
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test(
            "a broken file is refused with all of its errors, both gauges show it, and the old configuration stays in effect"
        )
        func refused() async throws {
            try await withSandbox(.primary(replicas: 1), software: try await Self.software.value) { sandbox in
                let path = try sandbox.writeExporterConfiguration()
                let good = try String(contentsOfFile: path, encoding: .utf8)
                let exporter = try await RunningExporter.start(
                    ["--config.file", path, "--web.enable-lifecycle"], in: sandbox)
                let first = try await exporter.scrape()
                #expect(first.all("exporter_config_last_reload_successful").map(\.value) == [1])
                let loaded = first.all("exporter_config_last_reload_success_timestamp_seconds").map(\.value)
                let connected = try await connections(sandbox)

                try write(good + "metriks: {workers: true}\nmetrics: {workers: perhaps}\n", to: path)
                exporter.process.signal(SIGHUP)
                let broken = try await exporter.scrape(until: "the file was refused") {
                    $0.all("exporter_config_last_reload_successful").map(\.value) == [0]
                }
                #expect(broken.all("exporter_config_last_reload_success_timestamp_seconds").map(\.value) == loaded)
                #expect(broken.all("up").map(\.value) == [1, 1])
                #expect(try await connections(sandbox) == connected)
                let log = try exporter.output()
                #expect(log.contains("metriks") && log.contains("perhaps"))
                let refusal = try await exporter.get("/-/reload", method: "POST")
                #expect(refusal.status == 500 && refusal.body.contains("metriks") && refusal.body.contains("perhaps"))

                try write(good, to: path)
                exporter.process.signal(SIGHUP)
                let mended = try await exporter.scrape(until: "the file was accepted") {
                    $0.all("exporter_config_last_reload_successful").map(\.value) == [1]
                }
                let again = mended.all("exporter_config_last_reload_success_timestamp_seconds").map(\.value)
                #expect(try #require(again.first) > (try #require(loaded.first)))
                #expect(try await connections(sandbox) == connected)
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test("a file that cannot be read is refused as at a start, and one that has vanished meanwhile is a warning")
        func unreadable() async throws {
            try await withSandbox(.primary(replicas: 1), software: try await Self.software.value) { sandbox in
                let path = try sandbox.configuration("vanishing.yml", user: "nobody", password: "p")
                let exporter = try await RunningExporter.start(
                    ["--config.file", path, "--web.enable-lifecycle"], in: sandbox)
                let good = try String(contentsOfFile: path, encoding: .utf8)
                try write(
                    good.replacing("timeout: 3s", with: "timeout: 3s, tls: {mode: verify_identity, ca: nope.pem}"),
                    to: path)
                let refusal = try await exporter.get("/-/reload", method: "POST")
                let problem = "tls.ca '\(sandbox.folder)/nope.pem': No such file or directory"
                #expect(refusal.status == 500 && refusal.body.contains(problem), "\(refusal.body)")
                let scrape = try await exporter.scrape()
                #expect(scrape.all("exporter_config_last_reload_successful").map(\.value) == [0])
                // The old configuration stays in effect, and gets as far as the server.
                #expect(scrape.all("node_failure", nil, ["reason": "configuration"]).allSatisfy { $0.value == 0 })
                try await eventually("it is in the log") {
                    try exporter.output().contains("configuration refused; the old one stays in effect")
                }

                try FileManager.default.removeItem(atPath: "\(sandbox.folder)/nobody.password")
                try write(good + "\n# Touched.\n", to: path)
                #expect(try await exporter.get("/-/reload", method: "POST").status == 200)
                try await eventually("the warning is in the log") {
                    try exporter.output().contains("nobody.password': No such file or directory")
                }
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test("a scrape in progress ends with the nodes that it started with")
        func scrapeAcrossReload() async throws {
            try await withSandbox(.primary(replicas: 1), software: try await Self.software.value) { sandbox in
                let path = try sandbox.writeExporterConfiguration()
                let exporter = try await RunningExporter.start(path, in: sandbox)
                try await exporter.scrape(until: "both are up") { $0.all("up").map(\.value) == [1, 1] }
                let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
                await replica.freeze()
                let asked = try await rounds(primary)
                async let pending = exporter.scrape()
                try await eventually("the scrape has begun") { try await rounds(primary) > asked }
                let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
                try write(lines.filter { !$0.contains("name: db2") }.joined(separator: "\n"), to: path)
                exporter.process.signal(SIGHUP)
                try await eventually("the reload is done") {
                    try await exporter.get("/sd").body.contains("db2") == false
                }

                let scrape = try await pending
                await replica.thaw()
                #expect(scrape.value("up", "db1") == 1 && scrape.value("up", "db2") == 0)
                #expect(scrape.value("node_failure", "db2", ["reason": "timeout"]) == 1)
                #expect(try await exporter.scrape().all("up").map(\.value) == [1])
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test(
            "the grants that it prints are sufficient, including those for probes",
            arguments: try await Matrix.thorough.value)
        func grants(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let password = "\(sandbox.folder)/watcher.password"
                try "sesame".write(toFile: password, atomically: true, encoding: .utf8)
                let configuration = try sandbox.writeExporterConfiguration(
                    probes: """
                        user: watcher
                        password_file: "\(password)"
                        heartbeat: {table: watched.heartbeat, interval: 1s, write: true}
                        checksums: {table: watched.checksums}
                        """)
                // pt-table-checksum creates it, with an account of its own.
                for statement in [
                    "CREATE DATABASE watched",
                    "CREATE TABLE watched.checksums (db CHAR(64), tbl CHAR(64), chunk INT, this_crc CHAR(40), "
                        + "this_cnt INT, master_crc CHAR(40), master_cnt INT, ts TIMESTAMP, PRIMARY KEY (db, tbl, chunk))",
                ] { try await sandbox.server("db1").sql(statement) }
                let script = try await sandbox.run(
                    "grants", "--config.file", configuration, "--from", "127.0.0.1", "--password-file", password)
                #expect(try await sandbox.execute(script.output, on: try sandbox.server("db1")) == "")
                try await sandbox.catchUp()
                let exporter = try await RunningExporter.start(configuration, in: sandbox)
                let scrape = try await exporter.scrape(until: "the heartbeat is written and read") {
                    $0.state("lag_method", "db2", "method") == "heartbeat"
                }
                #expect(scrape.all("up").map(\.value) == [1, 1])
                #expect(scrape.all("node_fact_missing").isEmpty, "\(scrape.text)")
                // Three exporters, each with the collector's 3 connections and the heartbeat's 2; `check` with 3, and
                // `checksum` with 5.
                let limits = try await sandbox.server("db1").sql(
                    "SELECT max_user_connections AS most FROM mysql.user WHERE user = 'watcher'")
                #expect(limits.rows.map { $0.unsigned("most") } == [23])
                #expect(await exporter.stop() == .exited(0))
            }
        }

        // MARK: -

        /// Written atomically, as careful administrators do, so that a half-written file is never read.
        private func write(_ text: String, to path: String) throws {
            try (text + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        }

        /// The IDs of the exporter's connections on each server.
        private func connections(_ sandbox: Sandbox) async throws -> [[UInt64]] {
            var connections: [[UInt64]] = []
            for server in sandbox.servers {
                let user = sandbox.accounts.monitor.user
                connections.append(
                    try await server.sql(
                        "SELECT id FROM information_schema.processlist WHERE user = '\(user)' ORDER BY id"
                    ).rows.compactMap { $0.unsigned("id") })
            }
            return connections
        }

        /// How often the exporter has asked a MariaDB server: no other client sends this statement.
        private func rounds(_ server: Server) async throws -> UInt64 {
            let row = try #require(try await server.sql("SHOW GLOBAL STATUS LIKE 'Com_show_binlog_status'").first)
            return try #require(row.unsigned("Value"))
        }

        /// The threads that ask nodes.
        private func nodeThreads(_ exporter: RunningExporter) throws -> Int {
            let folder = "/proc/\(exporter.process.pid)/task"
            return try FileManager.default.contentsOfDirectory(atPath: folder).count { thread in
                // A thread that has just ended has no name any more.
                (try? String(contentsOfFile: "\(folder)/\(thread)/comm", encoding: .utf8))?.hasPrefix("node-") == true
            }
        }
    }
}
