/// How asking a node ended. Facts and a failure may stand together: a node that denies its replication status is not
/// up, and its binary log position is still good for its replicas' byte deltas.
package struct NodeReport: Sendable {
    /// Facts are many, and a report passes through many hands in a round: kept in a box, they are not copied each time.
    @usableFromInline package final class Box: Sendable {
        @usableFromInline package let facts: NodeFacts?

        @usableFromInline package init(_ facts: NodeFacts?) { self.facts = facts }
    }

    @usableFromInline package var box: Box
    /// Inlined, so that who looks at one fact takes that one out of the box and not all.
    @inlinable package var facts: NodeFacts? {
        get { box.facts }
        set { box = Box(newValue) }
    }
    package var failure: NodeFailure?
    /// Seconds from the start of asking to the last answer.
    package var duration: Double
    /// Batches sent to the server, the one that sets a new connection up included.
    package var roundTrips: Int

    package init(facts: NodeFacts? = nil, failure: NodeFailure? = nil, duration: Double = 0, roundTrips: Int = 0) {
        box = Box(facts)
        self.failure = failure
        self.duration = duration
        self.roundTrips = roundTrips
    }

    /// Connected, and both identity and replication status answered.
    package var isUp: Bool { failure == nil && box.facts?.channels != nil }

    /// Who the server is; nil unless it told in this round.
    package var identity: ServerIdentity? {
        box.facts?.identity.serverID == nil ? nil : box.facts?.identity
    }
}

/// Why a node is not up.
package struct NodeFailure: Error, Sendable, Equatable {
    /// The values of `node_failure{reason}`.
    package enum Reason: String, Sendable, CaseIterable {
        case dns, connect
        /// The server answered that it has no connection left, for this account or for anybody.
        case connectionLimit = "connection_limit"
        case tls, authentication, permission, timeout, query, `protocol`
    }

    package var reason: Reason
    /// For people: logs and pages, never a label.
    package var message: String

    package init(reason: Reason, message: String) {
        self.reason = reason
        self.message = message
    }
}
