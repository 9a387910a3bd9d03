import Replication
internal import Synchronization

/// At most one call to a node is in flight. Looks are shared: a caller that arrives while one is running gets its
/// answer. A round's follow-up questions are not shared: they have to begin after the round's first look, so they wait
/// their turn.
final class NodeFlight: Sendable {
    typealias Call = @Sendable (NodeCollector) async -> NodeReport
    typealias Deliver = @Sendable (NodeReport) -> Void

    private struct Job {
        let isLook: Bool
        let call: Call
        let deliver: Deliver
        /// For the callers after the first, by number.
        var others: [Int: Deliver] = [:]
    }

    private struct State {
        var running: Job?
        var queue: [Job] = []
        var lastNumber = 0
        /// What the node last reported on a first look.
        var reported: NodeReport.Box?
        /// Waiting until nothing is running or queued.
        var idle: [CheckedContinuation<Void, Never>] = []

        mutating func nextNumber() -> Int {
            lastNumber += 1
            return lastNumber
        }
    }

    let collector: NodeCollector
    private let state = Mutex(State())

    init(_ collector: NodeCollector) {
        self.collector = collector
    }

    /// Asks the node for everything. `deliver` is called once, whenever the call ends; a caller with an earlier
    /// deadline does not wait for it. The call's deadline is the node's own, so that one caller's short deadline does
    /// not make the node fail for others.
    /// - Parameter isOwn: whether only a look that begins now or later will do.
    /// - Returns: the caller's number, for `leave`; nil if the look began for this caller.
    @discardableResult
    func look(isOwn: Bool = false, _ deliver: @escaping Deliver) -> Int? {
        // Returns a flag, not the call itself: a closure returned from here would be wrapped twice.
        let (starts, number) = state.withLock { state -> (Bool, Int?) in
            if !isOwn, state.running?.isLook == true {
                let number = state.nextNumber()
                state.running?.others[number] = deliver
                return (false, number)
            }
            if let queued = state.queue.firstIndex(where: \.isLook) {
                let number = state.nextNumber()
                state.queue[queued].others[number] = deliver
                return (false, number)
            }
            let job = Job(isLook: true, call: { await $0.look() }, deliver: deliver)
            guard state.running == nil, state.queue.isEmpty else {
                state.queue.append(job)
                return (false, nil)
            }
            state.running = job
            return (true, nil)
        }
        if starts { start { await $0.look() } }
        return number
    }

    /// Drops a caller that no longer waits: while a node hangs, its look would otherwise keep everyone who has come since.
    /// - Parameter number: from `look`.
    func leave(_ number: Int) {
        state.withLock { state in
            state.running?.others[number] = nil
            for index in state.queue.indices { state.queue[index].others[number] = nil }
        }
    }

    /// How many callers the running look and the queued one have.
    var waiting: Int {
        state.withLock { state in
            ([state.running].compactMap(\.self) + state.queue).filter(\.isLook).map { 1 + $0.others.count }.reduce(0, +)
        }
    }

    /// Makes a separate call, ahead of queued looks.
    func again(_ call: @escaping Call, _ deliver: @escaping Deliver) {
        state.withLock { $0.queue.insert(Job(isLook: false, call: call, deliver: deliver), at: 0) }
        startNext()
    }

    /// What the node last reported on a first look. It is kept here so that it outlives a fleet that is replaced.
    var reported: NodeReport.Box? { state.withLock { $0.reported } }

    /// Keeps a report for the next round, unless the node did not answer.
    func remember(_ report: NodeReport) {
        guard report.identity != nil else { return }
        state.withLock { $0.reported = report.box }
    }

    /// Waits until no call is running or queued.
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
        if let next { start(next) }
    }

    private func start(_ call: @escaping Call) {
        Task { [collector] in
            let report = await call(collector)
            let (job, idle) = state.withLock { state -> (Job?, [CheckedContinuation<Void, Never>]) in
                let job = state.running
                state.running = nil
                guard state.queue.isEmpty else { return (job, []) }
                defer { state.idle = [] }
                return (job, state.idle)
            }
            startNext()
            if let job {
                job.deliver(report)
                for deliver in job.others.values { deliver(report) }
            }
            for waiter in idle { waiter.resume() }
        }
    }
}
