package import Replication

/// Looks for transactions that a replica has and none of its sources has.
///
/// The nodes of a round are asked in parallel, but not at the same instant: what a source commits after its answer may
/// well be in its replica's answer. So an excess seen on the first look is only a suspicion, and the sources are asked
/// again.
struct ErrantSearch {
    private let index: Int
    private let nodes: [ReplicationSetReport.Node]
    private let graph: ReplicationGraph
    /// When the node's transactions were read.
    private let read: Reading?
    private let history: TransactionHistory
    private let sources: [Source]
    private let sourceHistories: [TransactionHistory]

    /// The facts needed of a source. Copying all of them would mean a hundred reference counts.
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

        /// Whether its transactions were requested after the other reading was answered.
        func isRead(after other: Reading?) -> Bool {
            guard let read, let other else { return false }
            return read.isAfter(other)
        }
    }

    /// Nil for a node without sources, if one of them is unknown or did not report its transactions, and for a node
    /// that keeps no record of what was written on it.
    init?(_ index: Int, _ nodes: [ReplicationSetReport.Node], _ graph: ReplicationGraph) {
        let indices = graph.sources[index]
        guard !indices.isEmpty, let node = nodes[index].report.facts, let history = node.transactions,
            node.recordsOwnWrites
        else { return nil }
        var sources: [Source] = []
        var sourceHistories: [TransactionHistory] = []
        sources.reserveCapacity(indices.count)
        sourceHistories.reserveCapacity(indices.count)
        for source in indices {
            guard let source, let facts = nodes[source].report.facts, let history = facts.transactions else {
                return nil
            }
            sources.append(Source(facts))
            sourceHistories.append(history)
        }
        self.index = index
        self.nodes = nodes
        self.graph = graph
        read = node.transactionsRead
        self.history = history
        self.sources = sources
        self.sourceHistories = sourceHistories
    }

    /// An excess that cannot be explained by the sources having been asked a moment too early; settled by asking them
    /// again.
    var isSuspicious: Bool { excess(beyond: allAbove) ?? 0 > 0 && sources.allSatisfy(\.recordsReplicated) }

    /// Whether the sources lack what the node had in the previous round, which no moment between two looks explains.
    /// Then they have lost it, in a crash or by RESET MASTER, and it is their own transactions that only the node still
    /// has.
    func isAhead(since previous: TransactionHistory?) -> Bool {
        guard let previous, sources.allSatisfy(\.recordsReplicated),
            previous.errant(against: sourceHistories) ?? 0 > 0
        else { return false }
        return previous.errant(against: sourceHistories, excusing: allBeyondSources()) ?? 0 > 0
    }

    /// The node's errant transactions; nil if that cannot be known. No transaction is called errant on a first look.
    var count: UInt64? {
        let isSecondLook = sources.allSatisfy(\.isSecondLook)
        // What counts is the order of the questions, not which nodes were asked again: overlapping rounds share
        // answers, and two nodes that were both asked again at once are as far apart as on the first look.
        let isSettled = sources.allSatisfy { $0.isRead(after: read) }
        guard let excess = excess(beyond: isSettled ? allBeyondSources : allAbove) else { return nil }
        if excess == 0 { return 0 }
        guard sources.allSatisfy(\.recordsReplicated), !sources.contains(where: \.mayHoldBack) else { return nil }
        return isSettled || (isSecondLook && areAllAboveKnown) ? excess : nil
    }

    /// The transactions that none of the sources has, without those of `excused`. Finding those costs a walk up the
    /// topology, so it is done only if there is something to excuse.
    private func excess(beyond excused: () -> TransactionHistory.Writers) -> UInt64? {
        let excess = history.errant(against: sourceHistories)
        return excess ?? 0 > 0 ? history.errant(against: sourceHistories, excusing: excused()) : excess
    }

    /// The nodes above: what they commit after they were asked is not errant. Within a ring that includes the node
    /// itself.
    private func allAbove() -> TransactionHistory.Writers {
        writers(graph.ancestors(of: index))
    }

    /// The nodes above the sources, and in a ring the node itself: what they wrote is on its way to the sources.
    private func allBeyondSources() -> TransactionHistory.Writers {
        writers(graph.ancestors(of: index).subtracting(graph.sources[index].compactMap(\.self)))
    }

    private func writers(_ indices: Set<Int>) -> TransactionHistory.Writers {
        var writers = TransactionHistory.Writers()
        for index in indices {
            if let identity = nodes[index].identity { writers.insert(identity) }
        }
        return writers
    }

    /// Otherwise there may be an unknown writer above, whose transactions would not be excused.
    private var areAllAboveKnown: Bool {
        graph.ancestors(of: index).allSatisfy {
            nodes[$0].identity != nil && nodes[$0].report.facts?.channels != nil && !graph.sources[$0].contains(nil)
        }
    }
}

extension NodeFacts {
    /// Without a binary log, what is written on a server gets no GTID and is not recorded.
    package var recordsOwnWrites: Bool { binaryLog?.isEnabled ?? true }

    /// Whether a commit may be on a replica but not yet among this node's transactions: with semi-synchronous
    /// replication it waits for the acknowledgement in between (AFTER_SYNC). Counted before the transactions are read,
    /// so that a session that was waiting then is either still counted or done. A count from an earlier round does not
    /// qualify.
    fileprivate var mayHoldBack: Bool {
        semiSync?.waitingSessions ?? 0 > 0 || missing[.status] != nil || isStatusKept
    }

    /// Whether the history also includes replicated transactions. Without log_slave_updates, a former replica's binary
    /// log does not.
    fileprivate var recordsReplicated: Bool {
        guard case .positions(let positions) = transactions, !positions.replicated.isEmpty else { return true }
        return binaryLog?.recordsReplicated ?? true
    }
}
