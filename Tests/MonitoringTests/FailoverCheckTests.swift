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

/// A check of db1 and db2 by a table on db1.
private func probe(
    on server: AnsweringServer, memory: FailoverMemory = FailoverMemory(), maxGap: Duration = .seconds(20),
    timeout: Duration = .seconds(60), log: CapturedLog = CapturedLog(),
    keep: @escaping @Sendable (FailoverMemory) -> Void = { _ in }
) -> FailoverProbe {
    FailoverProbe(
        FailoverPolicy(
            preferred: "db1", standby: "db2", table: TableName(database: "p", table: "t"), maxGap: maxGap),
        set: "shop", checker: "here", memory: .known(memory), timeout: timeout, logger: log.logger, clock: { now },
        keep: keep
    ) { server.session("db1", .init(setUp: $0)) }
}

private let now = FailoverTime(steady: 500_000, epoch: 1_800_000_001.75)
/// The last check was 5 seconds ago, and its time stands in the table.
private let unbroken: FailoverMemory = {
    var memory = FailoverMemory(
        answer: .preferred, goodCheck: FailoverTime(steady: 499_995, epoch: 1_799_999_996.75))
    memory.server = FailoverServer(id: 7, uuid: nil)
    return memory
}()
private let noted = Reply.table(columns: ["noted"], rows: [["1799999996.75"]])

private let both = findings(node("db1", id: 7, readOnly: false), node("db2", id: 2, readOnly: false))

@Suite("A check for a balancer", .timeLimit(.minutes(5)))
struct FailoverCheckTests {
    @Test("A good check is noted, and kept; it is nothing to tell")
    func good() async throws {
        let server = try preferredNode([("AS noted", noted)])
        let log = CapturedLog()
        let kept = Mutex<[FailoverMemory]>([])
        let probe = probe(on: server, memory: unbroken, log: log) { memory in kept.withLock { $0.append(memory) } }
        #expect(probe.finding == nil)
        #expect(await probe.check { _, _ in both }.cause == .unbroken)
        #expect(server.writes.count == 2 && server.writes.last?.hasPrefix("INSERT") == true)
        #expect(kept.withLock { $0.count } == 1)
        let memory = try #require(kept.withLock { $0.first })
        #expect(memory.answer == .preferred && memory.noted == now && memory.server == FailoverServer(id: 7, uuid: nil))
        #expect(log.entries.isEmpty)
        #expect(probe.finding == FailoverFinding(active: "db1", nodes: ["db1", "db2"]))
    }

