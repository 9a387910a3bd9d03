import FaultServer
import Logging
import MariaDB
import Replication
import Synchronization
import Testing
import Topology
import Traffic

@testable import Probes

@Suite("The failover probe")
struct FailoverProbeTests {
    /// A preferred node that can be updated, and has no row of this checker's.
    /// - Parameter refusal: in place of that row.
    private static func script(refusing refusal: Reply? = nil) -> Script {
        Script { query in query.steps { reply(to: $0, refusal) } }
    }

    private static func reply(to statement: String, _ refusal: Reply?) -> Reply {
        if statement.hasPrefix("SHOW COLUMNS") {
            return .table(
                columns: ["Field", "Key"], rows: [["checker", "PRI"], ["server_id", "PRI"], ["epoch", ""]])
        }
        if statement.contains("AS is_noted") {
            return .table(columns: ["is_noted", "is_writable"], rows: [["1", "1"]])
        }
        if statement.contains("AS clock") {
            return .table(columns: ["is_writable", "clock", "server_id"], rows: [["1", "1800000000", "1"]])
        }
        if statement.contains("AS noted") { return refusal ?? .table(columns: ["noted"], rows: []) }
        return .ok
    }

    private func probe(
        on server: FaultServer, memory: FailoverMemory = FailoverMemory(), replacing predecessor: FailoverProbe? = nil,
        uptime: Double = 500_000, keep: @escaping @Sendable (FailoverMemory) -> Void = { _ in }
    ) -> FailoverProbe {
        let port = server.port
        return FailoverProbe(
            FailoverPolicy(preferred: "db1", standby: "db2", table: TableName(database: "p", table: "t")), set: "shop",
            checker: "test",
            memory: memory, replacing: predecessor,
            // Many tests run at a time: a reply may be a while.
            timeout: .seconds(60),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: { FailoverTime(steady: uptime, epoch: 1_800_000_000) }, keep: keep
        ) { _ in
            ProbeConnection(node: "db1") { () throws(ProbeFailure) in
                ConnectionOptions(address: .tcp(host: "127.0.0.1", port: port), user: "u", password: "p")
            }
        }
    }

    @Test("An operator's word that comes while a check is under way is for the next one, and for that alone")
    func lateWord() async throws {
        let server = try FaultServer(Self.script())
        defer { server.stop() }
        let probe = probe(on: server)
        // db1 replicates from nobody: how far it is behind db2 is not known.
        let set = findings(node("db1", id: 1, readOnly: false), node("db2", id: 2, readOnly: false))
        let first = await probe.check { _, _ in
            probe.accept()
            return set
        }
        #expect(first.cause == .lagUnknown)
        let second = await probe.check { _, _ in set }
        #expect(second.cause == .caughtUp && second.reason.contains("an operator says"))
    }

    @Test("Who takes a probe's place knows its answers, and its operator's word")
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

    @Test("How long a standby that has the requests has failed is known to the next process")
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
            let probe = probe(on: server, memory: kept.withLock { $0 }, uptime: 500_000 + seconds) { memory in
                kept.withLock { $0 = memory }
            }
            #expect(await probe.check { _, _ in set }.answer == answer, "after \(seconds) s")
        }
    }

    @Test("An address that moves to another server is a break, with a table of one column too, and nothing is written")
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

    @Test("A row that somebody has locked is not a node that cannot be reached")
    func lockedRow() async throws {
        let server = try FaultServer(
            Self.script(refusing: .refusal(code: 1205, sqlState: "HY000", message: "Lock wait timeout exceeded")))
        defer { server.stop() }
        let decision = await probe(on: server).check { _, _ in nil }
        #expect(decision.cause == .preferredFailed)
        #expect(decision.reason == "db1 cannot be queried or updated: Lock wait timeout exceeded (error 1205)")
    }
}
