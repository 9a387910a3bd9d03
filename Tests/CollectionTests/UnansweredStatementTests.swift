import FaultServer
import MariaDB
import Replication
import Synchronization
import Testing

@testable import Collection

/// A MariaDB replica on which some statements hang in the server, each on its connection, until released, even after the
/// client is gone.
private final class HangingServer: Sendable {
    private struct State {
        /// Statements that hang.
        var causes: Set<String> = []
        /// The hanging statements, by the server's ids of their connections.
        var hanging: [UInt32: String] = [:]
        var most = 0
        /// How long statements have been hanging, in seconds.
        var time = 300
        /// Further lines of the process list.
        var others: [[String]] = []
    }

    let server: FaultServer
    private final class Box: Sendable { let state = Mutex(State()) }
    private let box: Box

    init(_ causes: Set<String>, others: @escaping @Sendable (String) -> Reply? = { _ in nil }) throws {
        let recording = try Fixture(name: "mariadb-10.11/replica").recording
        let box = Box()
        box.state.withLock { $0.causes = causes }
        server = try FaultServer(
            Script(
                greeting: { Step.welcome(version: recording.version, thread: UInt32($0 + 100)) },
                answer: { query in
                    let thread = UInt32(query.connection + 100)
                    return query.steps { statement in
                        box.state.withLock { state in
                            if statement == "SHOW PROCESSLIST" {
                                let idle = [
                                    [String(thread), "exporter", "Query", "0", statement],
                                    ["7", "exporter", "Sleep", "900", ""],
                                ]
                                let stuck = state.hanging.map {
                                    [String($0.key), "exporter", "Killed", "\(state.time)", $0.value]
                                }
                                return .table(
                                    columns: ["Id", "User", "Command", "Time", "Info"],
                                    rows: idle + stuck + state.others)
                            }
                            if state.causes.contains(statement) {
                                state.hanging[thread] = statement
                                state.most = max(state.most, state.hanging.count)
                                return .steps([.silence])
                            }
                            return others(statement) ?? recording.reply(to: statement)
                        }
                    }
                }))
        self.box = box
    }

    /// The statements that hang now.
    var hanging: [String] { box.state.withLock { $0.hanging.values.sorted() } }
    var most: Int { box.state.withLock(\.most) }

    func show(after time: Int, _ others: [[String]]) {
        box.state.withLock {
            $0.time = time
            $0.others = others
        }
    }

    func hang(on causes: Set<String>) {
        box.state.withLock { state in
            state.causes = causes
            state.hanging = state.hanging.filter { causes.contains($0.value) }
        }
    }

    func count(_ statement: String) -> Int { server.journal.statements.count { $0 == statement } }
}

@Suite("Statements that hang in the server", .timeLimit(.minutes(5)))
struct UnansweredStatementTests {
    private static let binlogStatus = "SHOW BINLOG STATUS"
    private static let channels = "SHOW ALL SLAVES STATUS"
    /// The deadline of a look in which something hangs: long enough for the rest on a machine that is busy with all other tests.
    private static var soon: ContinuousClock.Instant { .now + .seconds(10) }

    private func withHangingNode(
        _ causes: Set<String>, extras: NodeExtras = NodeExtras(),
        others: @escaping @Sendable (String) -> Reply? = { _ in nil },
        _ body: (HangingServer, NodeCollector) async throws -> Void
    ) async throws {
        let hanging = try HangingServer(causes, others: others)
        defer { hanging.server.stop() }
        try await withNode(hanging.server, extras: extras) { try await body(hanging, $0) }
    }

