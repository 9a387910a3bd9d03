import Configuration
import Documents
import FaultServer
import Logging
import MariaDB
import Replication
import ReplicationTesting
import Synchronization
import Testing
import Topology

@testable import Monitoring

/// Reloads while a sentinel's row is on the primary.
@Suite("A reload in the middle of a probe's work", .timeLimit(.minutes(5)))
struct ReplacedProbesTests {
    /// A primary that confirms the sentinel's UPDATE only once the gate is open, and answers rounds.
    private static func primary(_ name: String, holding gate: Gate) throws -> PretendServer {
        let server = try PretendServer(name)
        server.answer { statement in
            if statement.contains("CONNECTION_ID()") {
                return .table(
                    columns: ["server_id", "read_only", "log_bin", "clock"], rows: [["1", "0", "0", "1.0"]])
            }
            if statement.hasPrefix("SHOW ALL SLAVES") { return .table(columns: ["a"], rows: []) }
            if statement.hasPrefix("UPDATE") {
                return .steps([.wait(gate), .packet(Payload.ok(affectedRows: 1))])
            }
            return nil
        }
        return server
    }

    /// - Parameter interval: of the sentinel, so long that each probe makes one run.
    private static func set(
        _ name: String, _ server: PretendServer, timeout: Int = 50, interval: Int = 240, lag: Int = 60
    ) throws -> ReplicationSet {
        let node = Node(
            name: server.name, address: .tcp(host: "127.0.0.1", port: server.server.port),
            tls: TLSOptions(mode: .disabled), timeout: .seconds(timeout))
        return ReplicationSet(
            name: name, nodes: [node], thresholds: Thresholds(lag: .seconds(lag)),
            sentinel: Sentinel(table: TableName(database: "p", table: "s"), interval: .seconds(interval)))
    }

    /// Runs probes, and reloads `after` in place of `before` when `body` says so.
    private static func withLive(
        _ before: [ReplicationSet], _ after: [ReplicationSet], _ log: CapturedLog,
        _ body: (LiveFleet) async throws -> Void
    ) async throws {
        let next = Configuration(sets: after)
        // Nobody else holds the first fleet.
        let live = try LiveFleet(
            Fleet(
                Configuration(sets: before), environment: ["MYSQL_REPLICATION_EXPORTER_USER": "exporter"],
                keeping: Keeping(checker: "test"), logger: log.logger), logger: log.logger
        ) { () throws(ConfigurationError) in (next, []) }
        let run = Task { await live.run() }
        try await body(live)
        run.cancel()
        await run.value
    }

    private static func updateArrives(at server: PretendServer) async {
        for await case .queried(_, let text) in server.server.events where text.hasPrefix("UPDATE") { break }
    }

    @Test("The probe of a set whose nodes change takes its row away, and says nothing of the server")
    func replaced() async throws {
        let (gate, log) = (try Gate(), CapturedLog())
        let server = try Self.primary("db1", holding: gate)
        try await Self.withLive(
            [Self.set("shop", server)], [Self.set("shop", server, timeout: 49)], log
        ) { live in
            await Self.updateArrives(at: server)
            try await live.reload()
            // Longer than it takes to close a fleet that nobody uses: the old one's connection is kept for the probe.
            try await Task.sleep(for: .milliseconds(1500))
            #expect(server.server.journal.openConnections == 2)
            gate.open()
            try await eventually("both probes have made a run: \(server.words)") {
                server.writes.count { $0.hasPrefix("DELETE") } == 2
            }
        }
        #expect(server.state.rows.isEmpty)
        // The successor's first write comes after the predecessor's last.
        let kinds = server.writes.map { $0.prefix(6) }
        #expect(kinds.drop { $0 == "EXECUT" } == ["INSERT", "UPDATE", "DELETE", "INSERT", "UPDATE", "DELETE"])
        #expect(!log.lines.contains { $0.contains("probe idle") }, "\(log.lines)")
        server.server.stop()
    }

    /// What may change about a set whose nodes stay.
    enum Change: CaseIterable { case thresholds, sentinel }

    @Test(
        "A probe goes on, or ends, by what was found before the reload, until there is a round of the new set",
        arguments: Change.allCases)
    func goesOn(change: Change) async throws {
        let (gate, log) = (try Gate(), CapturedLog())
        let server = try Self.primary("db1", holding: gate)
        let next =
            switch change {
            case .thresholds: try Self.set("shop", server, lag: 30)
            case .sentinel: try Self.set("shop", server, interval: 230)
            }
        try await Self.withLive([Self.set("shop", server)], [next], log) { live in
            await Self.updateArrives(at: server)
            try await live.reload()
            gate.open()
            try await eventually("the row is deleted: \(server.words), \(log.lines)", within: .seconds(30)) {
                server.writes.contains { $0.hasPrefix("DELETE") } && server.state.rows.isEmpty
            }
        }
        #expect(server.state.rows.isEmpty)
        #expect(!log.lines.contains { $0.contains("probe idle") }, "\(log.lines)")
        server.server.stop()
    }

    @Test("The probes of one set do not wait for those of another, whose server is frozen")
    func apart() async throws {
        let (open, frozen) = (try Gate(), try Gate())
        open.open()
        let (good, bad) = (try Self.primary("db1", holding: open), try Self.primary("db2", holding: frozen))
        try await Self.withLive(
            [Self.set("shop", good), Self.set("stuck", bad)],
            [Self.set("shop", good, timeout: 49), Self.set("stuck", bad, timeout: 49)], CapturedLog()
        ) { live in
            await Self.updateArrives(at: bad)
            try await eventually("a first run") { good.writes.contains { $0.hasPrefix("DELETE") } }
            try await live.reload()
            // A statement that is not answered is given up after 60 s.
            try await eventually("the new probe's run", within: .seconds(30)) {
                good.writes.count { $0.hasPrefix("DELETE") } == 2
            }
            #expect(bad.writes.count { $0.hasPrefix("INSERT") } == 1)
            frozen.open()
        }
        #expect(good.state.rows.isEmpty && bad.state.rows.isEmpty)
        for server in [good, bad] { server.server.stop() }
    }

    @Test("An operator's word drops what was found before it, whichever monitor of the set receives it")
    func word() async throws {
        let gate = try Gate()
        gate.open()
        let server = try Self.primary("db1", holding: gate)
        let fleet = try Fleet(
            Configuration(sets: [try Self.set("shop", server)]),
            environment: ["MYSQL_REPLICATION_EXPORTER_USER": "exporter"],
            keeping: Keeping(checker: "test"), logger: CapturedLog().logger)
        let successor = try fleet.successor(Configuration(sets: [try Self.set("shop", server, lag: 30)]))
        let (old, new) = (try #require(fleet["shop"]), try #require(successor["shop"]))
        _ = await old.findings(deadline: .now + .seconds(50))
        await successor.inherit(from: fleet)
        successor.takeCharge(from: fleet)
        // Known at once, and renewed meanwhile.
        #expect(await new.newest(renewing: .seconds(50))?.findings.writers == ["db1"])
        await new.renewal?.value
        #expect(await new.newest(renewing: .seconds(50)) != nil)
        #expect(await old.takeWord(for: "db1"))
        #expect(await new.newest(renewing: .seconds(50)) == nil)
        await new.renewal?.value
        #expect(await new.newest(renewing: .seconds(50))?.findings.writing.operatorsWord == "db1")
        await fleet.close(keeping: successor)
        await successor.close()
        server.server.stop()
    }
}
