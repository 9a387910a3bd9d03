/// The outcome of asking a node. Facts and a failure can occur together: a node that denies its replication status is
/// not up, but its binary log position is still good for its replicas' byte deltas.
package struct NodeReport: Sendable {
    /// Facts are large, and a report is passed on many times in a round: boxed, they are not copied each time.
    @usableFromInline package final class Box: Sendable {
        @usableFromInline package let facts: NodeFacts?

        @usableFromInline package init(_ facts: NodeFacts?) { self.facts = facts }
    }

    @usableFromInline package var box: Box
    /// Inlined, so that reading one fact does not copy all of them out of the box.
    @inlinable package var facts: NodeFacts? {
        get { box.facts }
        set { box = Box(newValue) }
    }
    package var failure: NodeFailure?
    /// Seconds from the start of asking to the last answer.
    package var duration: Double
    /// Batches sent to the server, including the one that sets up a new connection.
    package var roundTrips: Int
    /// Nil for a report that nobody could ask the node's connection for.
    package var connects: Connects?

    package init(
        facts: NodeFacts? = nil, failure: NodeFailure? = nil, duration: Double = 0, roundTrips: Int = 0,
        connects: Connects? = nil
    ) {
        box = Box(facts)
        self.failure = failure
        self.duration = duration
        self.roundTrips = roundTrips
        self.connects = connects
    }

    /// Connected, and both identity and replication status answered.
    package var isUp: Bool { failure == nil && box.facts?.channels != nil }

    /// The server's identity; nil unless reported in this round.
    package var identity: ServerIdentity? {
        box.facts?.identity.serverID == nil ? nil : box.facts?.identity
    }
}

/// Attempts to reach a server since the exporter began to watch it.
package struct Connects: Sendable, Equatable {
    /// The log-in succeeded, and the session could be set up.
    package var successes: UInt64
    package var failures: UInt64

    package init(successes: UInt64 = 0, failures: UInt64 = 0) {
        self.successes = successes
        self.failures = failures
    }
}

/// Why a node is not up.
package struct NodeFailure: Error, Sendable, Equatable {
    /// The values of `node_failure{reason}`.
    package enum Reason: String, Sendable, CaseIterable {
        /// A file of the exporter's own cannot be read: its password, or a certificate. The server was not asked.
        case configuration
        case dns, connect
        /// The server answered that it has no connection left, for this account or for any.
        case connectionLimit = "connection_limit"
        /// The server answered that it admits administrators only. A member of a group that has failed or was expelled is in it.
        case offlineMode = "offline_mode"
        case tls, authentication, permission, timeout, query, `protocol`
        /// It is no server of either flavor, or stands between (`Lookalike`).
        case unsupported
    }

    package var reason: Reason
    /// For logs and pages; never a label.
    package var message: String

    package init(reason: Reason, message: String) {
        self.reason = reason
        self.message = message
    }
}
