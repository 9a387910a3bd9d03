import Probes
import Replication
import Synchronization
import Testing
import Topology

@Suite("What is known of a set")
struct SetWatchTests {
    private static let known = findings(node("db1", id: 1, readOnly: false))

    @Test("Findings of a scrape are enough while they are young")
    func scraped() async throws {
        let watch = SetWatch {
            Issue.record("asked although a scrape had told")
            return nil
        }
        watch.note(Self.known, asked: .now)
        #expect(await watch.view(notOlderThan: .seconds(60))?.findings.name == "shop")
        #expect(watch.newest(renewing: .seconds(60)) != nil)
    }

    @Test("Old findings are asked for anew, once for all who want them")
    func shared() async throws {
        let looks = Mutex(0)
        let gate = Gate()
        let watch = SetWatch {
            looks.withLock { $0 += 1 }
            await gate.passed()
            return Self.known
        }
        watch.note(Self.known, asked: .now - .seconds(60))
        #expect(watch.newest(renewing: .seconds(10)) != nil, "the old ones, at once")
        async let first = watch.view(notOlderThan: .seconds(10))
        async let second = watch.view(notOlderThan: .seconds(10))
        gate.open()
        let views = [await first, await second]
        #expect(views.allSatisfy { $0.map { $0.asked > .now - .seconds(10) } == true })
        #expect(looks.withLock { $0 } == 1)
    }

    @Test("What cannot be asked for gives nothing, not what is old")
    func gone() async {
        let watch = SetWatch { nil }
        watch.note(Self.known, asked: .now - .seconds(60))
        #expect(await watch.view(notOlderThan: .seconds(10)) == nil)
    }

    @Test("An answer that comes late does not take the place of a newer one")
    func late() async throws {
        let watch = SetWatch { nil }
        let now = ContinuousClock.now
        watch.note(findings(node("new", id: 1, readOnly: false)), asked: now)
        watch.note(findings(node("old", id: 1, readOnly: false)), asked: now - .seconds(1))
        #expect(watch.newest(renewing: .seconds(60))?.findings.nodes.first?.description.name == "new")
    }
}

/// Closed until it is opened.
private final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func open() { continuation.finish() }
    func passed() async { for await _ in stream {} }
}
