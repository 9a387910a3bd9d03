import FaultServer
import Foundation
import MariaDB
import Replication
import Synchronization
import Testing

@testable import Collection

@Suite("A round over a set", .timeLimit(.minutes(1)))
struct SetRoundTests {
    func healthy() throws -> Script { try Fixture(name: "mariadb-10.11/replica").recording.script }

    /// Runs `body` with a set that has a node for each server, and closes everything.
    func withSet(
        _ servers: [FaultServer], timeout: (Int) -> Duration = { _ in .seconds(50) }, threads: Int? = nil,
        tls: TLSMode = .disabled, followUps: @escaping SetRound.FollowUps = { _ in [:] },
        _ body: (SetCollector) async throws -> Void
    ) async throws {
        var shared: [SessionThread] = []
        for number in 0..<(threads ?? servers.count) { shared.append(try SessionThread(name: "node-\(number)")) }
        let nodes = servers.enumerated().map { place, server in
            node(
                server, named: "db\(place + 1)", on: shared[place % shared.count],
                timeout: timeout(place), tls: tls)
        }
        let set = SetCollector(name: "shop", thresholds: Thresholds(), nodes: nodes, followUps: followUps)
        try await body(set)
        await set.close()
        for server in servers { server.stop() }
    }

    @Test("Every node reports, in the order of the configuration")
    func round() async throws {
        let servers = [
            try FaultServer(Fixture(name: "mariadb-10.11/primary").recording.script),
            try FaultServer(Fixture(name: "mysql-9.7/replica").recording.script),
            try FaultServer(.saying(Step.denyLogIn(code: 1045, sqlState: "28000", message: "Access denied"))),
        ]
        try await withSet(servers) { set in
            let report = await set.report(by: .never)
            #expect(report.name == "shop")
            #expect(report.nodes.map(\.description.name) == ["db1", "db2", "db3"])
            #expect(report.nodes.map(\.report.isUp) == [true, true, false])
            #expect(report.nodes.map { $0.report.failure?.reason } == [nil, nil, .authentication])
        }
    }

    @Test("A round can be narrowed to some nodes; the others are not asked")
    func narrowed() async throws {
        let servers = [try FaultServer(healthy()), try FaultServer(healthy())]
        try await withSet(servers) { set in
            let report = await set.report(over: ["db2"], by: .never)
            #expect(report.nodes.map(\.description.name) == ["db2"])
            #expect(servers[0].journal.connections == 0)
            #expect(await set.report(over: [], by: .never).nodes.isEmpty)
        }
    }

    /// A healthy replica that answers only once the gate is open.
    func answering(behind gate: Gate) throws -> Script {
        let recording = try Fixture(name: "mariadb-10.11/replica").recording
        return Script(
            greeting: { _ in Step.welcome(version: recording.version) },
            answer: { query in [.wait(gate)] + query.steps { recording.reply(to: $0) } })
    }

    @Test("A caller that comes while a call is running gets its answer, and causes no other")
    func joining() async throws {
        let gate = try Gate()
        try await withNode(answering(behind: gate)) { server, node in
            let flight = NodeFlight(node)
            let (reports, arrive) = AsyncStream<NodeReport>.makeStream()
            for _ in 0..<20 { flight.look { arrive.yield($0) } }
            gate.open()
            var arrived: [NodeReport] = []
            for await report in reports {
                arrived.append(report)
                if arrived.count == 20 { break }
            }
            #expect(arrived.allSatisfy { $0.isUp })
            #expect(server.journal.queries.count == 1)
            #expect(server.journal.connections == 1)
        }
    }

    @Test("A follow-up begins after the running look, and its answer is not shared")
    func asksAgain() async throws {
        let gate = try Gate()
        try await withNode(answering(behind: gate)) { server, node in
            let flight = NodeFlight(node)
            let (stream, arrive) = AsyncStream<(Int, NodeReport)>.makeStream()
            flight.look { arrive.yield((0, $0)) }
            flight.again({ await $0.ask([.transactions], adding: NodeReport(), deadline: .never) }) {
                arrive.yield((1, $0))
            }
            // Comes after it: a look that joined the follow-up would get an answer to other questions.
            flight.look { arrive.yield((2, $0)) }
            gate.open()
            var arrived: [Int: NodeReport] = [:]
            for await (index, report) in stream {
                arrived[index] = report
                if arrived.count == 3 { break }
            }
            let reports = (0..<3).compactMap { arrived[$0] }
            #expect(reports.map(\.isUp) == [true, false, true])
            #expect(reports.map { $0.facts?.isSecondLook } == [false, nil, false])
        }
    }

