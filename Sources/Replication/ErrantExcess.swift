/// What a node has and the nodes it is compared with do not.
package enum ErrantExcess: Sendable, Hashable {
    /// MySQL: exactly which transactions.
    case set(GTIDSet)
    /// MariaDB: the last transaction of each server in each domain.
    case entries(ErrantTransactions)

    /// The number of transactions; for MariaDB a lower bound.
    package var count: UInt64 {
        switch self {
        case .set(let set): set.count
        case .entries(let entries): entries.transactionsAtLeast
        }
    }

    package var isEmpty: Bool {
        switch self {
        case .set(let set): set.isEmpty
        case .entries(let entries): entries.isEmpty
        }
    }

    /// Without what these servers wrote.
    package func excluding(_ writers: TransactionHistory.Writers) -> ErrantExcess {
        switch self {
        case .set(let set): .set(writers.uuids.isEmpty ? set : set.excluding(writers.uuids))
        case .entries(let entries):
            .entries(
                ErrantTransactions(entries: entries.entries.filter { !writers.serverIDs.contains($0.gtid.server) }))
        }
    }

    /// MariaDB: without what one of the nodes has applied by its position, though its binary log has no record of it: a log that
    /// was begun with a restored copy has none of what came before.
    package func excludingApplied(by nodes: [TransactionHistory]) -> ErrantExcess {
        excluding(nodes) { gtid, applied in applied.server == gtid.server && applied.sequence >= gtid.sequence }
    }

    /// MariaDB: without what other servers than these wrote and one of the nodes may have applied, by the number of another
    /// server in its position.
    package func excludingOthers(
        than writers: TransactionHistory.Writers, thatMayBeIn nodes: [TransactionHistory]
    ) -> ErrantExcess {
        excluding(nodes) { gtid, applied in
            applied.sequence >= gtid.sequence && !writers.serverIDs.contains(gtid.server)
        }
    }

    /// MariaDB: without what other servers than these wrote in a domain of which the nodes have nothing at all. It can be deleted
    /// from a binary log (FLUSH BINARY LOGS DELETE_DOMAIN_ID). A node that has no domain has begun anew.
    package func excludingDomainsThatMayBeDeleted(
        on nodes: [TransactionHistory], besides writers: TransactionHistory.Writers
    ) -> ErrantExcess {
        guard case .entries(let entries) = self else { return self }
        var domains: Set<UInt32> = []
        for case .positions(let positions) in nodes {
            domains.formUnion(positions.state.entries.lazy.map(\.domain))
            domains.formUnion(positions.replicated.entries.lazy.map(\.domain))
        }
        guard !domains.isEmpty else { return self }
        return .entries(
            ErrantTransactions(
                entries: entries.entries.filter {
                    domains.contains($0.gtid.domain) || writers.serverIDs.contains($0.gtid.server)
                }))
    }

    /// MariaDB: without the transactions for which this is so of what one of the nodes last applied in their domain.
    private func excluding(
        _ nodes: [TransactionHistory], where isExcluded: (MariaDBGTID, _ applied: MariaDBGTID) -> Bool
    ) -> ErrantExcess {
        guard case .entries(let entries) = self else { return self }
        return .entries(
            ErrantTransactions(
                entries: entries.entries.filter { entry in
                    !nodes.contains { node in
                        guard case .positions(let positions) = node,
                            let applied = positions.replicated[entry.gtid.domain]
                        else { return false }
                        return isExcluded(entry.gtid, applied)
                    }
                }))
    }

    /// Only what these servers wrote.
    package func written(by writers: TransactionHistory.Writers) -> ErrantExcess {
        switch self {
        case .set(let set): .set(set.subtracting(set.excluding(writers.uuids)))
        case .entries(let entries):
            .entries(
                ErrantTransactions(entries: entries.entries.filter { writers.serverIDs.contains($0.gtid.server) }))
        }
    }

    /// The first intervals, as their servers write them.
    package func intervals(atMost limit: Int) -> [Interval] {
        switch self {
        case .set(let set):
            var intervals: [Interval] = []
            for source in set.sources {
                let tag = source.tsid.tag.isEmpty ? "" : ":\(source.tsid.tag)"
                for interval in source.intervals {
                    if intervals.count == limit { return intervals }
                    intervals.append(
                        Interval(text: "\(source.tsid.uuid)\(tag):\(interval)", writer: .uuid(source.tsid.uuid)))
                }
            }
            return intervals
        case .entries(let entries):
            return entries.entries.prefix(limit).map { Interval(text: $0.text, writer: .serverID($0.gtid.server)) }
        }
    }

    /// How many intervals there are.
    package var intervalCount: Int {
        switch self {
        case .set(let set): set.sources.reduce(0) { $0 + $1.intervals.count }
        case .entries(let entries): entries.entries.count
        }
    }

    /// Consecutive transactions of one server.
    package struct Interval: Sendable, Hashable {
        package let text: String
        package let writer: Writer
    }

    /// The server that wrote a transaction, by the identifier in it.
    package enum Writer: Sendable, Hashable {
        case uuid(ServerUUID)
        case serverID(UInt32)
    }
}

extension ErrantTransactions.Entry {
    /// The last one; and where there may be more of them, the last that is not: `0-2-101 after 0-2-96`.
    fileprivate var text: String {
        guard let sourceSequence, gtid.sequence - sourceSequence > 1 else { return gtid.description }
        let last = MariaDBGTID(domain: gtid.domain, server: gtid.server, sequence: sourceSequence)
        return "\(gtid) after \(last)"
    }
}

extension TransactionHistory {
    /// What this node has and none of `others` has; nil if the histories cannot be compared.
    package func excess(over others: [TransactionHistory]) -> ErrantExcess? {
        switch self {
        case .set(let executed, _):
            var rest = executed
            for other in others {
                guard case .set(let theirs, _) = other else { return nil }
                rest = rest.subtracting(theirs)
            }
            return .set(rest)
        case .positions(let here):
            var states: [GTIDBinlogState] = []
            states.reserveCapacity(others.count)
            for other in others {
                guard case .positions(let there) = other else { return nil }
                states.append(there.state)
            }
            let union = states.count == 1 ? states[0] : GTIDBinlogState(newestOf: states)
            return .entries(here.state.errant(against: union, sourceServers: []))
        }
    }

    /// Whether `other` has everything that this node has. Allocates nothing: it is asked of every replica, each round.
    package func isCovered(by other: TransactionHistory) -> Bool {
        switch (self, other) {
        case (.set(let executed, _), .set(let theirs, _)): executed.isSubset(of: theirs)
        case (.positions(let here), .positions(let there)): here.state.isCovered(by: there.state)
        default: false
        }
    }
}
