internal import Collection
package import Configuration
package import Logging
internal import MariaDB
package import Replication
internal import Synchronization
package import Threads
package import Topology
package import Traffic

/// The replication sets of a configuration, and the monitor of each.
package final class Fleet: Sendable {
    /// Nodes beyond this number share threads.
    private static let maxThreads = 8192
    /// How long an operator waits until a decision is saved.
    private static let operatorsPatience = Duration.seconds(2)

    package let configuration: Configuration
    /// In the order of the configuration.
    private let sets: [SetMonitor]
    private let byName: [String: SetMonitor]
    private let environment: [String: String]
    private let keeping: Keeping
    private let changes: StateChanges
    private let logger: Logger

    /// Does not connect yet.
    /// - Parameter isOneShot: whether it belongs to a command that ends after a round.
    /// - Throws: `ThreadError`; then no thread is left behind.
    package convenience init(
        _ configuration: Configuration, environment: [String: String], keeping: Keeping, isOneShot: Bool = false,
        logger: Logger
    ) throws(ThreadError) {
        try self.init(
            configuration, replacing: nil, environment: environment, keeping: keeping, isOneShot: isOneShot,
            changes: StateChanges(logger: logger), logger: logger)
        takeCharge()
    }

    private init(
        _ configuration: Configuration, replacing predecessor: Fleet?, environment: [String: String], keeping: Keeping,
        isOneShot: Bool = false, changes: StateChanges, logger: Logger
    ) throws(ThreadError) {
        self.configuration = configuration
        self.environment = environment
        self.keeping = keeping
        self.changes = changes
        self.logger = logger
        let collectors = predecessor?.collectors(unchangedIn: configuration) ?? [:]
        let threads = try SessionThread.start(
            for: configuration.nodes.count - collectors.count, limit: max(1, Self.maxThreads - collectors.count)
        ) { "node-\($0)" }
        let known = SetCollector.Known(predecessor?.sets.map(\.collector) ?? [])
        var started = 0
        var sets: [SetMonitor] = []
        for set in configuration.sets {
            if let kept = predecessor?.monitor(unchangedAs: set, in: configuration) {
                sets.append(kept)
                continue
            }
            var extras = configuration.extras(of: set)
            extras.avoidsHanging = isOneShot
            let nodes = set.nodes.map { [extras] node in
                if let collector = collectors[node.name] { return collector }
                defer { started += 1 }
                return NodeCollector(
                    NodeDescription(node), timeout: node.timeout, on: threads[started % threads.count],
                    extras: extras
                ) { () throws(NodeFailure) in try ConnectionOptions(node, environment: environment) }
            }
            let allowed = set.errantAllowed.writers
            let collector = SetCollector(
                name: set.name, thresholds: set.thresholds, nodes: nodes,
                followUps: { report in
                    var report = report
                    report.errantAllowed = allowed
                    return followUps(of: report)
                },
                sharing: known)
            let probes = SetProbes(
                set, environment: environment, keeping: keeping, logger: logger,
                replacing: predecessor?[set.name]?.probes)
            sets.append(SetMonitor(set, collector, probes, changes))
        }
        self.sets = sets
        byName = Dictionary(sets.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    package subscript(set: String) -> SetMonitor? { byName[set] }

    // MARK: - Findings

    /// The findings of each set that contains a wanted node. Whole sets are queried, since a replica is judged by its source; no
    /// set waits for another's nodes.
    /// - Parameters:
    ///   - age: how old findings may be.
    ///   - deadline: when the caller stops waiting.
    /// - Returns: in the order of the configuration.
    package func answers(
        of selection: Selection = .all, notOlderThan age: Duration = .zero, deadline: ContinuousClock.Instant
    ) async -> [SetAnswer] {
        let wanted = sets.filter { selection.touches($0.name, configuration) }
        let deadline = Deadline(deadline)
        defer { deadline.cancel() }
        if wanted.count == 1 { return [await wanted[0].findings(notOlderThan: age, by: deadline)] }
        return await withTaskGroup(of: (index: Int, answer: SetAnswer).self) { group in
            for (index, set) in wanted.enumerated() {
                group.addTask { (index, await set.findings(notOlderThan: age, by: deadline)) }
            }
            var answers = [SetAnswer?](repeating: nil, count: wanted.count)
            for await (index, answer) in group { answers[index] = answer }
            return answers.compactMap(\.self)
        }
    }

    package func findings(
        of selection: Selection = .all, notOlderThan age: Duration = .zero, deadline: ContinuousClock.Instant
    ) async -> [SetFindings] {
        await answers(of: selection, notOlderThan: age, deadline: deadline).map(\.findings)
    }

    // MARK: - Operators and balancers

    /// Records an operator's decision about which node takes the writes of a set.
    /// - Returns: false if another fleet has taken over the set: the decision is not recorded.
    package func nameWriter(_ node: String, of set: String) async -> Bool {
        guard await self[set]?.takeWord(for: node) == true else { return false }
        logger.notice(
            "an operator has named the writer", metadata: ["replication_set": "\(set)", "node": "\(node)"])
        return true
    }

    /// Records an operator's word that a node has all that it was seen to lack.
    /// - Returns: false if another fleet has taken over the set: the word is not recorded.
    package func accept(_ node: String, of set: String) async -> Bool {
        guard await self[set]?.accept(node) == true else { return false }
        logger.notice(
            "an operator has said that a node is complete",
            metadata: ["replication_set": "\(set)", "node": "\(node)"])
        return true
    }

    /// Saves a decision, once a round has been judged by it: that adds which nodes it was about.
    /// - Returns: whether it will outlive the exporter; nil without `--state.directory`.
    package func savedWord(of set: String) async -> StateKeeper.Outcome? {
        await keeping.keeper?.savedState(of: set, within: Self.operatorsPatience)
    }

    /// Whether an operator's word that was given to this fleet counts in another one: a reload may have replaced the set meanwhile.
    package func sharesMemory(of set: String, with other: Fleet) -> Bool {
        guard let monitor = self[set], let its = other[set] else { return false }
        return monitor.sharesMemory(with: its)
    }

    /// The failover answer of a set, from a check made for this call; nil for a set without a rule.
    package func failover(_ set: String) async -> (policy: FailoverPolicy, decision: FailoverDecision)? {
        guard let monitor = self[set], let probe = monitor.probes.failover else { return nil }
        if let findings = await monitor.clusterFindings(by: .now + FailoverProbe.timeout) {
            return (probe.policy, probe.check(inCluster: findings))
        }
        let decision = await probe.check { names, deadline in
            monitor.judge(await monitor.report(of: names, deadline: deadline))
        } judging: {
            monitor.judge($0)
        }
        return (probe.policy, decision)
    }

    /// Records an operator's decision that the preferred node of a set's failover rule is complete.
    /// - Returns: false for a set without a rule.
    package func acceptPreferred(_ set: String) -> Bool {
        guard let probe = self[set]?.probes.failover else { return false }
        probe.accept()
        logger.notice("an operator has accepted the preferred node", metadata: ["replication_set": "\(set)"])
        return true
    }

    // MARK: - Reloads

    /// The fleet of a new configuration. Unchanged sets stay as they are; in the others, unchanged nodes stay connected and what
    /// is remembered is kept. It is in charge after `takeCharge`.
    /// - Throws: `ThreadError`; then nothing has changed.
    func successor(_ configuration: Configuration) throws(ThreadError) -> Fleet {
        try Fleet(
            configuration, replacing: self, environment: environment, keeping: keeping, changes: changes, logger: logger
        )
    }

    /// Takes over what the predecessor's sets have found, for probes that go on.
    func inherit(from predecessor: Fleet) async {
        for set in sets {
            if let before = predecessor[set.name], before !== set { await set.inherit(from: before) }
        }
    }

    /// Makes the probes use what this fleet's sets find from now on, and the memory of the sets be theirs alone.
    func takeCharge(from predecessor: Fleet? = nil) {
        let renamed = predecessor.map { configuration.nodes(renamedSince: $0.configuration) } ?? [:]
        for set in predecessor?.sets ?? [] where self[set.name] !== set {
            set.isReplaced.store(true, ordering: .releasing)
            if let nodes = renamed[set.name] { log(nodes, forgottenBy: set) }
            if self[set.name]?.sharesMemory(with: set) != true {
                set.probes.judge.retire(isForgotten: renamed[set.name] != nil)
            }
        }
        for set in sets { set.probes.watch.follow(set, counting: set.usage) }
    }

    private func log(_ renamed: [(name: String, now: String)], forgottenBy set: SetMonitor) {
        let record = set.probes.judge.record
        let names = Set(renamed.map(\.name))
        var metadata: Logger.Metadata = [
            "replication_set": "\(set.name)",
            "nodes": "\(renamed.map { "\($0.name) (now \($0.now))" }.joined(separator: ", "))",
        ]
        let writers = record.writers.filter(names.contains)
        if !writers.isEmpty { metadata["writers"] = "\(writers.joined(separator: ", "))" }
        if let node = record.operatorsWord, names.contains(node) { metadata["named_by_operator"] = "\(node)" }
        logger.notice(
            "nodes have other names, or are in other replication sets: what was remembered of them is forgotten",
            metadata: metadata)
    }

    /// Forgets the states of nodes that have changed since an earlier configuration.
    func forgetChanges(since earlier: Configuration) {
        changes.forget(allBut: configuration.nodes(unchangedSince: earlier))
    }

    var probes: [PlacedProbe] {
        sets.flatMap { set in
            let places = Set([.set(set.name)] + set.set.nodes.map { PlacedProbe.Place.at($0.address) })
            return set.probes.all.map { PlacedProbe(probe: $0, places: places) }
        }
    }

    /// Writes what is still to be saved: at the end of the program.
    package func flush() async {
        guard let keeper = keeping.keeper else { return }
        for set in sets { set.probes.keepAtEnd(keeper) }
        await keeper.flush(within: .seconds(5))
    }

    /// Whether it has sets that a successor does not use.
    func isHolding(beyond successor: Fleet) -> Bool { sets.contains { successor[$0.name] !== $0 } }

    /// Closes the connections that the successor does not use, of each set once its probes need them no longer: a probe that
    /// ends still has to know which node is the primary, to take its row away.
    /// - Parameter ended: waits until probes have ended, of those that are to end.
    package func close(
        keeping successor: Fleet? = nil, after ended: @escaping @Sendable ([any Probe]) async -> Void = { _ in }
    ) async {
        let known = SetCollector.Known(successor?.sets.map(\.collector) ?? [])
        await withTaskGroup { group in
            for set in sets where successor?[set.name] !== set {
                group.addTask {
                    await ended(set.probes.all)
                    await set.usage.unused()
                    await set.collector.close(keeping: known)
                }
            }
        }
    }

    /// Waits until the connections that `close` closes are closed, however long their servers hang.
    func closed(keeping successor: Fleet) async {
        let known = SetCollector.Known(successor.sets.map(\.collector))
        for set in sets where successor[set.name] !== set { await set.collector.closed(keeping: known) }
    }

    /// The monitor of a set, if nothing in it has changed.
    private func monitor(unchangedAs set: ReplicationSet, in configuration: Configuration) -> SetMonitor? {
        guard let monitor = self[set.name], monitor.set == set,
            self.configuration.extras(of: set) == configuration.extras(of: set)
        else { return nil }
        return monitor
    }

    private func collectors(unchangedIn configuration: Configuration) -> [String: NodeCollector] {
        let names = configuration.nodes(unchangedSince: self.configuration)
        var collectors: [String: NodeCollector] = [:]
        for collector in sets.flatMap(\.collector.nodes) where names.contains(collector.description.name) {
            collectors[collector.description.name] = collector
        }
        return collectors
    }
}
