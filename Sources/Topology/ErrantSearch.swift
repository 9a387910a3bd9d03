package import Replication

/// Looks for transactions that a replica has and none of its sources has.
///
/// The nodes of a round are asked at the same time, but not at the same moment: what a source commits after its answer
/// may well be in the answer of its replica. So on one look an excess is a suspicion, and the sources are asked again.
struct ErrantSearch {
    private let place: Int
    private let nodes: [ReplicationSetReport.Node]
    private let graph: ReplicationGraph
    /// When the node's transactions were read.
    private let read: Reading?
    private let history: TransactionHistory
    private let sources: [Source]
    private let sourceHistories: [TransactionHistory]

    /// What is to be known of a source. All of its facts would be a hundred references to count.
    private struct Source {
        let read: Reading?
        let isSecondLook: Bool
        let recordsReplicated: Bool
        let mayHoldBack: Bool

        init(_ facts: NodeFacts) {
            read = facts.transactionsRead
            isSecondLook = facts.isSecondLook
            recordsReplicated = facts.recordsReplicated
            mayHoldBack = facts.mayHoldBack
        }

        /// Whether its transactions were asked for when the others had been told.
        func isRead(after other: Reading?) -> Bool {
            guard let read, let other else { return false }
            return read.isAfter(other)
        }
    }

    /// Nil for a node without sources, when one of them is not known or did not tell, and for a node that keeps no
    /// record of what was written on it.
    init?(_ place: Int, _ nodes: [ReplicationSetReport.Node], _ graph: ReplicationGraph) {
        let places = graph.sources[place]
        guard !places.isEmpty, let node = nodes[place].report.facts, let history = node.transactions,
            node.recordsOwnWrites
        else { return nil }
        var sources: [Source] = []
        var sourceHistories: [TransactionHistory] = []
        sources.reserveCapacity(places.count)
        sourceHistories.reserveCapacity(places.count)
        for source in places {
            guard let source, let facts = nodes[source].report.facts, let history = facts.transactions else {
                return nil
            }
            sources.append(Source(facts))
            sourceHistories.append(history)
        }
        self.place = place
        self.nodes = nodes
        self.graph = graph
        read = node.transactionsRead
        self.history = history
        self.sources = sources
        self.sourceHistories = sourceHistories
    }

    /// More than sources that were asked a moment too early explain; to be settled by asking them again.
    var isSuspicious: Bool { excess(beyond: everybodyAbove) ?? 0 > 0 && sources.allSatisfy(\.recordsReplicated) }

    /// Whether the sources lack what the node had in the round before: no moment between two looks explains that. Then
    /// they have lost it, by a crash or RESET MASTER, and it is their own transactions that the node alone has.
    func isAhead(since previous: TransactionHistory?) -> Bool {
        guard let previous, sources.allSatisfy(\.recordsReplicated),
            previous.errant(against: sourceHistories) ?? 0 > 0
        else { return false }
        return previous.errant(against: sourceHistories, excusing: beyondSources()) ?? 0 > 0
    }

    /// What is said of the node; nil where it cannot be known. A transaction is never called errant on one look.
    var count: UInt64? {
        let isSecondLook = sources.allSatisfy(\.isSecondLook)
        // Not who was asked again, but who was asked after whom: rounds that overlap share answers, and two that were
        // asked again at once are as far apart as on the first look.
        let isSettled = sources.allSatisfy { $0.isRead(after: read) }
        guard let excess = excess(beyond: isSettled ? beyondSources : everybodyAbove) else { return nil }
        if excess == 0 { return 0 }
        guard sources.allSatisfy(\.recordsReplicated), !sources.contains(where: \.mayHoldBack) else { return nil }
        return isSettled || (isSecondLook && isEverybodyAboveKnown) ? excess : nil
    }

    /// Transactions of none of the sources, but for those of `excused`. Who that is costs a walk up the topology, and is
    /// asked only when there is something to excuse.
    private func excess(beyond excused: () -> TransactionHistory.Writers) -> UInt64? {
        let excess = history.errant(against: sourceHistories)
        return excess ?? 0 > 0 ? history.errant(against: sourceHistories, excusing: excused()) : excess
    }

    /// What those above commit after they were asked is no fault of the replica. Within a ring that includes the node.
    private func everybodyAbove() -> TransactionHistory.Writers {
        writers(graph.ancestors(of: place))
    }

    /// What was written above the sources, or in a ring by the node itself, is on its way to them.
    private func beyondSources() -> TransactionHistory.Writers {
        writers(graph.ancestors(of: place).subtracting(graph.sources[place].compactMap(\.self)))
    }

    private func writers(_ places: Set<Int>) -> TransactionHistory.Writers {
        var writers = TransactionHistory.Writers()
        for place in places {
            if let identity = nodes[place].identity { writers.insert(identity) }
        }
        return writers
    }

    /// Else somebody may be writing above whom nobody can excuse.
    private var isEverybodyAboveKnown: Bool {
        graph.ancestors(of: place).allSatisfy {
            nodes[$0].identity != nil && nodes[$0].report.facts?.channels != nil && !graph.sources[$0].contains(nil)
        }
    }
}

extension NodeFacts {
    /// Without a binary log what is written on a server gets no GTID, and is in no record.
    package var recordsOwnWrites: Bool { binaryLog?.isEnabled ?? true }

    /// Whether a commit may be on a replica and not yet among this node's transactions: with semi-synchronous replication
    /// it waits for the acknowledgement in between (AFTER_SYNC). Counted before the transactions are read, so that whoever
    /// waited then is either still counted or done. A count of an earlier round is none.
    fileprivate var mayHoldBack: Bool {
        semiSync?.waitingSessions ?? 0 > 0 || missing[.status] != nil || isStatusKept
    }

    /// Whether the history names what came by replication, too. Without log_slave_updates the binary log of a former
    /// replica does not.
    fileprivate var recordsReplicated: Bool {
        guard case .positions(let positions) = transactions, !positions.replicated.isEmpty else { return true }
        return binaryLog?.recordsReplicated ?? true
    }
}
