import Replication

/// A server as it was when something of it was noted.
struct ServerThen: Sendable {
    private var server: SeenServer
    /// Counts the server's own binary logs; nil if it has none.
    private let generation: Int?
    /// What it had.
    let transactions: TransactionHistory?

    init(_ facts: NodeFacts, _ log: LogLooks?) {
        server = SeenServer(facts)
        generation = log?.generation
        transactions = facts.transactions
    }

    /// As the latest look has shown it.
    init(now log: LogLooks) {
        server = log.server
        generation = log.generation
        transactions = log.latest
    }

    /// As it was before the round that is being noted.
    init(before log: LogLooks) {
        server = log.server
        generation = log.isNew ? log.generation - 1 : log.generation
        transactions = log.latest
    }

    /// Whether it has not been rebuilt as far as its own log, or else its transactions, show.
    func isSame(_ facts: NodeFacts, _ generation: Int?) -> Bool {
        guard server.isStill(facts) else { return false }
        guard let before = self.generation, let generation else { return !hasLess(facts.transactions) }
        return before == generation
    }

    /// It answers, and is the same.
    mutating func confirm(by facts: NodeFacts) {
        if server.isStill(facts) { server = SeenServer(facts) }
    }

    /// Whether it has applied, or lost, something since.
    func hasOther(than now: TransactionHistory?) -> Bool {
        switch (transactions, now) {
        case (.positions(let before), .positions(let now)): before.replicated != now.replicated
        case (.set(let before, _), .set(let now, _)): before.count != now.count
        default: false
        }
    }

    private func hasLess(_ now: TransactionHistory?) -> Bool {
        guard let now, let transactions else { return false }
        return now.hasLost(transactions)
    }

    /// MariaDB: SET GLOBAL gtid_slave_pos.
    func isSetBack(_ now: TransactionHistory?) -> Bool {
        guard case .positions(let now) = now, case .positions(let before) = transactions else { return false }
        if now.replicated.entries.isEmpty { return !before.replicated.entries.isEmpty }
        // A domain that is not there any more has been dropped from the position, as it may be.
        return before.replicated.entries.contains { gtid in
            now.replicated[gtid.domain].map { $0.sequence < gtid.sequence } ?? false
        }
    }
}

/// A server as it was when it last answered.
struct SeenServer: Sendable {
    private let identity: ServerIdentity
    private let startTime: Double?

    init(_ facts: NodeFacts) {
        identity = facts.identity
        startTime = facts.startTime
    }

    /// Whether the same server answers now. It may have been given another server id: without a UUID, that is seen only
    /// as long as it runs.
    func isStill(_ facts: NodeFacts) -> Bool {
        if let uuid = identity.serverUUID, let other = facts.identity.serverUUID { return uuid == other }
        if identity.hasIDs(of: facts.identity) { return true }
        guard let startTime, let now = facts.startTime else { return false }
        return abs(startTime - now) <= 1
    }
}
