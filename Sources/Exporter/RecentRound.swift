import Synchronization
import Topology

/// The newest round over the whole fleet, for those whom an answer of some seconds ago serves as well: pages, and
/// whoever asks often. However many they are, they share rounds, so that the nodes are asked no more often for it.
final class RecentRound: Sendable {
    struct Outcome: Sendable {
        var findings: [SetFindings]
        /// When the first node was asked: nothing in it is older.
        var startedAt: ContinuousClock.Instant
    }

    private struct State {
        var newest: Outcome?
        var underway: Task<Outcome, Never>?
    }

    private let state = Mutex(State())

    /// Remembers a round that was made for somebody else.
    func note(_ outcome: Outcome) {
        state.withLock { state in
            if let newest = state.newest, newest.startedAt >= outcome.startedAt { return }
            state.newest = outcome
        }
    }

    /// The newest round if it began within `age` of now; else the one under way, or one that begins now.
    /// - Parameter ask: makes a round. It is carried to its end even if whoever wanted it goes away: others wait for it.
    func outcome(within age: Duration, _ ask: @escaping @Sendable () async -> [SetFindings]) async -> Outcome {
        switch source(within: age, ask) {
        case .known(let outcome): outcome
        case .underway(let task): await task.value
        }
    }

    private enum Source {
        case known(Outcome)
        case underway(Task<Outcome, Never>)
    }

    private func source(within age: Duration, _ ask: @escaping @Sendable () async -> [SetFindings]) -> Source {
        state.withLock { state in
            let now = ContinuousClock.now
            if let newest = state.newest, newest.startedAt >= now - age { return .known(newest) }
            if let underway = state.underway { return .underway(underway) }
            let task = Task {
                let outcome = Outcome(findings: await ask(), startedAt: now)
                note(outcome)
                self.state.withLock { $0.underway = nil }
                return outcome
            }
            state.underway = task
            return .underway(task)
        }
    }
}
