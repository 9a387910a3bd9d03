internal import Replication

/// Which nodes of a set take its writes. Balancers, probes, pages and alerts rely on it.
package enum Writers: Sendable, Equatable {
    /// At least one name; only one, unless a replica gathers the writes of several (multi-source replication).
    case nodes([String])
    /// It is known that no node takes writes; a sentence says why.
    case none(String)
    /// Every node replicates, directly or not, from a source outside the set: the writes are taken there.
    case outside
    /// It cannot be determined; a sentence says why and what to do.
    case unknown(String)

    package var isKnown: Bool {
        if case .unknown = self { false } else { true }
    }

    package var names: [String] {
        if case .nodes(let names) = self { names } else { [] }
    }
}

/// Everything that the decision about the writers is based on.
package struct WriterFindings: Sendable, Equatable {
    package var writers: Writers
    /// By node name.
    package var standings: [String: NodeStanding] = [:]
    /// Nodes that have been the writer, and have not been seen read-only or restarted since.
    package var incumbents: Set<String> = []
    /// Silent nodes that may be taking writes alongside the writers, as sources of the same replica.
    package var silentPartners: Set<String> = []
    package var conflicts: [WriterConflict] = []
    /// The writers of clusters and writable nodes that belong to none, if there are any of these.
    package var besideCluster: Set<String> = []
    /// The node that an operator has named as the writer.
    package var operatorsWord: String?

    package init(writers: Writers) { self.writers = writers }
}

/// Two nodes that were both seen to take writes, neither of them replicating from the other.
package struct WriterConflict: Sendable, Equatable {
    /// Two names, sorted.
    package var nodes: [String]
    /// The one that remains the writer; nil for neither.
    package var winner: String?
    /// The one that became, or came back, writable while the other was the writer and answered; nil if neither did.
    package var newcomer: String?
    /// The merits of each, by name, as of the last round in which both answered.
    package var merits: [String: [Merit]] = [:]
    /// An operator has named the one that remains the writer.
    package var isDecided = false

    /// Of two nodes that take writes, the only one with at least two of these remains the writer.
    package enum Merit: String, Sendable, CaseIterable {
        case wasWriter = "was_the_writer"
        case hasAll = "has_all_transactions"
        case feedsReplicas = "feeds_all_replicas"
    }
}

/// How one node figures in the decision.
package struct NodeStanding: Sendable, Equatable {
    package var isAnswering: Bool
    /// For a silent node, as last seen; nil if that is not known.
    package var isWritable: Bool?
    /// The server variables that keep ordinary accounts from writing.
    package var readOnlySwitches: [String] = []
    /// Answers, is writable, and replicates from a writable node: a replica without `read_only`, not a rival.
    package var isWritableReplica = false
    package var ties: [Tie] = []
    /// Answering nodes that are receiving from this one.
    package var receivers: [String] = []
    /// Why it is not the writer, each a sentence; empty for a writer and for a node that is read-only.
    package var obstacles: [String] = []
    /// Seconds until it counts as the writer if nothing changes; nil unless that is all it waits for.
    package var wait: Double?

    /// A channel, and what it means for the decision.
    package struct Tie: Sendable, Equatable {
        package var channel: String
        /// The source's node name, or its address if it is not a node of the set.
        package var source: String
        package var isObstacle: Bool
    }

    package init(isAnswering: Bool, isWritable: Bool?) {
        self.isAnswering = isAnswering
        self.isWritable = isWritable
    }
}

extension SetFindings {
    /// The one node that takes the writes, for callers that need exactly one.
    package var primary: Primary {
        switch writing.writers {
        // Of several, one that is silent remains one of them.
        case .nodes(let names):
            Self.primary(among: writing.incumbents.union(writing.silentPartners).union(names).sorted())
        case .outside: .unknown("every node is read-only and replicates from outside the set")
        case .none(let reason), .unknown(let reason): .unknown(reason)
        }
    }

    private static func primary(among names: [String]) -> Primary {
        names.count == 1 ? .node(names[0]) : .unknown("\(names.list) take the writes side by side")
    }

    /// The nodes that take the writes, by name; empty if that cannot be determined.
    package var writers: [String] { writing.writers.names }
}

/// The node of a set that takes its writes, or why that cannot be determined.
package enum Primary: Sendable, Equatable {
    /// By name.
    case node(String)
    /// A sentence for logs, pages and load balancers.
    case unknown(String)

    package var name: String? {
        if case .node(let name) = self { name } else { nil }
    }

    package var reason: String? {
        if case .unknown(let reason) = self { reason } else { nil }
    }
}

extension NodeFindings {
    /// It answered, and takes writes from ordinary accounts.
    package var isWritable: Bool { report.isUp && report.facts?.isReadOnly == false }

    /// It answered, and takes none. A node that does not report it is neither read-only nor writable.
    package var isReadOnly: Bool { report.isUp && report.facts?.isReadOnly == true }
}

extension [String] {
    /// `db1 and db2`, `db1, db2 and db3`.
    var list: String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " and " + last
    }
}
