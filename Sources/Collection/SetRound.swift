package import Replication
internal import Synchronization

/// One round over a replication set: all nodes are queried at once, and again where their answers require it.
///
/// Nothing in here waits: each answer that arrives advances the round. Callers wait until it ends or their time is up
/// (`done`), and then take what has arrived (`report`). A round lives as long as its callers keep it: answers that arrive later
/// are only for other rounds. Otherwise each scrape of a set with a node that hangs would keep the reports of all other nodes
/// until that node's timeout.
package final class SetRound: Sendable {
    /// The follow-up questions by node name, given the first look at a set.
    package typealias FollowUps = @Sendable (ReplicationSetReport) -> [String: Set<FollowUp>]

    /// Which nodes are queried, and for which set.
    struct Members: Sendable {
        let name: String
        let thresholds: Thresholds
        let flights: [NodeFlight]
        let followUps: FollowUps
        /// Whether looks that are already running will not do: what they have read may be older than the round.
        var isOwn = false
    }

    private enum Phase {
        case looking
        /// The follow-up questions are being determined.
        case deciding
        case followingUp
        case done
    }

    private enum Waiter {
        case waiting(CheckedContinuation<Void, Never>)
        /// Its deadline passed, or it was cancelled, before it began to wait.
        case released
    }

    private struct State {
        var phase = Phase.looking
        /// By node.
        var looks: [NodeReport?]
        var secondLooks: [Int: NodeReport] = [:]
        var looksOutstanding: Int
        var secondLooksOutstanding = 0
        /// The latest deadline of any caller.
        var lastDeadline: ContinuousClock.Instant
        var nextWaiter = 0
        var waiters: [Int: Waiter] = [:]
        /// The looks that began for others: the nodes, and the numbers under which they know this round.
        var joined: [(index: Int, number: Int)] = []

        /// What each node has reported; nil for those whose first look has not ended.
        var reports: [NodeReport?] {
            if secondLooks.isEmpty { return looks }
            return looks.enumerated().map { secondLooks[$0.offset] ?? $0.element }
        }
    }

    /// When the nodes were queried: nothing in the reports is older, except from a look that was already running.
    package let started: ContinuousClock.Instant
    private let members: Members
    /// What each node had reported before this round.
    private let earlier: [NodeReport.Box?]
    private let state: Mutex<State>

    /// Queries all nodes.
    init(_ members: Members) {
        started = .now
        self.members = members
        earlier = members.flights.map(\.reported)
        let count = members.flights.count
        state = Mutex(
            State(
                phase: count == 0 ? .done : .looking, looks: Array(repeating: nil, count: count),
                looksOutstanding: count, lastDeadline: started))
        for (index, flight) in members.flights.enumerated() {
            let number = flight.look(isOwn: members.isOwn) { [weak self] in self?.take($0, of: index) }
            if let number { state.withLock { $0.joined.append((index, number)) } }
        }
    }

    deinit {
        for (index, number) in state.withLock({ $0.joined }) { members.flights[index].leave(number) }
    }

    package var isDone: Bool { state.withLock { $0.phase == .done } }

    // MARK: - Callers

    /// Whether every node has answered but those.
    package func isDone(besides silent: Set<String>) -> Bool {
        state.withLock { state in
            state.phase == .done
                || state.phase == .followingUp && state.secondLooksOutstanding == 0
                    && isAnswered(state, besides: silent)
        }
    }

    private func isAnswered(_ state: State, besides silent: Set<String>) -> Bool {
        if state.looksOutstanding > silent.count { return false }
        return zip(state.looks, members.flights).allSatisfy { look, flight in
            look != nil || silent.contains(flight.collector.description.name)
        }
    }

    /// Waits until every node has answered, the caller's deadline passes, or the caller is cancelled.
    /// - Parameter silent: the nodes for whose answers the follow-up questions need not wait; nil for any, once the caller has no
    ///   time left.
    package func done(by deadline: Deadline, besides silent: Set<String>? = nil) async {
        let waiter = state.withLock { state -> Int? in
            if state.phase == .done { return nil }
            state.lastDeadline = max(state.lastDeadline, deadline.instant)
            state.nextWaiter += 1
            return state.nextWaiter
        }
        guard let waiter else { return }
        deadline.add(
            followUp: {
                if let silent, !self.state.withLock({ self.isAnswered($0, besides: silent) }) { return }
                Task { await self.followUpEarly() }
            },
            over: { self.release(waiter) })
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.phase == .done || state.waiters[waiter] != nil { return true }
                    state.waiters[waiter] = .waiting(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            release(waiter)
        }
    }

    /// Every node's report so far: complete for nodes that have answered, partial for those that have answered only
    /// some statements, and a timeout for the others.
    package func report() async -> ReplicationSetReport {
        let reports = state.withLock { $0.reports }
        return assemble(await completed(reports))
    }

    private func release(_ waiter: Int) {
        let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.phase == .done { return nil }
            if case .waiting(let continuation) = state.waiters.updateValue(.released, forKey: waiter) {
                return continuation
            }
            return nil
        }
        continuation?.resume()
    }

    // MARK: - Nodes

    private func take(_ look: NodeReport, of index: Int) {
        let isLast = state.withLock { state in
            state.looks[index] = look
            state.looksOutstanding -= 1
            return state.looksOutstanding == 0 && state.phase == .looking
        }
        if isLast {
            followUp(partial: [])
        } else {
            endIfDone()
        }
    }

    /// Follows up the answers received so far, before all nodes have answered.
    private func followUpEarly() async {
        let looks = state.withLock { $0.phase == .looking ? $0.looks : nil }
        guard let looks else { return }
        followUp(partial: await completed(looks))
    }

    /// - Parameter partial: partial reports for looks that have not ended; empty if all have.
    private func followUp(partial: [NodeReport?]) {
        let looks = state.withLock { state -> [NodeReport?]? in
            guard state.phase == .looking else { return nil }
            state.phase = .deciding
            return state.looks
        }
        guard let looks else { return }
        let report = assemble(partial.isEmpty ? looks : zip(looks, partial).map { $0 ?? $1 })
        for (node, flight) in zip(report.nodes, members.flights) { flight.remember(node.report) }
        let asks = members.followUps(report)
        var again: [(index: Int, look: NodeReport, asks: Set<FollowUp>)] = []
        for (index, node) in report.nodes.enumerated() {
            var ask = asks[node.description.name] ?? []
            members.flights[index].collector.isIndexNeeded.store(ask.contains(.binlogIndex), ordering: .relaxed)
            if node.report.facts?.binaryLog?.isIndexFresh == true { ask.remove(.binlogIndex) }
            // A node whose first look is still running could only be asked again once that ends.
            if let look = looks[index], !ask.isEmpty { again.append((index, look, ask)) }
        }
        state.withLock { state in
            state.secondLooksOutstanding = again.count
            state.phase = .followingUp
        }
        for (index, look, asks) in again { lookAgain(at: index, asks, after: look) }
        endIfDone()
    }

    private func lookAgain(at index: Int, _ asks: Set<FollowUp>, after look: NodeReport) {
        members.flights[index].again { [weak self] collector in
            // Too late: no caller is waiting any longer.
            guard self?.isAwaited == true else { return look }
            // The node's own timeout, as for a look: a list that takes long is still useful for the next round.
            return await collector.ask(asks, adding: look, deadline: .now + collector.timeout)
        } _: { [weak self] in
            self?.takeAgain($0, of: index)
        }
    }

    private var isAwaited: Bool { state.withLock { $0.lastDeadline } > .now }

    private func takeAgain(_ report: NodeReport, of index: Int) {
        state.withLock { state in
            if report.facts != nil { state.secondLooks[index] = report }
            state.secondLooksOutstanding -= 1
        }
        endIfDone()
    }

    private func endIfDone() {
        let waiters = state.withLock { state -> [Int: Waiter] in
            guard state.phase == .followingUp, state.looksOutstanding == 0, state.secondLooksOutstanding == 0 else {
                return [:]
            }
            state.phase = .done
            defer { state.waiters = [:] }
            return state.waiters
        }
        for case .waiting(let continuation) in waiters.values { continuation.resume() }
    }

    // MARK: - Reports

    /// Adds what unfinished nodes have reported by now: a node with one slow statement is not silent.
    private func completed(_ answers: [NodeReport?]) async -> [NodeReport?] {
        var answers = answers
        for index in answers.indices where answers[index] == nil {
            answers[index] = await members.flights[index].collector.reportSoFar(
                since: started, isOwn: members.isOwn)
        }
        return answers
    }

    /// A report of every node; a timeout for one that has not answered.
    private func assemble(_ answers: [NodeReport?]) -> ReplicationSetReport {
        let nodes = answers.indices.map { index in
            ReplicationSetReport.Node(
                members.flights[index].collector.description,
                answers[index]
                    ?? NodeReport(
                        failure: NodeFailure(
                            reason: .timeout,
                            message: "no answer before the end of the scrape (a server or a name look-up that hangs)"),
                        duration: started.duration(to: .now).seconds,
                        connects: members.flights[index].collector.connects),
                earlier: earlier[index])
        }
        return ReplicationSetReport(name: members.name, thresholds: members.thresholds, nodes: nodes)
    }
}
