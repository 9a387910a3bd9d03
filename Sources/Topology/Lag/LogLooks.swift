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
        /// What the log contained; kept only where positions do not show well enough what a replica has applied.
        fileprivate(set) var history: TransactionHistory?
        /// The first answer that showed this end had arrived: everything before the end had been written by then.
        let shown: FixedInstant
        /// When the last question was sent to which this end was still the answer: what follows it was written later.
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
    private let serverID: UInt32?
    private let serverUUID: String?
    /// When the newest look was last answered.
    private var told: FixedInstant
    /// How many looks were left when they were last thinned.
    private var thinned = 0

    /// Nil for a node that has no binary log, or did not report where it ends.
    init?(_ facts: NodeFacts, keepsHistory: Bool) {
        guard let look = Look(facts, keepsHistory: keepsHistory), let reading = facts.binaryLogRead else { return nil }
        looks = [look]
        serverID = facts.identity.serverID
        serverUUID = facts.identity.serverUUID
        told = FixedInstant(reading.told)
    }

    /// Adds a look. Starts again if the log is another one than before: another server's, or one that has started over.
    mutating func note(_ facts: NodeFacts, keepsHistory: Bool) {
        guard let look = Look(facts, keepsHistory: keepsHistory), let reading = facts.binaryLogRead,
            let newest = looks.last
        else { return }
        let told = FixedInstant(reading.told)
        let isSameServer = serverID == facts.identity.serverID && serverUUID == facts.identity.serverUUID
        switch isSameServer ? look.order(after: newest) : nil {
        case .same?:
            // A commit is in the log a while before it is among the transactions: with a large one, or while a semi-synchronous
            // replica is waited for, that is seconds.
            if let history = look.history, newest.history == nil || look.confirmed > newest.confirmed {
                looks[looks.count - 1].history = history
            }
            looks[looks.count - 1].confirmed = max(newest.confirmed, look.confirmed)
            self.told = max(self.told, told)
        case .later?:
            looks.append(look)
            self.told = max(self.told, told)
            thin(at: told)
        case .earlier?, nil:
            // Rounds overlap: an older answer may arrive late.
            guard FixedInstant(reading.asked) >= self.told else { return }
            let (isSource, generation) = (isSource, generation)
            self = LogLooks(facts, keepsHistory: keepsHistory) ?? self
            self.isSource = isSource
            self.generation = generation + 1
        }
    }

    private mutating func thin(at now: FixedInstant) {
        guard isSource else {
            if looks.count > 2 { looks.removeFirst(looks.count - 2) }
            return
        }
        // Not on every look.
        guard looks.count >= thinned + 16 || looks.count > Self.limit else { return }
        var kept = [looks[0]]
        for (look, next) in zip(looks.dropFirst(), looks.dropFirst(2)) {
            let width = next.shown.seconds(since: kept[kept.count - 1].confirmed)
            let age = now.seconds(since: next.shown)
            if width > max(Self.resolution, Self.precision * age) { kept.append(look) }
        }
        kept.append(looks[looks.count - 1])
        if kept.count > Self.limit { kept.removeFirst(kept.count - Self.limit) }
        looks = kept
        thinned = kept.count
    }
}

extension LogLooks.Look {
    fileprivate init?(_ facts: NodeFacts, keepsHistory: Bool) {
        guard let log = facts.binaryLog, log.isEnabled, let reading = facts.binaryLogRead else { return nil }
        let history = keepsHistory || log.end == nil ? facts.transactions : nil
        guard log.end != nil || history != nil else { return nil }
        self.init(
            end: log.end, history: history, shown: FixedInstant(reading.told), confirmed: FixedInstant(reading.asked))
    }

    enum Order {
        case earlier, same, later
    }

    /// Where this look's end is relative to another's; nil if they are not positions in one log.
    fileprivate func order(after other: Self) -> Order? {
        if let end, let before = other.end {
            if end == before { return .same }
            return before.isBefore(end).map { $0 ? .later : .earlier }
        }
        guard end == nil, other.end == nil, let history, let before = other.history else { return nil }
        return history.count == before.count ? .same : history.count > before.count ? .later : .earlier
    }
}

