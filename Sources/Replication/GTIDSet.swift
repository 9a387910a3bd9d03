/// Where a MySQL transaction came from: the server it was first committed on, and since MySQL 8.3 an optional tag.
///
/// Each such pair numbers its transactions on its own.
package struct TSID: Hashable, Sendable {
    package let uuid: ServerUUID
    /// In lower case; empty if there is none.
    package let tag: String

    package init(_ uuid: ServerUUID, tag: String = "") {
        self.uuid = uuid
        self.tag = tag
    }
}

extension TSID: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        left.uuid == right.uuid ? left.tag < right.tag : left.uuid < right.uuid
    }
}

/// A MySQL GTID set, such as `gtid_executed`: which transactions of which sources.
///
/// Two sets with the same transactions are equal, however their text was arranged. Set arithmetic is linear in the
/// number of intervals.
package struct GTIDSet: Hashable, Sendable {
    /// The transactions of one source. Within a set, never without an interval.
    package struct Source: Hashable, Sendable {
        package let tsid: TSID
        /// Within a set: sorted, neither overlapping nor adjacent.
        package internal(set) var intervals: [GTIDInterval]

        package init(_ tsid: TSID, _ intervals: [GTIDInterval]) {
            self.tsid = tsid
            self.intervals = intervals
        }
    }

    /// Sorted by TSID, each once.
    package private(set) var sources: [Source]

    /// The empty set.
    package init() {
        sources = []
    }

    /// From sources in any order, with repetitions, overlaps and empty lists.
    package init(_ sources: [Source]) {
        var sources = sources.filter { !$0.intervals.isEmpty }
        for index in sources.indices { sources[index].intervals.normalize() }
        if !zip(sources, sources.dropFirst()).allSatisfy({ $0.tsid < $1.tsid }) {
            sources.sort { $0.tsid < $1.tsid }
            sources = Self.joiningNeighbours(sources)
        }
        self.sources = sources
    }

    init(normal sources: [Source]) {
        self.sources = sources
    }

    package var isEmpty: Bool { sources.isEmpty }

    /// The number of transactions; `UInt64.max` if there are more.
    package var count: UInt64 {
        sources.reduce(0) { sum, source in
            source.intervals.reduce(sum) { $0.addingSaturated($1.count) }
        }
    }

    private static func joiningNeighbours(_ sorted: [Source]) -> [Source] {
        var joined: [Source] = []
        var start = sorted.startIndex
        while start < sorted.endIndex {
            let tsid = sorted[start].tsid
            let end = sorted[start...].firstIndex { $0.tsid != tsid } ?? sorted.endIndex
            var intervals = sorted[start..<end].flatMap(\.intervals)
            intervals.normalize()
            joined.append(Source(tsid, intervals))
            start = end
        }
        return joined
    }
}
