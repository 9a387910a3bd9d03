internal import Synchronization

/// A value that a caller waits for until a deadline. The first value counts.
package final class TimedAnswer<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var isTime = false
        var waiter: CheckedContinuation<Value?, Never>?

        mutating func takeWaiter() -> CheckedContinuation<Value?, Never>? {
            defer { waiter = nil }
            return waiter
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Settled by the value of some work, which goes on when its caller has left.
    /// - Parameter work: begins at once; a nil settles nothing.
    package convenience init(of work: @escaping @Sendable () async -> Value?) {
        self.init()
        Task { @concurrent in
            if let value = await work() { settle(value) }
        }
    }

    package func settle(_ value: Value) {
        let waiter = state.withLock { state -> CheckedContinuation<Value?, Never>? in
            guard state.value == nil else { return nil }
            state.value = value
            return state.takeWaiter()
        }
        waiter?.resume(returning: value)
    }

    /// Waits for the value; for one caller.
    /// - Returns: nil if the deadline comes first.
    @discardableResult
    package func value(until deadline: ContinuousClock.Instant) async -> Value? {
        let alarm = Task { @concurrent in
            try await Task.sleep(until: deadline, clock: .continuous)
            state.withLock { state in
                state.isTime = true
                return state.takeWaiter()
            }?.resume(returning: nil)
        }
        defer { alarm.cancel() }
        return await withCheckedContinuation { continuation in
            let (isOver, value) = state.withLock { state in
                let isOver = state.value != nil || state.isTime
                if !isOver { state.waiter = continuation }
                return (isOver, state.value)
            }
            if isOver { continuation.resume(returning: value) }
        }
    }
}
