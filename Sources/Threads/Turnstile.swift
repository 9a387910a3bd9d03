internal import Synchronization

/// Lets only so many pieces of work run at the same time; the others wait in the order in which they came. For work that takes a
/// processor for long: without that, all processors could be busy with it, and everything else would wait.
package final class Turnstile: Sendable {
    private struct State {
        var running = 0
        /// Those that wait, by the number under which they came.
        var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
        var last = 0
        /// The lowest number that may still wait.
        var first = 1

        mutating func next() -> CheckedContinuation<Bool, Never>? {
            guard !waiting.isEmpty else { return nil }
            while first <= last {
                defer { first += 1 }
                if let next = waiting.removeValue(forKey: first) { return next }
            }
            return nil
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: how many run at the same time, at least one.
    package init(limit: Int) { self.limit = max(1, limit) }

    /// - Returns: nil if the caller was cancelled before its turn, without waiting for that: nobody wants the result.
    package func pass<Value>(_ work: () -> Value) async -> Value? {
        guard await hasTurn() else { return nil }
        defer { leave() }
        return Task.isCancelled ? nil : work()
    }

    /// Whether it is the caller's turn; false if it was cancelled before.
    func hasTurn() async -> Bool {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let turn: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    guard state.running >= limit else {
                        state.running += 1
                        return true
                    }
                    state.waiting[number] = continuation
                    return nil
                }
                if let turn { continuation.resume(returning: turn) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: false)
        }
    }

    func leave() {
        let next = state.withLock { state in
            let next = state.next()
            if next == nil { state.running -= 1 }
            return next
        }
        next?.resume(returning: true)
    }
}
