package import Replication
package import Topology

extension CatchUp {
    /// The preferred node as a replica of the standby. Of one that does not replicate from it nothing is known, unless the
    /// standby replicates from it and has stayed read-only.
    package init(_ set: SetFindings, of preferred: String, with standby: String) {
        self.init()
        guard let node = set.node(named: preferred),
            let other = set.node(named: standby)
        else { return }
        if let channel = node.channels.first(where: { $0.sourceNode == standby }) {
            lag = channel.lag?.seconds
            bytes = channel.applyDelta
        } else {
            isOneWay = other.isReadOnly && other.channels.contains { $0.sourceNode == preferred }
            guard isOneWay else { return }
        }
        guard other.report.facts?.recordsOwnWrites == true, let here = node.report.facts?.transactions,
            let there = other.report.facts?.transactions
        else { return }
        missing = here.missing(from: there)
    }
}

extension TransactionHistory {
    /// Transactions of another node that this one lacks, whoever wrote them; an estimate above 0 for MariaDB, and nil where the
    /// two cannot be compared.
    ///
    /// Two nodes that replicate from each other write into the same domain, and a MariaDB's own transactions never enter its
    /// `gtid_slave_pos`: so each writer of a domain is compared by itself, and is had by either binary log or position.
    package func missing(from other: TransactionHistory) -> UInt64? {
        switch (self, other) {
        case (.set, .set): distance(behind: other, fetched: nil).missing
        case (.positions(let here), .positions(let there)): here.missing(from: there.state)
        default: nil
        }
    }
}

extension TransactionHistory.Positions {
    fileprivate func missing(from state: GTIDBinlogState) -> UInt64 {
        state.entries.reduce(0) { sum, gtid in
            let logged = self.state.entries.first { $0.domain == gtid.domain && $0.server == gtid.server }
            let had = max(logged?.sequence ?? 0, replicated[gtid.domain]?.sequence ?? 0)
            let (total, overflow) = sum.addingReportingOverflow(gtid.sequence > had ? gtid.sequence - had : 0)
            return overflow ? .max : total
        }
    }
}
