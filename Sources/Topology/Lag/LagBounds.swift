import Replication

/// Between what the age of the oldest transaction that a replica lacks must lie, given the looks at its source. Seconds.
struct LagBounds: Sendable, Equatable {
    var lower: Double
    /// Nil if the replica has not applied anything that was seen: what it lacks may be of any age.
    var upper: Double?
    /// The same for what the replica has not even received.
    var unreceived: Double?
    /// Something that was seen in the source's log is not applied.
    var isBehind: Bool

    func clamp(_ seconds: Double) -> Double { min(max(seconds, lower), upper ?? .infinity) }
}

extension LogLooks {
    /// Nil if the channel's position does not belong to this log, or is not known.
    /// - Parameters:
    ///   - earlier: how far an earlier round has shown that it has applied the log.
    ///   - complete: the source's end in this round, if the replica has everything that the source had then.
    func bounds(
        _ channel: Channel, of replica: NodeFacts, through earlier: BinlogCoordinate?, complete: BinlogCoordinate?,
        hasAll: Bool
    ) -> LagBounds? {
        guard let reading = replica.channelsRead, let newest = looks.last else { return nil }
        let asked = FixedInstant(reading.asked)
        let told = FixedInstant(
            Swift.max(reading.told, hasAll ? replica.transactionsRead?.told ?? reading.told : reading.told))
        guard
            let applied = count(
                appliedBy: channel, replica, through: earlier, complete: complete, hasAll: hasAll)
        else { return nil }
        let first = applied < looks.count ? looks[applied] : nil
        let last = applied > 0 ? looks[applied - 1] : nil
        let received = channel.readPosition.flatMap { read -> Look? in
            if newest.end.map(read.isBefore) == false { return newest }
            return looks.last { $0.end.flatMap(read.isBefore) == false }
        }
        return LagBounds(
            lower: first.map { Swift.max(0, asked.seconds(since: $0.shown)) } ?? 0,
            upper: last.map { Swift.max(0, told.seconds(since: $0.confirmed)) },
            unreceived: received.map { Swift.max(0, told.seconds(since: $0.confirmed)) }, isBehind: first != nil)
    }

    /// How many of the looks, from the oldest, show only what the replica has applied; nil if that cannot be known.
    private func count(
        appliedBy channel: Channel, _ replica: NodeFacts, through earlier: BinlogCoordinate?,
        complete: BinlogCoordinate?, hasAll: Bool
    ) -> Int? {
        if hasAll, let complete { return count(upTo: max(complete, channel.executedPosition)) }
        guard let executed = channel.executedPosition, let newest = looks.last?.end, !isAppliedOutOfOrder(channel)
        else {
            return hasAll ? looks.count : replica.transactions.flatMap(count(appliedIn:))
        }
        guard let isBehind = executed.isBefore(newest) else { return nil }
        // A channel that does not read cannot have got ahead of its source: its position is one in a log that is gone.
        if !isBehind, executed != newest, channel.ioThread != .running { return nil }
        if !isBehind { return looks.count }
        return Swift.max(
            count(upTo: max(executed, earlier)), replica.transactions.flatMap(count(appliedIn:)) ?? 0)
    }

    /// The same by GTIDs: what the first look with a history showed is applied, and what has come since.
    private func count(appliedIn history: TransactionHistory) -> Int? {
        guard let first = looks.firstIndex(where: { $0.history != nil }), let base = looks[first].history,
            let hasBase = history.hasApplied(base, since: nil)
        else { return nil }
        guard hasBase else { return first == 0 ? 0 : nil }
        var low = first + 1
        var high = looks.count
        while low < high {
            let middle = low + (high - low) / 2
            guard let then = looks[middle].history, let hasApplied = history.hasApplied(then, since: base) else {
                return nil
            }
            if hasApplied { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func count(upTo position: BinlogCoordinate?) -> Int {
        guard let position else { return 0 }
        var low = 0
        var high = looks.count
        while low < high {
            let middle = low + (high - low) / 2
            if looks[middle].end.flatMap(position.isBefore) == false { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func max(_ one: BinlogCoordinate, _ other: BinlogCoordinate?) -> BinlogCoordinate {
        other.flatMap { one.isBefore($0) == true ? $0 : nil } ?? one
    }

    /// MariaDB applies its replication domains independently of each other, so that a position says nothing about what comes
    /// before it.
    private func isAppliedOutOfOrder(_ channel: Channel) -> Bool {
        channel.usesGTID == true && channel.workers?.total ?? 1 > 1 && looks.last?.history?.hasSeveralDomains == true
    }
}

extension TransactionHistory {
    /// MariaDB: transactions in different domains are applied independently of each other.
    var hasSeveralDomains: Bool {
        if case .positions(let positions) = self { positions.logged.entries.count > 1 } else { false }
    }
}
