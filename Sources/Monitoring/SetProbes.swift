package import Configuration
internal import Logging
internal import MariaDB
internal import Replication
internal import Topology
internal import Traffic

/// The probes of one replication set, as configured.
struct SetProbes: Sendable {
    let set: ReplicationSet
    let watch: SetWatch
    let judge: SetJudge
    private let heartbeat: HeartbeatWriter?
    private let sentinel: SentinelProbe?
    let failover: FailoverProbe?

    /// - Parameters:
    ///   - predecessor: the probes that ran for the set until now; a probe whose settings have not changed keeps running.
    init(
        _ set: ReplicationSet, environment: [String: String], keeping: Keeping, logger: Logger,
        replacing predecessor: SetProbes?
    ) {
        self.set = set
        // Findings about other nodes do not show which of these may be written to.
        let kept = predecessor?.set.nodes == set.nodes ? predecessor : nil
        let watch = kept?.watch ?? SetWatch()
        let judge = predecessor?.judge ?? SetJudge(set, keeping.keeper)
        self.judge = judge
        self.watch = watch
        var logger = logger
        logger[metadataKey: "replication_set"] = "\(set.name)"

        if let heartbeat = set.heartbeat, heartbeat.write {
            self.heartbeat =
                kept.map { set.keepsHeartbeat(of: $0.set) } == true
                ? kept?.heartbeat
                : HeartbeatWriter(
                    table: heartbeat.table, interval: heartbeat.interval, watch: watch, logger: logger
                ) { name in
                    set.node(named: name).map {
                        Session($0, environment: environment, setUp: HeartbeatWriter.session)
                    }
                }
        } else {
            heartbeat = nil
        }

        sentinel = set.sentinel.map { section in
            if let running = kept?.sentinel, let kept, set.keepsSentinel(of: kept.set) { return running }
            return SentinelProbe(
                table: section.table, interval: section.interval, watch: watch, logger: logger
            ) { name in
                set.node(named: name).map {
                    Session($0, environment: environment, setUp: SentinelProbe.session)
                }
            }
        }

        failover =
            kept.map { set.keepsFailover(of: $0.set) } == true
            ? kept?.failover
            : FailoverProbe(
                set, environment: environment, keeping: keeping, logger: logger,
                replacing: predecessor.flatMap { Self.isSameRule($0.set, set) ? $0.failover : nil })
    }

    /// Whether the memory of failover checks stays valid: the same rule for the same two nodes at the same addresses. Limits may
    /// differ, and so may everything else in the set.
    private static func isSameRule(_ before: ReplicationSet, _ after: ReplicationSet) -> Bool {
        guard let old = before.failover, let new = after.failover else { return false }
        return old.preferred == new.preferred && old.standby == new.standby && old.table == new.table
            && [new.preferred, new.standby].allSatisfy { name in
                before.node(named: name)?.address.canonical == after.node(named: name)?.address.canonical
            }
    }

    /// Has what the failover checker knows saved, as it ends.
    func keepAtEnd(_ keeper: StateKeeper) {
        if let memory = failover?.memoryAtEnd { keeper.keepAtEnd(memory, of: set) }
    }

    /// The probes that run independently of scrapes.
    var all: [any Probe] { ([heartbeat, sentinel] as [(any Probe)?]).compactMap(\.self) }

    /// Compares the nodes of the set, including what the probes know and have found.
    /// - Parameters:
    ///   - report: of the whole set.
    ///   - isFair: whether the nodes had time to answer.
    func findings(_ report: ReplicationSetReport, isFair: Bool) -> SetFindings {
        var report = report
        report.errantAllowed = set.errantAllowed.writers
        report.heartbeat = Self.writing(set.heartbeat, by: heartbeat)
        var findings = judge.findings(report, isFair: isFair)
        findings.probes.sentinel = sentinel?.findings ?? []
        findings.probes.failover = failover?.finding
        if let heartbeat = set.heartbeat {
            findings.probes.working[.heartbeat] = findings.isHeartbeatFresh(interval: heartbeat.interval.seconds)
        }
        if let sentinel { findings.probes.working[.sentinel] = sentinel.isWorking }
        return findings
    }

    private static func writing(_ heartbeat: Heartbeat?, by writer: HeartbeatWriter?) -> HeartbeatWriting? {
        writer.map { .own($0.history) } ?? heartbeat.map { .foreign(interval: $0.interval.seconds) }
    }
}

/// Which probes go on, with their connections, when a set takes the place of an earlier one. None does if the nodes have changed.
extension ReplicationSet {
    package func keepsHeartbeat(of earlier: ReplicationSet) -> Bool {
        nodes == earlier.nodes && heartbeat == earlier.heartbeat
    }

    package func keepsSentinel(of earlier: ReplicationSet) -> Bool {
        nodes == earlier.nodes && sentinel == earlier.sentinel
    }

    package func keepsFailover(of earlier: ReplicationSet) -> Bool {
        nodes == earlier.nodes && failover == earlier.failover
    }
}

extension FailoverProbe {
    /// Nil for a set without a rule.
    fileprivate convenience init?(
        _ set: ReplicationSet, environment: [String: String], keeping: Keeping, logger: Logger,
        replacing predecessor: FailoverProbe?
    ) {
        guard let policy = set.failover, let preferred = set.node(named: policy.preferred) else { return nil }
        var memory = FailoverProbe.Origin.here
        var keep: @Sendable (FailoverMemory) async -> Void = { _ in }
        switch keeping.place {
        case .nowhere: break
        case .keeper(let keeper):
            memory = .restored { await keeper.takeCheck(of: set) }
            keep = { await keeper.keep($0, of: set) }
        case .directory(let directory):
            memory = .restored { directory.failoverMemory(of: set) }
            keep = { directory.write($0, of: set) }
        }
        self.init(
            policy, set: set.name, checker: keeping.checker, memory: memory, replacing: predecessor,
            logger: logger, clock: { .now }, keep: keep
        ) { Session(preferred, environment: environment, setUp: $0) }
    }
}

extension Session {
    /// Does not connect yet.
    /// - Parameter setUp: statements that set the session up.
    convenience init(_ node: Node, environment: [String: String], setUp: [String] = []) {
        self.init(node: node.name, .init(setUp: setUp)) { () throws(NodeFailure) in
            try ConnectionOptions(node, environment: environment)
        }
    }
}
