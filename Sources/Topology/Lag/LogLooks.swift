import Replication

/// Where a log ended, and what the server had then.
struct LogEnd: Sendable {
    /// Nil for a log without positions.
    let position: BinlogCoordinate?
    /// The transactions that the source had, as far as others can see them: MySQL shows one only after its commit, while the
    /// log has it before. Kept only where positions do not show well enough what a replica has applied.
    let history: TransactionHistory?
}

/// Where a source's binary log ended each time the source was asked, and when that was.
struct LogLooks: Sendable {
    typealias Look = Looks<LogEnd>.Look

    /// More than a year of looks at any interval fits.
    static let limit = 256

    private(set) var series: Looks<LogEnd>
    /// Whether a node of the set has replicated from this one. Of the others, only the last two looks are kept.
    var isSource = false
    /// Counts the logs that this node has had.
    private(set) var generation = 0
    /// The latest look showed another log than the one before.
    private(set) var isNew = false
    /// The latest look showed that the same server now writes a log of another name.
    private(set) var isRenamed = false
    /// The latest look showed that the same server has begun the log anew, though it has as many transactions as before: others by
    /// the same numbers, unless it has been given its record.
    private(set) var hasBegunAnew = false
    /// This log was preceded by one with transactions that the server no longer has.
    private(set) var hasLostTransactions = false
    /// What the same server had when it was last seen with the log before this one; nil if there was none.
    private(set) var before: TransactionHistory?
    /// Where the log before this one was last seen to end; nil if there was none.
    private(set) var formerEnd: BinlogCoordinate?
    /// What it had when it was last looked at.
    private(set) var latest: TransactionHistory?
    private var latestRead: Reading?
    private(set) var server: SeenServer

    /// Oldest first. Never empty.
    var looks: [Look] { series.all }
    /// The base name of the log's files; nil for a log without positions.
    var base: String? { looks.last?.end?.file.base }

    /// It is too small to hold all that the server records, though nothing came before it: an operator has given the server that record
    /// (`gtid_binlog_state`, or `gtid_purged`).
    var isSmallerThanItsRecord: Bool {
        guard let end = looks.last?.end, end.file.number == 1, let latest else { return false }
        return latest.recordCount > end.position / Self.smallestTransaction
    }

    /// Bytes: its first event alone, which tells its GTID, has as many.
    private static let smallestTransaction: UInt64 = 40

    /// Nil for a node that has no binary log, or did not report where it ends.
    init?(_ facts: NodeFacts, keepsHistory: Bool) {
        guard let look = Look(facts, keepsHistory: keepsHistory) else { return nil }
        series = Looks(look)
        latest = facts.transactions
        latestRead = facts.transactionsRead
        server = SeenServer(facts)
    }

    /// Adds a look. Starts again if the log is another one than before: another server's, or one that has started over.
    /// - Returns: what the server has lost since the last look; nil if nothing.
    mutating func note(_ facts: NodeFacts, keepsHistory: Bool) -> VanishedTransactions? {
        guard let look = Look(facts, keepsHistory: keepsHistory), let newest = looks.last else { return nil }
        let isSameServer = server.isStill(facts)
        var vanished: VanishedTransactions?
        if isSameServer, let latest, let now = facts.transactions, now.hasLost(latest) {
            // Rounds overlap: it may have been asked before the latest.
            if let read = facts.transactionsRead, let latestRead, !read.isAfter(latestRead) { return nil }
            vanished = VanishedTransactions(before: latest, now: now)
        }
        switch isSameServer && vanished == nil ? look.order(after: newest) : nil {
        case .same?:
            series.confirm(by: look)
        case .later?:
            series.append(look)
            if isSource { series.thin(limit: limit) } else { series.keepLast(2) }
        case .earlier?, nil:
            // Rounds overlap: an older answer may arrive late.
            guard look.confirmed >= series.told else { return nil }
            var successor = LogLooks(facts, keepsHistory: keepsHistory) ?? self
            successor.isSource = isSource
            successor.isNew = !(isSameServer && isRenamed(in: look, vanished))
            successor.generation = successor.isNew ? generation + 1 : generation
            successor.isRenamed = isSameServer && base != nil && successor.base != base
            successor.hasBegunAnew =
                isSameServer && vanished == nil && base != nil && successor.base == base
                && !successor.isSmallerThanItsRecord
            successor.hasLostTransactions = isSameServer && look.hasLost(newest)
            successor.before = isSameServer ? latest : nil
            successor.formerEnd = isSameServer ? newest.end : nil
            self = successor
            return vanished
        }
        isNew = false
        isRenamed = false
        hasBegunAnew = false
        server = SeenServer(facts)
        if let now = facts.transactions {
            latest = now
            latestRead = facts.transactionsRead
        }
        return nil
    }

    /// Whether the server only gives its log another name: it has not been rebuilt. On MariaDB, what it has is written down beside
    /// the log, so that it does not show in another one.
    private func isRenamed(in look: Look, _ vanished: VanishedTransactions?) -> Bool {
        guard let base, let name = look.end?.file.base, base != name else { return false }
        if case .set = vanished?.before { return false }
        return true
    }

    /// Fewer where each is large, as with a GTID set of many intervals.
    private var limit: Int { looks.last?.history.map(\.limitOfLooks) ?? Self.limit }
}

extension TransactionHistory {
    /// How many looks at such a history are kept.
    var limitOfLooks: Int { min(LogLooks.limit, max(16, 32_768 / max(1, size))) }
}

extension Looks<LogEnd>.Look {
    var end: BinlogCoordinate? { content.position }
    var history: TransactionHistory? { content.history }

    fileprivate init?(_ facts: NodeFacts, keepsHistory: Bool) {
        guard let log = facts.binaryLog, log.isEnabled, let read = facts.binaryLogRead else { return nil }
        let history = keepsHistory || log.end == nil ? facts.transactions : nil
        guard log.end != nil || history != nil else { return nil }
        // The two are parts of one answer, or of two.
        let other = history == nil ? read : facts.transactionsRead ?? read
        self.init(
            LogEnd(position: log.end, history: history), shown: FixedInstant(max(read.told, other.told)),
            confirmed: FixedInstant(min(read.asked, other.asked)))
    }

    enum Order {
        case earlier, same, later
    }

    /// Where this look is relative to another; nil if they are not looks at one log.
    /// It has lost nothing that the other shows.
    fileprivate func order(after other: Self) -> Order? {
        if let end, let before = other.end {
            guard end == before else { return before.isBefore(end).map { $0 ? .later : .earlier } }
            guard let history else { return .same }
            return other.history.map { history.count == $0.count } == true ? .same : .later
        }
        guard end == nil, other.end == nil, let history, let before = other.history else { return nil }
        return history.count == before.count ? .same : history.count > before.count ? .later : .earlier
    }

    fileprivate func hasLost(_ other: Self) -> Bool {
        guard let history, let before = other.history else { return false }
        return history.hasLost(before)
    }
}

extension BinlogCoordinate {
    /// Nil if the two files do not belong to one log.
    func isBefore(_ other: BinlogCoordinate) -> Bool? {
        guard file.base == other.file.base else { return nil }
        return (file.number, position) < (other.file.number, other.position)
    }
}
