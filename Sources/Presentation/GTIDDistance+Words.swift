import Replication

extension GTIDDistance {
    /// `3 missing`; on MariaDB, where that is no number of transactions, `3 sequence numbers behind`.
    func words(_ missing: UInt64) -> String {
        isExact || missing == 0
            ? "\(Amount.grouped(missing)) missing"
            : "\(Amount.grouped(missing)) sequence number\(missing == 1 ? "" : "s") behind"
    }

    /// The same with a noun where transactions are counted: `3 transactions missing`.
    func words(_ missing: UInt64, of noun: String) -> String {
        isExact ? "\(Amount.count(missing, noun)) missing" : words(missing)
    }
}
