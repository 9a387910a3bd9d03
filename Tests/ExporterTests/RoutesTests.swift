import Configuration
import Documents
import FaultServer
import Foundation
import Logging
import Metrics
import Monitoring
import Replication
import ReplicationTesting
import Synchronization
import Testing
import Traffic
import Web

@testable import Exporter

/// Every endpoint, over a set of which db1 answers and db2 does not.
@Suite("Routes", .timeLimit(.minutes(5)))
struct RoutesTests {
    /// The answers to requests, and the configuration that the next reload reads.
    private struct Program: Sendable {
        let routes: Routes
        let live: LiveFleet
        let router: Router
        /// What is behind db1.
        let server: AnsweringServer

        func answer(
            _ path: String, _ query: [(String, String)] = [], method: String = "GET", headers: Headers = [:]
        ) async -> (status: Int, text: String) {
            let response = await routes.answer(
                Request(method: method, path: path, query: query.map { (name: $0, value: $1) }, headers: headers),
                router)
            return (response.status, String(decoding: response.body, as: UTF8.self))
        }
    }

    private static func configuration(_ port: UInt16, _ failover: FailoverPolicy? = nil) -> Configuration {
        let nodes = [port, 1].enumerated().map { index, port in
            Node(
                name: "db\(index + 1)", address: .tcp(host: "127.0.0.1", port: port), tls: TLSOptions(mode: .disabled),
                timeout: .seconds(50))
        }
        return Configuration(sets: [ReplicationSet(name: "shop", nodes: nodes, failover: failover)])
    }

    private func withProgram(
        isLifecycleEnabled: Bool = true, reload: String? = nil, failover: FailoverPolicy? = nil, states: String? = nil,
        _ body: (Program) async throws -> Void
    ) async throws {
        let server = try AnsweringServer([
            (
                "CONNECTION_ID()",
                .table(columns: ["server_id", "read_only", "log_bin", "clock"], rows: [["1", "0", "0", "1.0"]])
            ),
            ("SHOW", .table(columns: ["a"], rows: [])), ("SELECT", .table(columns: ["a"], rows: [])),
        ])
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let configuration = Self.configuration(server.server.port, failover)
        let fleet = try Fleet(
            configuration, environment: ["MYSQL_REPLICATION_EXPORTER_USER": "exporter"], keeping: .nothing,
            logger: logger)
        let live = try LiveFleet(fleet, logger: logger) { () throws(ConfigurationError) in
            if let reload { throw ConfigurationError(Problem(file: "a.yml", line: 3, message: reload)) }
            return (configuration, [])
        }
        let routes = Routes(
            live: live, counter: RequestCounter(routes: Routes.paths(telemetryPath: "/metrics")),
            telemetryPath: "/metrics", timeoutOffset: .zero, isLifecycleEnabled: isLifecycleEnabled,
            nodeChecks: NodeChecks(try OperatorDesk(directory: states, logger: logger)))
        try await body(Program(routes: routes, live: live, router: routes.router, server: server))
        await live.use { await $0.close() }
        server.server.stop()
    }

