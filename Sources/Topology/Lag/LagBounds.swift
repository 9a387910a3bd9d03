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
    /// The replica's place may stand still while it applies more, or while there is nothing to send: only `upper` is sure.
    var isLowerUnsure = false
    /// `lower` by where the replica says that it is. MySQL's parallel applier writes that down only now and then.
    var likely: Double

    func clamp(_ seconds: Double) -> Double { min(max(seconds, lower), upper ?? .infinity) }
}

extension LogLooks {
    /// Nil if the channel's position does not belong to this log, or is not known.
    /// - Parameter complete: where the source's log ended in this round, if the replica has everything that the source had.
    func bounds(_ channel: Channel, of replica: NodeFacts, complete: BinlogCoordinate?) -> LagBounds? {
        guard let newest = looks.last,
            var progress = LogProgress(of: channel, replica, in: looks, complete: complete)
        else { return nil }
        // What it has not received may be what it is never sent.
        if channel.isFilteredBySource, progress.lacking != nil || progress.lackingByPosition != nil {
            progress.lacking = nil
            progress.lackingByPosition = nil
            progress.isLackingUnsure = true
        }
        var bounds = series.bounds(applied: progress.applied, lacking: progress.lacking, progress.read)
        bounds.isLowerUnsure = progress.isLackingUnsure
        if let look = progress.lackingByPosition { bounds.likely = series.age(of: look, progress.read) }
        let received = channel.readPosition.flatMap { read -> Look? in
            if newest.end.map(read.isBefore) == false { return newest }
            return looks.last { $0.end.flatMap(read.isBefore) == false }
        }
        bounds.unreceived = received.map { max(0, FixedInstant(progress.read.told).seconds(since: $0.confirmed)) }
        return bounds
    }
}

/// How much of what the looks at a source's log show a replica has applied.
private struct LogProgress {
    /// How many of the looks, from the oldest, show only what has been applied.
    var applied: Int
    /// The oldest look that shows something that has not; nil if none is known to.
    var lacking: Int?
    /// Looks before that one may show something that has not been applied either.
    var isLackingUnsure = false
    /// The same as `lacking` by a position that may be some time old; nil if that says nothing more.
    var lackingByPosition: Int?
    /// When the replica was asked for what this was found by.
    let read: Reading

    /// Nil if it cannot be known.
    ///
    /// Where a channel finds its place by GTID, what GTIDs show counts alone, if they are sets: after the receiver has been
    /// pointed at another source, the position of the applier is still one in the previous source's log.
    init?(of channel: Channel, _ replica: NodeFacts, in looks: [LogLooks.Look], complete: BinlogCoordinate?) {
        let sets = Self.bySets(replica, looks)
        let isComplete = channel.filters[.ignoreServerIDs] ?? 0 == 0
        if channel.usesGTID == true, isComplete, let sets {
            self = sets
            return
        }
        // As after a crash: MariaDB's positions begin at the start of a file.
        if let complete, replica.identity.flavor == .mariadb {
            let applied = Self.count(looks, upTo: complete)
            self.init(applied, lacking: applied < looks.count ? applied : nil, replica.transactionsRead)
            return
        }
        if Self.isOutOfOrder(channel, looks) {
            guard let domains = Self.byDomains(replica, looks) else { return nil }
            self = domains
            return
        }
        // The position that MySQL's parallel applier reports may be seconds old. What was never replicated, as where a replica was
        // made without its source's GTIDs, keeps sets from showing that anything is applied.
        let positions = Self.byPositions(channel, replica, looks)
        guard let best = isComplete && sets?.shows(moreThan: positions) == true ? sets : positions else { return nil }
        self = best
    }

    private func shows(moreThan positions: LogProgress?) -> Bool {
        let other = positions?.applied ?? 0
        let isUnsure = positions?.isLackingUnsure == true || positions?.lackingByPosition != nil
        return applied > other || applied == other && applied > 0 && isUnsure
    }

    private init?(_ applied: Int, lacking: Int?, _ read: Reading?) {
        guard let read else { return nil }
        self.applied = applied
        self.lacking = lacking
        self.read = read
    }

    // MARK: - By coordinates

