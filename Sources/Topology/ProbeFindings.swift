/// What the probes of a replication set found out, for those who show it.
package struct ProbeFindings: Sendable, Equatable {
    /// A channel each; none while the sentinel does not run.
    package var sentinel: [SentinelFindings]
    /// Nil where nobody has asked for the failover answer of late.
    package var failover: FailoverFinding?
    /// Of each probe that is configured, whether it does what it is for. One that has never worked does not.
    package var working: [ProbeName: Bool]

    package init(
        sentinel: [SentinelFindings] = [], failover: FailoverFinding? = nil, working: [ProbeName: Bool] = [:]
    ) {
        self.sentinel = sentinel
        self.failover = failover
        self.working = working
    }
}

/// The probes that work by themselves, as they are called in the configuration and in `probe_working{probe}`.
package enum ProbeName: String, Sendable, CaseIterable {
    case heartbeat, sentinel
}

/// What became of the sentinel's last run on a channel that leads from the primary to a node.
package struct SentinelFindings: Sendable, Equatable {
    /// By name.
    package var node: String
    package var channel: String
    /// An operation is absent where nobody can know: the primary did not take it, or the node lets nobody look.
    package var outcomes: [SentinelOperation: SentinelOutcome]
    /// When a run last succeeded in all operations; epoch seconds. Nil until one has.
    package var lastSuccess: Double?

    package init(
        node: String, channel: String, outcomes: [SentinelOperation: SentinelOutcome], lastSuccess: Double?
    ) {
        self.node = node
        self.channel = channel
        self.outcomes = outcomes
        self.lastSuccess = lastSuccess
    }
}

/// What is done to the sentinel's row on the primary, in this order.
package enum SentinelOperation: String, Sendable, CaseIterable {
    case insert, update, delete
}

/// Whether an operation was seen on a replica.
package enum SentinelOutcome: Sendable, Equatable {
    /// So many seconds after the primary had confirmed it.
    case seen(after: Double)
    case missed
}

/// Which of two nodes a load balancer was told to send requests to.
package struct FailoverFinding: Sendable, Equatable {
    /// By name; one of `nodes`.
    package var active: String
    package var nodes: [String]

    package init(active: String, nodes: [String]) {
        self.active = active
        self.nodes = nodes
    }
}
