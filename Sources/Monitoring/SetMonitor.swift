package import Collection
package import Configuration
package import Replication
internal import Synchronization
internal import Topology

/// Monitors a replication set; the only way to its findings.
///
/// A caller says how old findings may be and how long it waits: scrapes accept only a new round, load balancers findings up to a
/// second old, probes four, the page thirty. Callers at the same time share rounds, so that many callers cause no more queries
/// than one. What rounds find is judged here, together with what is remembered of the set and what its probes have found.
package actor SetMonitor {
    /// A node that had less time than this does not count as silent, whatever the caller's deadline: a scrape with a short
    /// deadline must not make a writer silent. It is how long a load balancer waits for nodes.
    package static let balancersPatience = Duration.seconds(1)
    /// How long the page waits for nodes.
    package static let viewersPatience = Duration.seconds(10)
    /// The oldest findings that any caller accepts: the page, when it is opened.
    package static let longestAge = KeptAnswers.longestAge
    /// How long a load balancer waits at least for nodes that did not answer in the round before.
    static let shortPatience = Duration.milliseconds(300)
    /// While a round is younger than this, the next one waits for its end, and for all who ask meanwhile: however often somebody asks
    /// and gives up, no more rounds begin.
    private static let spacing = Duration.milliseconds(100)
    /// The fraction of a caller's waiting time that is as good as all of it.
    fileprivate static let tolerance = 0.95

    package nonisolated let set: ReplicationSet
    nonisolated let collector: SetCollector
    nonisolated let probes: SetProbes
    /// Another monitor has taken over the set's memory: rounds that are still running change nothing in it.
    nonisolated let isReplaced = Atomic(false)
    /// Its probes' calls, and the rounds that these have begun.
    nonisolated let usage = Usage()
    private let changes: StateChanges

    /// A round, until it has ended and been judged; then what came of it.
    private final class Flight {
        let started: ContinuousClock.Instant
        /// Since when nodes have had time to answer: a standstill of the exporter does not count.
        var running: ContinuousClock.Instant
        var round: SetRound?
        var answer: SetAnswer?

        init(_ round: SetRound) {
            started = round.started
            running = started
            self.round = round
        }
    }

    /// The round that began last, while it is under way. Earlier ones may be under way as well.
    private var newest: Flight?
    var isRoundUnderWay: Bool { newest != nil }
    /// Begins the round after it, for which callers wait already.
    private var next: Task<Void, Never>?
    /// The one whose end is awaited without a caller. All others end with their last caller, unless they are the newest: while a node
    /// hangs, callers may come and go by the thousand.
    private var awaited: Flight?
    private var kept: KeptAnswers
    /// What the monitor that this one replaces found last; for probes, until there is a round of its own.
    private var inherited: SetView?
    /// The operator's words that `kept` and `inherited` take into account.
    private var heeded = 0
    /// When its first round began.
    private var firstRound: ContinuousClock.Instant?
    /// For how long after that a second look may be worth waiting for.
    private static let infancy = Duration.seconds(10)
    /// A round started for probes.
    private(set) var renewal: Task<Void, Never>?

    init(_ set: ReplicationSet, _ collector: SetCollector, _ probes: SetProbes, _ changes: StateChanges) {
        self.set = set
        self.collector = collector
        self.probes = probes
        self.changes = changes
        kept = set.noAnswers
    }

    package nonisolated var name: String { self.set.name }

    /// Findings of a round that began within `age` of now: a kept one, a running one, or a new one.
    /// - Parameter deadline: when the caller stops waiting. Nodes that have not answered by then count as silent for this caller;
    ///   others are not affected. A caller that is cancelled returns soon, with findings of any age.
    package func findings(notOlderThan age: Duration = .zero, by deadline: Deadline) async -> SetAnswer {
        let now = ContinuousClock.now
        let patience = now.duration(to: deadline.instant) * Self.tolerance
        let oldest = now - age
        heed()
        if let known = await shared(since: oldest, by: deadline, patience) { return known }
        if let pending = pendingRound() {
            await pending.value
            heed()
            if let known = await shared(since: oldest, by: deadline, patience) { return known }
        }
        return await answer(of: begin(), by: deadline, patience)
    }

    /// What a round has found, or will find, that began at a time or later; nil if there is none.
    private func shared(
        since oldest: ContinuousClock.Instant, by deadline: Deadline, _ patience: Duration
    ) async -> SetAnswer? {
        if let known = kept.newest(patience: patience), known.asked >= oldest { return known }
        guard let newest, newest.started >= oldest else { return nil }
        return await answer(of: newest, by: deadline, patience)
    }

    /// Returns when the next round has begun; nil if it may begin now.
    private func pendingRound() -> Task<Void, Never>? {
        guard let newest, let round = newest.round, newest.started + Self.spacing > .now else { return nil }
        if let next { return next }
        let start = newest.started + Self.spacing
        let next = Task {
            let deadline = Deadline(start)
            defer { deadline.cancel() }
            await round.done(by: deadline)
            self.next = nil
            _ = begin()
        }
        self.next = next
        return next
    }

    private func begin() -> Flight {
        let flight = Flight(collector.round())
        newest = flight
        if firstRound == nil { firstRound = flight.started }
        return flight
    }

    /// The same, for a caller that needs only one set.
    package func findings(
        notOlderThan age: Duration = .zero, deadline: ContinuousClock.Instant
    ) async -> SetAnswer {
        let deadline = Deadline(deadline)
        defer { deadline.cancel() }
        return await findings(notOlderThan: age, by: deadline)
    }

    /// Findings of a new round of a set with a cluster; nil for one without.
    func clusterFindings(by deadline: ContinuousClock.Instant) async -> SetFindings? {
        if let known = kept.newest(patience: .zero), !known.findings.mayBeCluster { return nil }
        let new = await findings(deadline: deadline).findings
        return new.mayBeCluster ? new : nil
    }

    /// Queries only some nodes; the result is not remembered.
    package func report(of names: Set<String>, deadline: ContinuousClock.Instant) async -> ReplicationSetReport {
        let deadline = Deadline(deadline)
        defer { deadline.cancel() }
        let round = collector.round(over: names)
        await round.done(by: deadline)
        return await round.report()
    }

    /// Compares nodes, with what is remembered of the set; of the result, only what they have lost is remembered.
    nonisolated func judge(_ report: ReplicationSetReport) -> SetFindings { probes.judge.glimpse(report) }

    // MARK: - What a round has found

    private func answer(of flight: Flight, by deadline: Deadline, _ patience: Duration) async -> SetAnswer {
        if let early = await answerWithoutSilent(of: flight, patience) { return early }
        if let round = flight.round { await round.done(by: deadline) }
        if let round = flight.round, round.isDone {
            let report = await round.report()
            // Judged once, however many wait for it.
            if flight.answer == nil { end(flight, with: report) }
        }
        if let answer = flight.answer { return answer }
        if let known = kept.newest(patience: patience), known.round == flight.started { return known }
        // Nobody wants the answer: judging a round takes a processor.
        if Task.isCancelled, let known = kept.newest(patience: .zero) { return known }
        let report = await flight.round?.report()
        guard flight.answer == nil, let report else { return await answer(of: flight, by: deadline, patience) }
        return cut(flight, report, deadline)
    }

    /// For a caller in a hurry: the answer once all but those nodes have reported that were silent in the round before. To wait for
    /// these would delay each answer, and with it the moment at which a balancer learns of a new primary.
    /// - Returns: nil if others have not reported in the usual time either.
    private func answerWithoutSilent(of flight: Flight, _ patience: Duration) async -> SetAnswer? {
        guard patience <= Self.balancersPatience, let round = flight.round,
            let before = kept.newest(patience: patience)?.findings, before.nodes.contains(where: { !$0.report.isUp })
        else { return nil }
        let usual = before.nodes.lazy.filter(\.report.isUp).map(\.report.duration).max() ?? 0
        let instant = flight.started + max(Self.shortPatience, .seconds(usual * 3))
        guard instant.duration(to: .now + patience) > .zero else { return nil }
        let deadline = Deadline(instant)
        defer { deadline.cancel() }
        let silent = Set(before.nodes.lazy.filter { !$0.report.isUp }.map(\.description.name))
        await round.done(by: deadline, besides: silent)
        guard !round.isDone, round.isDone(besides: silent), !deadline.hasStoodStill, flight.answer == nil else {
            return nil
        }
        let report = await round.report()
        return flight.answer == nil ? cut(flight, report, deadline, isSilenceKnown: true) : nil
    }

    /// Judges a round that has ended.
    private func end(_ flight: Flight, with report: ReplicationSetReport) {
        let isReplaced = isReplaced.load(ordering: .acquiring)
        if !isReplaced { changes.note(report) }
        var answer = SetAnswer(
            probes.findings(report, isFair: !isReplaced), round: flight.started, patience: SetAnswer.wholeRound)
        answer.isEarly = isEarly(flight)
        flight.answer = answer
        flight.round = nil
        if newest === flight { newest = nil }
        kept.keep(answer)
    }

    /// Judges a round for a caller that leaves before its end.
    /// - Parameter isSilenceKnown: the nodes that have not answered did not in the round before either.
    private func cut(
        _ flight: Flight, _ report: ReplicationSetReport, _ deadline: Deadline, isSilenceKnown: Bool = false
    ) -> SetAnswer {
        if deadline.hasStoodStill { flight.running = .now }
        let given = max(flight.running.duration(to: .now), isSilenceKnown ? Self.balancersPatience : .zero)
        let isFair = given >= Self.balancersPatience && !Task.isCancelled
        let findings = probes.findings(report, isFair: isFair && !isReplaced.load(ordering: .acquiring))
        awaitEnd(of: flight)
        // Probes write by what writers say: a node that is slow does not matter to them unless it is a writer.
        var answer = SetAnswer(
            findings, round: flight.started,
            patience: findings.isEveryWriterAnswering ? max(given, WriteTarget.patience) : given)
        answer.isEarly = isEarly(flight)
        if isFair { kept.keep(answer) }
        return answer
    }

    private func isEarly(_ flight: Flight) -> Bool {
        firstRound.map { $0.duration(to: flight.started) < Self.infancy } ?? true
    }

    /// Judges a round that its callers have left, when it ends: otherwise a node that always takes longer than callers wait would
    /// never be noted to be down. Then the newest has its turn, as its callers may have left meanwhile.
    private func awaitEnd(of flight: Flight) {
        guard awaited == nil, let round = flight.round else { return }
        awaited = flight
        Task {
            let deadline = Deadline(.now + self.set.patience)
            defer { deadline.cancel() }
            await round.done(by: deadline)
            if flight.answer == nil, round.isDone {
                let report = await round.report()
                if flight.answer == nil { end(flight, with: report) }
            }
            awaited = nil
            if let newest, newest !== flight { awaitEnd(of: newest) }
        }
    }

    // MARK: - Operators and reloads

    /// Records an operator's decision about which node takes the writes. What was found without it no longer counts.
    /// - Returns: false if there is no such set any more.
    package func takeWord(for node: String) -> Bool {
        defer { heed() }
        return probes.judge.takeWord(for: node)
    }

    /// Forgets what a node was seen to have lost: an operator says that it has everything.
    /// - Returns: false if there is no such set any more.
    package func accept(_ node: String) -> Bool {
        defer { heed() }
        return probes.judge.accept(node)
    }

    /// Whether both have the same memory of the set: an operator's word to one of them is heeded by the other.
    nonisolated func sharesMemory(with other: SetMonitor) -> Bool { probes.judge === other.probes.judge }

    /// Drops what was found without an operator's latest word, which another monitor of the set may have received during a reload.
    private func heed() {
        let words = probes.judge.words
        guard words != heeded else { return }
        heeded = words
        kept = set.noAnswers
        inherited = nil
        newest = nil
    }

    /// Takes over what the monitor of the same nodes found last: until the first round has ended, a probe that goes on would
    /// otherwise not know where to write, or where to take its row away.
    func inherit(from predecessor: SetMonitor) async {
        guard predecessor.set.nodes == set.nodes else { return }
        let (view, words) = await predecessor.bequest
        heed()
        if words == heeded { inherited = view }
    }

    private var bequest: (view: SetView?, words: Int) {
        heed()
        let newest = kept.newest(patience: probesPatience * Self.tolerance).map(SetView.init)
        return (newest ?? inherited, heeded)
    }
}

