import Replication

/// The logs of a source that have no record of something.
///
/// MariaDB: a source that is started with another log_bin has no record of anything, until it is started with the former one again.
/// What was written in between, under numbers of which some may be the same, is only in the other log.
struct LogsWithout: Sendable {
    /// Their base names.
    private var names: Set<String> = []
    private var haveTransactions = false

    init(_ log: LogLooks?) { add(log) }

    mutating func add(_ log: LogLooks?) {
        if let base = log?.base { names.insert(base) }
        look(at: log)
    }

    /// Notes whether anything has been written in them.
    mutating func look(at log: LogLooks?) {
        guard !haveTransactions, let log, let base = log.base, names.contains(base) else { return }
        haveTransactions = log.latest?.isRecordEmpty == false
    }

    /// Whether the source has another one, and nothing was seen to be written in these.
    func isOver(by log: LogLooks?) -> Bool {
        guard !haveTransactions, !names.isEmpty, let base = log?.base else { return false }
        return !names.contains(base)
    }
}
