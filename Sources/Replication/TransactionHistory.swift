/// Which transactions a node has, in its flavor's terms. Everything above this type compares histories without asking
/// which kind they are; there is no distance between two histories of different kinds.
package indirect enum TransactionHistory: Sendable {
    /// MySQL: every transaction by its number.
    case set(executed: GTIDSet, server: ServerUUID?)
    /// MariaDB: the last sequence number of each domain.
    case positions(Positions)

    /// `@@gtid_slave_pos`, `@@gtid_binlog_pos`, `@@gtid_current_pos`, `@@gtid_binlog_state`. Not SHOW ALL SLAVES STATUS's
    /// Gtid_Slave_Pos, which is gtid_current_pos in disguise.
    package struct Positions: Sendable {
        package var replicated: GTIDPosition
        package var logged: GTIDPosition
        package var current: GTIDPosition
        package var state: GTIDBinlogState

        package init(
            replicated: GTIDPosition, logged: GTIDPosition, current: GTIDPosition, state: GTIDBinlogState
        ) {
            self.replicated = replicated
            self.logged = logged
            self.current = current
            self.state = state
        }

        /// What has been applied: what was replicated, and for a domain in which nothing was, what was written here (a
        /// former primary that has not applied anything yet).
        package var applied: GTIDPosition {
            if current.entries.allSatisfy({ replicated[$0.domain] != nil }) { return replicated }
            let domains = Set(replicated.entries.map(\.domain))
            return GTIDPosition(replicated.entries + current.entries.filter { !domains.contains($0.domain) })
        }

        /// The same for a comparison with a source: what was written here and has come to the source comes back without changing the
        /// position, but is in this binary log.
        package func applied(comparedWith source: Positions) -> GTIDPosition {
            let applied = applied
            let known = source.logged.entries.filter {
                applied.hasApplied($0) != true && hasLogged($0.domain, of: source)
            }
            if known.isEmpty { return applied }
            let domains = Set(known.map(\.domain))
            return GTIDPosition(applied.entries.filter { !domains.contains($0.domain) } + known)
        }

        /// Whether all that a source has in a domain, by whoever wrote it, is in this binary log.
        package func hasLogged(_ domain: UInt32, of source: Positions) -> Bool {
            guard let last = source.logged[domain], source.state.hasRecord(of: last) else { return false }
            return source.state.isCovered(by: state, in: domain)
        }
    }

    /// On a Galera node, `@@gtid_current_pos` has only what was written on the node itself: the log has all.
    package mutating func countGaleraByLog() {
        guard case .positions(var positions) = self else { return }
        let logged = Set(positions.logged.entries.map(\.domain))
        positions.current = GTIDPosition(
            positions.logged.entries + positions.replicated.entries.filter { !logged.contains($0.domain) })
        self = .positions(positions)
    }

    /// Transactions in the executed set; for MariaDB the sum of the domains' sequence numbers.
    package var count: UInt64 {
        switch self {
        case .set(let executed, _): executed.count
        case .positions(let positions): positions.current.sequenceSum
        }
    }
}

/// What a channel has fetched from its source.
package enum FetchedTransactions: Sendable {
    /// MySQL: Retrieved_Gtid_Set.
    case set(GTIDSet)
    /// MariaDB: Gtid_IO_Pos.
    case position(GTIDPosition)
}

/// How far a replica is behind its source, in transactions; on MariaDB in sequence numbers, of which 0 shows that nothing is
/// missing, but others show no number of transactions. Nil means that it cannot be known.
package struct GTIDDistance: Sendable, Equatable {
    /// On the source, not applied here.
    package var missing: UInt64?
    /// Those of them not fetched yet.
    package var unfetched: UInt64?
    /// Those of them fetched, but not applied yet.
    package var unapplied: UInt64?
    /// `missing` by domain. MariaDB only.
    package var missingByDomain: [GTIDDomainDistance] = []
    /// Counted transaction by transaction (MySQL). MariaDB's sequence numbers may have gaps, and cannot reveal a divergence.
    package var isExact = false

    package init(missing: UInt64? = nil, unfetched: UInt64? = nil, unapplied: UInt64? = nil) {
        self.missing = missing
        self.unfetched = unfetched
        self.unapplied = unapplied
    }
}

