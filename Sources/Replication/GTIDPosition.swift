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

    /// The sum of all domains' sequence numbers, which grows with each transaction, by one unless numbers are skipped. `UInt64.max`
    /// on overflow.
    package var sequenceSum: UInt64 {
        entries.reduce(0) { $0.addingSaturated($1.sequence) }
    }

    /// By how many sequence numbers `source` is ahead, for every domain of `source` where that is known, sorted by domain. A domain
    /// that only the source has counts in full; one that only this position has does not count.
    ///
    /// This is no number of transactions: numbers may have been skipped (by setting gtid_seq_no, or on a source that filters what
    /// it replicates itself).
    /// - Parameter isOnlyStream: whether nothing else than the source's log arrives here.
    package func missing(from source: GTIDPosition, isOnlyStream: Bool = true) -> [GTIDDomainDistance] {
        source.entries.compactMap { theirs in
            shortfall(to: theirs, isOnlyStream: isOnlyStream).map {
                GTIDDomainDistance(domain: theirs.domain, sequenceNumbers: $0)
            }
        }
    }

    /// The sum over all domains; `UInt64.max` on overflow. Nil if it is not known for one of them.
    package func missingCount(from source: GTIDPosition, isOnlyStream: Bool = true) -> UInt64? {
        var count: UInt64 = 0
        for theirs in source.entries {
            guard let shortfall = shortfall(to: theirs, isOnlyStream: isOnlyStream) else { return nil }
            count = count.addingSaturated(shortfall)
        }
        return count
    }

    /// Numbers of one server can be compared: 0 where this position is ahead, since the two were read at slightly different
    /// times. Those of two servers grow together only as long as one writes to a domain at a time: a number that is not
    /// lower than the source's then says nothing, nor does a lower one where a domain comes by several ways.
    private func shortfall(to theirs: MariaDBGTID, isOnlyStream: Bool) -> UInt64? {
        guard let mine = self[theirs.domain] else { return theirs.sequence }
        if mine.server == theirs.server {
            return theirs.sequence > mine.sequence ? theirs.sequence - mine.sequence : 0
        }
        return isOnlyStream && theirs.sequence > mine.sequence ? theirs.sequence - mine.sequence : nil
    }

    /// Whether a transaction of a log has been applied, of which this is the last one applied in each domain; nil if that is
    /// not known, because another server wrote that one.
    package func hasApplied(_ gtid: MariaDBGTID) -> Bool? {
        guard let mine = self[gtid.domain] else { return false }
        return mine.server == gtid.server ? mine.sequence >= gtid.sequence : nil
    }
}

extension GTIDPosition: CustomStringConvertible {
    /// As the server writes it, sorted by domain.
    package var description: String { entries.text }
}

/// A difference of sequence numbers in one replication domain.
package struct GTIDDomainDistance: Hashable, Sendable {
    package let domain: UInt32
    package let sequenceNumbers: UInt64

    package init(domain: UInt32, sequenceNumbers: UInt64) {
        self.domain = domain
        self.sequenceNumbers = sequenceNumbers
    }
}