    @Test("At the node's timeout, what came before it is kept: the node is up, and the statement is named")
    func factsStand() async throws {
        try await withHangingNode([Self.binlogStatus]) { server, node in
            let report = await node.ask(deadline: Self.soon)
            #expect(report.isUp)
            #expect(report.failure == nil)
            #expect(report.facts?.identity.serverID != nil)
            #expect(report.facts?.channels?.count == 1)
            #expect(report.facts?.missing[.binlogStatus] == .timeout)
            #expect(report.facts?.unreadable[.binlogStatus]?.hasPrefix("SHOW BINLOG STATUS was not answered") == true)
            #expect(report.facts?.unreadable[.status]?.contains("SHOW BINLOG STATUS") == true)
            // As accurate as if nothing had hung: the time is not taken when the last answer fails to arrive.
            let recording = try Fixture(name: "mariadb-10.11/replica").recording
            let clock = recording.results.first { $0.sql.hasPrefix("SELECT @@global.server_id") }?.rows?.first?.last
            let (asked, offset) = (try #require(report.facts?.askedAt), try #require(report.facts?.clockOffset))
            #expect(abs(asked + offset - (Double((clock ?? nil) ?? "") ?? 0)) < 0.001)
            #expect(asked - (server.server.journal.queries.first?.time ?? 0) < 3)
        }
    }

    @Test(
        "A command that ends after a look leaves out what an earlier run has left hanging: one connection is stuck, however often it runs",
        arguments: [Self.binlogStatus, Self.channels])
    func leftByEarlierRuns(statement: String) async throws {
        let server = try HangingServer([statement])
        defer { server.server.stop() }
        var extras = NodeExtras()
        try await withNode(server.server, extras: extras) { _ = await $0.ask(deadline: Self.soon) }
        #expect(server.hanging == [statement])
        extras.avoidsHanging = true
        for _ in 0..<3 {
            try await withNode(server.server, extras: extras) { node in
                let report = await node.ask(deadline: .never)
                #expect(report.isUp == (statement == Self.binlogStatus))
                let name: FactName = statement == Self.binlogStatus ? .binlogStatus : .replicationStatus
                #expect(report.facts?.missing[name] == .timeout)
                #expect(report.facts?.unreadable[name]?.contains("hangs in the server (connection ") == true)
                #expect(report.facts?.unreadable[name]?.contains("for 300 s") == true)
                #expect(report.facts?.identity.serverID != nil)
            }
        }
        #expect(server.hanging == [statement] && server.most == 1)
        #expect(server.count(statement) == 1)
        server.hang(on: [])
        try await withNode(server.server, extras: extras) { node in
            let report = await node.ask(deadline: .never)
            #expect(report.isUp && report.facts?.missing[.binlogStatus] == nil)
        }
    }

    @Test("What another account, or another client within its time, has asked is asked all the same")
    func notLeftBehind() async throws {
        let server = try HangingServer([])
        defer { server.server.stop() }
        var extras = NodeExtras()
        extras.avoidsHanging = true
        server.show(
            after: 300,
            [
                ["8", "root", "Query", "900", Self.binlogStatus], ["9", "exporter", "Query", "249", Self.binlogStatus],
                ["10", "exporter", "Sleep", "900", Self.binlogStatus], ["11", "exporter", "Query", "900", "SELECT 1"],
            ])
        try await withNode(server.server, extras: extras) { node in
            let report = await node.ask(deadline: .never)
            #expect(report.isUp && report.facts?.missing[.binlogStatus] == nil)
            #expect(server.count("SHOW PROCESSLIST") == 1)
            // Once.
            _ = await node.ask(deadline: .never)
            #expect(server.count("SHOW PROCESSLIST") == 1)
        }
        try await withNode(server.server) { _ = await $0.ask(deadline: .never) }
        #expect(server.count("SHOW PROCESSLIST") == 1)
    }

    @Test("It is sent again only when it has ended; meanwhile the rest is complete, and one connection is stuck")
    func askedAgainWhenOver() async throws {
        try await withHangingNode([Self.binlogStatus]) { server, node in
            _ = await node.ask(deadline: Self.soon)
            for _ in 0..<10 {
                let report = await node.ask(deadline: .never)
                #expect(report.isUp)
                #expect(report.facts?.missing == [.binlogStatus: .timeout, .binlogIndex: .timeout])
                #expect(
                    report.facts?.unreadable[.binlogStatus]?.contains("hangs in the server (connection 100)") == true)
                #expect(report.facts?.transactions != nil && report.facts?.startTime != nil)
                #expect(report.facts?.channels?.first?.workers != nil)
                #expect(server.hanging == [Self.binlogStatus])
            }
            #expect(server.most == 1)
            #expect(server.count(Self.binlogStatus) == 1)
            #expect(server.server.journal.connections == 2)

            server.hang(on: [])
            let after = await node.ask(deadline: .never)
            #expect(after.isUp)
            #expect(after.facts?.missing == [:])
            #expect(after.facts?.binaryLog?.end != nil)
            #expect(await node.ask(deadline: .never).roundTrips == 1)
            #expect(server.server.journal.connections == 2)
        }
    }