    @Test("A round that needs its own looks does not join a running one, nor take what that has read so far")
    func ownLook() async throws {
        let gate = try Gate()
        try await withNode(answering(behind: gate)) { server, node in
            let flight = NodeFlight(node)
            let (stream, arrive) = AsyncStream<Int>.makeStream()
            flight.look { _ in arrive.yield(0) }
            for await case .queried in server.events { break }
            let started = ContinuousClock.now
            flight.look(isOwn: true) { _ in arrive.yield(1) }
            flight.look(isOwn: true) { _ in arrive.yield(2) }
            #expect(await node.reportSoFar(since: started, isOwn: true) == nil)
            gate.open()
            var arrived: [Int] = []
            for await index in stream {
                arrived.append(index)
                if arrived.count == 3 { break }
            }
            #expect(arrived == [0, 1, 2])
            // One for the first, one for the two that came later.
            #expect(server.journal.queries.count == 2)
        }
    }

    @Test("A server that announces more replies than there are questions ends no more than its own connection")
    func announcesMore() async throws {
        let script = Script(
            greeting: { _ in Step.welcome(version: "10.11.6-MariaDB") },
            answer: { query in
                query.steps(announcingMore: true) { statement in
                    statement.contains("CONNECTION_ID()")
                        ? .table(
                            columns: ["server_id", "read_only", "log_bin", "clock"], rows: [["1", "0", "0", "1.0"]])
                        : statement.hasPrefix("SET") ? .ok : .table(columns: ["a"], rows: [])
                } + [.silence]
            })
        let server = try FaultServer(script)
        try await withNode(server) { node in
            let report = await node.ask(deadline: .now + .milliseconds(300))
            #expect(report.failure?.reason == .timeout || report.failure?.reason == .protocol, "\(report)")
        }
    }

    @Test("Suspects, and only they, are queried once more in the same round")
    func secondLook() async throws {
        let servers = [
            try FaultServer(Fixture(name: "mariadb-10.11/primary").recording.script), try FaultServer(healthy()),
        ]
        try await withSet(servers, followUps: { _ in ["db1": [.transactions]] }) { set in
            let nodes = await set.report(by: .never).nodes
            #expect(nodes.map { $0.report.facts?.isSecondLook } == [true, false])
            #expect(nodes.map(\.report.roundTrips) == [2, 1])
            #expect(servers[0].journal.statements.count { $0.contains("gtid_binlog_state") } == 2)
            #expect(servers[1].journal.statements.count { $0.contains("gtid_binlog_state") } == 1)
        }
    }

    @Test("What the nodes had in the previous round is available for comparison")
    func previousRound() async throws {
        let server = try FaultServer(Fixture(name: "mariadb-10.11/primary").recording.script)
        let seen = SeenHistories()
        try await withSet([server], followUps: seen.followUps) { set in
            for _ in 0..<2 { _ = await set.report(by: .never) }
        }
        #expect(seen.nodes == [[], ["db1"]])
    }

    @Test("A server that comes back is not stampeded: waiting clients reconnect at different times, each once")
    func revival() async throws {
        let count = 40
        let script = try healthy()
        let refusing = Step.turnAway(code: 1040, sqlState: "08004", message: "Too many connections")
        let server = try FaultServer(.saying(refusing))
        try await withSet([FaultServer](repeating: server, count: count), threads: 8) { set in
            // All have failed before, and are waiting.
            for _ in 0..<8 { _ = await set.report(by: .never) }
            server.follow(script)
            let before = server.journal.connections
            var most = 0
            var connected = before
            var up = 0
            while up < count {
                up = await set.report(by: .never).nodes.count { $0.report.isUp }
                most = max(most, server.journal.connections - connected)
                connected = server.journal.connections
            }
            #expect(connected - before == count)
            #expect(most < count)
        }
    }

