import FaultServer
import Logging
import MariaDB
import Replication
import ReplicationTesting
import Synchronization
import Testing
import Topology
import Traffic

@testable import Monitoring

@Suite("The failover probe")
struct FailoverProbeTests {
    /// A preferred node that can be updated, and has no row of this checker.
    /// - Parameter refusal: returned in place of that row.
    private static func script(refusing refusal: Reply? = nil) -> Script {
        Script { query in query.steps { reply(to: $0, refusal) } }
    }

    private static func reply(to statement: String, _ refusal: Reply?) -> Reply {
        if statement.hasPrefix("SHOW COLUMNS") {
            return .table(
                columns: ["Field", "Key"], rows: [["checker", "PRI"], ["server_id", "PRI"], ["epoch", ""]])
        }
        if statement.contains("AS is_noted") {
            return .table(columns: ["is_noted", "is_writable", "kept"], rows: [["1", "1", "1800000000"]])
        }
        if statement.contains("AS clock") {
            return .table(columns: ["is_writable", "clock", "server_id"], rows: [["1", "1800000000", "1"]])
        }
        if statement.contains("AS noted") { return refusal ?? .table(columns: ["noted"], rows: []) }
        return .ok
    }

    private func probe(
        on server: FaultServer, memory: FailoverMemory = FailoverMemory(), origin: FailoverProbe.Origin? = nil,
        replacing predecessor: FailoverProbe? = nil,
        uptime: Double = 500_000, clock: (@Sendable () -> FailoverTime)? = nil,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        keep: @escaping @Sendable (FailoverMemory) -> Void = { _ in }
    ) -> FailoverProbe {
        FailoverProbe(
            FailoverPolicy(preferred: "db1", standby: "db2", table: TableName(database: "p", table: "t")), set: "shop",
            checker: "test",
            memory: origin ?? .known(memory), replacing: predecessor,
            // Many tests run at the same time: a reply may take a while.
            timeout: .seconds(60),
            logger: logger, clock: clock ?? { FailoverTime(steady: uptime, epoch: 1_800_000_000) }, keep: keep
        ) { _ in server.session() }
    }

    @Test("An operator's decision made while a check is running applies to the next one, and only to that")
    func lateWord() async throws {
        let server = try FaultServer(Self.script())
        defer { server.stop() }
        let probe = probe(on: server)
        // db1 replicates from no other node: how far it is behind db2 is unknown.
        let set = findings(node("db1", id: 1, readOnly: false), node("db2", id: 2, readOnly: false))
        let first = await probe.check { _, _ in
            probe.accept()
            return set
        }
        #expect(first.cause == .lagUnknown)
        let second = await probe.check { _, _ in set }
        #expect(second.cause == .caughtUp && second.reason.contains("an operator has confirmed"))
    }

    /// What an earlier process has saved; nil while it cannot be read.
    private final class Saved: Sendable {
        let memory = Mutex<FailoverMemory?>(nil)
        let seconds = Mutex(0.0)
        let kept = Mutex<[FailoverMemory]>([])
        let log = CapturedLog(level: .info)

        var lines: [String] { log.lines.filter { $0.contains("what was saved") } }
    }

    private func probe(on server: FaultServer, after saved: Saved) -> FailoverProbe {
        probe(
            on: server, origin: .restored { saved.memory.withLock { $0 } },
            clock: {
                let second = saved.seconds.withLock { $0 }
                return FailoverTime(steady: 500_000 + second, epoch: 1_800_000_000 + second)
            }, logger: saved.log.logger, keep: { memory in saved.kept.withLock { $0.append(memory) } })
    }

    private static let bothUp = findings(node("db1", id: 1, readOnly: false), node("db2", id: 2, readOnly: false))

    private static var standbyAway: SetFindings {
        var away = node("db2", id: 2, readOnly: false)
        away.report = NodeReport(failure: NodeFailure(reason: .connect, message: "no answer"))
        return findings(node("db1", id: 1, readOnly: false), away)
    }

