import FaultServer
import Foundation
import MariaDB
import Replication
import Sandbox
import Testing

extension IntegrationSuite {
    /// Whatever one node does, the others are complete and on time, and no resources stay behind.
    @Suite("Unhurt by any node")
    struct UnhurtTests {
        private static let software = Task { try await ServerSoftware.find("mariadb") }

        /// The real servers of the sandbox as set `demo`, and in addition a set `odd` with these nodes.
        private func withExporter(
            _ odd: [(name: String, address: String)], timeout: (String) -> String = { _ in "300ms" },
            _ body: (Sandbox, RunningExporter) async throws -> Void
        ) async throws {
            try await withSandbox(.primary(replicas: 1), software: try await Self.software.value) { sandbox in
                let path = try sandbox.writeExporterConfiguration()
                var text = try String(contentsOfFile: path, encoding: .utf8)
                if !odd.isEmpty {
                    text += "  - name: odd\n    tls: {mode: preferred}\n    nodes:\n"
                }
                for node in odd {
                    text +=
                        "      - {name: \(node.name), address: \"\(node.address)\", timeout: \(timeout(node.name))}\n"
                }
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                let exporter = try await RunningExporter.start(path, in: sandbox)
                try await body(sandbox, exporter)
                #expect(await exporter.stop() == .exited(0))
            }
        }

        /// The series of a set that only one of two scrapes has. (The stages are those of the last transaction.)
        private func difference(_ set: String, _ one: Scrape, _ other: Scrape) -> Set<String> {
            func series(_ scrape: Scrape) -> Set<String> {
                let samples = scrape.samples.filter {
                    $0.labels["replication_set"] == set && $0.name != "mysql_replication_stage_seconds"
                }
                return Set(samples.map { "\($0.name) \($0.labels.sorted { $0.key < $1.key })" })
            }
            return series(one).symmetricDifference(series(other))
        }

        @Test(
            "Every fault of a server is reported with its reason, does not affect the others, and leaves nothing behind"
        )
        func faults() async throws {
            let healthy = HealthyReplica.script
            let server = try FaultServer(healthy)
            defer { server.stop() }
            let hole = try BlackHole()
            let odd = [
                ("bad", "127.0.0.1:\(server.port)"), ("hole", "127.0.0.1:\(hole.port)"),
                ("nowhere", "no-such-host.invalid:3306"),
            ]
            try await withExporter(odd) { _, exporter in
                func isAllWell(_ scrape: Scrape) -> Bool {
                    ["db1", "db2", "bad"].allSatisfy { scrape.value("up", $0) == 1 }
                        && scrape.value("lag_known", "db2") == 1 && scrape.value("missing_transactions", "db2") == 0
                }
                try await exporter.scrape(until: "all is well", isAllWell)
                // The silence of a source is known from the second look on.
                let before = try await exporter.scrape(until: "all is well", isAllWell)
                #expect(before.value("node_failure", "hole", ["reason": "timeout"]) == 1)
                #expect(before.value("node_failure", "nowhere", ["reason": "dns"]) == 1)
                let usage = try ProcessUsage(of: exporter.process.pid)

                for fault in ServerFault.all {
                    server.follow(fault.script)
                    server.dropConnections()
                    let during = try await exporter.scrape(until: fault.name) { scrape in
                        scrape.value("up", "bad") == 0
                            && fault.reasons.contains { scrape.value("node_failure", "bad", ["reason": $0]) == 1 }
                    }
                    #expect(difference("demo", during, before).isEmpty, "\(fault.name)")
                    server.follow(healthy)
                    server.dropConnections()
                    let after = try await exporter.scrape(until: "well again after \(fault.name)", isAllWell)
                    #expect(difference("odd", after, before).isEmpty, "\(fault.name)")
                }
                let settled = try await ProcessUsage.settled(exporter.process.pid, to: usage)
                print("unhurt: \(ServerFault.all.count) faults; before \(usage), after \(settled)")
                #expect(settled.threads <= usage.threads && settled.openFiles <= usage.openFiles)
                // The most memory that one reply can make libmariadb hold is returned, except for the allocator's
                // share.
                #expect(settled.residentMemory < usage.residentMemory + 64 << 20)

                withExtendedLifetime(hole) {}
            }
        }

        @Test("Concurrent scrapes share a round: a node has one connection, and one query at a time")
        func sharing() async throws {
            let server = try FaultServer(HealthyReplica.script)
            defer { server.stop() }
            try await withExporter([("odd1", "127.0.0.1:\(server.port)")], timeout: { _ in "30s" }) { _, exporter in
                let paths = ["/metrics", "/probe?target=odd1", "/topology.json", "/metrics?replication_set=odd"]
                try await exporter.scrape()
                try await withThrowingTaskGroup { group in
                    for number in 0..<40 {
                        group.addTask {
                            let answer = try await exporter.get(paths[number % paths.count])
                            #expect(answer.status == 200)
                        }
                    }
                    try await group.waitForAll()
                }
                // A connection asks one thing at a time, so one connection is one query in flight.
                #expect(Set(server.journal.queries.map(\.query.connection)).count == 1)
                #expect(server.journal.queries.count <= 41)
            }
        }

