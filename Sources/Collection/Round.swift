import Replication
internal import Synchronization

/// The answers of one round, as they come in.
final class Round: Sendable {
    private struct State {
        var reports: [NodeReport?]
        var outstanding: Int
        /// The time that is waited for has come.
        var isTime = false
        var waiter: CheckedContinuation<Void, Never>?

        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            defer { waiter = nil }
            return waiter
        }
    }

    private let state: Mutex<State>

    init(count: Int) {
        state = Mutex(State(reports: Array(repeating: nil, count: count), outstanding: count))
    }

    /// Takes a node's report.
    func put(_ report: NodeReport, at place: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.reports[place] == nil else { return nil }
            state.reports[place] = report
            state.outstanding -= 1
            return state.outstanding == 0 ? state.takeWaiter() : nil
        }
        waiter?.resume()
    }

    /// Who has answered by now.
    var reports: [NodeReport?] { state.withLock { $0.reports } }
    var isComplete: Bool { state.withLock { $0.outstanding == 0 } }

    /// Waits until all have answered, or until a time. One caller at a time.
    func wait(until deadline: ContinuousClock.Instant) async {
        state.withLock { $0.isTime = false }
        let alarm = Task {
            try await Task.sleep(until: deadline, clock: .continuous)
            state.withLock { state in
                state.isTime = true
                return state.takeWaiter()
            }?.resume()
        }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.outstanding == 0 || state.isTime { return true }
                state.waiter = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
        alarm.cancel()
    }
}