    @Test("While what was saved cannot be read, a standby that misses a check may have had the requests")
    func notRead() async throws {
        let server = try FaultServer(Self.script())
        defer { server.stop() }
        let saved = Saved()
        let probe = probe(on: server, after: saved)
        for second in [0.0, 1] {
            saved.seconds.withLock { $0 = second }
            let decision = await probe.check { _, _ in Self.standbyAway }
            #expect(decision.answer == nil && decision.cause == .notChecked, "\(decision.reason)")
        }
        #expect(saved.lines.count == 1)
        // Nothing that is not known is saved, not at the end either.
        #expect(saved.kept.withLock { $0.isEmpty } && probe.memoryAtEnd == nil)
        saved.memory.withLock { $0 = FailoverMemory(answer: .standby) }
        #expect(await probe.check { _, _ in Self.standbyAway }.answer == .standby)
        #expect(saved.lines.count == 2)
        #expect(saved.kept.withLock { $0.last?.answer } == .standby)
    }

    @Test("The preferred node takes over from a standby that stays away, even if what was saved is never read")
    func neverRead() async throws {
        let server = try FaultServer(Self.script())
        defer { server.stop() }
        let saved = Saved()
        let probe = probe(on: server, after: saved)
        for (second, answer) in [(0, nil), (19, nil), (20, .preferred)]
            as [(Double, FailoverDecision.Answer?)]
        {
            saved.seconds.withLock { $0 = second }
            #expect(await probe.check { _, _ in Self.standbyAway }.answer == answer, "after \(second) s")
        }
    }

    @Test("An answer that was given before what was saved could be read is newer than that")
    func readLate() async throws {
        let server = try FaultServer(Self.script())
        defer { server.stop() }
        let saved = Saved()
        let probe = probe(on: server, after: saved)
        // How far db1 is behind db2 is unknown.
        #expect(await probe.check { _, _ in Self.bothUp }.answer == .standby)
        #expect(probe.memoryAtEnd?.answer == .standby)
        saved.memory.withLock {
            $0 = FailoverMemory(
                answer: .preferred, goodCheck: FailoverTime(steady: 500_000, epoch: 1_800_000_000))
        }
        let decision = await probe.check { _, _ in Self.bothUp }
        #expect(decision.answer == .standby && decision.reason.hasPrefix("the last answer was db2"))
    }

    @Test("A probe's successor knows its answers, and the operator's decision")
    func successor() async throws {
        let server = try FaultServer(Self.script())
        defer { server.stop() }
        let first = probe(on: server)
        let set = findings(node("db1", id: 1, readOnly: false), node("db2", id: 2, readOnly: false))
        #expect(await first.check { _, _ in set }.reason.hasPrefix("this checker has just started"))
        let second = probe(on: server, replacing: first)
        #expect(await second.check { _, _ in set }.reason.hasPrefix("the last answer was db2"))
        second.accept()
        #expect(await probe(on: server, replacing: second).check { _, _ in set }.cause == .caughtUp)
    }

    @Test("The next process knows how long a standby that has the requests has been failing")
    func restart() async throws {
        let server = try FaultServer(Self.script())
        defer { server.stop() }
        var away = node("db2", id: 2, readOnly: false)
        away.report = NodeReport(failure: NodeFailure(reason: .connect, message: "no answer"))
        let set = findings(node("db1", id: 1, readOnly: false), away)
        let kept = Mutex(FailoverMemory(answer: .standby))
        for (seconds, answer) in [(0, .standby), (19, .standby), (20, .preferred)]
            as [(Double, FailoverDecision.Answer)]
        {
            let probe = probe(
                on: server, memory: kept.withLock { $0 }, uptime: 500_000 + seconds,
                keep: { memory in kept.withLock { $0 = memory } })
            #expect(await probe.check { _, _ in set }.answer == answer, "after \(seconds) s")
        }
    }

