import Replication
import Synchronization
import Testing
import Topology

@testable import Exporter

@Suite("Recent rounds")
final class RecentRoundTests: Sendable {
    private let recent = RecentRound()
    private let asked = Mutex(0)

    private func name(within age: Duration, asking name: String) async -> String? {
        await recent.outcome(within: age) {
            self.asked.withLock { $0 += 1 }
            return [Self.set(name)]
        }.findings.first?.name
    }

    private static func set(_ name: String) -> SetFindings {
        SetFindings(ReplicationSetReport(name: name, nodes: []))
    }

    @Test("a round serves until it is too old")
    func age() async {
        #expect(await name(within: .seconds(3600), asking: "first") == "first")
        #expect(await name(within: .seconds(3600), asking: "second") == "first")
        #expect(await name(within: .zero, asking: "third") == "third")
        #expect(asked.withLock { $0 } == 2)
    }

    @Test("a round made for a scrape serves as well; an older one does not take its place")
    func noted() async {
        let now = ContinuousClock.now
        recent.note(.init(findings: [Self.set("scrape")], startedAt: now))
        recent.note(.init(findings: [Self.set("late")], startedAt: now - .seconds(1)))
        #expect(await name(within: .seconds(3600), asking: "own") == "scrape")
        #expect(asked.withLock { $0 } == 0)
    }

    @Test("those who come while a round is under way share it, and it ends though the first has gone away")
    func shared() async {
        let (begun, beginning) = AsyncStream<Void>.makeStream()
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let first = Task {
            await recent.outcome(within: .zero) {
                self.asked.withLock { $0 += 1 }
                beginning.yield()
                for await _ in gate { break }
                return [Self.set("shared")]
            }
        }
        for await _ in begun { break }
        first.cancel()
        // They have asked before the round goes on.
        let second = Task.immediate { await name(within: .zero, asking: "own") }
        let third = Task.immediate { await name(within: .zero, asking: "own") }
        opening.yield()
        #expect(await second.value == "shared")
        #expect(await third.value == "shared")
        #expect(await first.value.findings.first?.name == "shared")
        #expect(asked.withLock { $0 } == 1)
    }
}
