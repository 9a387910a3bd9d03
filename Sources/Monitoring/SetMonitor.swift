package import Collection
package import Configuration
package import Replication
internal import Topology

/// A replication set: the only way to its findings.
///
/// A caller says how old findings may be and how long it waits: scrapes take nothing but a new round, balancers what is a
/// second old, probes four, the page thirty. Callers whose time is the same share rounds, so that nodes are asked no more often
/// for many than for one. What rounds find is judged here, by what is remembered of the set and by its probes.
package actor SetMonitor {
    /// Nodes are not silent that had less time than this, whatever a caller's deadline was: a scrape that is in a hurry must not
    /// make anybody's writer silent. It is what a balancer gives them.
    package static let balancersPatience = Duration.seconds(1)
    /// Of what a caller would wait, as much makes no difference.
    private static let tolerance = 0.95

    package nonisolated let set: ReplicationSet
    nonisolated let collector: SetCollector
    nonisolated let probes: SetProbes
    private let changes: StateChanges

    /// The round that began last. Others may be under way.
    private var newestRound: SetRound?
    /// What came of the last round that ended.
    private var ended: (round: SetRound, answer: SetAnswer)?
    private var kept = KeptAnswers()
    /// A round begun for probes.
    private var renewal: Task<Void, Never>?

    init(_ set: ReplicationSet, _ collector: SetCollector, _ probes: SetProbes, _ changes: StateChanges) {
        self.set = set
        self.collector = collector
        self.probes = probes
        self.changes = changes
    }

    package nonisolated var name: String { self.set.name }

    /// Findings of a round that began within `age` of now: of a kept one, of one under way, or of a new one.
    /// - Parameter deadline: when the caller leaves. What has not answered by then counts as silent for it; nobody else has less
    ///   for it. A caller that is cancelled leaves at once.
    package func findings(notOlderThan age: Duration = .zero, by deadline: Deadline) async -> SetAnswer {
        let now = ContinuousClock.now
        let patience = now.duration(to: deadline.instant) * Self.tolerance
        let oldest = now - age
        if age > .zero {
            if let known = kept.newest(patience: patience), known.asked >= oldest { return known }
            if let newestRound, newestRound.started >= oldest {
                return await answer(of: newestRound, by: deadline, patience)
            }
        }
        let round = collector.round()
        newestRound = round
        return await answer(of: round, by: deadline, patience)
    }

    /// The same for a caller that asks one set alone.
    package func findings(
        notOlderThan age: Duration = .zero, deadline: ContinuousClock.Instant
    ) async -> SetAnswer {
        let deadline = Deadline(deadline)
        defer { deadline.cancel() }
        return await findings(notOlderThan: age, by: deadline)
    }

    /// Asks some nodes by themselves; of that nothing is remembered.
    package func report(of names: Set<String>, deadline: ContinuousClock.Instant) async -> ReplicationSetReport {
        let deadline = Deadline(deadline)
        defer { deadline.cancel() }
        let round = collector.round(over: names)
        await round.done(by: deadline)
        return await round.report()
    }

    // MARK: - What a round has found

    private func answer(of round: SetRound, by deadline: Deadline, _ patience: Duration) async -> SetAnswer {
        await round.done(by: deadline)
        if round.isDone { return await whole(round) }
        if let known = kept.newest(patience: patience), known.asked == round.started { return known }
        let report = await round.report()
        let given = round.started.duration(to: .now)
        let isFair = given >= Self.balancersPatience && !Task.isCancelled
        let findings = probes.findings(report, isFair: isFair)
        // Probes write by what writers say: what another node is slow with is nothing to them.
        let answer = SetAnswer(
            findings: findings, asked: round.started,
            patience: findings.isEveryWriterAnswering ? max(given, WriteTarget.patience) : given)
        if isFair { kept.keep(answer) }
        return answer
    }

    /// What a round has found that has come to its end; judged once, whoever waits for it.
    private func whole(_ round: SetRound) async -> SetAnswer {
        if let ended, ended.round === round { return ended.answer }
        let report = await round.report()
        if let ended, ended.round === round { return ended.answer }
        changes.note(report)
        let answer = SetAnswer(
            findings: probes.findings(report, isFair: true), asked: round.started, patience: SetAnswer.wholeRound)
        ended = (round, answer)
        kept.keep(answer)
        return answer
    }

    // MARK: - Operators

    /// Takes an operator's word about which node takes the writes.
    package nonisolated func takeWord(for node: String) { probes.judge.takeWord(for: node) }
}

extension SetMonitor: FindingsSource {
    package func newest(renewing age: Duration) -> SetView? {
        let newest = kept.newest(patience: probesPatience * Self.tolerance)
        if newest.map({ $0.asked.duration(to: .now) > age }) ?? true, renewal == nil {
            renewal = Task {
                _ = await view(notOlderThan: age)
                renewal = nil
            }
        }
        return newest.map { SetView(findings: $0.findings, asked: $0.asked) }
    }

    package func view(notOlderThan age: Duration) async -> SetView? {
        let answer = await findings(notOlderThan: age, deadline: .now + probesPatience)
        return SetView(findings: answer.findings, asked: answer.asked)
    }

    private nonisolated var probesPatience: Duration {
        min(set.nodes.map(\.timeout).max() ?? .zero, WriteTarget.patience)
    }
}

extension SetFindings {
    fileprivate var isEveryWriterAnswering: Bool {
        writing.incumbents.allSatisfy { writing.standings[$0]?.isAnswering == true }
    }
}
