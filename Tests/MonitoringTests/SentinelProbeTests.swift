import FaultServer
import Logging
import MariaDB
import Replication
import ReplicationTesting
import Synchronization
import Testing
import Topology

@testable import Monitoring

/// - Parameter interval: so long that there is one run, unless several are wanted.
private func probe(
    of servers: PretendServer..., known: KnownPrimary = KnownPrimary(), interval: Duration = .seconds(240),
    log: CapturedLog
) -> SentinelProbe {
    SentinelProbe(
        table: TableName(database: "p", table: "s"), interval: interval, watch: known.watch, logger: log.logger
    ) { name in servers.first { $0.name == name }?.session }
}

@Suite("The sentinel", .timeLimit(.minutes(5)))
struct SentinelProbeTests {
    @Test("What a run finds is told by node and channel once it is over")
    func run() async throws {
        let (primary, replica, log) = (try PretendServer("db1"), try PretendServer("db2"), CapturedLog())
        primary.replicates(to: replica)
        let probe = probe(of: primary, replica, log: log)
        #expect(probe.findings.isEmpty && !probe.isWorking)
        let running = RunningProbe(probe)
        #expect(await log.next()?.message == "probe working")
        try await eventually("findings") { probe.isWorking }
        let finding = try #require(probe.findings.first)
        #expect(probe.findings.count == 1 && finding.node == "db2" && finding.channel == "")
        #expect(finding.outcomes.count == 3 && finding.lastSuccess != nil)
        await running.stop()
        try await eventually("all connections are closed") {
            primary.server.journal.openConnections == 0 && replica.server.journal.openConnections == 0
        }
        #expect(primary.server.journal.connections == 1 && replica.server.journal.connections == 1)
    }

    @Test("Connections are kept for the next run, and each run has a key of its own")
    func runs() async throws {
        let (primary, replica, log) = (try PretendServer("db1"), try PretendServer("db2"), CapturedLog())
        primary.replicates(to: replica)
        let probe = probe(of: primary, replica, interval: .milliseconds(20), log: log)
        // Too short for replicas to be waited for. The primary gets a second for each statement: on a busy machine that may
        // be too little for one of them, and its connection is closed then.
        let running = RunningProbe(probe)
        try await eventually("ten runs: \(primary.words)") { primary.writes.count { $0.hasPrefix("INSERT") } >= 10 }
        await running.stop()
        let keys = primary.statements.filter { $0.hasPrefix("INSERT") }.flatMap {
            $0.matches(of: #/'[0-9a-f]{32}'/#).map(\.0)
        }
        #expect(Set(keys).count == keys.count)
        #expect(primary.server.journal.connections < keys.count / 2)
    }

    @Test("It rests without a primary, and without a connection to it", arguments: [true, false])
    func rests(isKnown: Bool) async throws {
        let (replica, log, known) = (try PretendServer("db2"), CapturedLog(), KnownPrimary())
        if !isKnown { known.isUncertain() }
        let probe = probe(of: replica, known: known, log: log)
        let running = RunningProbe(probe)
        let entry = await log.next()
        #expect(entry?.message == "probe idle")
        if isKnown { #expect(entry?.metadata["reason"] == "db1 is not configured") }
        await running.stop()
        #expect(!probe.isWorking && probe.findings.isEmpty)
        #expect(replica.server.journal.connections == 0)
    }

    @Test("A run that the primary does not take says nothing of replicas")
    func refused() async throws {
        let (primary, replica, log) = (try PretendServer("db1"), try PretendServer("db2"), CapturedLog())
        primary.change { $0.isReadOnly = true }
        let probe = probe(of: primary, replica, log: log)
        let running = RunningProbe(probe)
        let entry = await log.next()
        #expect(entry?.message == "probe idle")
        #expect(entry.map { "\($0.metadata["reason"] ?? "")" }?.hasPrefix("db1: the sentinel's insert: ") == true)
        await running.stop()
        #expect(!probe.isWorking && probe.findings.isEmpty)
        #expect(replica.server.journal.connections == 0)
    }

    @Test("A probe that is stopped in the middle of a run takes its row away, and tells nothing of it")
    func stopped() async throws {
        let (primary, replica, log) = (try PretendServer("db1"), try PretendServer("db2"), CapturedLog())
        let gate = try Gate()
        replica.answer { _ in .steps([.wait(gate), .packet(Payload.ok())]) }
        let probe = probe(of: primary, replica, log: log)
        let running = RunningProbe(probe)
        for await case .queried in replica.server.events { break }
        #expect(primary.state.rows.count == 1)
        // The look at the replica is not cut short; it ends with its answer, which shows no row.
        async let stopped: Void = running.stop()
        gate.open()
        await stopped
        #expect(primary.state.rows.isEmpty)
        #expect(primary.writes.count { $0.hasPrefix("UPDATE") } == 0)
        #expect(probe.findings.isEmpty && !probe.isWorking)
        #expect(log.entries.isEmpty)
    }
}
