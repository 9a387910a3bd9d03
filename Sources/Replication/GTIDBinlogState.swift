/// What a MariaDB server has in its binary log: `gtid_binlog_state`, the last transaction of each server in each
/// domain.
///
/// Unlike a position, it remembers every server that ever wrote. It is empty without `log_bin`, and RESET MASTER clears
/// it.
package struct GTIDBinlogState: Hashable, Sendable {
    /// Sorted by domain, then server; each pair once.
    package let entries: [MariaDBGTID]

    /// Reads `domain-server-sequence`, comma separated, each pair of domain and server once; or the empty text.
    package init(parsing text: String) throws(GTIDError) {
        entries = try .parse(
            text, format: "GTID binlog state", sortedBy: Writer.init, once: "expected each server once in a domain")
    }

    /// The union of several servers' states: each writer's newest transaction.
    package init(newestOf states: [GTIDBinlogState]) {
        var newest: [Writer: MariaDBGTID] = [:]
        for gtid in states.lazy.flatMap(\.entries) where gtid.sequence >= newest[Writer(gtid)]?.sequence ?? 0 {
            newest[Writer(gtid)] = gtid
        }
        entries = newest.values.sorted { Writer($0) < Writer($1) }
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// What this server has in its binary log and its source does not: written here, not replicated.
    ///
    /// - Parameters:
    ///   - source: the state of the server that this one replicates from.
    ///   - sourceServers: the server IDs of that source and of the writers above it. Their transactions arrive by
    ///     replication; any new ones were committed after `source` was read.
    ///
    /// Linear in the size of both states.
    package func errant(against source: GTIDBinlogState, sourceServers: Set<UInt32>) -> ErrantTransactions {
        var errant: [ErrantTransactions.Entry] = []
        var theirs = source.entries[...]
        for gtid in entries where !sourceServers.contains(gtid.server) {
            while let first = theirs.first, Writer(first) < Writer(gtid) { theirs.removeFirst() }
            let known = theirs.first.flatMap { Writer($0) == Writer(gtid) ? $0.sequence : nil }
            if let known, gtid.sequence <= known { continue }
            errant.append(.init(gtid: gtid, sourceSequence: known))
        }
        return ErrantTransactions(entries: errant)
    }

    /// Whether this transaction, or a later one of the same server and domain, is in the binary log.
    package func hasRecord(of gtid: MariaDBGTID) -> Bool {
        entries.contains {
            $0.domain == gtid.domain && $0.server == gtid.server && $0.sequence >= gtid.sequence
        }
    }

    /// Whether an earlier state of the same server had more of some server's transactions, in a domain that is still there.
    package func hasLost(_ earlier: GTIDBinlogState) -> Bool {
        earlier.entries.contains { gtid in
            !hasRecord(of: gtid) && entries.contains { $0.domain == gtid.domain }
        }
    }

    /// Whether every server's newest transaction of one domain is also in the other's binary log.
    package func isCovered(by other: GTIDBinlogState, in domain: UInt32) -> Bool {
        entries.allSatisfy { $0.domain != domain || other.hasRecord(of: $0) }
    }

    /// Whether the other has every writer's newest transaction. Both are sorted, and walked once.
    package func isCovered(by other: GTIDBinlogState) -> Bool {
        var theirs = 0
        for gtid in entries {
            while theirs < other.entries.count, Writer(other.entries[theirs]) < Writer(gtid) { theirs += 1 }
            guard theirs < other.entries.count, Writer(other.entries[theirs]) == Writer(gtid),
                gtid.sequence <= other.entries[theirs].sequence
            else { return false }
        }
        return true
    }
}

extension GTIDBinlogState: CustomStringConvertible {
    /// Sorted. The server instead lists the most recent writer of each domain last; `gtid_binlog_pos` says which one
    /// that is.
    package var description: String { entries.text }
}

/// A server within a domain.
private struct Writer: Comparable, Hashable {
    let domain: UInt32
    let server: UInt32

    init(_ gtid: MariaDBGTID) {
        domain = gtid.domain
        server = gtid.server
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.domain, left.server) < (right.domain, right.server)
    }
}

/// Transactions that a replica has and its source lacks.
package struct ErrantTransactions: Hashable, Sendable {
    /// One writer's errant transactions.
    package struct Entry: Hashable, Sendable {
        /// The last of them.
        package let gtid: MariaDBGTID
        /// The source's last sequence number of the same writer in the same domain; nil if it has none.
        package let sourceSequence: UInt64?
    }

    /// Sorted by domain, then server.
    package let entries: [Entry]

    package var isEmpty: Bool { entries.isEmpty }

    /// At least how many there are: one of each server in each domain. What lies between two sequence numbers is no number of
    /// transactions: the servers of a domain share its numbers, and some are never used (gtid_seq_no).
    package var transactionsAtLeast: UInt64 { UInt64(entries.count) }
}
