internal import Synchronization

/// Does blocking work, such as reading and writing files, one piece after the other, on a thread of its own.
///
/// A file may be on a network or a frozen file system, and then a system call hangs for as long as that does. Swift's cooperative
/// pool has only as many threads as there are processors, so a few such calls on it would stop everything. Here they stop only
/// what is handed in at the same desk, and callers leave at their deadline.
package final class BlockingDesk: Sendable {
    private actor Worker {
        private let executor: ThreadExecutor

        init(name: String, stackSize: Int) throws(ThreadError) {
            executor = try ThreadExecutor(name: name, stackSize: stackSize)
        }

        deinit { executor.stop() }

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func carryOut<Value>(_ work: @Sendable () -> Value) -> Value { work() }
    }

    private let worker: Worker
    private let began = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameters:
    ///   - name: of the thread, as shown by `top -H`.
    ///   - stackSize: bytes.
    /// - Throws: if the system refuses a thread.
    package init(name: String, stackSize: Int = 256 * 1024) throws(ThreadError) {
        worker = try Worker(name: name, stackSize: stackSize)
    }

    /// When the piece of work began that has not ended yet; nil if there is none.
    package var underWay: ContinuousClock.Instant? { began.withLock { $0 } }

    /// Waits for however long the work takes.
    package func carryOut<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await worker.carryOut {
            self.began.withLock { $0 = .now }
            defer { self.began.withLock { $0 = nil } }
            return work()
        }
    }

    /// Waits for `patience` at most. If an earlier piece of work has hung for longer than that, this one is refused at once.
    ///
    /// Work that has not begun when its caller leaves is not done any more: otherwise the pieces that wait would be ever more.
    /// - Returns: nil if the work has not ended in time.
    package func carryOut<Value: Sendable>(
        within patience: Duration, _ work: @escaping @Sendable () -> Value
    ) async -> Value? {
        let isAbandoned = Flag()
        defer { isAbandoned.raise() }
        return await awaited(within: patience) { await self.carryOut { isAbandoned.isUp ? nil : work() } }
    }

    /// Waits for `patience` at most for a task that hands in work here, and that others may be waiting for as well: it goes on when
    /// this caller leaves. If a piece of work has hung for longer than that, the task is not waited for.
    /// - Returns: nil if the task has not ended in time.
    package func value<Value: Sendable>(of task: Task<Value, Never>, within patience: Duration) async -> Value? {
        await awaited(within: patience) { await task.value }
    }

    private func awaited<Value: Sendable>(
        within patience: Duration, _ work: @escaping @Sendable () async -> Value?
    ) async -> Value? {
        let now = ContinuousClock.now
        if let underWay, underWay.duration(to: now) > patience { return nil }
        return await TimedAnswer(of: work).value(until: now + patience)
    }

    private final class Flag: Sendable {
        private let state = Atomic(false)

        var isUp: Bool { state.load(ordering: .relaxed) }
        func raise() { state.store(true, ordering: .relaxed) }
    }
}
