/// Each operation walks both sorted sets once.
extension GTIDSet {
    package func union(_ other: Self) -> Self {
        merged(with: other, keepsMine: true, keepsTheirs: true) { $0.union($1) }
    }

    /// The transactions of this set that `other` lacks: MySQL's GTID_SUBTRACT(self, other).
    package func subtracting(_ other: Self) -> Self {
        merged(with: other, keepsMine: true, keepsTheirs: false) { $0.subtracting($1) }
    }

    package func intersection(_ other: Self) -> Self {
        merged(with: other, keepsMine: false, keepsTheirs: false) { $0.intersection($1) }
    }

    /// Whether `other` has all transactions of this set: MySQL's GTID_SUBSET(self, other).
    package func isSubset(of other: Self) -> Bool {
        var theirs = 0
        for source in sources {
            while theirs < other.sources.count, other.sources[theirs].tsid < source.tsid { theirs += 1 }
            guard theirs < other.sources.count, other.sources[theirs].tsid == source.tsid,
                source.intervals.isSubset(of: other.sources[theirs].intervals)
            else { return false }
        }
        return true
    }

    /// Whether the set has transaction `number` of `tsid`. Logarithmic.
    package func contains(_ tsid: TSID, _ number: Int64) -> Bool {
        var low = 0
        var high = sources.count
        while low < high {
            let middle = low + (high - low) / 2
            if sources[middle].tsid < tsid { low = middle + 1 } else { high = middle }
        }
        return low < sources.count && sources[low].tsid == tsid && sources[low].intervals.contains(number)
    }

    /// The set without transactions first committed on these servers, under any tag. A source's own transactions on its
    /// replica are never errant, even if the source was asked a moment earlier.
    package func excluding(_ uuids: Set<ServerUUID>) -> Self {
        Self(normal: sources.filter { !uuids.contains($0.tsid.uuid) })
    }

    private func merged(
        with other: Self, keepsMine: Bool, keepsTheirs: Bool,
        combine: ([GTIDInterval], [GTIDInterval]) -> [GTIDInterval]
    ) -> Self {
        var result: [Source] = []
        var mine = 0
        var theirs = 0
        while mine < sources.count, theirs < other.sources.count {
            let left = sources[mine]
            let right = other.sources[theirs]
            if left.tsid == right.tsid {
                let intervals = combine(left.intervals, right.intervals)
                if !intervals.isEmpty { result.append(Source(left.tsid, intervals)) }
                mine += 1
                theirs += 1
            } else if left.tsid < right.tsid {
                if keepsMine { result.append(left) }
                mine += 1
            } else {
                if keepsTheirs { result.append(right) }
                theirs += 1
            }
        }
        if keepsMine { result += sources[mine...] }
        if keepsTheirs { result += other.sources[theirs...] }
        return Self(normal: result)
    }
}