    @Test("A set that replaces another knows what its nodes had in the previous round")
    func previousRoundOfPredecessor() async throws {
        let server = try FaultServer(Fixture(name: "mariadb-10.11/primary").recording.script)
        let seen = SeenHistories()
        try await withSet([server], followUps: seen.followUps) { set in
            _ = await set.report(by: .never)
            let successor = SetCollector(
                name: "shop", thresholds: Thresholds(), nodes: set.nodes, followUps: seen.followUps,
                sharing: .init([set]))
            await set.close(keeping: .init([successor]))
            _ = await successor.report(by: .never)
            await successor.close()
        }
        #expect(seen.nodes == [[], ["db1"]])
    }

    @Test("A look that has ended stands for a caller whose round began before, until it is delivered")
    func endedLook() async throws {
        try await withNode(healthy()) { _, node in
            let started = ContinuousClock.now
            #expect(await node.look().isUp)
            #expect(await node.reportSoFar(since: started)?.isUp == true)
            #expect(await node.reportSoFar(since: .now) == nil)
        }
    }

    @Test("A cancelled caller returns at once; the round continues for the others")
    func cancelled() async throws {
        let gate = try Gate()
        let server = try FaultServer(answering(behind: gate))
        try await withSet([server]) { set in
            let round = set.round()
            let deadline = Deadline(.never)
            let hasty = Task { await round.done(by: deadline) }
            for await case .queried in server.events { break }
            hasty.cancel()
            await hasty.value
            #expect(!round.isDone)
            gate.open()
            await round.done(by: deadline)
            #expect(round.isDone)
            #expect(await round.report().nodes.map(\.report.isUp) == [true])
        }
    }

    @Test("A list of binary logs that is needed is read with the next round's statements")
    func neededIndex() async throws {
        let server = try FaultServer(Fixture(name: "mariadb-10.11/primary").recording.script)
        try await withSet([server], followUps: { _ in ["db1": [.binlogIndex]] }) { set in
            for _ in 0..<3 {
                let report = await set.report(by: .never).nodes[0].report
                #expect(report.roundTrips == 1)
                #expect(report.facts?.binaryLog?.isIndexFresh == true)
            }
            #expect(server.journal.statements.count { $0 == "SHOW BINARY LOGS" } == 3)
        }
    }

    @Test("Closing ends the nodes' threads, and may be done twice")
    func threads() async throws {
        let server = try FaultServer(healthy())
        defer { server.stop() }
        let set = SetCollector(
            name: "shop", thresholds: Thresholds(), nodes: [node(server, on: try SessionThread(name: "leaving"))],
            followUps: { _ in [:] })
        _ = await set.report(by: .never)
        #expect(try hasThread("leaving"))
        await set.close()
        await set.close()
        while try hasThread("leaving") { await Task.yield() }
    }

    private func hasThread(_ name: String) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").contains { task in
            // A thread may have ended since it was listed.
            let comm = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
            return comm == name + "\n"
        }
    }

    @Test("Closing ends connections properly")
    func close() async throws {
        let server = try FaultServer(healthy())
        try await withSet([server]) { set in
            _ = await set.report(by: .never)
            #expect(server.journal.openConnections == 1)
            await set.close()
            for await event in server.events where event == .disconnected(0) { break }
            #expect(server.journal.quits == 1)
        }
    }
}

extension SetCollector {
    /// What a caller gets that starts a round and waits for it until a deadline.
    func report(over names: Set<String>? = nil, by instant: ContinuousClock.Instant) async -> ReplicationSetReport {
        let deadline = Deadline(instant)
        defer { deadline.cancel() }
        let round = names.map { self.round(over: $0) } ?? round()
        await round.done(by: deadline)
        return await round.report()
    }
}

/// Records which nodes' histories of the previous round are there when follow-ups are decided; asks for none.
private final class SeenHistories: Sendable {
    private let seen = Mutex<[[String]]>([])

    var nodes: [[String]] { seen.withLock { $0 } }

    var followUps: SetRound.FollowUps {
        { report in
            let known = report.nodes.filter { $0.earlier?.facts?.transactions != nil }.map(\.description.name)
            self.seen.withLock { $0.append(known) }
            return [:]
        }
    }
}
