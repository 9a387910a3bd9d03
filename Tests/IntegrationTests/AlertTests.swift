import Foundation
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// The rules of deploy/prometheus in real Prometheus servers, one for each scrape configuration of README.md and docs/scaling.md.
    @Suite("Alerts")
    struct AlertTests {
        private static let software = Task { try await ServerSoftware.find("mariadb") }
        /// What Kubernetes' discovery calls the machine, in a target label that is named as one of ours.
        private static let worker = "worker-7"
        private static let probes =
            "heartbeat: {table: replication_probe.heartbeat, interval: 250ms, write: true}\n"
            + "sentinel: {table: replication_probe.sentinel, interval: 1s}"

        /// An alert, whichever Prometheus shows it.
        private struct Alert: Hashable, CustomStringConvertible {
            let labels: [String: String]

            init(_ labels: [String: String]) {
                self.labels = labels.filter {
                    !["__name__", "alertstate", "instance", "job", "severity"].contains($0.key)
                        && !($0.key == "node" && $0.value == AlertTests.worker)
                }
            }

            var name: String { labels["alertname"] ?? "" }
            var description: String { labels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ") }
        }

        @Test("A probe that has never worked is reported from the first scrape on, across a restart, until it works")
        func neverWorked() async throws {
            try await withSandbox(.primary(replicas: 1), software: try await Self.software.value) { sandbox in
                let configuration = try sandbox.writeExporterConfiguration(probes: Self.probes)
                func working(_ scrape: Scrape) -> [Double?] {
                    ["heartbeat", "sentinel"].map { probe in
                        scrape.samples.first {
                            $0.name == "mysql_replication_probe_working" && $0.labels["probe"] == probe
                        }?.value
                    }
                }
                // It may read, but there is nothing to read; a refusal is not mistaken for a limitation of the server's
                // version.
                try await sandbox.server("db1").sql("CREATE DATABASE replication_probe")
                try await sandbox.grant("SELECT ON replication_probe.*")
                for _ in 0..<2 {
                    let exporter = try await RunningExporter.start(configuration, in: sandbox)
                    #expect(working(try await exporter.scrape()) == [0, 0])
                    let scrape = try await exporter.scrape(until: "the table is not there") {
                        $0.value("node_fact_missing", "db1", ["fact": "heartbeat", "reason": "no_table"]) == 1
                    }
                    #expect(working(scrape) == [0, 0])
                    #expect(await exporter.stop() == .exited(0))
                }
                let exporter = try await RunningExporter.start(configuration, in: sandbox)
                try await sandbox.grant("SELECT, INSERT, UPDATE, DELETE, CREATE ON replication_probe.*")
                try await exporter.scrape(until: "both work", within: .seconds(60)) { working($0) == [1, 1] }
                // A primary that refuses the writes ends both.
                let account = "'\(sandbox.accounts.monitor.user)'@'127.0.0.1'"
                try await sandbox.server("db1").sql("REVOKE INSERT, UPDATE ON replication_probe.* FROM \(account)")
                try await exporter.scrape(until: "neither works", within: .seconds(60)) { working($0) == [0, 0] }
                try await sandbox.grant("INSERT, UPDATE ON replication_probe.*")
                try await exporter.scrape(until: "both work again", within: .seconds(60)) { working($0) == [1, 1] }
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test(
            "The rules fire alike, once each, for /metrics, for a target a set or a node, and beside a target label \"node\": all well, then one fault after another"
        )
        func allWays() async throws {
            try await withSandbox(.primary(replicas: 2), software: try await Self.software.value) { sandbox in
                let configuration = try sandbox.writeExporterConfiguration()
                let exporter = try await RunningExporter.start(configuration, in: sandbox)
                try await exporter.scrape(until: "all is well") { scrape in
                    ["db2", "db3"].allSatisfy { scrape.isHealthyReplica($0, knowsTransactions: true) }
                }
                let servers = [
                    try await start("metrics", sandbox, exporter),
                    try await start("probe", sandbox, exporter),
                    try await start("sets", sandbox, exporter),
                    try await start("labelled", sandbox, exporter),
                ]
                let labelled = try await servers[3].query("mysql_replication_up") { $0.count == 3 }
                #expect(Set(labelled.compactMap { $0.labels["node"] }) == ["db1", "db2", "db3"])
                #expect(labelled.allSatisfy { $0.labels["exported_node"] == nil })
                #expect(
                    try await servers[3].query("up") { !$0.isEmpty }.allSatisfy { $0.labels["node"] == Self.worker })
                let sets = try await servers[2].query("up") { !$0.isEmpty }
                #expect(sets.map { $0.labels["instance"] } == ["demo"])
                // Both have scraped, and each rule is evaluated. What only /probe could miss is present.
                for prometheus in servers {
                    for series in [
                        "replication_set:mysql_replication_channels_per_node:max",
                        "replication_set:mysql_replication_nodes_down:sum",
                    ] {
                        let samples = try await prometheus.query(series) { !$0.isEmpty }
                        #expect(samples.count == 1, "\(samples)")
                    }
                    let purged = try await prometheus.query("channel:mysql_replication_source_binlog_files:purged") {
                        $0.count == 2
                    }
                    #expect(Set(purged.compactMap { $0.labels["node"] }) == ["db2", "db3"])
                    _ = try await prometheus.query("mysql_replication_exporter_build_info") { !$0.isEmpty }
                }
                try await agree(servers, on: [])

                // Of a set: no node is writable. Of a channel: stopped. Of the exporter: a broken configuration, and a
                // probe that cannot work for lack of grants.
                let text = try String(contentsOfFile: configuration, encoding: .utf8)
                let probes = Self.probes.split(separator: "\n").map { "    \($0)\n" }.joined()
                try (text + probes).write(toFile: configuration, atomically: true, encoding: .utf8)
                exporter.process.signal(SIGHUP)
                try await agree(
                    servers,
                    on: ["MySQLReplicationHeartbeatMissing", "MySQLReplicationSentinelNotSent"],
                    beside: ["MySQLReplicationNodeFactMissing"])
                try "replication_sets: {}".write(toFile: configuration, atomically: true, encoding: .utf8)
                exporter.process.signal(SIGHUP)
                try await sandbox.server("db2").stopSQL()
                try await agree(
                    servers,
                    on: [
                        "MySQLReplicationHeartbeatMissing", "MySQLReplicationSentinelNotSent",
                        "MySQLReplicationConfigReloadFailed", "MySQLReplicationSQLThreadStopped",
                    ], beside: ["MySQLReplicationNodeFactMissing"])
                try await sandbox.server("db2").startSQL()
                try await sandbox.server("db1").sql("SET GLOBAL read_only = 1")
                // Those of the probes end when a scrape has shown that no node takes writes: the last one of each server has.
                try await agree(
                    servers, on: ["MySQLReplicationConfigReloadFailed", "MySQLReplicationNoWritableNode"],
                    beside: ["MySQLReplicationNodeFactMissing"])
                #expect(await exporter.stop() == .exited(0))
                try await agree(
                    servers, on: ["MySQLReplicationExporterDown"], beside: ["MySQLReplicationNodeFactMissing"])
                for prometheus in servers {
                    prometheus.process.signal(SIGTERM)
                    await prometheus.process.ended()
                }
            }
        }

        /// Waits until the alerts of all servers are these, each once, and the same.
        /// - Parameter beside: alerts that may be there as well, if all have them.
        private func agree(
            _ servers: [RunningPrometheus], on names: Set<String>, beside others: Set<String> = []
        ) async throws {
            var seen: [[Alert]] = []
            try await eventually(
                "\(names.sorted()) instead of:\n" + seen.map { "\($0)" }.joined(separator: "\n"), within: .seconds(60),
                every: .milliseconds(200)
            ) {
                seen = []
                for prometheus in servers {
                    seen.append(try await prometheus.query("ALERTS") { _ in true }.map { Alert($0.labels) })
                }
                let isExpected = seen.allSatisfy {
                    let known = Set($0.map(\.name))
                    return known.isSuperset(of: names) && known.subtracting(others) == names.subtracting(others)
                }
                return isExpected && seen.allSatisfy { Set($0) == Set(seen[0]) && Set($0).count == $0.count }
            }
        }

        /// A Prometheus with a configuration of the README, and the rules.
        private func start(_ way: String, _ sandbox: Sandbox, _ exporter: RunningExporter) async throws
            -> RunningPrometheus
        {
            let folder = "\(sandbox.folder)/\(way)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            let rules = Repository.path("deploy/prometheus")
            let page = way == "sets" ? "docs/scaling.md" : "README.md"
            let configurations = try Repository.text(page).split(separator: "```yaml\n").map {
                String($0.split(separator: "```").first ?? "")
            }
            guard
                var jobs = configurations.first(where: {
                    $0.hasPrefix("scrape_configs:") && $0.contains("/probe") == (way == "probe")
                        && $0.contains("per=replication_set") == (way == "sets")
                })
            else { throw Failure("no scrape configuration for \(way) in \(page)") }
            if way == "labelled" {
                let targets = "targets: [\"exporter:19104\"]"
                try #require(jobs.contains(targets))
                jobs = jobs.replacing(targets, with: "\(targets), labels: {node: \(Self.worker)}")
            }
            let text =
                """
                global: {scrape_interval: 15s, scrape_timeout: 15s, evaluation_interval: 15s}
                rule_files: ["\(rules)/mysql-replication.rules.yml", "\(rules)/mysql-replication.alerts.yml"]

                """ + jobs.replacing("exporter:19104", with: "localhost:19104")
            try text.write(toFile: "\(folder)/prometheus.yml", atomically: true, encoding: .utf8)
            return try await RunningPrometheus.start(folder, sandbox, jobs: "", exporterPort: exporter.port)
        }
    }
}
