import Replication
internal import Synchronization

/// At most one call to a node is in flight. Looks are shared: who asks while one is under way gets its answer. What is to
/// be asked again within a round is not: it has to begin after the round's first look, so it waits its turn.
final class NodeFlight: Sendable {
    typealias Call = @Sendable (NodeCollector) async -> NodeReport
    typealias Deliver = @Sendable (NodeReport) -> Void

    private struct Job {
        let isLook: Bool
        let call: Call
        var deliveries: [Deliver]
    }

    private struct State {
        var running: Job?
        var queue: [Job] = []
        /// What the node had when it last told.
        var transactions: TransactionHistory?
        /// Wait until nothing is running and nothing waits.
        var idle: [CheckedContinuation<Void, Never>] = []
    }

    let collector: NodeCollector
    private let state = Mutex(State())

    init(_ collector: NodeCollector) {
        self.collector = collector
    }

    /// Everything about the node. `deliver` is called once, whenever the call ends: who is in a hurry leaves before.
    /// The call's deadline is the node's own, so that nobody's hurry makes the node fail for others.
    func look(_ deliver: @escaping Deliver) {
        state.withLock { state in
            if state.running?.isLook == true {
                state.running?.deliveries.append(deliver)
            } else if let queued = state.queue.firstIndex(where: \.isLook) {
                state.queue[queued].deliveries.append(deliver)
            } else {
                state.queue.append(
                    Job(isLook: true, call: { await $0.look() }, deliveries: [deliver]))
            }
        }
        startNext()
    }

    /// A call of its own, before looks that wait.
    func again(_ call: @escaping Call, _ deliver: @escaping Deliver) {
        state.withLock { $0.queue.insert(Job(isLook: false, call: call, deliveries: [deliver]), at: 0) }
        startNext()
    }

    /// Keeps what the node has now for the next round; kept here, it outlives a fleet that is replaced by another.
    /// - Returns: what it had when it last told.
    func remember(_ transactions: TransactionHistory?) -> TransactionHistory? {
        state.withLock { state in
            defer { state.transactions = transactions ?? state.transactions }
            return state.transactions
        }
    }

    /// Waits until no call is under way.
    func idle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.running == nil, state.queue.isEmpty { return true }
                state.idle.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }

    private func startNext() {
        let next = state.withLock { state -> Call? in
            guard state.running == nil, !state.queue.isEmpty else { return nil }
            let job = state.queue.removeFirst()
            state.running = job
            return job.call
        }
        guard let next else { return }
        Task { [collector] in
            let report = await next(collector)
            let (deliveries, idle) = state.withLock { state -> ([Deliver], [CheckedContinuation<Void, Never>]) in
                let deliveries = state.running?.deliveries ?? []
                state.running = nil
                guard state.queue.isEmpty else { return (deliveries, []) }
                defer { state.idle = [] }
                return (deliveries, state.idle)
            }
            startNext()
            for deliver in deliveries { deliver(report) }
            for waiter in idle { waiter.resume() }
        }
    }
}
