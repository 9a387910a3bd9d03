import Foundation
import Synchronization
import Testing
import Threads

private actor Worker {
    private let executor: ThreadExecutor
    private var log: [Int] = []

    init(_ executor: ThreadExecutor) { self.executor = executor }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func note(_ number: Int) { log.append(number) }
    func read() -> [Int] { log }
    func threadName() throws -> String {
        try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    /// A job that must be alone on its thread from beginning to end.
    func enter(_ inside: borrowing Mutex<(now: Int, most: Int)>) {
        inside.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
        sched_yield()
        inside.withLock { $0.now -= 1 }
    }
}

private final class Occupancy: Sendable {
    let inside = Mutex((now: 0, most: 0))
}

@Suite("Threads of actors", .timeLimit(.minutes(5)))
struct ThreadExecutorTests {
    @Test("An actor's jobs run on its thread, whose name is cut to what Linux keeps")
    func thread() async throws {
        let executor = try ThreadExecutor(name: "a-name-that-is-too-long")
        defer { executor.stop() }
        #expect(try await Worker(executor).threadName() == "a-name-that-is-")
    }

    @Test("Jobs run in the order in which they were enqueued")
    func order() async throws {
        let executor = try ThreadExecutor(name: "test")
        defer { executor.stop() }
        let worker = Worker(executor)
        for number in 0..<1000 { await worker.note(number) }
        #expect(await worker.read() == Array(0..<1000))
    }

    @Test("If many actors share a thread, only one runs at a time")
    func sharing() async throws {
        let executor = try ThreadExecutor(name: "test")
        defer { executor.stop() }
        let occupancy = Occupancy()
        await withDiscardingTaskGroup { group in
            for _ in 0..<50 {
                let worker = Worker(executor)
                group.addTask { for _ in 0..<20 { await worker.enter(occupancy.inside) } }
            }
        }
        #expect(occupancy.inside.withLock { $0.most } == 1)
    }

    @Test("Actors on separate threads do not wait for each other")
    func independence() async throws {
        let (first, second) = (try ThreadExecutor(name: "first"), try ThreadExecutor(name: "second"))
        defer {
            first.stop()
            second.stop()
        }
        let (blocked, free) = (Blocker(first), Worker(second))
        let pipe = Pipe()
        async let done: Void = blocked.block(on: pipe.fileHandleForReading.fileDescriptor)
        await free.note(1)
        #expect(await free.read() == [1])
        pipe.fileHandleForWriting.write(Data([1]))
        await done
    }

    @Test("A stopped executor first runs its queue and then ends its thread")
    func stop() async throws {
        for _ in 0..<20 {
            let executor = try ThreadExecutor(name: "stopping")
            let worker = Worker(executor)
            await worker.note(1)
            #expect(await worker.read() == [1])
            executor.stop()
        }
        while try threadCount("stopping") > 0 { await Task.yield() }
    }

    @Test("Jobs enqueued after the thread has ended still run, one at a time")
    func late() async throws {
        let executor = try ThreadExecutor(name: "ended")
        executor.stop()
        while try threadCount("ended") > 0 { await Task.yield() }
        let occupancy = Occupancy()
        await withDiscardingTaskGroup { group in
            for _ in 0..<50 {
                let worker = Worker(executor)
                group.addTask { for _ in 0..<20 { await worker.enter(occupancy.inside) } }
            }
        }
        #expect(occupancy.inside.withLock { $0.most } == 1)
    }

    @Test("If the system refuses a stack, the error says what to do")
    func refusal() {
        let error = #expect(throws: ThreadError.self) { try ThreadExecutor(name: "huge", stackSize: 1 << 50) }
        #expect(error?.errno == EAGAIN)
        #expect(error?.description.contains("TasksMax") == true)
    }

    private func threadCount(_ name: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count { task in
            // A thread may have ended since it was listed.
            let comm = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
            return comm == name + "\n"
        }
    }
}

private actor Blocker {
    private let executor: ThreadExecutor
    init(_ executor: ThreadExecutor) { self.executor = executor }
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func block(on descriptor: Int32) {
        var byte: UInt8 = 0
        _ = read(descriptor, &byte, 1)
    }
}
