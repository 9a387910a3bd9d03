/// Transactions `first` to `last` of one source, both included. Never empty.
package struct GTIDInterval: Hashable, Sendable {
    package let first: Int64
    package let last: Int64

    /// The largest transaction number. The server keeps one more as the open end of an interval.
    package static let largestNumber = Int64.max - 1

    /// Nil unless 1 ≤ first ≤ last ≤ `largestNumber`.
    package init?(_ first: Int64, _ last: Int64) {
        guard first >= 1, first <= last, last <= Self.largestNumber else { return nil }
        self.init(known: first, last)
    }

    /// For bounds taken from existing intervals.
    fileprivate init(known first: Int64, _ last: Int64) {
        self.first = first
        self.last = last
    }

    /// The number of transactions.
    package var count: UInt64 { UInt64(last - first) + 1 }
}

extension GTIDInterval: CustomStringConvertible {
    package var description: String { first == last ? "\(first)" : "\(first)-\(last)" }
}

/// Arithmetic on lists that are sorted, with a gap after each interval. Each operation reads both lists once and
/// preserves that form.
extension [GTIDInterval] {
    /// Whether the list is in the form that the operations need.
    private var isNormal: Bool {
        zip(self, dropFirst()).allSatisfy { $0.last + 1 < $1.first }
    }

    /// Brings intervals in any order, overlapping or not, into that form.
    mutating func normalize() {
        guard !isNormal else { return }
        sort { $0.first < $1.first }
        self = reduce(into: []) { $0.extend(with: $1) }
    }

    /// Appends an interval that begins no earlier than the last one, joining the two where they touch.
    private mutating func extend(with next: GTIDInterval) {
        if let previous = last, next.first <= previous.last + 1 {
            self[count - 1] = GTIDInterval(known: previous.first, Swift.max(previous.last, next.last))
        } else {
            append(next)
        }
    }

    func union(_ other: Self) -> Self {
        var result: Self = []
        result.reserveCapacity(count + other.count)
        var mine = 0
        var theirs = 0
        while mine < count || theirs < other.count {
            if theirs == other.count || (mine < count && self[mine].first <= other[theirs].first) {
                result.extend(with: self[mine])
                mine += 1
            } else {
                result.extend(with: other[theirs])
                theirs += 1
            }
        }
        return result
    }

    func subtracting(_ other: Self) -> Self {
        var result: Self = []
        var theirs = 0
        for interval in self {
            var first = interval.first
            while theirs < other.count, other[theirs].last < first { theirs += 1 }
            while theirs < other.count, other[theirs].first <= interval.last, first <= interval.last {
                let hole = other[theirs]
                if hole.first > first { result.append(GTIDInterval(known: first, hole.first - 1)) }
                first = hole.last + 1
                // A hole that reaches past this interval may reach into the next one, too.
                if hole.last <= interval.last { theirs += 1 }
            }
            if first <= interval.last { result.append(GTIDInterval(known: first, interval.last)) }
        }
        return result
    }

    func intersection(_ other: Self) -> Self {
        var result: Self = []
        var mine = 0
        var theirs = 0
        while mine < count, theirs < other.count {
            let first = Swift.max(self[mine].first, other[theirs].first)
            let last = Swift.min(self[mine].last, other[theirs].last)
            if first <= last { result.append(GTIDInterval(known: first, last)) }
            if self[mine].last < other[theirs].last { mine += 1 } else { theirs += 1 }
        }
        return result
    }

    func isSubset(of other: Self) -> Bool {
        var theirs = 0
        for interval in self {
            while theirs < other.count, other[theirs].last < interval.first { theirs += 1 }
            guard theirs < other.count, other[theirs].first <= interval.first, interval.last <= other[theirs].last
            else {
                return false
            }
        }
        return true
    }

    /// Logarithmic in the number of intervals.
    func contains(_ number: Int64) -> Bool {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle].last < number { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low].first <= number
    }
}