    @Test("Lost connections in between change nothing")
    func acrossReconnects() async throws {
        try await withHangingNode([Self.binlogStatus]) { server, node in
            #expect(await node.ask(deadline: Self.soon).isUp)
            for _ in 0..<5 {
                #expect(await node.ask(deadline: .never).isUp)
                server.server.dropConnections()
            }
            #expect(server.most == 1)
            #expect(server.count(Self.binlogStatus) == 1)
        }
    }

    @Test(
        "An essential statement that hangs is named in the failure; neither it nor what may hang with it is sent again")
    func essential() async throws {
        try await withHangingNode([Self.channels, Self.binlogStatus]) { server, node in
            for round in 0..<6 {
                let report = await node.ask(deadline: round == 0 ? Self.soon : .never)
                #expect(!report.isUp)
                #expect(report.failure?.reason == .timeout)
                #expect(report.failure?.message.hasPrefix("SHOW ALL SLAVES STATUS") == true)
                #expect(report.facts?.identity.serverID != nil)
                if round > 0 {
                    #expect(report.facts?.transactions != nil && report.facts?.missing[.status] == .timeout)
                }
                #expect(server.hanging == [Self.channels])
            }
            #expect(server.most == 1)
            server.hang(on: [])
            let after = await node.ask(deadline: .never)
            #expect(after.isUp)
            #expect(after.facts?.missing == [:])
        }
    }

    @Test("The replication status is still asked for while another statement hangs, and never more than both hang")
    func both() async throws {
        try await withHangingNode([Self.binlogStatus]) { server, node in
            #expect(await node.ask(deadline: Self.soon).isUp)
            server.hang(on: [Self.binlogStatus, Self.channels])
            for round in 0..<6 {
                let report = await node.ask(deadline: round == 0 ? Self.soon : .never)
                #expect(report.failure?.reason == .timeout)
                #expect(report.failure?.message.contains("SHOW ALL SLAVES STATUS") == true)
            }
            #expect(server.most == 2)
            #expect(server.server.journal.openConnections <= 1)
            server.hang(on: [])
            #expect(await node.ask(deadline: .never).facts?.missing == [:])
        }
    }

    @Test("A server that answers nothing stays down, and is up as soon as it recovers")
    func silent() async throws {
        let first = "SELECT @@global.server_id"
        let recording = try Fixture(name: "mariadb-10.11/replica").recording
        let identity = try #require(recording.results.first { $0.sql.hasPrefix(first) }?.sql)
        try await withHangingNode([]) { server, node in
            #expect(await node.ask(deadline: .never).isUp)
            server.hang(on: [identity])
            let silent = await node.ask(deadline: Self.soon)
            #expect(silent.facts == nil)
            #expect(silent.failure?.message.hasPrefix("no answer before the deadline") == true)
            server.hang(on: [])
            let awake = await node.ask(deadline: .never)
            #expect(awake.isUp && awake.facts?.missing == [:])
        }
    }

    @Test("A fact that waits for a lock is missing, and is not asked for again at once")
    func lockWait() async throws {
        let heartbeat = "SELECT * FROM `p`.`heartbeat` ORDER BY ts DESC LIMIT 64"
        let extras = NodeExtras(heartbeatTable: "`p`.`heartbeat`")
        try await withHangingNode([], extras: extras) { statement in
            statement == heartbeat
                ? .refusal(code: 1205, sqlState: "HY000", message: "Lock wait timeout exceeded") : nil
        } _: { server, node in
            for _ in 0..<3 {
                let report = await node.ask(deadline: .never)
                #expect(report.isUp)
                #expect(report.facts?.missing == [.heartbeat: .timeout])
            }
            #expect(server.count(heartbeat) == 1)
            #expect(server.server.journal.connections == 1)
        }
    }

