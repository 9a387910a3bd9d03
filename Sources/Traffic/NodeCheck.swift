/// What a load balancer asks about a node: whether it may have this kind of traffic.
package enum NodeCheck: String, Sendable, CaseIterable {
    /// Writes.
    case primary
    /// Reads that should not go to the primary.
    case replica
    /// Reads, from the primary or a replica.
    case readOnly = "read-only"
    /// What a cluster's own checks allow: the node is a member of its cluster's component and has what the others have.
    case member
    /// Any traffic: the node answers.
    case health

    /// Whether the limits on a replica's lag matter.
    package var hasLimits: Bool { self == .replica || self == .readOnly }
}

/// How far behind a replica may be and still get traffic.
package struct ReplicaLimits: Sendable, Hashable {
    /// Seconds.
    package var lag: Double
    /// Nil for no limit on bytes.
    package var bytes: UInt64?
    /// Nil for no limit on transactions.
    package var transactions: UInt64?

    package init(lag: Double, bytes: UInt64? = nil, transactions: UInt64? = nil) {
        self.lag = lag
        self.bytes = bytes
        self.transactions = transactions
    }
}

/// The answer to a check.
package struct NodeVerdict: Sendable, Equatable {
    package var isPassed: Bool
    /// One line to display; contains nothing of the servers' own words.
    package var reason: String
    /// The fraction of the limits that is used up: 0 for nothing, 1 for all.
    package var load: Double

    package init(isPassed: Bool, reason: String, load: Double = 0) {
        self.isPassed = isPassed
        self.reason = reason
        self.load = load
    }

    package static func passed(_ reason: String) -> NodeVerdict { NodeVerdict(isPassed: true, reason: reason) }
    package static func refused(_ reason: String) -> NodeVerdict { NodeVerdict(isPassed: false, reason: reason) }
}
