/// How far a MariaDB server has got in each replication domain: `gtid_slave_pos`, `gtid_binlog_pos`, `Gtid_IO_Pos`.
package struct GTIDPosition: Hashable, Sendable {
    /// The last transaction of each domain, sorted by domain, each domain once.
    package let entries: [MariaDBGTID]

    /// Reads `domain-server-sequence`, comma separated, each domain once. Empty text is a position too: the very start.
    package init(parsing text: String) throws(GTIDError) {
        entries = try .parse(text, format: "GTID position", sortedBy: \.domain, once: "expected each domain once")
    }

    /// A position from at most one transaction per domain.
    package init(_ entries: [MariaDBGTID]) {
        self.entries = entries.sorted { $0.domain < $1.domain }
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// The last transaction of a domain. Logarithmic.
    package subscript(domain: UInt32) -> MariaDBGTID? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].domain < domain { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].domain == domain ? entries[low] : nil
    }

    /// The sum of all domains' sequence numbers, which grows by one with each transaction. `UInt64.max` on overflow.
    package var sequenceSum: UInt64 {
        entries.reduce(0) { $0.addingSaturated($1.sequence) }
    }

    /// How many transactions of `source` this position lacks, for every domain of `source`, sorted by domain.
    ///
    /// 0 where it is ahead (the two were read at slightly different times). A domain that only the source has counts in
    /// full; one that only this position has does not count. An estimate: sequence numbers may skip, and a position
    /// whose transactions have diverged still looks caught up (see `GTIDBinlogState.errant`).
    package func missing(from source: GTIDPosition) -> [GTIDDomainDistance] {
        source.entries.map { GTIDDomainDistance(domain: $0.domain, transactions: shortfall(to: $0)) }
    }

    /// The sum over all domains; `UInt64.max` on overflow.
    package func missingCount(from source: GTIDPosition) -> UInt64 {
        source.entries.reduce(0) { $0.addingSaturated(shortfall(to: $1)) }
    }

    private func shortfall(to theirs: MariaDBGTID) -> UInt64 {
        let mine = self[theirs.domain]?.sequence ?? 0
        return theirs.sequence > mine ? theirs.sequence - mine : 0
    }
}

extension GTIDPosition: CustomStringConvertible {
    /// As the server writes it, sorted by domain.
    package var description: String { entries.text }
}

/// A number of transactions in one replication domain.
package struct GTIDDomainDistance: Hashable, Sendable {
    package let domain: UInt32
    package let transactions: UInt64

    package init(domain: UInt32, transactions: UInt64) {
        self.domain = domain
        self.transactions = transactions
    }
}