    @Test("A caller that cannot wait for a slow statement gets the rest; one that can gets everything")
    func earlyReport() async throws {
        let gate = try Gate()
        let recording = try Fixture(name: "mariadb-10.11/replica").recording
        let list = try #require(recording.results.first { $0.sql == "SHOW BINARY LOGS" })
        // The last statement of the batch.
        let slow = Payload.table(columns: list.columns ?? [], rows: list.rows ?? [], moreFollow: false)
        let server = try FaultServer(
            .replying(version: recording.version) { statement in
                statement == list.sql
                    ? .steps([.wait(gate)] + slow.map(Step.packet)) : recording.reply(to: statement)
            })
        defer { server.stop() }
        let thread = try SessionThread(name: "test")
        let set = SetCollector(
            name: "shop", thresholds: Thresholds(), nodes: [node(server, on: thread)], followUps: { _ in [:] })
        for _ in 0..<2 {
            let hasty = await set.report(by: Self.soon).nodes[0].report
            #expect(hasty.isUp)
            #expect(hasty.facts?.missing == [.binlogIndex: .timeout])
            #expect(hasty.facts?.unreadable[.binlogIndex] == "SHOW BINARY LOGS was not answered yet")
            #expect(hasty.facts?.startTime != nil && hasty.facts?.clockOffset != nil)
        }
        async let patient = set.report(by: .never)
        gate.open()
        let report = await patient.nodes[0].report
        #expect(report.isUp && report.facts?.missing == [:])
        #expect(report.facts?.binaryLog?.isIndexFresh == true)
        #expect(server.journal.connections == 1)
        await set.close()
    }

    @Test("Without the process list, a statement is tried again after a while")
    func listRefused() {
        var unanswered = UnansweredStatements()
        let start = ContinuousClock.now
        unanswered.note(.init(connection: 1, facts: [.binlogStatus], statement: "SHOW BINLOG STATUS", since: start))
        unanswered.settleBlindly(at: start + .seconds(59))
        #expect(unanswered.entries.count == 1)
        // Without the other fact the node would be down.
        unanswered.note(.init(connection: 2, facts: [.identity], statement: "SELECT", since: start))
        unanswered.settleBlindly(at: start + .seconds(1))
        #expect(unanswered.entries.map(\.connection) == [1])
        unanswered.settleBlindly(at: start + .seconds(61))
        #expect(unanswered.entries.isEmpty)
    }

    @Test("A process list that is not answered is not asked for again at once")
    func listUnanswered() {
        var unanswered = UnansweredStatements()
        let start = ContinuousClock.now
        unanswered.note(.init(connection: 1, facts: [.binlogStatus], statement: "SHOW BINLOG STATUS", since: start))
        unanswered.listIsUnanswered(on: 2, at: start)
        let obstacle = unanswered.obstacle(at: start + .seconds(9), isSettled: false)
        #expect(obstacle?.message.contains("SHOW PROCESSLIST hangs in the server (connection 2)") == true)
        #expect(unanswered.obstacle(at: start + .seconds(11), isSettled: false) == nil)
        unanswered.settle(by: ResultTable(columns: ["Id", "Command"], rows: [["1", "Sleep"]]), askedOver: 3)
        #expect(unanswered.entries.isEmpty)
    }

    @Test("While a statement hangs, variables are still read; another statement may hang with it")
    func variables() {
        var unanswered = UnansweredStatements()
        unanswered.note(.init(connection: 1, facts: [.binlogStatus], statement: "SHOW BINLOG STATUS", since: .now))
        #expect(unanswered.reason(against: Fact(.heartbeat, selecting: "@@a AS a") { _, _ in }, at: .now) == nil)
        #expect(unanswered.reason(against: Fact(.heartbeat, "SHOW A") { _, _ in }, at: .now) != nil)
    }

    @Test("After a restart of the server, the connection that asks may have the id of one that hung")
    func sameID() {
        var unanswered = UnansweredStatements()
        unanswered.note(.init(connection: 5, facts: [.binlogStatus], statement: "SHOW BINLOG STATUS", since: .now))
        unanswered.settle(by: ResultTable(columns: ["Id", "Command"], rows: [["5", "Query"]]), askedOver: 5)
        #expect(unanswered.entries.isEmpty)
    }
}
