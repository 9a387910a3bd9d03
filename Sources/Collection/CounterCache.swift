import Replication

/// A server's status counters as last read, for the rounds that do not ask for them: reading them costs a server more than
/// everything else combined.
///
/// They are read in the first round of a connection and then once a minute; if semi-synchronous replication is on or replicas
/// are connected, in every round. Kept values are at most a minute old and belong to one connection to one server: a restart
/// ends the connection, so the start time stays correct.
struct CounterCache {
    static let limit = Duration.seconds(60)

    /// Which server's counters they are. A proxy may silently switch to another server, or to the same one after a restart.
    private struct Owner: Equatable {
        let server: ServerIdentity
        let connection: UInt64?

        init(_ facts: NodeFacts) {
            server = facts.identity
            connection = facts.connectionID
        }
    }

    private struct Kept<Value> {
        let value: Value
        let readAt: ContinuousClock.Instant

        func isRecent(at now: ContinuousClock.Instant) -> Bool { readAt.duration(to: now) <= CounterCache.limit }

        /// For a round that began while it was recent, and ends later.
        func isUsable(at now: ContinuousClock.Instant) -> Bool { readAt.duration(to: now) <= CounterCache.limit * 2 }
    }

    private var owner: Owner?
    private var startTime: Double?
    private var semiSync: Kept<SemiSync?>?
    private var replicas: Kept<Int?>?
    private var cluster: Kept<ClusterSettings?>?
    /// Kept across connections.
    private var startTimes = StartTime()

    /// Whether the server was set up for a cluster when it was last asked.
    var isClustered: Bool { cluster?.value != nil }

    /// Called when the next answers will come over another connection.
    mutating func forget() {
        owner = nil
        startTime = nil
        cluster = nil
        semiSync = nil
        replicas = nil
    }

    /// The counters that have to be read now.
    /// - Parameter statusHasReplicas: whether the connected replicas are part of the status and have no statement of their own.
    func due(at now: ContinuousClock.Instant, statusHasReplicas: Bool) -> Set<FactName> {
        var due: Set<FactName> = []
        if semiSync?.isRecent(at: now) != true || semiSync?.value?.isOn == true { due.insert(.status) }
        if replicas?.isRecent(at: now) != true || replicas?.value ?? 0 > 0 {
            due.insert(statusHasReplicas ? .status : .connectedReplicas)
        }
        // A Galera node may be desynchronised, or made to reject queries, at any time.
        if cluster?.isRecent(at: now) != true || cluster?.value?.kind == .galera { due.insert(.clusterSettings) }
        return due
    }

    /// Whether a round shows that the kept values are no longer valid: another server answered, or semi-synchronous replication
    /// has been switched on or off.
    func isOutdated(by facts: NodeFacts) -> Bool {
        guard let owner, facts.identity.serverID != nil, facts.missing[.status] == nil else { return false }
        if owner != Owner(facts) { return true }
        guard !facts.isStatusFresh, let semiSync, let current = facts.semiSync else { return false }
        return current.isSourceEnabled != semiSync.value?.isSourceEnabled
            || current.isReplicaEnabled != semiSync.value?.isReplicaEnabled
    }

    /// Keeps the counters that were read in this round, and fills in the others: what was not due when the round began counts until its
    /// end.
    mutating func complete(_ facts: inout NodeFacts, at now: ContinuousClock.Instant) {
        guard facts.identity.serverID != nil else { return }
        let current = Owner(facts)
        if owner != current {
            forget()
            owner = current
        }
        if facts.isStatusFresh {
            semiSync = Kept(value: facts.semiSync, readAt: now)
            // Without the server's clock in the same batch, the start time is less accurate: used only if none is
            // known.
            if let uptime = facts.uptime, let asked = facts.uptimeAskedAt, let offset = facts.clockOffset,
                startTime == nil || asked == facts.askedAt
            {
                startTime = startTimes.settle(clock: asked + offset, uptime: uptime)
            }
        } else if facts.missing[.status] == nil, let semiSync, semiSync.isUsable(at: now) {
            facts.semiSync = semiSync.value
        }
        facts.startTime = startTime
        facts.isStatusKept = !facts.isStatusFresh

        if facts.areClusterSettingsFresh {
            cluster = Kept(value: facts.clusterSettings, readAt: now)
        } else if facts.missing[.clusterSettings] == nil, let cluster, cluster.isUsable(at: now) {
            facts.clusterSettings = cluster.value
        }
        if facts.clusterSettings?.kind == .galera { facts.transactions?.countGaleraByLog() }
        facts.recogniseAurora()
        facts.nameCluster()

        if facts.areConnectedReplicasFresh {
            replicas = Kept(value: facts.connectedReplicas, readAt: now)
        } else if facts.missing[.connectedReplicas] == nil, facts.missing[.status] == nil, let replicas,
            replicas.isUsable(at: now)
        {
            facts.connectedReplicas = replicas.value
        }
    }
}

extension SemiSync {
    /// Whether it is on, or not yet completely off.
    fileprivate var isOn: Bool {
        [isSourceEnabled, isReplicaEnabled, isSourceActive, isReplicaActive].contains(true)
    }
}

extension NodeFacts {
    /// MySQL's tables do not name the group to which a member belongs.
    mutating func nameCluster() {
        if cluster?.cluster.isEmpty == true { cluster?.cluster = clusterSettings?.cluster ?? "" }
    }
}