extension ReplicationSet {
    /// After this long every node has answered or failed.
    fileprivate var patience: Duration { (nodes.map(\.timeout).max() ?? .zero) * 2 + .seconds(5) }

    /// How long probes wait for nodes.
    fileprivate var probesPatience: Duration { min(nodes.map(\.timeout).max() ?? .zero, WriteTarget.patience) }

    fileprivate var noAnswers: KeptAnswers {
        let patiences = [SetMonitor.balancersPatience, probesPatience, SetMonitor.viewersPatience]
        return KeptAnswers(for: patiences.map { $0 * SetMonitor.tolerance })
    }
}

extension SetMonitor: FindingsSource {
    package func newest(renewing age: Duration) -> SetView? {
        heed()
        let newest = kept.newest(patience: probesPatience * Self.tolerance)
        if newest.map({ $0.asked.duration(to: .now) > age }) ?? true, renewal == nil {
            usage.enter()
            renewal = Task {
                _ = await view(notOlderThan: age)
                renewal = nil
                usage.leave()
            }
        }
        return newest.map(SetView.init) ?? inherited
    }

    package func view(notOlderThan age: Duration) async -> SetView? {
        let answer = await findings(notOlderThan: age, deadline: .now + probesPatience)
        return SetView(answer)
    }

    private nonisolated var probesPatience: Duration { self.set.probesPatience }
}

extension SetView {
    fileprivate init(_ answer: SetAnswer) { self.init(findings: answer.findings, asked: answer.asked) }
}

extension SetFindings {
    /// Some node is a member of a cluster, is set up as one, or does not say. A member that is out of its cluster may be writable, and
    /// must not be written to: with a transaction of its own it cannot join again.
    fileprivate var mayBeCluster: Bool {
        !clusters.isEmpty
            || nodes.contains { node in
                guard let facts = node.report.facts else { return false }
                return facts.clusterSettings != nil || facts.cluster != nil || facts.isClusterUnknown
            }
    }

    fileprivate var isEveryWriterAnswering: Bool {
        writing.incumbents.allSatisfy { writing.standings[$0]?.isAnswering == true }
    }
}
