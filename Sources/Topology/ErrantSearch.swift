import Replication

/// Looks for transactions that a node has and none of the nodes above it has, nor the one that takes the writes.
///
/// The nodes of a round are asked in parallel, but not at the same instant: what a source commits after its answer may
/// well be in its replica's answer. So what counts is what the node had on the first look, against nodes that were
/// asked after that; an excess that may be due to the moment is a doubt, and those nodes are asked again.
struct ErrantSearch {
    private let nodes: [ReplicationSetReport.Node]
    private let graph: ReplicationGraph
    /// The nodes that take the writes, as far as that is known.
    private let writers: Set<Int>
    /// Configured: what these servers write is no error, wherever it is found.
    private let allowed: TransactionHistory.Writers

    init(_ report: ReplicationSetReport, _ graph: ReplicationGraph, writers: Set<Int>) {
        nodes = report.nodes
        self.graph = graph
        self.writers = writers
        allowed = report.errantAllowed
    }

    /// Nil if it cannot be known; empty if there are none.
    enum Verdict {
        case unknown
        case none
        case errant(ErrantExcess)
    }

    func verdict(on index: Int) -> Verdict {
        guard let record = record(of: index), haveComparableGTIDs(index) else { return .unknown }
        if isCovered(record.history, at: index) { return .none }
        guard let above = Above(self, index), let excess = excess(of: record.history, at: index, over: above) else {
            return .unknown
        }
        if excess.isEmpty { return .none }
        guard above.isRead(after: record.read) else {
            return isOfTheMoment(excess, at: index, above) ? .none : .unknown
        }
        guard above.isComplete else { return .unknown }
        let own = writers(at: [index])
        var known = excess.excludingOthers(than: identities, thatMayBeIn: above.histories)
            .excludingDomainsThatMayBeDeleted(on: above.histories, besides: own)
        // What comes from a source outside the set may still be on its way, and that source cannot be asked.
        if above.hasUnknownSource { known = known.written(by: identities) }
        // A commit that waits above may be here already; what this node wrote itself came from nowhere.
        if above.mayHoldBack { known = known.written(by: own) }
        return known.isEmpty ? .unknown : .errant(known)
    }

    /// The nodes that have to be asked again to judge an excess; none if there is nothing to judge.
    func toAskAgain(about index: Int) -> Set<Int> {
        guard let own = record(of: index), haveComparableGTIDs(index), !isCovered(own.history, at: index),
            let above = Above(self, index),
            above.isComplete, let excess = excess(of: own.history, at: index, over: above), !excess.isEmpty,
            // Overlapping rounds share looks, so that these may be in order without the counter of waiting commits.
            !above.isRead(after: own.read) || above.mayHoldBack, !isOfTheMoment(excess, at: index, above)
        else { return [] }
        return above.indices
    }

    /// What the node had on the first look, if it keeps a record of what is written on it and has sources.
    private func record(of index: Int) -> TransactionsReading? {
        if graph.sources[index].isEmpty { return nil }
        return nodes[index].report.recordedOnFirstLook
    }

    /// A Galera node that replicates from elsewhere also has what its cluster writes, under whatever numbers; and replicas of one may
    /// have been moved from another, which gave the same transactions numbers of its own.
    private func haveComparableGTIDs(_ index: Int) -> Bool {
        nodes[index].report.facts?.clusterSettings?.kind != .galera
            && graph.sources[index].allSatisfy { source in
                source.map { nodes[$0].report.facts?.numbersAlone != true } ?? true
            }
    }

    /// The members of the clusters to which some of these nodes belong.
    private func members(besides some: Set<Int>) -> Set<Int> {
        let clusters = Set(some.compactMap { nodes[$0].report.facts?.cluster?.cluster })
        if clusters.isEmpty { return [] }
        return Set(
            nodes.indices.filter { nodes[$0].report.facts?.cluster.map { clusters.contains($0.cluster) } == true })
    }