    @Test(
        "If the address moves to another server, earlier checks no longer count and nothing is written, in both layouts"
    )
    func movedAddress() async throws {
        let address = Mutex<(UInt32, String)>((1, "3e11fa47-71ca-11e1-9e33-c80aa9429562"))
        let writes = Mutex<[String]>([])
        let server = try FaultServer(
            Script { query in
                query.steps { statement in
                    if statement.hasPrefix("SHOW COLUMNS") {
                        return .table(columns: ["Field", "Key"], rows: [["lastcheck", ""]])
                    }
                    if statement.contains("AS clock") {
                        let (id, uuid) = address.withLock { $0 }
                        return .table(
                            columns: ["is_writable", "clock", "server_id", "server_uuid"],
                            rows: [["1", "1800000000", "\(id)", uuid]])
                    }
                    if statement.contains("AS noted") { return .table(columns: ["noted"], rows: [["1800000000"]]) }
                    if statement.hasPrefix("SET @writable") || statement.hasSuffix("<= 1800000003.000000") {
                        writes.withLock { $0.append(statement) }
                    }
                    return Self.reply(to: statement, nil)
                }
            })
        defer { server.stop() }
        let time = FailoverTime(steady: 499_995, epoch: 1_800_000_000)
        var memory = FailoverMemory(answer: .preferred, goodCheck: time)
        memory.server = FailoverServer(id: 1, uuid: ServerUUID("3e11fa47-71ca-11e1-9e33-c80aa9429562"))
        let set = findings(node("db1", id: 1, readOnly: false), node("db2", id: 2, readOnly: false))
        #expect(await probe(on: server, memory: memory).check { _, _ in set }.cause == .unbroken)
        let written = writes.withLock { $0 }
        #expect(written.count == 2)
        #expect(written.first?.contains("@@global.server_id = 1 AND @@global.server_uuid = ") == true)
        // The standby's server, or a copy with the same server id.
        for other in [(2, "3e11fa47-71ca-11e1-9e33-c80aa9429563"), (1, "3e11fa47-71ca-11e1-9e33-c80aa9429563")]
            as [(UInt32, String)]
        {
            address.withLock { $0 = (other.0, other.1) }
            #expect(await probe(on: server, memory: memory).check { _, _ in set }.cause == .lagUnknown)
            #expect(writes.withLock { $0 } == written)
        }
    }

    /// What prevents a row from being recorded.
    enum Obstacle: Sendable {
        case refusal(code: UInt16, sqlState: String)
        /// The column keeps this value, as a SMALLINT does if the server is not strict.
        case keeping(String)
    }

    /// A preferred node with a table of the exporter's own, where something prevents the row from being recorded.
    private final class Table: Sendable {
        let obstacle = Mutex<Obstacle?>(nil)
        private let row = Mutex<String?>(nil)

        var script: Script {
            Script { [self] query in
                query.steps { statement in
                    if statement.contains("AS noted") {
                        return .table(columns: ["noted"], rows: row.withLock { $0.map { [[$0]] } ?? [] })
                    }
                    if statement.hasPrefix("INSERT") {
                        switch obstacle.withLock({ $0 }) {
                        case .refusal(let code, let sqlState):
                            return .refusal(code: code, sqlState: sqlState, message: "no")
                        case .keeping(let value): row.withLock { $0 = value }
                        case nil:
                            let time = statement.split(separator: " ").last.map(String.init)
                            row.withLock { $0 = time }
                        }
                        return .ok
                    }
                    if statement.contains("AS is_noted") {
                        return .table(
                            columns: ["is_noted", "is_writable", "kept"], rows: [["1", "1", row.withLock { $0 }]])
                    }
                    return FailoverProbeTests.reply(to: statement, nil)
                }
            }
        }
    }

    /// The answers in consecutive seconds. In the first, the preferred node is accepted as caught up; it replicates from no node.
    private func answers(
        _ obstacles: [Obstacle?]
    ) async throws -> [FailoverDecision] {
        let table = Table()
        let server = try FaultServer(table.script)
        defer { server.stop() }
        let seconds = Mutex(0.0)
        let probe = probe(
            on: server,
            clock: {
                let second = seconds.withLock { $0 }
                return FailoverTime(steady: 500_000 + second, epoch: 1_800_000_000 + second)
            })
        let set = findings(node("db1", id: 1, readOnly: false), node("db2", id: 2, readOnly: false))
        var decisions: [FailoverDecision] = []
        probe.accept()
        for obstacle in obstacles {
            table.obstacle.withLock { $0 = obstacle }
            decisions.append(await probe.check { _, _ in set })
            seconds.withLock { $0 += 1 }
        }
        return decisions
    }