extension BinlogCoordinate {
    /// Nil if the two files do not belong to one log.
    func isBefore(_ other: BinlogCoordinate) -> Bool? {
        guard file.base == other.file.base else { return nil }
        return (file.number, position) < (other.file.number, other.position)
    }
}

/// The looks at all nodes of a set.
struct SetLooks: Sendable {
    private var logs: [LogLooks] = []
    /// Where in `logs` each node's are. Not the looks themselves: each change in place of a dictionary's value would allocate.
    private var places: [String: Int] = [:]
    /// Sources with a replica whose positions do not show what it has applied.
    private var withHistory: Set<String> = []
    private var applied: [ChannelKey: Applied] = [:]

    private struct ChannelKey: Hashable {
        let node: String
        let channel: String
    }

    /// How far a channel was once seen to have applied its source's log. The position that MySQL's parallel applier reports may
    /// stay behind what its GTIDs have shown.
    private struct Applied {
        let through: BinlogCoordinate
        let executed: BinlogCoordinate?
        let source: String
        let generation: Int
        let replica: ServerIdentity
    }

    subscript(node: String) -> LogLooks? { places[node].map { logs[$0] } }

    /// How far a channel has applied its source's log; nil if it was not seen to have everything since either began anew.
    func applied(_ channel: Channel, of node: String, _ replica: NodeFacts, from source: String) -> BinlogCoordinate? {
        guard let applied = applied[ChannelKey(node: node, channel: channel.name)], applied.source == source,
            applied.generation == self[source]?.generation, applied.replica == replica.identity
        else { return nil }
        if let before = applied.executed, channel.executedPosition?.isBefore(before) != false { return nil }
        return applied.through
    }

    /// Adds what a round has seen.
    mutating func note(_ report: ReplicationSetReport) {
        if logs.count > report.nodes.count {
            let names = Set(report.nodes.map(\.description.name))
            for name in places.keys where !names.contains(name) { remove(name) }
            applied = applied.filter { names.contains($0.key.node) }
        }
        for node in report.nodes {
            guard let facts = node.report.facts, facts.binaryLogRead != nil else { continue }
            let name = node.description.name
            let keepsHistory = withHistory.contains(name) || facts.transactions?.hasSeveralDomains == true
            if let place = places[name] {
                logs[place].note(facts, keepsHistory: keepsHistory)
            } else if let looks = LogLooks(facts, keepsHistory: keepsHistory) {
                places[name] = logs.count
                logs.append(looks)
            }
        }
    }

    /// Notes which nodes are sources.
    mutating func note(_ findings: SetFindings) {
        for node in findings.nodes {
            for channel in node.channels {
                guard let source = channel.sourceNode else { continue }
                let place = places[source]
                if let place { logs[place].isSource = true }
                let key = ChannelKey(node: node.description.name, channel: channel.channel.name)
                if let through = channel.appliedThrough, let replica = node.report.facts?.identity,
                    let generation = place.map({ logs[$0].generation })
                {
                    applied[key] = Applied(
                        through: through, executed: channel.channel.executedPosition, source: source,
                        generation: generation, replica: replica)
                }
                // MySQL's parallel applier writes its position down now and then, and not at all while it waits for a delay.
                if channel.channel.usesGTID == true,
                    channel.channel.executedPosition == nil || node.report.facts?.identity.flavor == .mysql
                {
                    withHistory.insert(source)
                }
            }
        }
    }

    mutating func forget(_ node: String) {
        remove(node)
        withHistory.remove(node)
        // What was applied of its log says nothing about that of a server that takes its name.
        applied = applied.filter { $0.key.node != node && $0.value.source != node }
    }

    private mutating func remove(_ node: String) {
        guard let place = places.removeValue(forKey: node) else { return }
        logs.remove(at: place)
        for (other, later) in places where later > place { places[other] = later - 1 }
    }
}
