import Replication

/// Looks for transactions that a replica has and none of its sources has.
struct ErrantSearch {
    private let node: NodeFacts
    private let history: TransactionHistory
    private let sources: [TransactionHistory]
    private let ancestors: [NodeFacts]
    private let isCoPrimary: Bool
    private let isSecondLook: Bool

    private enum Excused {
        /// The node itself, where it is also a source of its source: what it wrote is on its way there.
        case coPrimary
        /// And all nodes above: what they committed after they were asked is no fault of the replica.
        case ancestors
    }

    /// Nil for a node without sources, or when one of them is not known or did not tell.
    init?(_ place: Int, _ nodes: [ReplicationSetReport.Node], _ graph: ReplicationGraph) {
        let places = graph.sources[place]
        guard !places.isEmpty, let node = nodes[place].report.facts, let history = node.transactions else { return nil }
        var sources: [TransactionHistory] = []
        var isSecondLook = true
        for source in places {
            guard let source, let facts = nodes[source].report.facts, let history = facts.transactions else {
                return nil
            }
            sources.append(history)
            isSecondLook = isSecondLook && facts.isSecondLook
        }
        self.isSecondLook = isSecondLook
        self.node = node
        self.history = history
        self.sources = sources
        let ancestors = graph.ancestors(of: place)
        isCoPrimary = ancestors.contains(place)
        self.ancestors = ancestors.compactMap { nodes[$0].report.facts }
    }

    /// More than a source that was asked a moment too early explains.
    var isSuspicious: Bool { count(excusing: .ancestors) ?? 0 > 0 }

    /// What is said of the node. A transaction is never called errant on one look.
    var count: UInt64? { count(excusing: isSecondLook ? .coPrimary : .ancestors) }

    private func count(excusing: Excused) -> UInt64? {
        var writers = TransactionHistory.Writers()
        if isCoPrimary { writers.insert(node.identity) }
        if excusing == .ancestors {
            for ancestor in ancestors { writers.insert(ancestor.identity) }
        }
        return history.errant(against: sources, excusing: writers)
    }
}
