import Collection
import Configuration
import Logging
import MariaDB
import Metrics
import Probes
import Replication
import Threads
import Topology
import Traffic

/// The fleet as configured, and what one scrape of it finds.
final class Monitor: Sendable {
    let configuration: Configuration
    private let fleet: LoggedFleet
    let probes: FleetProbes
    private let keeping: Keeping
    private let logger: Logger
    private let recent = RecentRound()
    /// How long load balancers let a node take to answer.
    private static let balancersPatience = Duration.seconds(1)
    /// By replication set, for load balancers.
    private let checked: [String: RecentRound]

    /// - Throws: `ThreadError`.
    convenience init(
        _ configuration: Configuration, environment: [String: String], keeping: Keeping = .nothing, logger: Logger
    ) throws(ThreadError) {
        self.init(
            configuration,
            LoggedFleet(
                try FleetCollector(configuration, environment: environment), StateChanges(logger: logger)),
            environment: environment, keeping: keeping, logger: logger)
    }

    private init(
        _ configuration: Configuration, _ fleet: LoggedFleet, replacing predecessor: FleetProbes? = nil,
        environment: [String: String], keeping: Keeping, logger: Logger
    ) {
        self.configuration = configuration
        self.fleet = fleet
        self.logger = logger
        self.keeping = keeping
        checked = Dictionary(configuration.sets.map { ($0.name, RecentRound()) }, uniquingKeysWith: { $1 })
        probes = FleetProbes(
            configuration, environment: environment, keeping: keeping, logger: logger, replacing: predecessor
        ) { set in
            let timeout = set.nodes.map(\.timeout).max() ?? .zero
            let deadline = ContinuousClock.now + min(timeout, WriteTarget.patience)
            return await fleet.round(deadline: deadline) { asked, _ in asked.name == set.name }.reports.first
        }
    }

    /// Who goes on in this one's place, by another configuration. Nodes that did not change stay connected.
    /// - Throws: `ThreadError`; then nothing has changed.
    func successor(_ configuration: Configuration, environment: [String: String]) throws(ThreadError) -> Monitor {
        let fleet = try fleet.successor(configuration, replacing: self.configuration, environment: environment)
        return Monitor(
            configuration, fleet, replacing: probes, environment: environment, keeping: keeping, logger: logger)
    }

    /// Begins what works beside the scrapes. What runs under a predecessor goes on if it is configured as it was, and has
    /// ended when this returns if not.
    func startProbes(replacing predecessor: Monitor? = nil) async {
        await probes.start(replacing: predecessor?.probes)
    }

    /// Ends what works beside the scrapes.
    func stopProbes() async { await probes.stop() }

    /// One round over the sets that hold a wanted node. Whole sets are asked, since a replica is judged by its source.
    func findings(of selection: Selection = .all, deadline: ContinuousClock.Instant) async -> [SetFindings] {
        let startedAt = ContinuousClock.now
        let (reports, isWhole) = await fleet.round(deadline: deadline) { set, _ in
            selection.touches(set.name, configuration)
        }
        // Whatever a scraper's timeout may be, a node is not silent that had less time than a balancer gives it.
        let isFair = isWhole || startedAt.duration(to: deadline) >= Self.balancersPatience
        let findings = reports.map { report in
            let findings = probes.findings(report, isFair: isFair)
            if isWhole { probes.note(findings, asked: startedAt) }
            if isWhole { checked[report.name]?.note(.init(findings: [findings], startedAt: startedAt)) }
            return findings
        }
        if selection == .all, isWhole {
            recent.note(RecentRound.Outcome(findings: findings, startedAt: startedAt))
        }
        return findings
    }

    /// A round over all sets that began within `age`, whoever asked for it.
    func recentFindings(within age: Duration) async -> RecentRound.Outcome {
        await recent.outcome(within: age) { [self] in await findings(deadline: .now + ScrapeTimeout.ordinary) }
    }