    /// Whether one of its sources has everything that the node has: so it nearly always is, and nothing else need be
    /// looked at.
    private func isCovered(_ history: TransactionHistory, at index: Int) -> Bool {
        let sources = graph.sources[index]
        // With an unknown source, nothing is said of the node.
        return !sources.contains(nil)
            && sources.contains { source in
                guard let source, source != index,
                    let theirs = nodes[source].report.recordedTransactions
                else { return false }
                return history.isCovered(by: theirs)
            }
    }

    private func excess(of history: TransactionHistory, at index: Int, over above: Above) -> ErrantExcess? {
        guard let all = history.excess(over: above.histories) else { return nil }
        let excess = all.isEmpty ? all : all.excludingApplied(by: above.histories)
        var excused = allowed
        // What it wrote itself is on its way to the nodes above.
        if writers.contains(index) || above.includesItself, let identity = nodes[index].identity {
            excused.insert(identity)
        }
        // What the other members of its group write bears the group's name.
        if let settings = nodes[index].report.facts?.clusterSettings, settings.kind == .group,
            let group = ServerUUID(settings.cluster)
        {
            excused.uuids.insert(group)
        }
        return excess.excluding(excused)
    }

    /// Whether an excess is new since the previous round and the nodes above may have written it after they were
    /// asked. What they lack although the node had it a round ago they have lost, in a crash or by RESET MASTER.
    private func isOfTheMoment(_ excess: ErrantExcess, at index: Int, _ above: Above) -> Bool {
        guard let facts = nodes[index].earlier?.facts, let before = facts.transactions,
            above.isRead(after: facts.transactionsRead)
        else { return false }
        return excess.excluding(writers(at: above.indices)).isEmpty
            && self.excess(of: before, at: index, over: above)?.isEmpty == true
    }

    private var identities: TransactionHistory.Writers { writers(at: nodes.indices) }

    private func writers(at indices: some Sequence<Int>) -> TransactionHistory.Writers {
        var writers = TransactionHistory.Writers()
        for index in indices {
            if let identity = nodes[index].identity { writers.insert(identity) }
        }
        return writers
    }
}

extension ErrantSearch {
    /// The nodes above one, and the writer: what they have is on its way to it, or to its sources.
    private struct Above {
        private(set) var indices: Set<Int>
        private(set) var histories: [TransactionHistory] = []
        /// Within a ring.
        let includesItself: Bool
        /// All of them answered, and record what they have.
        private(set) var isComplete = true
        private(set) var hasUnknownSource = false
        private(set) var mayHoldBack = false
        private var reads: [Reading?] = []

        /// Nil if a direct source is unknown or has no record.
        init?(_ search: ErrantSearch, _ index: Int) {
            let nodes = search.nodes
            for source in search.graph.sources[index] {
                guard let source, nodes[source].report.recordedTransactions != nil else { return nil }
            }
            let ancestors = search.graph.ancestors(of: index)
            includesItself = ancestors.contains(index)
            // What a member has may have been written on any other.
            indices = ancestors.union(search.writers).union(search.members(besides: ancestors))
            indices.remove(index)
            for other in indices {
                guard let facts = nodes[other].report.facts, let history = nodes[other].report.recordedTransactions
                else {
                    // A writer that is not above is worth a look, but nothing depends on it.
                    if ancestors.contains(other) { isComplete = false }
                    continue
                }
                histories.append(history)
                reads.append(facts.transactionsRead)
                guard ancestors.contains(other) else { continue }
                if facts.channels == nil || !facts.recordsReplicated { isComplete = false }
                if facts.mayHoldBack { mayHoldBack = true }
                if search.graph.sources[other].contains(nil) { hasUnknownSource = true }
            }
        }

        /// Whether all of them were asked for their transactions after the other reading was answered.
        func isRead(after other: Reading?) -> Bool {
            guard let other else { return false }
            return reads.allSatisfy { $0?.isAfter(other) ?? false }
        }
    }
}

extension NodeFacts {
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
