/// What the probes of a replication set found, for metrics and pages.
package struct ProbeFindings: Sendable, Equatable {
    /// One for each channel; empty while the sentinel is not running.
    package var sentinel: [SentinelFindings]
    /// Nil if the failover answer has not been requested recently.
    package var failover: FailoverFinding?
    /// For each configured probe, whether it works. One that has never worked does not.
    package var working: [ProbeName: Bool]

    package init(
        sentinel: [SentinelFindings] = [], failover: FailoverFinding? = nil, working: [ProbeName: Bool] = [:]
    ) {
        self.sentinel = sentinel
        self.failover = failover
        self.working = working
    }
}

/// The probes that run on their own, by their names in the configuration and in `probe_working{probe}`.
package enum ProbeName: String, Sendable, CaseIterable {
    case heartbeat, sentinel
}

/// The result of the sentinel's last run on a channel that leads from the primary to a node.
package struct SentinelFindings: Sendable, Equatable {
    /// By name.
    package var node: String
    package var channel: String
    /// An operation is absent if its outcome cannot be known: the primary did not take it, or the node's table cannot
    /// be read.
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
    /// Seconds after the primary confirmed it.
    case seen(after: Double)
    case missed
}

/// The node, of two, that the load balancer was told to use.
package struct FailoverFinding: Sendable, Equatable {
    /// By name; one of `nodes`.
    package var active: String
    package var nodes: [String]

    package init(active: String, nodes: [String]) {
        self.active = active
        self.nodes = nodes
    }
}
