import Replication

/// What a server's status counters were last seen to be, for the rounds in which it is not asked for them: a look at them costs
/// a server more than everything else together.
///
/// They are asked for in the first round of a connection, and again once a minute; where semi-synchronous replication is on or
/// replicas are connected, in every round. What is kept is never older than a minute, and is of one connection to one server: a
/// restart ends the connection, so that the start time stays right.
struct CounterCache {
    static let limit = Duration.seconds(60)

    /// Whose counters they are. A proxy may go on with another server, or the same after a restart, without a word.
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
    }

    private var owner: Owner?
    private var startTime: Double?
    private var semiSync: Kept<SemiSync?>?
    private var replicas: Kept<Int?>?
    /// Outlives connections.
    private var startTimes = StartTime()

    /// The next answers come over another connection.
    mutating func forget() {
        owner = nil
        startTime = nil
        semiSync = nil
        replicas = nil
    }

    /// The facts that it is time to ask for.
    /// - Parameter statusTellsReplicas: there is no statement of its own for the connected replicas.
    func due(at now: ContinuousClock.Instant, statusTellsReplicas: Bool) -> Set<FactName> {
        var due: Set<FactName> = []
        if semiSync?.isRecent(at: now) != true || semiSync?.value?.isOn == true { due.insert(.status) }
        if replicas?.isRecent(at: now) != true || replicas?.value ?? 0 > 0 {
            due.insert(statusTellsReplicas ? .status : .connectedReplicas)
        }
        return due
    }

    /// Whether a round shows that what is kept no longer holds: another server answered, or somebody has switched
    /// semi-synchronous replication on or off.
    func isOutdated(by facts: NodeFacts) -> Bool {
        guard let owner, facts.identity.serverID != nil, facts.missing[.status] == nil else { return false }
        if owner != Owner(facts) { return true }
        guard !facts.isStatusFresh, let semiSync, let told = facts.semiSync else { return false }
        return told.isSourceEnabled != semiSync.value?.isSourceEnabled
            || told.isReplicaEnabled != semiSync.value?.isReplicaEnabled
    }

    /// Keeps the counters that were read in this round, and fills in the others.
    mutating func complete(_ facts: inout NodeFacts, at now: ContinuousClock.Instant) {
        guard facts.identity.serverID != nil else { return }
        let current = Owner(facts)
        if owner != current {
            forget()
            owner = current
        }
        if facts.isStatusFresh {
            semiSync = Kept(value: facts.semiSync, readAt: now)
            // Without the server's own clock in the same batch it is not known as well, and not asked for on its account.
            if let uptime = facts.uptime, let asked = facts.uptimeAskedAt, let offset = facts.clockOffset,
                startTime == nil || asked == facts.askedAt
            {
                startTime = startTimes.settle(clock: asked + offset, uptime: uptime)
            }
        } else if facts.missing[.status] == nil, let semiSync, semiSync.isRecent(at: now) {
            facts.semiSync = semiSync.value
        }
        facts.startTime = startTime
        facts.isStatusKept = !facts.isStatusFresh

        if facts.areConnectedReplicasFresh {
            replicas = Kept(value: facts.connectedReplicas, readAt: now)
        } else if facts.missing[.connectedReplicas] == nil, facts.missing[.status] == nil, let replicas,
            replicas.isRecent(at: now)
        {
            facts.connectedReplicas = replicas.value
        }
    }
}

extension SemiSync {
    /// On, or not yet off.
    fileprivate var isOn: Bool {
        [isSourceEnabled, isReplicaEnabled, isSourceActive, isReplicaActive].contains(true)
    }
}
