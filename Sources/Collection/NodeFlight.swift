import MariaDB
import Replication
internal import Synchronization

/// At most one call to a node is in flight; who asks meanwhile shares its answer.
final class NodeFlight: Sendable {
    typealias Call = @Sendable (NodeCollector, _ place: Int, ContinuousClock.Instant) async -> NodeReport

    let collector: NodeCollector
    /// Nil when nobody is asking; else those who wait for the answer.
    private let waiting = Mutex<[@Sendable (NodeReport) -> Void]?>(nil)

    init(_ collector: NodeCollector) {
        self.collector = collector
    }

    /// Calls the node, or joins the call under way. `deliver` is called once, whenever that call ends.
    func ask(
        deadline: ContinuousClock.Instant, place: Int, _ call: @escaping Call,
        deliver: @escaping @Sendable (NodeReport) -> Void
    ) {
        let isFirst = waiting.withLock { waiting in
            if waiting == nil {
                waiting = [deliver]
                return true
            }
            waiting?.append(deliver)
            return false
        }
        guard isFirst else { return }
        Task { [collector] in
            let report = await call(collector, place, deadline)
            let waiters = waiting.withLock { waiting in
                defer { waiting = nil }
                return waiting ?? []
            }
            for deliver in waiters { deliver(report) }
        }
    }

    /// Waits until no call is under way.
    func landed() async {
        await withCheckedContinuation { continuation in
            let isIdle = waiting.withLock { waiting in
                waiting?.append { _ in continuation.resume() }
                return waiting == nil
            }
            if isIdle { continuation.resume() }
        }
    }
}

/// The answers of one round, as they come in.
final class Round: Sendable {
    fileprivate struct State {
        var reports: [NodeReport?]
        var outstanding: Int
        var isOver = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    init(count: Int) {
        state = Mutex(State(reports: Array(repeating: nil, count: count), outstanding: count, isOver: count == 0))
    }

    /// Takes a node's report, unless the round is over.
    func put(_ report: NodeReport, at place: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isOver, state.reports[place] == nil else { return nil }
            state.reports[place] = report
            state.outstanding -= 1
            return state.outstanding == 0 ? state.end() : nil
        }
        waiter?.resume()
    }

    /// Ends the round with whoever has answered.
    func end() {
        state.withLock { $0.end() }?.resume()
    }

    /// Waits for the round's end. A node that never answered gets a timeout.
    func reports() async -> [NodeReport] {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiter = continuation }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
        return state.withLock { state in
            state.reports.map { report in
                report
                    ?? NodeReport(
                        failure: NodeFailure(
                            reason: .timeout, message: "the call to the node still runs: is its name look-up stuck?"))
            }
        }
    }
}

extension Round.State {
    fileprivate mutating func end() -> CheckedContinuation<Void, Never>? {
        isOver = true
        defer { waiter = nil }
        return waiter
    }
}