    private static func byPositions(
        _ channel: Channel, _ replica: NodeFacts, _ looks: [LogLooks.Look]
    ) -> LogProgress? {
        guard let executed = channel.executedPosition, let newest = looks.last?.end,
            let isBehind = executed.isBefore(newest)
        else { return nil }
        // Nothing is applied before it is read: it is a position in the log of the source before.
        if let read = channel.readPosition, read.isBefore(executed) != false { return nil }
        // A channel that does not read cannot have got ahead of its source: its position is one in a log that is gone.
        if !isBehind, executed != newest, channel.ioThread != .running { return nil }
        let applied = isBehind ? count(looks, upTo: executed) : looks.count
        let lacking = applied < looks.count ? applied : nil
        guard lacking != nil, isWrittenDownLate(channel, replica) else {
            return LogProgress(applied, lacking: lacking, replica.channelsRead)
        }
        // What has not been received is not applied.
        let received = channel.readPosition.map { count(looks, upTo: $0) } ?? looks.count
        var progress = LogProgress(applied, lacking: received < looks.count ? received : nil, replica.channelsRead)
        // It is not written down at all while the applier waits for a delay.
        if channel.configuredDelay ?? 0 > 0 {
            progress?.isLackingUnsure = true
        } else {
            progress?.lackingByPosition = lacking
        }
        return progress
    }

    /// Whether transactions may be applied that are beyond the position: MySQL's parallel applier writes it down at checkpoints.
    private static func isWrittenDownLate(_ channel: Channel, _ replica: NodeFacts) -> Bool {
        replica.identity.flavor == .mysql && channel.isApplierRunning && channel.workers?.total ?? 1 > 1
    }

    private static func count(_ looks: [LogLooks.Look], upTo position: BinlogCoordinate) -> Int {
        firstIndex(in: 0..<looks.count) { looks[$0].end.flatMap(position.isBefore) != false }
    }

    // MARK: - By GTIDs

    /// MySQL: what the first look with a history showed is applied, and what has come since.
    private static func bySets(_ replica: NodeFacts, _ looks: [LogLooks.Look]) -> LogProgress? {
        guard case .set = replica.transactions, let history = replica.transactions,
            let first = looks.firstIndex(where: { $0.history != nil }), let base = looks[first].history,
            let hasBase = history.hasApplied(base, since: nil)
        else { return nil }
        guard hasBase else {
            return first == 0 ? LogProgress(0, lacking: 0, replica.transactionsRead) : nil
        }
        let applied = firstIndex(in: (first + 1)..<looks.count) { look in
            looks[look].history.flatMap { history.hasApplied($0, since: base) } != true
        }
        if applied < looks.count, looks[applied].history == nil { return nil }
        return LogProgress(applied, lacking: applied < looks.count ? applied : nil, replica.transactionsRead)
    }

    /// MariaDB applies its replication domains independently of each other, so that a position says nothing about what comes
    /// before it. Within a domain the order of the log is kept: if the replica has one look's, it has those before.
    private static func byDomains(_ replica: NodeFacts, _ looks: [LogLooks.Look]) -> LogProgress? {
        guard case .positions(let here) = replica.transactions else { return nil }
        let applied = here.applied
        var domains: Set<UInt32> = []
        var lacking: Int?
        for index in looks.indices.reversed() {
            guard case .positions(let there) = looks[index].history else { break }
            var hasAll = true
            for gtid in there.logged.entries where !domains.contains(gtid.domain) {
                switch here.hasLogged(gtid.domain, of: there) ? true : applied.hasApplied(gtid) {
                case true?: domains.insert(gtid.domain)
                case false?:
                    lacking = index
                    hasAll = false
                case nil: hasAll = false
                }
            }
            if hasAll { return LogProgress(index + 1, lacking: lacking, replica.transactionsRead) }
        }
        return LogProgress(0, lacking: lacking, replica.transactionsRead)
    }

    private static func isOutOfOrder(_ channel: Channel, _ looks: [LogLooks.Look]) -> Bool {
        guard channel.usesGTID == true, case .positions = looks.last?.history else { return false }
        return channel.executedPosition == nil
            || channel.workers?.total ?? 1 > 1 && looks.last?.history?.hasSeveralDomains == true
    }

    /// The first of `range` for which this is so, if it is so for all after it; its end if there is none.
    private static func firstIndex(in range: Range<Int>, where isAfter: (Int) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = low + (high - low) / 2
            if isAfter(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension TransactionHistory {
    /// MariaDB: transactions in different domains are applied independently of each other.
    var hasSeveralDomains: Bool {
        if case .positions(let positions) = self { positions.logged.entries.count > 1 } else { false }
    }
}
