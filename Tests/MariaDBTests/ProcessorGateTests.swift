import Foundation
import Synchronization
import Testing

@testable import MariaDB

@Suite("Turns at the processors")
struct ProcessorGateTests {
    private static let never = ContinuousClock.now + .seconds(3_600)

    /// Runs on a thread of its own: it blocks.
    private static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Task<Value, Never> {
        Task {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread { continuation.resume(returning: body()) }
            }
        }
    }

    @Test("Each place is given once; the next thread gets one when it is given up")
    func places() async throws {
        let gate = ProcessorGate(places: 2, lease: .seconds(3_600))
        let first = try #require(gate.enter(deadline: Self.never))
        #expect(gate.enter(deadline: Self.never) != nil)
        #expect(gate.enter(deadline: .now) == nil)
        let third = Self.onThread { gate.enter(deadline: Self.never) != nil }
        gate.leave(first)
        #expect(await third.value)
        #expect(gate.enter(deadline: .now) == nil)
        // A place given up once cannot be given up again.
        gate.leave(first)
        #expect(gate.enter(deadline: .now) == nil)
    }

    @Test("A thread that resumes goes before those that begin, however long they have waited")
    func resuming() async throws {
        let gate = ProcessorGate(places: 1, lease: .seconds(3_600))
        let held = try #require(gate.enter(deadline: Self.never))
        let order = Mutex<[String]>([])
        func wait(_ name: String, isResuming: Bool) -> Task<Void, Never> {
            Self.onThread {
                guard let place = gate.enter(isResuming: isResuming, deadline: Self.never) else { return }
                order.withLock { $0.append(name) }
                gate.leave(place)
            }
        }
        var tasks = [wait("begins", isResuming: false)]
        while gate.waiting < 1 { await Task.yield() }
        tasks.append(wait("begins too", isResuming: false))
        while gate.waiting < 2 { await Task.yield() }
        tasks.append(wait("resumes", isResuming: true))
        while gate.waiting < 3 { await Task.yield() }
        gate.leave(held)
        for task in tasks { await task.value }
        #expect(order.withLock(\.self) == ["resumes", "begins", "begins too"])
    }

    @Test("A thread that never gives its place up delays others no longer than the lease")
    func lease() async throws {
        let gate = ProcessorGate(places: 1, lease: .milliseconds(20))
        let lost = try #require(gate.enter(deadline: Self.never))
        let next = await Self.onThread { gate.enter(deadline: Self.never) }.value
        #expect(next != nil && next != lost)
        // Its place has been taken away, so it has nothing to give back.
        gate.leave(lost)
        #expect(gate.free == 0)
        gate.leave(try #require(next))
        #expect(gate.free == 1)
    }

    @Test("A thousand threads all get a turn, never more at a time than there are places")
    func crowd() async {
        let gate = ProcessorGate(places: 3, lease: .seconds(3_600))
        let count = Mutex((now: 0, most: 0, all: 0))
        let tasks = (0..<200).map { number in
            Self.onThread {
                for step in 0..<5 {
                    guard let place = gate.enter(isResuming: step > 0, deadline: Self.never) else { return }
                    count.withLock {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                        $0.all += 1
                    }
                    if number % 7 == 0 { usleep(100) }
                    count.withLock { $0.now -= 1 }
                    gate.leave(place)
                }
            }
        }
        for task in tasks { await task.value }
        #expect(count.withLock { $0.most <= 3 && $0.all == 1_000 })
        #expect(gate.free == 3)
    }
}
