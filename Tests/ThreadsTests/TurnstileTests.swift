import Synchronization
import Testing

@testable import Threads

@Suite("Only so many at a time", .timeLimit(.minutes(5)))
struct TurnstileTests {
    private final class Tally: Sendable {
        let running = Mutex((now: 0, most: 0))
    }

    @Test("No more run at the same time than the limit, and all have their turn")
    func limit() async {
        let turnstile = Turnstile(limit: 1)
        let tally = Tally()
        let done = await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await turnstile.pass { () -> Int in
                        tally.running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                        let until = ContinuousClock.now + .microseconds(100)
                        while .now < until {}
                        tally.running.withLock { $0.now -= 1 }
                        return 1
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ?? 0) }
        }
        #expect(done == 200)
        #expect(tally.running.withLock { $0.most } == 1)
    }

    @Test("Whoever is cancelled while another has the turn leaves at once; those behind move up")
    func leaves() async {
        let turnstile = Turnstile(limit: 1)
        #expect(await turnstile.hasTurn())
        let first = Task { await turnstile.pass { 1 } }
        let second = Task { await turnstile.pass { 2 } }
        first.cancel()
        #expect(await first.value == nil)
        turnstile.leave()
        #expect(await second.value == 2)
        #expect(await turnstile.pass { 3 } == 3)
    }

    @Test("Whoever is cancelled before the turn does nothing")
    func cancelled() async {
        let turnstile = Turnstile(limit: 1)
        let second = await turnstile.pass {
            let second = Task { await turnstile.pass { 2 } }
            second.cancel()
            return second
        }
        #expect(await second?.value == .some(nil))
        #expect(await turnstile.pass { 3 } == 3)
    }
}
