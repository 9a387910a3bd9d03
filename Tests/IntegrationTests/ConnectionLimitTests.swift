import Foundation
import MariaDB
import Replication
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("Connections to a server")
    struct ConnectionLimitTests {
        /// The number in docs/deployment.md for one exporter with all probes.
        private static let most = 9

        @Test(
            "never exceed the documented number, with all probes enabled, while they are killed repeatedly",
            arguments: try await Matrix.flavors.value)
        func neverMore(software: ServerSoftware) async throws {
            let keys = """
                heartbeat: {table: replication_probe.heartbeat, interval: 200ms, write: true}
                sentinel: {table: replication_probe.sentinel, interval: 1s}
                failover: {preferred: db1, standby: db2, table: replication_probe.lastcheck}
                """
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let db1 = try sandbox.server("db1")
                let account = "'\(sandbox.accounts.monitor.user)'@'127.0.0.1'"
                try await db1.sql("CREATE DATABASE replication_probe")
                try await sandbox.grant("CREATE, SELECT, INSERT, UPDATE, DELETE ON replication_probe.*")
                try await db1.sql("ALTER USER \(account) WITH MAX_USER_CONNECTIONS \(Self.most)")
                try await sandbox.catchUp()
                let exporter = try await RunningExporter.start(
                    try sandbox.writeExporterConfiguration(probes: keys), in: sandbox)
                try await exporter.scrape(until: "the probes work") {
                    $0.value("sentinel_success", "db2", ["operation": "insert"]) == 1
                }
                let askers = Task {
                    try await withThrowingTaskGroup { group in
                        for path in ["/metrics", "/nodes/db1/primary", "/failover/demo", "/topology.json"] {
                            group.addTask {
                                while !Task.isCancelled {
                                    _ = try await exporter.get(path)
                                    try? await Task.sleep(for: .milliseconds(100))
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
                var seen = 0
                for _ in 0..<20 {
                    let own = try await db1.sql("SHOW PROCESSLIST").rows.filter {
                        $0.text("User") == sandbox.accounts.monitor.user
                    }
                    seen = max(seen, own.count)
                    for row in own { _ = try? await db1.sql("KILL \(row.text("Id") ?? "")") }
                    try await Task.sleep(for: .milliseconds(250))
                }
                askers.cancel()
                _ = await askers.result
                #expect((2...Self.most).contains(seen), "\(seen)")
                let log = try exporter.output()
                #expect(!log.contains("1226"), "\(log)")
                try await exporter.scrape(until: "all is well") { $0.all("up").map(\.value) == [1, 1] }
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test("A limit that is reached is reported as such, with what to do", arguments: try await Matrix.flavors.value)
        func limitReached(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let db1 = try sandbox.server("db1")
                let monitor = sandbox.accounts.monitor
                try await db1.sql("ALTER USER '\(monitor.user)'@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1")
                let options = ConnectionOptions(
                    address: .tcp(host: "127.0.0.1", port: db1.port), user: monitor.user,
                    password: monitor.password, tls: software.flavor == .mysql ? .required : .disabled)
                let other = Session(node: "db1") { options }
                _ = try await other.run(["DO 0"], deadline: .now + .seconds(10))
                let exporter = try await RunningExporter.start(try sandbox.writeExporterConfiguration(), in: sandbox)
                let refused = try await exporter.scrape()
                #expect(refused.value("up", "db1") == 0)
                #expect(refused.value("node_failure", "db1", ["reason": "connection_limit"]) == 1)
                let log = try exporter.output()
                #expect(
                    log.contains("max_user_connections") && log.contains("grants` prints the limit to set"), "\(log)")
                let path = try sandbox.writeExporterConfiguration()
                let (code, words) = try await output(["check", "--config.file", path], in: sandbox)
                #expect(
                    code == 1 && words.hasPrefix("REPLICATION WARNING - db1: is alive, but refuses"),
                    "\(words)")
                let (_, tree) = try await output(["topology", "--config.file", path], in: sandbox)
                #expect(tree.contains("REFUSES CONNECTIONS") && !tree.contains("DOWN"), "\(tree)")
                await other.close()
                try await exporter.scrape(until: "it is up") { $0.value("up", "db1") == 1 }
                #expect(await exporter.stop() == .exited(0))
            }
        }

        /// A command's exit status, and what it wrote.
        private func output(_ arguments: [String], in sandbox: Sandbox) async throws -> (Int32?, String) {
            let log = "\(sandbox.folder)/command-\(UUID().uuidString).log"
            let process = try ChildProcess.start(
                [try Products.exporter] + arguments, environment: ChildProcess.neutralEnvironment,
                group: sandbox.processGroup, output: log)
            let code: Int32? = if case .exited(let code) = await process.ended() { code } else { nil }
            return (code, try String(contentsOfFile: log, encoding: .utf8))
        }
    }
}