    @Test(
        "A row refused through the exporter's own fault moves no traffic, and neither does one that is accepted again",
        arguments: [
            Obstacle.refusal(code: 1644, sqlState: "45000"), .refusal(code: 30_001, sqlState: "45000"),
            .refusal(code: 1264, sqlState: "22003"), .refusal(code: 1142, sqlState: "42000"), .keeping("32767"),
        ])
    func refusedRow(obstacle: Obstacle) async throws {
        let after = try await answers([nil, nil] + Array(repeating: obstacle, count: 30) + [nil, nil])
        #expect(after.map(\.answer) == Array(repeating: .preferred, count: 34))
        #expect(after.suffix(2).map(\.reason) == ["checked 1 s ago", "checked 1 s ago"])
        #expect(after[31].reason.contains("not recorded"))
        let never = try await answers(Array(repeating: obstacle, count: 3) + [nil])
        #expect(never.map(\.answer) == Array(repeating: .preferred, count: 4))
    }

    @Test(
        "A server that cannot write fails at once, whatever error code it returns",
        arguments: [
            // mysys: EE_WRITE, EE_DISK_FULL, EE_READ … ; innodb_force_recovery; an unknown code.
            (3, "HY000"), (20, "HY000"), (2, "HY000"), (1, "HY000"), (28, "HY000"), (1026, "HY000"), (1036, "HY000"),
            (1290, "HY000"), (1792, "25006"), (1881, "HY000"), (1932, "42S02"), (4999, "HY000"),
        ] as [(UInt16, String)])
    func failingWrite(code: UInt16, sqlState: String) async throws {
        let decisions = try await answers([nil, .refusal(code: code, sqlState: sqlState), nil])
        #expect(decisions.map(\.cause) == [.caughtUp, .preferredFailed, .lagUnknown])
    }

    @Test("A server that answers, but in which an earlier statement hangs, counts as reached")
    func hangingStatement() {
        let hangs = MySQLError(phase: .timeout, code: 0, message: "an earlier statement still hangs in the server")
        #expect(
            LastCheckTable.Failure(hangs, "updated")
                == .init("cannot be queried or updated: an earlier statement still hangs in the server"))
        let silent = LastCheckTable.Failure(.deadlineExceeded(while: "reading"), "updated")
        #expect(silent.fault.reason.hasPrefix("cannot be reached: no answer before the deadline"))
    }

    @Test(
        "If the preferred node has more of the standby's transactions than the standby had before, the standby is queried again",
        arguments: [("0-1-5,0-2-9", .caughtUp), ("0-1-5,0-2-6", .lagUnknown)]
            as [(String, FailoverDecision.Cause)])
    func askedTooEarly(later: String, cause: FailoverDecision.Cause) async throws {
        let server = try FaultServer(Self.script())
        defer { server.stop() }
        let none = try GTIDPosition(parsing: "")
        func history(replicated: String, state: String) throws -> TransactionHistory {
            .positions(
                .init(
                    replicated: try GTIDPosition(parsing: replicated), logged: none, current: none,
                    state: try GTIDBinlogState(parsing: state)))
        }
        var preferred = node("db1", id: 1, readOnly: false)
        preferred.report.facts?.transactions = try history(replicated: "0-2-7", state: "0-1-5")
        var standby = node("db2", id: 2, readOnly: true)
        standby.report.facts?.binaryLog = BinaryLog(isEnabled: true)
        standby.report.facts?.channels = [
            Channel(
                name: "", source: .init(host: "db1", port: 3306, serverID: 1), ioThread: .running,
                isApplierRunning: true)
        ]
        let looks = Mutex<[SetFindings]>([])
        for state in ["0-1-5,0-2-6", later] {
            standby.report.facts?.transactions = try history(replicated: "0-1-5", state: state)
            looks.withLock { $0.append(findings(preferred, standby)) }
        }
        let decision = await probe(on: server).check { _, _ in
            looks.withLock { $0.count > 1 ? $0.removeFirst() : $0.first }
        }
        #expect(decision.cause == cause, "\(decision.reason)")
        if cause == .lagUnknown {
            #expect(decision.reason.hasSuffix("db1 has transactions of db2 that db2 itself does not have"))
        }
    }

    @Test("A locked row does not mean that the node cannot be reached")
    func lockedRow() async throws {
        let server = try FaultServer(
            Self.script(refusing: .refusal(code: 1205, sqlState: "HY000", message: "Lock wait timeout exceeded")))
        defer { server.stop() }
        let decision = await probe(on: server).check { _, _ in nil }
        #expect(decision.cause == .preferredFailed)
        #expect(decision.reason == "db1 cannot be queried or updated: Lock wait timeout exceeded (error 1205)")
    }
}
