import Replication

/// Where a source's binary log ended each time the source was asked, and when that was.
///
/// The looks bracket the time at which anything in the log was committed, by this machine's steady clock alone: neither the
/// servers' clocks nor the timestamps of events matter. So the age of the oldest transaction that a replica lacks is known to
/// the time between two looks.
struct LogLooks: Sendable {
    struct Look: Sendable {
        /// Nil for a log without positions.
        let end: BinlogCoordinate?
        /// The transactions that the source had, as far as others can see them: MySQL shows one only after its commit, while the
        /// log has it before. Kept only where positions do not show well enough what a replica has applied.
        let history: TransactionHistory?
        /// The first answer that showed this had arrived: all of it had been written by then.
        let shown: FixedInstant
        /// When the last question was sent to which this was still the answer: what follows was written later.
        fileprivate(set) var confirmed: FixedInstant
    }

    /// More than a year of looks at any interval fits.
    static let limit = 256
    /// Looks are merged as they age: the bracket may be this part of the age.
    private static let precision = 0.1
    /// Seconds; looks closer together than this are merged at any age.
    private static let resolution = 0.1

    /// Oldest first. Never empty.
    private(set) var looks: [Look]
    /// Whether a node of the set has replicated from this one. Of the others, only the last two looks are kept.
    var isSource = false
    /// Counts the logs that this node has had.
    private(set) var generation = 0
    /// This log was preceded by one with transactions that the server no longer has.
    private(set) var hasLostTransactions = false
    private let server: ServerIdentity
    /// When the newest look was last answered.
    private var told: FixedInstant
    /// How many looks were left when they were last thinned.
    private var thinned = 0

    /// Nil for a node that has no binary log, or did not report where it ends.
    init?(_ facts: NodeFacts, keepsHistory: Bool) {
        guard let look = Look(facts, keepsHistory: keepsHistory) else { return nil }
        looks = [look]
        server = facts.identity
        told = look.shown
    }

    /// Adds a look. Starts again if the log is another one than before: another server's, or one that has started over.
    mutating func note(_ facts: NodeFacts, keepsHistory: Bool) {
        guard let look = Look(facts, keepsHistory: keepsHistory), let newest = looks.last else { return }
        let isSameServer = server.hasIDs(of: facts.identity)
        switch isSameServer ? look.order(after: newest) : nil {
        case .same?:
            looks[looks.count - 1].confirmed = max(newest.confirmed, look.confirmed)
            told = max(told, look.shown)
        case .later?:
            looks.append(look)
            told = max(told, look.shown)
            thin(at: told)
        case .earlier?, nil:
            // Rounds overlap: an older answer may arrive late.
            guard look.confirmed >= told else { return }
            var successor = LogLooks(facts, keepsHistory: keepsHistory) ?? self
            successor.isSource = isSource
            successor.generation = generation + 1
            successor.hasLostTransactions = isSameServer && look.hasLost(newest)
            self = successor
        }
    }

    private mutating func thin(at now: FixedInstant) {
        guard isSource else {
            if looks.count > 2 { looks.removeFirst(looks.count - 2) }
            return
        }
        // Not on every look.
        guard looks.count >= thinned + 16 || looks.count > limit else { return }
        var precision = Self.precision
        var kept = thinned(at: now, precision)
        while kept.count > limit, precision < 1 {
            precision *= 2
            kept = thinned(at: now, precision)
        }
        if kept.count > limit { kept.removeFirst(kept.count - limit) }
        looks = kept
        thinned = kept.count
    }

    private func thinned(at now: FixedInstant, _ precision: Double) -> [Look] {
        var kept = [looks[0]]
        for (look, next) in zip(looks.dropFirst(), looks.dropFirst(2)) {
            let width = next.shown.seconds(since: kept[kept.count - 1].confirmed)
            let age = now.seconds(since: next.shown)
            if width > max(Self.resolution, precision * age) { kept.append(look) }
        }
        kept.append(looks[looks.count - 1])
        return kept
    }

    /// Fewer where each is large, as with a GTID set of many intervals.
    private var limit: Int {
        min(Self.limit, max(16, 32_768 / max(1, looks.last?.history?.size ?? 1)))
    }
}

extension LogLooks.Look {
    fileprivate init?(_ facts: NodeFacts, keepsHistory: Bool) {
        guard let log = facts.binaryLog, log.isEnabled, let read = facts.binaryLogRead else { return nil }
        let history = keepsHistory || log.end == nil ? facts.transactions : nil
        guard log.end != nil || history != nil else { return nil }
        // The two are parts of one answer, or of two.
        let other = history == nil ? read : facts.transactionsRead ?? read
        self.init(
            end: log.end, history: history, shown: FixedInstant(max(read.told, other.told)),
            confirmed: FixedInstant(min(read.asked, other.asked)))
    }

    enum Order {
        case earlier, same, later
    }

    /// Where this look is relative to another; nil if they are not looks at one log.
    fileprivate func order(after other: Self) -> Order? {
        if hasLost(other) { return nil }
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
