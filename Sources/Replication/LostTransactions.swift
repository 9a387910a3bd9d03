/// What a replica that its source may have fallen behind has received from that source.
package struct Provenance: Sendable {
    private let source: ServerIdentity
    private let replica: ServerIdentity
    private let fetched: FetchedTransactions?
    private let isOnlyStream: Bool
    /// What the source had before it began its present log; nil if that was not seen.
    private let before: TransactionHistory?

    /// - Parameters:
    ///   - fetched: what the channel says it has fetched.
    ///   - isOnlyStream: the replica has no other channel.
    package init(
        from source: ServerIdentity, to replica: ServerIdentity, fetched: FetchedTransactions?, isOnlyStream: Bool,
        before: TransactionHistory?
    ) {
        self.source = source
        self.replica = replica
        self.fetched = fetched
        self.isOnlyStream = isOnlyStream
        self.before = before
    }
}

extension TransactionHistory {
    /// Whether this source has no record of some transaction that a replica has got from it. What the replica wrote itself, or got
    /// from others, does not count.
    package func lacks(of replica: TransactionHistory, _ provenance: Provenance) -> Bool? {
        switch (self, replica) {
        case (.set(let executed, _), .set(let theirs, _)):
            return !provenance.part(of: theirs.subtracting(executed)).isEmpty
        case (.positions(let here), .positions(let there)):
            return there.replicated.entries.contains { !here.hasRecord(of: $0) && provenance.includes($0, here) }
        default: return nil
        }
    }
}

/// What a source has lost: its log was reset, restored, or begun under another name.
package struct VanishedTransactions: Sendable {
    package let before: TransactionHistory
    package let now: TransactionHistory

    package init(before: TransactionHistory, now: TransactionHistory) {
        self.before = before
        self.now = now
    }
}

extension TransactionHistory {
    /// Whether a replica lacks some of what its source has lost; nil if that cannot be known.
    /// - Parameter fetched: what it has received, so far as it will use that: MariaDB may discard it.
    package func lacks(_ vanished: VanishedTransactions, fetched: FetchedTransactions?) -> Bool? {
        switch (self, vanished.before, vanished.now) {
        case (.set(let executed, _), .set(let before, _), .set(let now, _)):
            let lost = before.subtracting(now)
            if lost.isSubset(of: executed) { return false }
            guard case .set(let retrieved) = fetched else { return true }
            return !lost.isSubset(of: executed.union(retrieved))
        case (.positions(let here), .positions(let before), .positions(let now)):
            let applied = here.applied
            return before.logged.entries.contains { last in
                !now.state.hasRecord(of: last) && !here.hasLogged(last.domain, of: before)
                    && applied[last.domain]?.sequence ?? 0 < last.sequence
            }
        default: return nil
        }
    }

    /// Whether a server whose log was reset has not written anything itself since.
    /// - Parameter had: what it had before; it may have been given that as its record again.
    package func hasNothingNew(of server: ServerIdentity, since had: TransactionHistory?) -> Bool {
        switch self {
        case .set(let executed, _):
            guard let uuid = server.uuid, case .set(let before, _) = had else { return false }
            let (now, then) = (executed.of([uuid]), before.of([uuid]))
            return now.isSubset(of: then) && then.isSubset(of: now)
        case .positions(let positions):
            guard let id = server.serverID else { return false }
            return !positions.state.entries.contains { $0.server == id }
        }
    }

    /// How many transactions the server records. MariaDB numbers those of each domain in order.
    package var recordCount: UInt64 {
        switch self {
        case .set(let executed, _): return executed.count
        case .positions(let positions):
            var last: [UInt32: UInt64] = [:]
            for gtid in positions.state.entries { last[gtid.domain] = max(last[gtid.domain] ?? 0, gtid.sequence) }
            return last.values.reduce(0) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 }
        }
    }

    /// Whether there is no transaction in what the server records.
    package var isRecordEmpty: Bool {
        switch self {
        case .set(let executed, _): executed.isEmpty
        case .positions(let positions): positions.state.isEmpty
        }
    }
}

extension Provenance {
    /// The part of some of the replica's transactions that it has got from the source.
    fileprivate func part(of lacking: GTIDSet) -> GTIDSet {
        if lacking.isEmpty { return lacking }
        let lacking = lacking.excluding(Set([replica].compactMap(\.uuid)))
        // Seen at the source or not: nobody else can give back to it what it wrote.
        let written = lacking.of([source].compactMap(\.uuid))
        if case .set(let before, _) = before { return written.union(lacking.intersection(before)) }
        guard case .set(let retrieved) = fetched, !retrieved.isEmpty else {
            // The relay logs have begun anew.
            return isOnlyStream ? lacking : written
        }
        return written.union(lacking.of(retrieved.sources.map(\.tsid.uuid)))
    }

    /// Whether the replica has got a transaction of which the source has no record from that source.
    fileprivate func includes(_ gtid: MariaDBGTID, _ present: TransactionHistory.Positions) -> Bool {
        if gtid.server == replica.serverID { return false }
        if gtid.server == source.serverID { return true }
        if case .positions(let before) = before { return before.hasRecord(of: gtid) }
        if isOnlyStream { return true }
        // A channel begins with the replica's position, in which is what has come through all channels.
        guard case .position(let position) = fetched, position[gtid.domain]?.server == gtid.server else { return false }
        return present.logged[gtid.domain] != nil
    }
}

extension ServerIdentity {
    fileprivate var uuid: ServerUUID? { serverUUID.flatMap(ServerUUID.init) }
}

extension GTIDSet {
    /// What was first committed on these servers.
    fileprivate func of(_ uuids: [ServerUUID]) -> GTIDSet { subtracting(excluding(Set(uuids))) }
}
