internal import Synchronization
package import Topology

/// The newest findings of a replication set, whoever asked for them: a scrape, or a probe for which those have grown too
/// old. So probes cost the nodes no round of their own as long as somebody scrapes often enough.
package final class SetWatch: Sendable {
    /// One round over the set. Nil when it cannot be asked any more.
    package typealias Look = @Sendable () async -> SetFindings?

    /// Findings, and when the round that they are of began.
    package struct View: Sendable {
        package let findings: SetFindings
        package let asked: ContinuousClock.Instant

        package init(findings: SetFindings, asked: ContinuousClock.Instant) {
            self.findings = findings
            self.asked = asked
        }
    }

    private struct State {
        var view: View?
        var look: Look
        /// The round that was asked for here and is under way.
        var looking: Task<Void, Never>?
    }

    private let state: Mutex<State>

    package init(look: @escaping Look) {
        state = Mutex(State(look: look))
    }

    /// From now on rounds are asked for this way: the configuration was read anew, and the set stayed as it is.
    package func look(_ look: @escaping Look) {
        state.withLock { $0.look = look }
    }

    /// Takes what a round has found that began at `asked`.
    package func note(_ findings: SetFindings, asked: ContinuousClock.Instant) {
        state.withLock { state in
            if let view = state.view, view.asked > asked { return }
            state.view = View(findings: findings, asked: asked)
        }
    }

    /// The newest that is known, however old, at once. A round is begun where that is older than `age`, for the next who
    /// asks: who writes every quarter of a second does not wait for a node that hangs.
    package func newest(renewing age: Duration) -> View? {
        let view = state.withLock { $0.view }
        if !(view.map { $0.asked.duration(to: .now) <= age } ?? false) { _ = renewal() }
        return view
    }

    /// Findings no older than `age`, of a round of their own if need be.
    /// - Returns: nil when the set cannot be asked any more.
    package func view(notOlderThan age: Duration) async -> View? {
        let oldest = ContinuousClock.now - age
        if let view = state.withLock({ $0.view }), view.asked >= oldest { return view }
        await renewal().value
        return state.withLock { $0.view }.flatMap { $0.asked >= oldest ? $0 : nil }
    }

    /// The round under way, or a new one.
    private func renewal() -> Task<Void, Never> {
        state.withLock { state in
            if let looking = state.looking { return looking }
            let look = state.look
            let task = Task {
                let asked = ContinuousClock.now
                if let findings = await look() { self.note(findings, asked: asked) }
                self.state.withLock { $0.looking = nil }
            }
            state.looking = task
            return task
        }
    }
}