    @Test(
        "While the directory of operators' states is away, agents are told down: neither maint, nor ready when it is back"
    )
    func unknownState() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("states-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withProgram(states: folder) { program in
            func reply() async -> String { await program.routes.agentReply(to: "db1/replica") }
            let before = await reply()
            #expect(!before.hasPrefix("ready") && before != "maint")
            try FileManager.default.moveItem(atPath: folder, toPath: "\(folder)-away")
            let unknown = "down # what operators have set for db1 cannot be read"
            try await eventually("it is told") { await reply() == unknown }
            #expect(await program.answer("/nodes/db1/replica").status == 503)
            try FileManager.default.moveItem(atPath: "\(folder)-away", toPath: folder)
            try await eventually("it is back") { await reply() != unknown }
            #expect(await reply().hasPrefix("ready") == before.hasPrefix("ready"))
        }
    }

    @Test("A drain or maint is told to agents that ask for the failover answer, and its end as well")
    func failoverState() async throws {
        let policy = FailoverPolicy(
            preferred: "db1", standby: "db2", table: TableName(database: "p", table: "lastcheck"))
        try await withProgram(failover: policy) { program in
            func reply() async -> String { await program.routes.agentReply(to: "db2/failover") }
            let before = await reply()
            #expect(before.hasPrefix("up") || before.hasPrefix("down") || before == "100%", "\(before)")
            for state in ["drain", "maint"] {
                #expect(await program.answer("/nodes/db2/\(state)", method: "POST").status == 200)
                #expect(await reply() == state)
            }
            #expect(await program.answer("/nodes/db2/ready", method: "POST").status == 200)
            #expect(await reply().hasPrefix("ready "))
        }
    }

    @Test("Metrics are of the whole configuration, or of the sets and nodes that are named")
    func metrics() async throws {
        try await withProgram { program in
            let all = await program.answer("/metrics")
            #expect(all.status == 200)
            #expect(all.text.contains(#"mysql_replication_up{replication_set="shop",node="db1"} 1"#))
            #expect(all.text.contains(#"mysql_replication_up{replication_set="shop",node="db2"} 0"#))
            #expect(all.text.contains("process_open_fds"))
            let one = await program.answer("/metrics", [("node", "db2")])
            #expect(one.status == 200 && one.text.contains(#"node="db2""#) && !one.text.contains(#"node="db1""#))
            let refused = await program.answer("/metrics", [("node", "db9"), ("replication_set", "db1")])
            #expect(refused == (400, "not configured: replication set \"db1\", node \"db9\"\n"))
        }
    }

    @Test("With only=exporter, the series are the exporter's own, and no node is asked")
    func exporterOnly() async throws {
        try await withProgram { program in
            let own = await program.answer("/metrics", [("only", "exporter")])
            #expect(own.status == 200 && own.text.contains("process_open_fds"))
            #expect(own.text.contains("mysql_replication_exporter_build_info"))
            #expect(!own.text.contains("replication_set="))
            for query in [[("only", "nodes")], [("only", "exporter"), ("only", "exporter")]] {
                #expect(await program.answer("/metrics", query).status == 400)
            }
        }
    }

    @Test("A probe is of exactly one node, with the series of its set, without the process's own")
    func probe() async throws {
        try await withProgram { program in
            let answer = await program.answer("/probe", [("target", "db1")])
            #expect(answer.status == 200 && answer.text.contains(#"up{replication_set="shop",node="db1"} 1"#))
            #expect(answer.text.contains("mysql_replication_set_") && !answer.text.contains("process_open_fds"))
            for query in [[], [("target", "")], [("target", "db1"), ("target", "db2")]] {
                #expect(await program.answer("/probe", query).status == 400)
            }
            #expect(await program.answer("/probe", [("target", "db9")]).text == "not configured: node \"db9\"\n")
        }
    }

    @Test("Pages for people and programs")
    func pages() async throws {
        try await withProgram { program in
            for path in ["/", "/topology.html", "/topology.json", "/sd"] {
                let answer = await program.answer(path)
                #expect(answer.status == 200 && answer.text.contains("db2"), "\(path)")
            }
            for path in ["/", "/topology.html", "/topology.json"] {
                let refused = await program.answer(path, [("replication_set", "other")])
                #expect(refused.status == 400 && refused.text.hasPrefix("not configured: "), "\(path)")
            }
            #expect(await program.answer("/-/healthy").status == 200)
            #expect(await program.answer("/-/ready").status == 200)
            #expect(await program.answer("/config").status == 200)
            #expect(await program.answer("/failover/shop").status == 404)
            // db2, which does not answer, may be writable as well.
            let check = await program.answer("/nodes/db1/primary")
            #expect(check.status == 503 && check.text.hasPrefix("no primary: "))
            #expect(await program.answer("/nodes/db1/other").status == 404)
            #expect(await program.answer("/nodes/db9/primary").status == 404)
        }
    }

    @Test("Runbooks are of the set, the node or the channel that is named, and complete where that is not known")
    func runbooks() async throws {
        try await withProgram { program in
            func runbook(_ query: [(String, String)], _ alert: String = "MySQLReplicationNodeDown") async -> String {
                let answer = await program.answer("/runbooks/\(alert)", query)
                #expect(answer.status == 200 && answer.text.contains("<h2 id=\"do\">Do</h2>"), "\(query)")
                return answer.text
            }
            let bare = await runbook([])
            #expect(!bare.contains("class=\"live\"") && program.server.statements.isEmpty)
            #expect(await runbook([("replication_set", ""), ("node", "")]).contains("class=\"live\"") == false)
            let down = await runbook([("replication_set", "shop"), ("node", "db2")])
            #expect(
                down.contains("The exporter sees this now.") && down.contains("<b>db2</b>")
                    && !down.contains("<b>db1</b>"))
            let asked = program.server.statements.count
            #expect(asked > 0)
            // What is younger than 30 s is not asked for again.
            let up = await runbook([("node", "db1"), ("channel", "")])
            #expect(up.contains("does not see this now") && program.server.statements.count == asked)
            #expect(await runbook([("replication_set", "shop"), ("node", "db9")]).contains("has no node “db9”"))
            #expect(await runbook([("replication_set", "other")]).contains("has no replication set “other”"))
            #expect(await runbook([("node", "<b>")]).contains("has no node “&lt;b&gt;”"))
        }
    }

    @Test("Documents that do not exist, and parameters that mean nothing, are refused")
    func badDocuments() async throws {
        try await withProgram { program in
            for path in ["/runbooks/Other", "/runbooks/README", "/runbooks/MySQLReplicationNodeDown.md"] {
                #expect(await program.answer(path).status == 404)
            }
            for path in ["/docs", "/docs/", "/docs/metrics/", "/docs/web", "/runbooks/a/b"] {
                #expect(await program.answer(path).status == 404)
            }
            let path = "/runbooks/MySQLReplicationNodeDown"
            let twice = await program.answer(path, [("node", "db1"), ("node", "db2")])
            #expect(twice == (400, "node is given twice\n"))
            let long = await program.answer(path, [("channel", String(repeating: "x", count: 513))])
            #expect(long == (400, "channel is longer than any name\n"))
            #expect(await program.answer(path, [], method: "POST").status == 405)
            #expect(await program.answer("/runbooks").status == 307)
            #expect(await program.answer("/runbooks/").text.contains("href=\"MySQLReplicationNodeDown\""))
            #expect(await program.answer("/docs/metrics").text.contains("mysql_replication_lag_seconds"))
        }
    }

    @Test("A reload says that it took effect, or everything that is wrong")
    func reload() async throws {
        try await withProgram { program in
            let answer = await program.answer("/-/reload", method: "POST")
            #expect(answer == (200, "configuration reloaded\n"))
        }
        try await withProgram(reload: "wrong") { program in
            let answer = await program.answer("/-/reload", method: "POST")
            #expect(answer == (500, "configuration refused; the old one stays in effect:\na.yml:3: wrong\n"))
            let metrics = await program.answer("/metrics").text
            #expect(metrics.contains("mysql_replication_exporter_config_last_reload_successful 0\n"))
        }
    }

    @Test(
        "Without the lifecycle API, nothing can be changed",
        arguments: ["/-/reload", "/nodes/db1/drain", "/sets/shop/writer", "/failover/shop/accept"])
    func withoutLifecycle(path: String) async throws {
        try await withProgram(isLifecycleEnabled: false) { program in
            let answer = await program.answer(path, [], method: "POST")
            #expect(answer.status == 403 && answer.text.hasPrefix("Lifecycle API is not enabled"), "\(answer)")
        }
    }

    @Test("An operator names the writer: a node of that set, and nothing else")
    func writer() async throws {
        try await withProgram { program in
            func post(_ set: String, _ query: [(String, String)]) async -> Int {
                await program.answer("/sets/\(set)/writer", query, method: "POST").status
            }
            #expect(await post("other", [("node", "db1")]) == 404)
            #expect(await post("shop", [("node", "db9")]) == 404)
            #expect(await post("shop", []) == 400)
            #expect(await post("shop", [("node", "db1"), ("node", "db2")]) == 400)
            let named = await program.answer("/sets/shop/writer", [("node", "db1")], method: "POST")
            // One round to decide whether the node may be named, and one to see that the decision has stayed in effect.
            #expect(program.server.statements.count { $0.contains("CONNECTION_ID()") } == 2)
            #expect(named == (200, "db1 counts as the writer of shop while it answers and is writable\n"))
            let silent = await program.answer("/sets/shop/writer", [("node", "db2")], method: "POST")
            #expect(silent.status == 200 && silent.text.hasPrefix("db2 is silent: until it answers"))
        }
    }

    @Test("Each answer is counted by its route and status, unknown paths as one")
    func counts() async throws {
        try await withProgram { program in
            _ = await program.answer("/-/healthy")
            _ = await program.answer("/metrics", [("node", "db9")])
            for path in ["/a", "/b"] { #expect(await program.answer(path).status == 404) }
            let counted = program.routes.counter.requests.filter { $0.count > 0 }
            #expect(
                counted.map { "\($0.route) \($0.code) \($0.count)" }.sorted()
                    == ["/-/healthy 200 1", "/metrics 400 1", "unknown 404 2"])
        }
    }
}