    /// What keeps the requests from the preferred node, or a check from being noted.
    struct Bad: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var entries: [AnsweringServer.Entry] = []
        var memory = unbroken
        var set: SetFindings? = both
        let cause: FailoverDecision.Cause
        let answer: FailoverDecision.Answer
    }

    @Test(
        "Nothing is written unless the preferred node is found to be the right one",
        arguments: [
            Bad(
                testDescription: "it is read-only", entries: [("AS clock", .clock(isWritable: "0"))],
                cause: .preferredFailed, answer: .standby),
            Bad(
                testDescription: "it is turned away", entries: [("AS clock", .steps([.close]))],
                cause: .preferredFailed, answer: .standby),
            Bad(
                testDescription: "it talks nonsense", entries: [("AS clock", .ok)], cause: .preferredFailed,
                answer: .standby),
            Bad(
                testDescription: "nobody knows what it lacks", memory: FailoverMemory(answer: .standby),
                cause: .lagUnknown, answer: .standby),
            Bad(
                testDescription: "nobody knows anything", memory: FailoverMemory(answer: .standby), set: nil,
                cause: .notChecked, answer: .standby),
            Bad(
                testDescription: "another server has its address", entries: [("AS clock", .clock(id: "2"))],
                cause: .lagUnknown, answer: .standby),
        ])
    func bad(bad: Bad) async throws {
        let server = try preferredNode(bad.entries + [("AS noted", noted)])
        let log = CapturedLog()
        let kept = Mutex<FailoverMemory?>(nil)
        let probe = probe(on: server, memory: bad.memory, log: log) { memory in kept.withLock { $0 = memory } }
        let decision = await probe.check { _, _ in bad.set }
        #expect(decision.cause == bad.cause && decision.answer == bad.answer, "\(decision)")
        #expect(server.writes.isEmpty)
        #expect(kept.withLock { $0?.goodCheck } == nil)
        #expect(log.lines == ["warning failover answer \(bad.answer.rawValue) reason=\(decision.reason)"])
        #expect(log.entries.first?.metadata["replication_set"] == "shop")
        #expect(probe.finding?.active == "db2")
    }

    @Test("A write that is lost is not repeated, and sends the requests to the standby")
    func lostWrite() async throws {
        let server = try preferredNode([("AS noted", noted), ("INSERT", .steps([.close]))])
        let kept = Mutex<FailoverMemory?>(nil)
        let probe = probe(on: server, memory: unbroken) { memory in kept.withLock { $0 = memory } }
        let decision = await probe.check { _, _ in both }
        #expect(decision.answer == .standby && decision.cause == .preferredFailed, "\(decision)")
        #expect(server.statements.count { $0.hasPrefix("INSERT") } == 1)
        #expect(kept.withLock { $0?.noted } == nil && kept.withLock { $0?.goodCheck } == nil)
    }

    @Test("A preferred node that is silent fails when the time for looking is over, and the answer is there by then")
    func hanging() async throws {
        let server = try preferredNode([("AS clock", .steps([.silence]))])
        let decision = await probe(on: server, memory: unbroken, timeout: .milliseconds(500)).check { _, _ in both }
        #expect(decision.answer == .standby && decision.cause == .preferredFailed)
        #expect(decision.reason.contains("no answer before the deadline"), "\(decision)")
        #expect(server.writes.isEmpty)
    }

    @Test("The nodes are asked for three fifths of the time; the rest is for noting the check")
    func deadline() async throws {
        let server = try preferredNode([("AS noted", noted)])
        let asked = Mutex<(names: Set<String>, patience: Duration)?>(nil)
        let started = ContinuousClock.now
        _ = await probe(on: server, memory: unbroken, timeout: .seconds(1000)).check { names, deadline in
            asked.withLock { $0 = (names, started.duration(to: deadline)) }
            return both
        }
        let (names, patience) = try #require(asked.withLock { $0 })
        #expect(names == ["db1", "db2"])
        // What is more is what it took to begin.
        #expect(patience >= .seconds(600) && patience < .seconds(700))
    }

    /// On one actor, so that it is known when all have asked.
    @MainActor
    @Test("However many ask at a time, there is one check; who asks after it gets a new one")
    func shared() async throws {
        let gate = try Gate()
        let server = try preferredNode([("AS noted", noted)])
        server.answer("AS clock", with: .steps([.wait(gate)] + Self.packets(of: .clock())))
        let looks = Mutex(0)
        let probe = probe(on: server, memory: unbroken)
        func ask() async -> FailoverDecision {
            await probe.check { _, _ in
                looks.withLock { $0 += 1 }
                return both
            }
        }
        let askers = (0..<20).map { _ in Task { await ask() } }
        let opening = Task { gate.open() }
        await opening.value
        for asker in askers { #expect(await asker.value.cause == .unbroken) }
        #expect(server.statements.count { $0.contains("AS clock") } == 1)
        #expect(server.statements.count { $0.hasPrefix("INSERT") } == 1)
        #expect(looks.withLock { $0 } == 1)
        _ = await ask()
        #expect(server.statements.count { $0.contains("AS clock") } == 2)
    }

    private static func packets(of reply: Reply) -> [Step] {
        guard case .table(let columns, let rows) = reply else { return [] }
        return Payload.table(columns: columns, rows: rows).map(Step.packet)
    }

    @Test("What is told of the last answer is told no longer than two checks may be apart")
    func finding() async throws {
        let server = try preferredNode([("AS noted", noted)])
        let probe = probe(on: server, memory: unbroken, maxGap: .zero)
        _ = await probe.check { _, _ in both }
        #expect(probe.finding == nil)
    }
}
