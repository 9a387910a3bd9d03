import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("Load balancers")
    struct LoadBalancerTests {
        private static let software = Task { try await ServerSoftware.find("mariadb") }

        /// db1 with replicas db2 and db3, and an exporter with an agent.
        private func withAgent(
            _ arguments: [String] = [], _ body: (Sandbox, RunningExporter) async throws -> Void
        ) async throws {
            try await withSandbox(.primary(replicas: 2), software: try await Self.software.value) { sandbox in
                let exporter = try await RunningExporter.start(
                    [
                        "--config.file", try sandbox.writeExporterConfiguration(), "--agent.listen-address",
                        "127.0.0.1:0",
                    ]
                        + arguments, in: sandbox)
                try await body(sandbox, exporter)
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test(
            "No connection gets to a node that should have none: lag, freeze, kill, failover, the old primary's return")
        func haproxy() async throws {
            try await withAgent(["--web.enable-lifecycle"]) { sandbox, exporter in
                let proxy = try await HAProxy.start(in: sandbox, exporter)
                let (db1, db2, db3) = (
                    try sandbox.server("db1"), try sandbox.server("db2"), try sandbox.server("db3")
                )
                try await proxy.settles(writer: ["db1"], reader: ["db2", "db3"])
                #expect(await proxy.answerers("writer") == [1])
                #expect(await proxy.answerers("reader") == [2, 3])

                // A client that keeps writing never reaches a replica, nor another primary before the failover.
                let witness = proxy.witness("writer")

                // Current sessions on a drained node may finish.
                let session = try await proxy.session("reader", answeredBy: 3)
                // NOLB: the check's 404. The agent's reply turns it into DRAIN, unless the check came first.
                for (word, states) in [("drain", ["NOLB", "DRAIN"]), ("maint", ["MAINT"])] {
                    #expect(try await exporter.get("/nodes/db3/\(word)", method: "POST").status == 200)
                    try await eventually("db3 is set to \(word), instead of \(try proxy.servers())") {
                        let status = try proxy.servers()["mysql-reader/db3"]?.status ?? ""
                        return states.contains { status.hasPrefix($0) }
                    }
                    #expect(await proxy.answerers("reader") == [2])
                    if word == "drain" { #expect(await session.isAlive()) }
                    #expect(try await exporter.get("/nodes/db3/ready", method: "POST").status == 200)
                    try await proxy.settles(writer: ["db1"], reader: ["db2", "db3"])
                }

                // Lagging: the weight falls, then the traffic ends; it comes back when the replica has caught up.
                try await db3.lock()
                try await db1.write()
                try await eventually("db3's weight falls") {
                    try proxy.servers()["mysql-reader/db3"].map { $0.hasTraffic && $0.weight < 100 } ?? false
                }
                try await proxy.settles(writer: ["db1"], reader: ["db2"])
                #expect(await proxy.answerers("reader") == [2])
                await db3.unlock()
                try await proxy.settles(writer: ["db1"], reader: ["db2", "db3"])

                await db2.freeze()
                try await proxy.settles(writer: ["db1"], reader: ["db3"])
                #expect(await proxy.answerers("reader") == [3])
                await db2.thaw()
                try await proxy.settles(writer: ["db1"], reader: ["db2", "db3"])

                // Without a primary it is not known how stale the replicas are.
                await db1.freeze()
                try await proxy.settles(writer: [], reader: [])
                #expect(await proxy.answerers("writer", 3) == [nil])
                #expect(await proxy.answerers("reader", 3) == [nil])
                await db1.thaw()
                try await proxy.settles(writer: ["db1"], reader: ["db2", "db3"])

                await db1.kill()
                try await proxy.settles(writer: [], reader: [])
                for statement in ["STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = 0"] {
                    try await db2.sql(statement)
                }
                try await proxy.settles(writer: ["db2"], reader: [])
                try await sandbox.repoint("db3", to: "db2")
                try await proxy.settles(writer: ["db2"], reader: ["db3"])
                #expect(await proxy.answerers("writer") == [2])

                // It comes back as configured: writable. It does not unseat the one that took its place, nor stand in
                // for it.
                try await db1.start()
                let rival = "db2 is the writer, and db1 takes writes as well; set read_only on db1"
                try await eventually("db1 is a rival") {
                    let check = try await exporter.get("/nodes/db1/primary").body
                    let page = try await exporter.get("/topology.json").body
                    return check == "db2 is the primary\n" && page.contains("2 nodes take writes: db1, db2")
                }
                try await proxy.settles(writer: ["db2"], reader: ["db3"])
                await db2.freeze()
                try await proxy.settles(writer: [], reader: [])
                #expect(await proxy.answerers("writer", 3) == [nil])
                #expect(try await exporter.get("/nodes/db1/primary").body == "no primary: \(rival)\n")
                await db2.thaw()
                try await proxy.settles(writer: ["db2"], reader: ["db3"])
                try await db1.sql("SET GLOBAL read_only = 1")
                try await sandbox.repoint("db1", to: "db2")
                try await proxy.settles(writer: ["db2"], reader: ["db1", "db3"])
                #expect(await proxy.answerers("writer") == [2])
                #expect(await proxy.answerers("reader") == [1, 3])

                witness.cancel()
                let ids = await witness.value
                let turn = try #require(ids.firstIndex(of: 2))
                #expect(ids[..<turn].allSatisfy { $0 == 1 } && ids[turn...].allSatisfy { $0 == 2 }, "\(ids)")
                await proxy.stop()
            }
        }

        @Test("A check answers GET, HEAD and OPTIONS alike; a malformed query gets 400, an unknown node 404")
        func checks() async throws {
            try await withAgent { sandbox, exporter in
                try await exporter.scrape(until: "all is well") { scrape in
                    ["db2", "db3"].allSatisfy { scrape.isHealthyReplica($0, knowsTransactions: true) }
                }
                let table: [(path: String, status: Int, reason: String)] = [
                    ("db1/primary", 200, "db1 is the primary"),
                    ("db1/read-only", 200, "db1 is the primary"),
                    ("db1/replica", 503, "db1 is the primary"),
                    ("db1/health", 200, "db1 is up"),
                    ("db2/primary", 503, "db1 is the primary"),
                    ("db2/replica", 200, "db2 is 0 s and 0 B behind"),
                    ("db2/read-only?max_lag=1s&max_bytes=10MB", 200, "db2 is 0 s and 0 B behind"),
                    ("db9/primary", 404, "no node is named \"db9\""),
                    ("db1/secondary", 404, "the checks of a node are primary, replica, read-only, member, health"),
                    (
                        "db2/replica?max_lag=10", 400,
                        "max_lag needs a unit: '10s' or '10ms'"
                    ),
                    (
                        "db2/replica?max_lag=-1s", 400,
                        "max_lag must be a duration such as 250ms, 5s or 1h30m, not '-1s'"
                    ),
                    ("db2/replica?max_lag=1s&max_lag=2s", 400, "max_lag is given twice"),
                    (
                        "db2/replica?max_bytes=1x", 400,
                        "max_bytes must be a size such as 100MB, 64MiB or 4096, not '1x'"
                    ),
                    (
                        "db2/replica?lag=1s", 400,
                        "unknown parameter \"lag\"; use max_lag, max_bytes, max_transactions, or donor for member"
                    ),
                    (
                        "db1/primary?max_lag=1s", 400,
                        "max_lag applies to replica and read-only; primary has no limits"
                    ),
                ]
                for (path, status, reason) in table {
                    for method in ["GET", "OPTIONS", "HEAD"] {
                        let answer = try await exporter.get("/nodes/\(path)", method: method)
                        #expect(answer.status == status, "\(method) \(path): \(answer.body)")
                        #expect(answer.body == (method == "HEAD" ? "" : reason + "\n"), "\(method) \(path)")
                        let age = answer.header("X-Result-Age-Seconds").flatMap(Double.init)
                        #expect((age != nil) == [200, 503].contains(status))
                        if let age { #expect((0...2).contains(age)) }
                    }
                }
                #expect(try await exporter.get("/nodes/db1/primary", method: "DELETE").status == 405)
                #expect(try await exporter.get("/nodes/db1/drain", method: "POST").status == 403)
                let port = try await exporter.agentPort()
                for (line, reply) in [
                    ("db1/primary\n", "up 100%"), ("db1\r\n", "up 100%"), ("db2\n", "up 100%"),
                    ("db2/replica?max_lag=10s\n", "up 100%"), ("db2/primary\n", "down # db1 is the primary"),
                    ("db9\n", "down # no node is named db9"), ("\n", "down # agent-send does not name a node"),
                    ("db1/secondary\n", "down # no check is named \"secondary\""),
                    (
                        "db2/replica?max_lag=x\n",
                        "down # max_lag must be a duration such as 250ms, 5s or 1h30m, not 'x'"
                    ),
                ] {
                    #expect(try LoopbackSocket.ask(line, port: port) == reply + "\n", "\(line)")
                }
                try await sandbox.server("db2").stopSQL()
                try await eventually("db2 is down") {
                    try LoopbackSocket.ask("db2\n", port: port) == "down # db2: SQL thread stopped\n"
                }
                #expect(try await exporter.get("/nodes/db2/replica").body == "db2: SQL thread stopped\n")
            }
        }

        @Test("keepalived finds nothing wrong with its example")
        func keepalived() async throws {
            let example = try Repository.text("deploy/keepalived/keepalived.conf")
            #expect(try await complaints(about: example) == "")
            let broken = example.replacing("virtual_router_id 51", with: "virtual_router_id 999")
            #expect(try await complaints(about: broken).contains("999"))
        }

        /// What keepalived says about a configuration. Its exit code is meaningless: with a script to track, it ends
        /// its own test with SIGTERM (seen with 2.2.7).
        private func complaints(about configuration: String) async throws -> String {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
                "keepalived-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let (file, output) = (
                folder.appendingPathComponent("conf").path, folder.appendingPathComponent("said").path
            )
            try configuration.write(toFile: file, atomically: true, encoding: .utf8)
            try await ChildProcess.start(["keepalived", "--config-test", "-f", file], group: 0, output: output).ended()
            // The example's interface may not exist.
            return try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
                .filter { !$0.contains("eth0") }.joined(separator: "\n")
        }

        @Test("However many clients ask, a set is asked once a second")
        func shared() async throws {
            try await withAgent { sandbox, exporter in
                let primary = try sandbox.server("db1")
                let before = try await rounds(primary)
                let started = ContinuousClock.now
                for _ in 0..<5 {
                    try await withThrowingTaskGroup { group in
                        for number in 0..<60 {
                            group.addTask {
                                try await exporter.get("/nodes/db\(number % 3 + 1)/health").status
                            }
                        }
                        for try await status in group { #expect(status == 200) }
                    }
                }
                let seconds = started.duration(to: .now).components.seconds
                #expect(try await rounds(primary) - before <= UInt64(seconds) + 2)
            }
        }

        @Test("An operator's drain and maint take a node out, by file and by POST, and ready brings it back")
        func operators() async throws {
            let states = FileManager.default.temporaryDirectory.appendingPathComponent("states-\(UUID().uuidString)")
                .path
            try FileManager.default.createDirectory(atPath: states, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: states) }
            try await withAgent(["--web.enable-lifecycle", "--agent.state-directory", states]) { sandbox, exporter in
                let port = try await exporter.agentPort()
                func answers() async throws -> [String] {
                    [
                        try LoopbackSocket.ask("db1\n", port: port),
                        try await exporter.get("/nodes/db1/primary").body,
                    ]
                }
                let well = ["up 100%\n", "db1 is the primary\n"]
                // HAProxy is told that the earlier state has ended.
                let wellAgain = ["ready up 100%\n", "db1 is the primary\n"]
                let drained = ["drain\n", "db1 is being drained (set by an operator)\n"]
                let inMaintenance = ["maint\n", "db1 is in maintenance (set by an operator)\n"]
                #expect(try await answers() == well)

                #expect(try await exporter.get("/nodes/db1/drain", method: "POST").status == 200)
                #expect(try await answers() == drained)
                #expect(try String(contentsOfFile: "\(states)/db1", encoding: .utf8) == "drain\n")
                #expect(try await exporter.get("/nodes/db1/primary").status == 404)
                #expect(try await exporter.get("/nodes/db2/health").status == 200)
                #expect(try await exporter.get("/nodes/db1/maint", method: "POST").status == 200)
                #expect(try await answers() == inMaintenance)
                #expect(try await exporter.get("/nodes/db1/ready", method: "POST").status == 200)
                #expect(try await answers() == wellAgain)
                #expect(!FileManager.default.fileExists(atPath: "\(states)/db1"))
                for header in [["Origin": "http://evil.example"], ["Sec-Fetch-Site": "cross-site"]] {
                    for path in ["/nodes/db1/maint", "/-/reload"] {
                        let answer = try await exporter.get(path, headers: header, method: "POST")
                        #expect(answer.status == 403 && answer.body.contains("curl -X POST"), "\(path) \(header)")
                    }
                }
                #expect(try await answers() == wellAgain)
                #expect(try await exporter.get("/nodes/db9/drain", method: "POST").status == 404)
                #expect(try await exporter.get("/nodes/db1/away", method: "POST").status == 404)

                for (content, expected) in [
                    ("drain", drained), (" maint \n", inMaintenance), ("ready\n", wellAgain), ("", inMaintenance),
                    ("drian", inMaintenance),
                ] {
                    try content.write(toFile: "\(states)/db1", atomically: true, encoding: .utf8)
                    #expect(try await answers() == expected, "\(content)")
                }
                #expect(try exporter.output().contains("contains neither ready, drain nor maint"))
            }
        }

        @Test("An operator's word makes a node the writer, for as long as it reports to be writable")
        func word() async throws {
            try await withAgent(["--web.enable-lifecycle"]) { sandbox, exporter in
                func status(_ node: String) async throws -> Int {
                    try await exporter.get("/nodes/\(node)/primary").status
                }
                #expect(try await status("db1") == 200)
                // A second writer alongside one that answers does not become the primary by itself.
                let db2 = try sandbox.server("db2")
                for statement in ["STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = OFF"] {
                    _ = try await db2.sql(statement)
                }
                try await eventually("db2 is seen to take writes") {
                    let page = try await exporter.get("/nodes/db2/primary?format=json").body
                    return page.contains("db1 is the writer, and db2 takes writes as well")
                }
                #expect(try await status("db1") == 200)

                for (query, answer) in [
                    ("", 400), ("?node=db2&node=db1", 400), ("?node=db2&x=1", 400), ("?node=db9", 404),
                ] {
                    let path = "/sets/demo/writer\(query)"
                    #expect(try await exporter.get(path, method: "POST").status == answer, "\(path)")
                }
                #expect(try await exporter.get("/sets/other/writer?node=db2", method: "POST").status == 404)
                let readOnly = try await exporter.get("/sets/demo/writer?node=db3", method: "POST")
                #expect(readOnly.status == 409 && readOnly.body.contains("read_only"), "\(readOnly.body)")
                #expect(try await status("db1") == 200)

                #expect(try await exporter.get("/sets/demo/writer?node=db2", method: "POST").status == 200)
                try await eventually("db2 is the primary") { try await status("db2") == 200 }
                #expect(try await status("db1") == 503)
                let page = try await exporter.get("/nodes/db1/primary?format=json").body
                #expect(page.contains(#""operators_word":"db2""#), "\(page)")

                _ = try await db2.sql("SET GLOBAL read_only = ON")
                try await eventually("the word has ended") {
                    try await exporter.get("/nodes/db1/primary?format=json").body.contains(#""operators_word":null"#)
                }
                #expect(try await status("db2") == 503)
            }
        }

        @Test(
            "HAProxy's own maint and drain stay; the exporter's are revoked, for every backend that asks, even after a restart"
        )
        func maintenance() async throws {
            let states = FileManager.default.temporaryDirectory.appendingPathComponent("states-\(UUID().uuidString)")
                .path
            try FileManager.default.createDirectory(atPath: states, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: states) }
            try await withSandbox(.primary(replicas: 2), software: try await Self.software.value) { sandbox in
                let (web, agent) = (try LoopbackPort(), try LoopbackPort())
                let arguments = [
                    "--config.file", try sandbox.writeExporterConfiguration(), "--web.enable-lifecycle",
                    "--agent.listen-address", "127.0.0.1:\(agent.number)", "--agent.state-directory", states,
                ]
                var exporter = try await RunningExporter.start(arguments, in: sandbox, port: web.number)
                let proxy = try await HAProxy.start(in: sandbox, exporter)
                func db3(_ listener: String) throws -> String {
                    try proxy.servers()["mysql-\(listener)/db3"]?.status ?? ""
                }
                try await proxy.settles(writer: ["db1"], reader: ["db2", "db3"])

                for (word, status) in [("maint", "MAINT"), ("drain", "DRAIN")] {
                    try proxy.set("mysql-reader/db3", state: word)
                    // The agent is asked once a second.
                    let end = ContinuousClock.now + .seconds(4)
                    while ContinuousClock.now < end {
                        let now = try db3("reader")
                        try #require(now.hasPrefix(status), "\(word) was undone: \(now)")
                        try await Task.sleep(for: .milliseconds(50))
                    }
                    #expect(await proxy.answerers("reader") == [2])
                    try proxy.set("mysql-reader/db3", state: "ready")
                    try await proxy.settles(writer: ["db1"], reader: ["db2", "db3"])
                }

                // Both listeners ask about db3, which for one of them is always down.
                func isInMaintenance() throws -> Bool {
                    try ["reader", "writer"].allSatisfy { try db3($0).hasPrefix("MAINT") }
                }
                func isReleased() throws -> Bool {
                    try db3("reader").hasPrefix("UP") && db3("writer").hasPrefix("DOWN")
                }
                #expect(try await exporter.get("/nodes/db3/maint", method: "POST").status == 200)
                try await eventually("db3 is in maintenance") { try isInMaintenance() }
                #expect(try await exporter.get("/nodes/db3/ready", method: "POST").status == 200)
                try await eventually("db3 is released: \(try proxy.servers())") { try isReleased() }

                #expect(try await exporter.get("/nodes/db3/maint", method: "POST").status == 200)
                try await eventually("db3 is in maintenance again") { try isInMaintenance() }
                #expect(await exporter.stop() == .exited(0))
                try FileManager.default.removeItem(atPath: "\(states)/db3")
                exporter = try await RunningExporter.start(arguments, in: sandbox, port: web.number)
                try await eventually("db3 is released after a restart: \(try proxy.servers())") {
                    try isReleased()
                }
                await proxy.stop()
                #expect(await exporter.stop() == .exited(0))
            }
        }

        /// How often the exporter has asked a MariaDB server: no other client sends this statement.
        private func rounds(_ server: Server) async throws -> UInt64 {
            let row = try #require(try await server.sql("SHOW GLOBAL STATUS LIKE 'Com_show_binlog_status'").first)
            return try #require(row.unsigned("Value"))
        }
    }
}
