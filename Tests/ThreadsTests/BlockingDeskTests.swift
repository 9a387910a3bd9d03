import Dispatch
import Synchronization
import Testing

@testable import Threads

@Suite("Blocking work on a thread of its own", .timeLimit(.minutes(5)))
struct BlockingDeskTests {
    @Test("Work is done in order, and its value returned")
    func order() async throws {
        let desk = try BlockingDesk(name: "test")
        let done = Mutex<[Int]>([])
        for number in 1...3 {
            let value = await desk.carryOut(within: .seconds(60)) { () -> Int in
                done.withLock { $0.append(number) }
                return number
            }
            #expect(value == number)
        }
        #expect(done.withLock(\.self) == [1, 2, 3])
        #expect(desk.underWay == nil)
    }

    @Test("Work that has not begun when its caller leaves is not done")
    func abandoned() async throws {
        let desk = try BlockingDesk(name: "test")
        let release = DispatchSemaphore(value: 0)
        let done = Mutex(0)
        let hanging = Task { await desk.carryOut { release.wait() } }
        while desk.underWay == nil { await Task.yield() }
        // Not refused yet: the other piece has not run for so long.
        let left: Void? = await desk.carryOut(within: .milliseconds(100)) { done.withLock { $0 += 1 } }
        #expect(left == nil)
        release.signal()
        await hanging.value
        await desk.carryOut {}
        #expect(done.withLock(\.self) == 0)
    }

    @Test("Callers share a task at the desk: one that leaves does not end it, and none waits while the desk hangs")
    func shared() async throws {
        let desk = try BlockingDesk(name: "test")
        let release = DispatchSemaphore(value: 0)
        let task = Task { @concurrent in
            await desk.carryOut { () -> Int in
                release.wait()
                return 7
            }
        }
        #expect(await desk.value(of: task, within: .milliseconds(20)) == nil)
        while desk.underWay == nil { await Task.yield() }
        // It has hung for longer than that, so this returns at once.
        let other = Task { 8 }
        #expect(await desk.value(of: other, within: .zero) == nil)
        release.signal()
        #expect(await desk.value(of: task, within: .seconds(60)) == 7)
        #expect(await desk.value(of: task, within: .seconds(60)) == 7)
    }

    @Test("What was read last counts for a minute")
    func lastReading() {
        let now = ContinuousClock.now
        let reading = LastReading("drain", at: now)
        #expect(reading.value == "drain")
        #expect(reading.counts(at: now) && reading.counts(at: now + .seconds(60)))
        #expect(!reading.counts(at: now + .seconds(60) + .nanoseconds(1)))
    }

    @Test("A caller leaves work that hangs, and no more is taken on meanwhile")
    func hanging() async throws {
        let desk = try BlockingDesk(name: "test")
        let release = DispatchSemaphore(value: 0)
        let begun = Mutex(0)
        let hung: Void? = await desk.carryOut(within: .milliseconds(20)) {
            begun.withLock { $0 += 1 }
            release.wait()
        }
        #expect(hung == nil)
        #expect(desk.underWay != nil)
        for _ in 0..<100 {
            let refused: Void? = await desk.carryOut(within: .milliseconds(20)) { begun.withLock { $0 += 1 } }
            #expect(refused == nil)
        }
        release.signal()
        // Behind whatever was taken on.
        await desk.carryOut {}
        #expect(begun.withLock(\.self) == 1, "work was taken on behind work that hung")
        #expect(desk.underWay == nil)
    }
}
