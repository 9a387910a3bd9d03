internal import Dispatch
internal import Synchronization

/// Runs pieces of blocking work on a few threads of its own, in the order in which they come.
final class CommandQueue: Sendable {
    private struct State {
        var pending: [@Sendable () -> Void] = []
        var idle: [DispatchQueue]
    }

    private let state: Mutex<State>

    init(workers: Int) {
        // Serial queues: each has a thread of its own while it works, none of those that all tasks share.
        state = Mutex(State(idle: (0..<workers).map { DispatchQueue(label: "password-command-\($0)") }))
    }

    func add(_ work: @escaping @Sendable () -> Void) {
        let worker = state.withLock { state in
            if state.idle.isEmpty { state.pending.append(work) }
            return state.idle.popLast()
        }
        worker?.async { self.carryOut(work, on: worker) }
    }

    private func carryOut(_ first: @Sendable () -> Void, on worker: DispatchQueue?) {
        first()
        while let next = next(for: worker) { next() }
    }

    private func next(for worker: DispatchQueue?) -> (@Sendable () -> Void)? {
        state.withLock { state in
            if !state.pending.isEmpty { return state.pending.removeFirst() }
            if let worker { state.idle.append(worker) }
            return nil
        }
    }
}
