/// What a source's binary log began with, before the oldest file that it holds: these transactions it can no longer
/// send.
package enum PurgedTransactions: Sendable {
    /// MySQL: gtid_purged.
    case set(GTIDSet)
    /// MariaDB: BINLOG_GTID_POS of the start of the oldest file.
    case position(GTIDPosition)
}

extension TransactionHistory {
    /// Whether a replica with this history needs some of what its source has purged; nil if that cannot be known.
    /// - Parameter fetched: what it has received, so far as it will use that: MySQL keeps its relay logs and asks for
    ///   the rest; MariaDB discards them when both threads are started.
    package func needs(_ purged: PurgedTransactions, fetched: FetchedTransactions?) -> Bool? {
        switch (self, purged) {
        case (.set(let executed, _), .set(let purged)):
            if purged.isSubset(of: executed) { return false }
            guard case .set(let retrieved) = fetched else { return true }
            return !purged.isSubset(of: executed.union(retrieved))
        case (.positions(let here), .position(let oldest)):
            let applied = here.applied
            var received: GTIDPosition?
            if case .position(let position) = fetched { received = position }
            return oldest.entries.contains { start in
                let sequence = max(
                    applied[start.domain]?.sequence ?? 0, received?[start.domain]?.sequence ?? 0)
                return sequence < start.sequence
            }
        default: return nil
        }
    }

    /// MariaDB: the domains in which a replica is above its source, each with the last transaction of both. Its source
    /// has started over or lost transactions, or numbers have been used twice: how many are missing cannot be known.
    ///
    /// A domain that the source does not have may have come another way, or been deleted from its log (FLUSH BINARY LOGS
    /// DELETE_DOMAIN_ID), unless the source has none and the last transaction is its own. In a ring, the one with the highest
    /// number need not be the last one of a domain. Empty for MySQL, whose sets show which transactions are missing.
    package func domainsAhead(of source: TransactionHistory, _ sourceID: UInt32?) -> [GTIDLead] {
        guard case .positions(let here) = self, case .positions(let there) = source else { return [] }
        var leads: [GTIDLead] = []
        for mine in here.applied.entries where !there.hasRecord(of: mine) {
            let isBySource = mine.server == sourceID
            let theirs = there.logged[mine.domain]
            if let theirs {
                guard mine.sequence > theirs.sequence else { continue }
            } else {
                guard isBySource, there.state.isEmpty else { continue }
            }
            leads.append(GTIDLead(replica: mine, source: theirs, isBySource: isBySource))
        }
        return leads
    }

    /// MariaDB: whether this source has a record of the last transaction that a replica has in each domain of the source's log.
    /// Without one, a number that is not lower does not show that the replica has all of it. MySQL's sets need none.
    package func hasRecord(ofLastOf replica: TransactionHistory) -> Bool {
        guard case .positions(let here) = self, case .positions(let theirs) = replica else { return true }
        let applied = theirs.applied(comparedWith: here)
        return !here.logged.isEmpty
            && here.logged.entries.allSatisfy { applied[$0.domain].map(here.hasRecord(of:)) == true }
    }
}

extension TransactionHistory.Positions {
    /// In its binary log, or applied as a replica: a log that was begun with a restored copy has nothing of what came before.
    func hasRecord(of gtid: MariaDBGTID) -> Bool {
        state.hasRecord(of: gtid) || replicated.hasApplied(gtid) == true
    }
}

/// The last transactions of a replica and its source in a domain in which the replica is above its source.
package struct GTIDLead: Sendable, Hashable {
    package let replica: MariaDBGTID
    /// Nil if the source has nothing in that domain.
    package let source: MariaDBGTID?
    /// The source itself wrote what it has no record of: it cannot be on its way to it.
    package let isBySource: Bool
    /// An earlier round has shown it.
    package var isPast = false

    /// The same, as a later round knows it.
    package var past: GTIDLead {
        var lead = self
        lead.isPast = true
        return lead
    }
}