    /// A round over one set that began within a second, for load balancers: they give up soon, so a node that takes its time
    /// counts as silent sooner than in a scrape.
    func checkedFindings(of set: String) async -> RecentRound.Outcome {
        guard let recent = checked[set] else { return RecentRound.Outcome(findings: [], startedAt: .now) }
        return await recent.outcome(within: .seconds(1)) { [self] in
            let startedAt = ContinuousClock.now
            return await fleet.round(deadline: startedAt + Self.balancersPatience) { asked, _ in asked.name == set }
                .reports
                .map { report in
                    let findings = probes.findings(report, isFair: true)
                    // Probes go by the same as balancers; but a writer that was too slow for these keeps its heartbeat.
                    if findings.isEveryWriterAnswering { probes.note(findings, asked: startedAt) }
                    return findings
                }
        }
    }

    /// Takes an operator's word about who takes the writes of a set.
    func nameWriter(_ node: String, of set: String) {
        probes[set]?.judge.takeWord(for: node)
        logger.notice(
            "an operator has named the writer", metadata: ["replication_set": "\(set)", "node": "\(node)"])
    }

    /// The failover answer of a set, by a check that is made for it; nil for a set without a rule.
    func failover(_ set: String) async -> (policy: FailoverPolicy, decision: FailoverDecision)? {
        guard let probe = probes[set]?.failover else { return nil }
        let decision = await probe.check { [fleet] names, deadline in
            // Of two nodes alone: no round to remember.
            await fleet.round(deadline: deadline) { $0.name == set && names.contains($1.name) }.reports.first.map {
                SetFindings($0)
            }
        }
        return (probe.policy, decision)
    }

    /// Takes an operator's word that the preferred node of a set's failover rule has all there is.
    /// - Returns: false for a set without a rule.
    func acceptPreferred(_ set: String) -> Bool {
        guard let probe = probes[set]?.failover else { return false }
        probe.accept()
        logger.notice("an operator has accepted the preferred node", metadata: ["replication_set": "\(set)"])
        return true
    }

    /// The findings as metric families; of a narrowed selection only the wanted nodes.
    /// - Parameter withSets: also what concerns the sets of these nodes as a whole.
    func families(of findings: [SetFindings], _ selection: Selection, withSets: Bool = false) -> Families {
        var families = Families()
        for set in findings {
            if let names = selection.nodes(in: set.name) {
                families.add(set, only: names, withSet: withSets, configuration.metrics)
            } else {
                families.add(set, configuration.metrics)
            }
        }
        return families
    }

    /// Closes the connections that no successor goes on with.
    func close(keeping successor: Monitor? = nil) async { await fleet.close(keeping: successor?.fleet) }
}

/// Which part of the fleet a request asks for: `?replication_set=`, `?node=`.
struct Selection: Sendable, Equatable {
    var sets: Swift.Set<String> = []
    var nodes: Swift.Set<String> = []

    static let all = Selection()

    /// What is asked for and not configured.
    func unknown(in configuration: Configuration) -> [String] {
        sets.filter { configuration.set(named: $0) == nil }.sorted().map { "replication set \($0.debugDescription)" }
            + nodes.filter { configuration.node(named: $0) == nil }.sorted().map { "node \($0.debugDescription)" }
    }

    func touches(_ set: String, _ configuration: Configuration) -> Bool {
        if self == .all || sets.contains(set) { return true }
        return nodes.contains { configuration.node(named: $0)?.set.name == set }
    }

    /// Nil: all nodes of the set, and the set's own series.
    func nodes(in set: String) -> Swift.Set<String>? {
        self == .all || sets.contains(set) ? nil : nodes
    }
}

extension SetFindings {
    fileprivate var isEveryWriterAnswering: Bool {
        writing.incumbents.allSatisfy { writing.standings[$0]?.isAnswering == true }
    }
}
