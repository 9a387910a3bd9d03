/// What a load balancer asks of a node: whether it may have this kind of traffic.
package enum NodeCheck: String, Sendable, CaseIterable {
    /// Writes.
    case primary
    /// Reads that the primary is to be spared.
    case replica
    /// Reads, from the primary or a replica.
    case readOnly = "read-only"
    /// Whatever there is: the node answers.
    case health

    /// Whether limits on how late a replica may be make a difference.
    package var hasLimits: Bool { self == .replica || self == .readOnly }
}

/// How late a replica may be and still have traffic.
package struct ReplicaLimits: Sendable, Hashable {
    /// Seconds.
    package var lag: Double
    /// Nil: bytes do not count.
    package var bytes: UInt64?

    package init(lag: Double, bytes: UInt64? = nil) {
        self.lag = lag
        self.bytes = bytes
    }
}

/// The answer to a check.
package struct NodeVerdict: Sendable, Equatable {
    package var isPassed: Bool
    /// One line for people; of the servers' own words nothing.
    package var reason: String
    /// Of the limits, how much is used up: 0 is nothing, 1 all.
    package var load: Double

    package init(isPassed: Bool, reason: String, load: Double = 0) {
        self.isPassed = isPassed
        self.reason = reason
        self.load = load
    }

    package static func passed(_ reason: String) -> NodeVerdict { NodeVerdict(isPassed: true, reason: reason) }
    package static func refused(_ reason: String) -> NodeVerdict { NodeVerdict(isPassed: false, reason: reason) }
}
