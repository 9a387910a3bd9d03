package import Replication

extension NodeFacts {
    /// Without a binary log, what is written on a server gets no GTID and is not recorded.
    package var recordsOwnWrites: Bool { binaryLog?.isEnabled ?? true }
}

// Each reads single facts out of the box: copying all of them would mean a hundred reference counts.
extension NodeReport {
    /// The node's transactions where they are a record of all that was committed on it; what replicas are compared
    /// with. A replica without a binary log still records what it has applied.
    var recordedTransactions: TransactionHistory? {
        facts?.binaryLog?.isEnabled == false ? nil : facts?.transactions
    }

    /// The same as the first look of the round showed it, with when that was.
    var recordedOnFirstLook: TransactionsReading? {
        facts?.binaryLog?.isEnabled == false ? nil : firstLook
    }

    /// What the node had on the first look of the round.
    var firstLook: TransactionsReading? {
        if let first = facts?.firstTransactions { return first }
        guard let history = facts?.transactions else { return nil }
        return TransactionsReading(history, read: facts?.transactionsRead)
    }
}