extension TransactionHistory {
    /// How far this node is behind `source`.
    /// - Parameter isOnlyStream: whether the node has no other source.
    package func distance(
        behind source: TransactionHistory, fetched: FetchedTransactions?, isOnlyStream: Bool = true
    ) -> GTIDDistance {
        switch (self, source) {
        case (.set(let executed, _), .set(let sourceExecuted, _)):
            let missing = sourceExecuted.subtracting(executed)
            var distance = GTIDDistance(missing: missing.count)
            distance.isExact = true
            if case .set(let retrieved) = fetched {
                distance.unfetched = missing.subtracting(retrieved).count
                distance.unapplied = retrieved.subtracting(executed).count
            }
            return distance
        case (.positions(let here), .positions(let there)):
            let applied = here.applied(comparedWith: there)
            var distance = GTIDDistance()
            distance.missingByDomain = applied.missing(from: there.logged, isOnlyStream: isOnlyStream)
            distance.missing = applied.missingCount(from: there.logged, isOnlyStream: isOnlyStream)
            if case .position(let position) = fetched {
                distance.unfetched = position.missingCount(from: there.logged, isOnlyStream: isOnlyStream)
                distance.unapplied = applied.missingCount(from: position, isOnlyStream: isOnlyStream)
            }
            return distance
        default:
            return GTIDDistance()
        }
    }

    /// MySQL: whether all that one source had at one time and not yet at an earlier time is among these transactions; nil if
    /// the histories are not sets.
    package func hasApplied(_ later: TransactionHistory, since earlier: TransactionHistory?) -> Bool? {
        guard case .set(let executed, _) = self, case .set(let then, _) = later else { return nil }
        var new = then.subtracting(executed)
        if case .set(let before, _) = earlier { new = new.subtracting(before) }
        return new.isEmpty
    }

    /// Whether a server with this history has lost some of what it had: it was reset, restored, or has crashed. A domain of
    /// which nothing is left does not count on MariaDB: it can be deleted from the log (FLUSH BINARY LOGS DELETE_DOMAIN_ID).
    package func hasLost(_ earlier: TransactionHistory) -> Bool {
        switch (self, earlier) {
        case (.set(let executed, _), .set(let before, _)): !before.isSubset(of: executed)
        case (.positions(let here), .positions(let before)):
            if here.state.isEmpty { !before.state.isEmpty } else { here.state.hasLost(before.state) }
        default: false
        }
    }

    /// How much memory it takes, in intervals or positions.
    package var size: Int {
        switch self {
        case .set(let executed, _): executed.sources.reduce(0) { $0 + $1.intervals.count }
        case .positions(let positions): positions.state.entries.count
        }
    }

    /// The number of transactions that this node has and none of `sources` has; for MariaDB a lower bound (`ErrantTransactions`).
    ///
    /// - Parameter excused: servers whose transactions do not count. On a first look these are all the nodes above:
    ///   what they committed after they were asked is not errant. When the sources were asked after the replica, only a
    ///   co-primary is excused: what it wrote itself is on its way to its source.
    /// - Returns: nil if the histories cannot be compared.
    package func errant(against sources: [TransactionHistory], excusing excused: Writers = Writers()) -> UInt64? {
        switch self {
        case .set(let executed, _):
            var rest = executed
            for source in sources {
                guard case .set(let sourceExecuted, _) = source else { return nil }
                rest = rest.subtracting(sourceExecuted)
            }
            return (excused.uuids.isEmpty ? rest : rest.excluding(excused.uuids)).count
        case .positions(let here):
            var states: [GTIDBinlogState] = []
            for source in sources {
                guard case .positions(let there) = source else { return nil }
                states.append(there.state)
            }
            guard let first = states.first else { return nil }
            let union = states.count == 1 ? first : GTIDBinlogState(newestOf: states)
            return here.state.errant(against: union, sourceServers: excused.serverIDs).transactionsAtLeast
        }
    }

    /// Whether the two were written independently: neither has a transaction of the other. False if they cannot be
    /// compared.
    package func hasNothing(of other: TransactionHistory) -> Bool {
        switch (self, other) {
        case (.set(let here, _), .set(let there, _)): here.intersection(there).isEmpty
        case (.positions(let here), .positions(let there)):
            !here.state.entries.contains { mine in
                there.state.entries.contains { $0.domain == mine.domain && $0.server == mine.server }
            }
        default: false
        }
    }

    /// Servers, by the identifier in their transactions: a number in MariaDB, a UUID in MySQL.
    package struct Writers: Sendable, Equatable {
        package var serverIDs: Set<UInt32> = []
        package var uuids: Set<ServerUUID> = []

        package init() {}

        package mutating func insert(_ identity: ServerIdentity) {
            if let id = identity.serverID { serverIDs.insert(id) }
            if let uuid = identity.serverUUID.flatMap(ServerUUID.init) { uuids.insert(uuid) }
        }
    }
}
