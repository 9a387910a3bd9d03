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
        if let executed = channel.executedPosition, let newest = looks.last?.end, !isAppliedOutOfOrder(channel) {
            guard let isBehind = executed.isBefore(newest) else { return nil }
            // A channel that does not read cannot have got ahead of its source: its position is one in a log that is gone.
            if !isBehind, executed != newest, channel.ioThread != .running { return nil }
            return isBehind ? count(upTo: max(executed, earlier)) : looks.count
        }
        if hasAll { return looks.count }
        guard let history = replica.transactions else { return nil }
        var before: TransactionHistory?
        for (index, look) in looks.enumerated() {
            guard let then = look.history, let hasApplied = history.hasApplied(then, since: before) else { return nil }
            if !hasApplied { return index }
            before = then
        }
        return looks.count
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