        @Test(
            "A server whose connections are all taken is told, and the others are complete; so are killed connections")
        func realServer() async throws {
            try await withExporter([]) { sandbox, exporter in
                let server = try sandbox.server("db2")
                let monitor = sandbox.accounts.monitor
                try await exporter.scrape(until: "all is well") {
                    $0.all("up").allSatisfy { $0.value == 1 }
                }

                for row in try await server.sql("SHOW PROCESSLIST").rows where row.text("User") == monitor.user {
                    try await server.sql("KILL \(row.text("Id") ?? "")")
                }
                #expect(try await exporter.scrape().value("up", "db2") == 1, "a killed connection is made anew at once")

                try await server.sql("SET GLOBAL max_connections = 10")
                for row in try await server.sql("SHOW PROCESSLIST").rows where row.text("User") == monitor.user {
                    try await server.sql("KILL \(row.text("Id") ?? "")")
                }
                let thread = try SessionThread(name: "crowd")
                var crowd: [Session] = []
                let options = ConnectionOptions(
                    address: .tcp(host: "127.0.0.1", port: server.port), user: monitor.user, password: monitor.password)
                while true {
                    let session = Session(node: "db2", on: thread) { options }
                    guard (try? await session.run(["DO 0"], deadline: .now + .seconds(10))) != nil else { break }
                    crowd.append(session)
                    try #require(crowd.count < 20)
                }
                let during = try await exporter.scrape(until: "too many connections") {
                    $0.value("node_failure", "db2", ["reason": "connection_limit"]) == 1
                }
                #expect(during.value("up", "db1") == 1)
                for session in crowd { await session.close() }
                try await exporter.scrape(until: "well again") { $0.value("up", "db2") == 1 }
            }
        }

        @Test("A server that comes back as another one is reported as such, with nothing left of the first")
        func otherIdentity() async throws {
            try await withExporter([]) { sandbox, exporter in
                try await exporter.scrape(until: "all is well") { $0.all("up").allSatisfy { $0.value == 1 } }
                try await sandbox.server("db2").restart(with: ["--server-id=77"])
                let scrape = try await exporter.scrape(until: "the other one") {
                    $0.all("node_info", "db2").first?.labels["server_id"] == "77"
                }
                #expect(scrape.all("node_info", "db2").count == 1)
            }
        }

        @Test("Memory filled by hostile replies is returned to the system")
        func floods() async throws {
            let floods = [
                Script { _ in [.packet(Payload.columnCount(4_000_000)), .endless(Payload.column("a"))] },
                .saying([.packet([UInt8](repeating: 10, count: 1 << 24)), .end]),
            ]
            let servers = try (0..<8).map { _ in try FaultServer(HealthyReplica.script, keepsJournal: false) }
            defer { for server in servers { server.stop() } }
            let nodes = servers.enumerated().map { ("odd\($0)", "127.0.0.1:\($1.port)") }
            try await withExporter(nodes, timeout: { _ in "9s" }) { _, exporter in
                func up(_ scrape: Scrape) -> Int { scrape.all("up").count { $0.value == 1 } }
                try await exporter.scrape(until: "all is well") { up($0) == 10 }
                let usage = try ProcessUsage(of: exporter.process.pid)
                for flood in floods {
                    for server in servers {
                        server.follow(flood)
                        server.dropConnections()
                    }
                    try await exporter.scrape(until: "all but the real servers are down") { up($0) == 2 }
                    for server in servers {
                        server.follow(HealthyReplica.script)
                        server.dropConnections()
                    }
                    try await exporter.scrape(until: "well again") { up($0) == 10 }
                }
                let after = try ProcessUsage(of: exporter.process.pid)
                print("unhurt: 8 floods of columns, 8 of greetings; before \(usage), after \(after)")
                #expect(after.residentMemory < usage.residentMemory + 32 << 20)
            }
        }

        @Test("300 of 1,000 nodes dead at once: 700 are complete, and nothing is left of the dead ones")
        func manyDead() async throws {
            let script = HealthyReplica.script
            var living: [FaultServer] = []
            var nodes: [(String, String)] = []
            for number in 0..<800 {
                let host = (UInt8(1), UInt8(number / 250), UInt8(1 + number % 250))
                let server = try FaultServer(
                    number < 700 ? script : .saying([.silence]), host: host, keepsJournal: false)
                living.append(server)
                nodes.append(
                    (number < 700 ? "n\(number)" : "dead\(number)", "127.\(host.0).\(host.1).\(host.2):\(server.port)"))
            }
            let unused = try FaultServer(script)
            unused.stop()
            for number in 800..<1000 {
                nodes.append(("dead\(number)", "127.2.\(number / 250).\(1 + number % 250):\(unused.port)"))
            }
            try await withExporter(nodes, timeout: { $0.hasPrefix("dead") ? "1s" : "9s" }) { _, exporter in
                func scrape() async throws -> NodeSamples { NodeSamples(try await exporter.get("/metrics").body) }
                func upCount(_ samples: NodeSamples) -> Int { samples.byNode.keys.count { samples.isUp($0) } }
                // On a busy machine the first rounds, with 1,000 connections to open, do not finish in time.
                for _ in 0..<10 where try await upCount(scrape()) < 702 {}
                let usage = try ProcessUsage(of: exporter.process.pid)
                for _ in 0..<3 {
                    let samples = try await scrape()
                    #expect(samples.byNode.count == 1002 && upCount(samples) == 702)
                    let counts = Set((0..<700).map { samples.byNode["n\($0)"]?.count ?? 0 })
                    #expect(counts.count == 1 && (counts.first ?? 0) > 40, "\(counts)")
                }
                let settled = try await ProcessUsage.settled(exporter.process.pid, to: usage)
                print("unhurt: 300 of 1,000 dead; before \(usage), after \(settled)")
                #expect(settled.threads <= usage.threads && settled.openFiles <= usage.openFiles)
                #expect(settled.residentMemory < usage.residentMemory + 32 << 20)
            }
            for server in living { server.stop() }
        }
    }
}
