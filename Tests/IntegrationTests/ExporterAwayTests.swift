import Foundation
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// What an exporter says, and that it says nothing, are different things to HAProxy with `deploy/haproxy/haproxy.cfg`.
    @Suite("An exporter that is away, behind HAProxy")
    struct ExporterAwayTests {
        /// The sessions of an application, which keeps them open.
        private struct Sessions {
            private var open: [(client: HAProxy.Client, connection: UInt64)] = []

            init(_ count: Int, _ listener: String, of proxy: HAProxy) async throws {
                for _ in 0..<count {
                    let client = try #require(await proxy.session(listener))
                    open.append((client, try #require(await client.connection())))
                }
            }

            func lost() async -> Int {
                var lost = 0
                for (client, connection) in open {
                    let now = await client.connection()
                    if now != connection { lost += 1 }
                }
                return lost
            }
        }

        @Test(
            "An upgrade and a crash under writes close no session; the statement that a node has lost its role closes that node's"
        )
        func away() async throws {
            let software = try await ServerSoftware.find("mariadb")
            try await withSandbox(.primary(replicas: 2), software: software) { sandbox in
                let (web, agent) = (try LoopbackPort(), try LoopbackPort())
                let state = "\(sandbox.folder)/state"
                try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
                let arguments = [
                    "--config.file", try sandbox.writeExporterConfiguration(), "--agent.listen-address",
                    "127.0.0.1:\(agent.number)", "--state.directory", state,
                ]
                var exporter = try await RunningExporter.start(arguments, in: sandbox, port: web.number)
                let proxy = try await HAProxy.start(in: sandbox, exporter)
                // Before its first check has passed, a server is up, and one failed check ends that.
                func settled() async throws {
                    try await eventually("all checks pass: \(try proxy.servers())") {
                        try proxy.servers().values.allSatisfy { $0.failedChecks == 0 }
                    }
                    try await proxy.settles(writer: ["db1"], reader: ["db2", "db3"])
                }
                try await settled()
                let writing = try await Sessions(4, "writer", of: proxy)
                let reading = try await Sessions(4, "reader", of: proxy)

                // Something is always on its way to the replicas, so that a first look shows them behind, and not by how much.
                let db1 = try sandbox.server("db1")
                let writers = (0..<2).map { _ in Task { while !Task.isCancelled { try await db1.write() } } }
                defer { for writer in writers { writer.cancel() } }
                for signal in [SIGTERM, SIGKILL, SIGTERM] {
                    exporter.process.signal(signal)
                    await exporter.process.ended()
                    for server in ["mysql-writer/db1", "mysql-reader/db2", "mysql-reader/db3"] {
                        try await eventually("checks of \(server) fail: \(try proxy.servers())") {
                            try proxy.servers()[server].map { $0.failedChecks >= 3 } ?? false
                        }
                    }
                    // New sessions go where they went before.
                    #expect(await proxy.answerers("writer") == [1])
                    #expect(await proxy.answerers("reader") == [2, 3])
                    exporter = try await RunningExporter.start(arguments, in: sandbox, port: web.number)
                    try await settled()
                    #expect(await writing.lost() == 0)
                    #expect(await reading.lost() == 0)
                }

                for writer in writers {
                    writer.cancel()
                    _ = await writer.result
                }
                try await db1.sql("SET GLOBAL read_only = 1")
                try await eventually("no node has writes: \(try proxy.servers())") {
                    try proxy.nodes("writer").isEmpty
                }
                #expect(await writing.lost() == 4)
                await proxy.stop()
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test("A pair that is chosen by the failover answer keeps its sessions as well")
        func pair() async throws {
            let software = try await ServerSoftware.find("mariadb")
            try await withSandbox(.ring, software: software) { sandbox in
                try await sandbox.server("db1").sql("CREATE DATABASE replication_probe")
                try await sandbox.grant("SELECT, INSERT, UPDATE, CREATE ON replication_probe.*")
                let (web, agent) = (try LoopbackPort(), try LoopbackPort())
                let arguments = [
                    "--config.file",
                    try sandbox.writeExporterConfiguration(
                        probes: "failover: {preferred: db1, standby: db2, table: replication_probe.lastcheck}"),
                    "--agent.listen-address", "127.0.0.1:\(agent.number)",
                ]
                var exporter = try await RunningExporter.start(arguments, in: sandbox, port: web.number)
                let proxy = try await HAProxy.start(
                    in: sandbox, by: "failover.cfg", listeners: ["3306": "orders"],
                    replacing: [
                        ("port 19104", "port \(web.number)"), ("agent-port 19105", "agent-port \(agent.number)"),
                        ("/failover/shop?", "/failover/demo?"),
                    ])
                func settled() async throws {
                    try await eventually(
                        "db1 has the traffic: \(try proxy.servers())\n\(proxy.log)", within: .seconds(60)
                    ) {
                        let servers = try proxy.servers()
                        return servers["mysql/db1"]?.status == "UP" && servers["mysql/db2"]?.hasTraffic == false
                    }
                }
                try await settled()
                let sessions = try await Sessions(4, "orders", of: proxy)
                exporter.process.signal(SIGKILL)
                await exporter.process.ended()
                try await eventually("checks of db1 fail: \(try proxy.servers())") {
                    try proxy.servers()["mysql/db1"].map { $0.failedChecks >= 3 } ?? false
                }
                exporter = try await RunningExporter.start(arguments, in: sandbox, port: web.number)
                try await settled()
                #expect(await sessions.lost() == 0)
                await proxy.stop()
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test("Without an exporter, HAProxy starts with all servers down")
        func coldStart() async throws {
            let software = try await ServerSoftware.find("mariadb")
            try await withSandbox(.primary(replicas: 2), software: software) { sandbox in
                let (web, agent) = (try LoopbackPort(), try LoopbackPort())
                let arguments = [
                    "--config.file", try sandbox.writeExporterConfiguration(), "--agent.listen-address",
                    "127.0.0.1:\(agent.number)",
                ]
                let first = try await RunningExporter.start(arguments, in: sandbox, port: web.number)
                // It is known where it would listen.
                let proxy = try await HAProxy.start(in: sandbox, first) { #expect(await first.stop() == .exited(0)) }
                try await proxy.settles(writer: [], reader: [])
                let exporter = try await RunningExporter.start(arguments, in: sandbox, port: web.number)
                try await proxy.settles(writer: ["db1"], reader: ["db2", "db3"])
                await proxy.stop()
                #expect(await exporter.stop() == .exited(0))
            }
        }
    }
}
