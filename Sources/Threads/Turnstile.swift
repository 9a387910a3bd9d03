internal import Synchronization

/// Lets only so many pieces of work run at the same time; the others wait in the order in which they came. For work that takes a
/// processor for long: without that, all processors could be busy with it, and everything else would wait.
package final class Turnstile: Sendable {
    private struct State {
        var running = 0
        /// Those that wait, from `first` on.
        var waiting: [CheckedContinuation<Void, Never>] = []
        var first = 0

        mutating func next() -> CheckedContinuation<Void, Never>? {
            guard first < waiting.count else {
                (waiting, first) = ([], 0)
                return nil
            }
            defer { first += 1 }
            return waiting[first]
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: how many run at the same time, at least one.
    package init(limit: Int) { self.limit = max(1, limit) }

    /// - Returns: nil if the caller was cancelled before its turn: nobody wants the result.
    package func pass<Value>(_ work: () -> Value) async -> Value? {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.running >= limit else {
                    state.running += 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
        defer { leave() }
        return Task.isCancelled ? nil : work()
    }

    private func leave() {
        let next = state.withLock { state in
            let next = state.next()
            if next == nil { state.running -= 1 }
            return next
        }
        next?.resume()
    }
}
