import CMemory
import Collection
import Exposition
import FaultServer
import Foundation
import MariaDB
import Metrics
import Replication
import Testing
import Topology

/// Replies that no server would send, through everything that reads them: the client library, the facts, the
/// comparison, the metrics. `make fuzz` runs many; FUZZ_REPLIES and FUZZ_SEED set how many, and the first seed.
@Suite("Fuzzed servers", .serialized)
struct ServerFuzzTests {
    private static let count = FuzzRun.number("FUZZ_REPLIES") ?? 2_000
    private static let firstSeed = UInt64(FuzzRun.number("FUZZ_SEED") ?? 1)
    private static let workers = 4

    @Test("Unchanged recordings are understood")
    func recorded() async throws {
        try #require(RecordedConversation.all.count >= 3)
        for conversation in RecordedConversation.all {
            let worker = try Worker()
            let report = await worker.report(to: conversation.turns, then: [])
            #expect(report.isUp, "\(conversation.name): \(report.failure?.message ?? "")")
            #expect(report.facts?.missing == [:])
            worker.stop()
        }
    }

    @Test("Replies that once did harm no longer do")
    func known() async throws {
        let known = RecordedConversation.all(in: "hostile")
        try #require(!known.isEmpty)
        for conversation in known {
            let worker = try Worker()
            let report = await worker.report(
                to: Array(conversation.turns.dropLast()), then: conversation.turns.last ?? [])
            #expect(report.failure?.message.contains("during the log-in; refused") == true, "\(conversation.name)")
            worker.stop()
        }
    }

    @Test("Whatever a server says, the node has a report, in time, and the metrics are well formed")
    func fuzz() async throws {
        let conversations = RecordedConversation.all
        let tally = Tally()
        let before = (try FuzzRun.openFiles(), try FuzzRun.residentMemory())
        let started = ContinuousClock.now
        try await withThrowingTaskGroup { group in
            for _ in 0..<Self.workers {
                group.addTask { @concurrent in
                    let worker = try Worker()
                    defer { worker.stop() }
                    while let number = tally.next(below: Self.count) {
                        let mutation = Mutation(seed: Self.firstSeed + UInt64(number), of: conversations)
                        worker.seeds.trace(mutation.seed)
                        let report = await worker.report(to: mutation.before, then: mutation.changed)
                        tally.note(report.isUp ? "up" : report.failure?.reason.rawValue ?? "no reason")
                        // Everything was sent, including the end of the stream: there is nothing to wait for.
                        #expect(report.isUp || report.failure != nil, "seed \(mutation.seed)")
                        #expect(report.failure?.reason != .timeout, "seed \(mutation.seed)")
                        let problems = MetricFamily.problems(in: families(of: report))
                        #expect(problems.isEmpty, "seed \(mutation.seed): \(problems)")
                    }
                }
            }
            try await group.waitForAll()
        }
        // What malloc keeps for reuse does not count.
        malloc_trim(0)
        let after = (try FuzzRun.openFiles(), try FuzzRun.residentMemory())
        print(
            """
            fuzz: \(Self.count) replies, seeds \(Self.firstSeed) to \(Self.firstSeed + UInt64(Self.count) - 1), \
            \(started.duration(to: .now)); \
            \(tally.text); \
            open files \(before.0) -> \(after.0), resident MiB \(before.1 >> 20) -> \(after.1 >> 20)
            """)
        // When run with other tests, the process's resources include theirs.
        guard FuzzRun.number("FUZZ_REPLIES") != nil else { return }
        #expect(after.0 <= before.0)
        // It levels off, and so is not a leak: 71 MiB more after 10,000 replies, 128 after 30,000, 168 after 100,000.
        #expect(after.1 <= before.1 + 256 << 20)
    }
}

/// What a scrape makes of it, also as text in both formats.
private func families(of report: NodeReport) -> [MetricFamily] {
    let node = ReplicationSetReport.Node(
        NodeDescription(name: "db2", address: .tcp(host: "127.0.0.1", port: 3306)), report)
    var families = Families()
    families.add(SetFindings(ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: [node])))
    var text: [UInt8] = []
    for format in [ExpositionFormat.text004, .openMetrics100] {
        Exposition.render(families.all, format: format, into: &text)
    }
    return families.all
}

/// A server, and the thread that asks it.
private final class Worker: Sendable {
    private let server: FaultServer
    private let thread: SessionThread
    let seeds = SeedTrace()

    init() throws {
        server = try FaultServer(.saying([.close]), keepsJournal: false)
        thread = try SessionThread(name: "fuzz")
    }

    func stop() {
        server.stop()
        seeds.remove()
    }

    /// The report about a node whose server sends this: the turns each before a packet of the client, the rest at once,
    /// and nothing more.
    func report(to turns: [[UInt8]], then rest: [UInt8]) async -> NodeReport {
        let steps = turns.flatMap { [Step.bytes($0), .receive] } + [.bytes(rest), .end]
        server.follow(.saying(steps))
        let port = server.port
        let collector = NodeCollector(
            NodeDescription(name: "db2", address: .tcp(host: "127.0.0.1", port: port)), timeout: .seconds(60),
            on: thread
        ) {
            ConnectionOptions(address: .tcp(host: "127.0.0.1", port: port), user: "exporter", password: "secret")
        }
        let set = SetCollector(
            name: "shop", thresholds: Thresholds(), nodes: [collector], followUps: { _ in [:] })
        let deadline = Deadline(.now + .seconds(60))
        let round = set.round()
        await round.done(by: deadline)
        let report = await round.report().nodes[0].report
        await collector.close()
        return report
    }
}
