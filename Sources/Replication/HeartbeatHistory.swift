/// The exporter's memory of the heartbeats it has written: enough to say, for any heartbeat that a replica shows, how
/// long the next one has been waiting. All of it is measured by one clock, the exporter's.
package struct HeartbeatHistory: Sendable {
    package struct Beat: Sendable, Hashable {
        /// As it stands in the row: the exporter's clock, microseconds since 1970, UTC. No two are the same.
        package let time: Int64
        package let sent: ContinuousClock.Instant
        /// When the primary confirmed the write; nil if it never did, in which case it may or may not have been
        /// written.
        package let confirmed: ContinuousClock.Instant?

        package init(time: Int64, sent: ContinuousClock.Instant, confirmed: ContinuousClock.Instant?) {
            self.time = time
            self.sent = sent
            self.confirmed = confirmed
        }
    }

    /// More would only help replicas that are hours behind, and for those there is an estimate.
    package static let capacity = 4096

    /// Seconds between two heartbeats.
    package let interval: Double
    /// The name of the node written to; nil before the first heartbeat.
    package private(set) var node: String?
    /// Oldest first.
    package private(set) var beats: [Beat] = []
    /// Whether the first heartbeat here is the first ever written.
    private var isWhole = false

    package init(interval: Double) {
        self.interval = interval
    }

    /// Starts writing on a node. Heartbeats written elsewhere that have not reached it by now never will, if it was
    /// promoted.
    /// - Parameters:
    ///   - rows: what the node's table holds before the first heartbeat is written there.
    ///   - wallClock: microseconds since 1970, at `now`.
    package mutating func begin(
        on node: String, holding rows: [HeartbeatRow], wallClock: Int64, now: ContinuousClock.Instant
    ) {
        self.node = node
        if let known = index(of: rows) {
            beats.removeSubrange((known + 1)...)
        } else {
            // The last heartbeat of an earlier exporter: a replica that shows it lacks nothing before ours.
            beats = []
            isWhole = rows.isEmpty
            guard let newest = rows.map(\.time).filter({ $0 <= wallClock }).max() else { return }
            let sent = now - .microseconds(wallClock - newest)
            beats = [Beat(time: newest, sent: sent, confirmed: sent)]
        }
    }

    package mutating func append(_ beat: Beat) {
        beats.append(beat)
        // In bulk: each removal moves all the others.
        if beats.count > Self.capacity {
            beats.removeFirst(Self.capacity / 8)
            isWhole = false
        }
    }

    /// The index of the newest remembered heartbeat among the rows.
    private func index(of rows: [HeartbeatRow]) -> Int? {
        beats.lastIndex { beat in rows.contains { $0.time == beat.time } }
    }
}

extension HeartbeatHistory {
    /// How late the node that showed these rows is, in seconds: the age of the oldest heartbeat it lacks; 0 if it lacks
    /// none. Nil if that cannot be known: no heartbeat was written recently.
    /// - Parameter wallClock: microseconds since 1970 when the rows were read.
    package func lag(of shown: HeartbeatReading, wallClock: Int64) -> Double? {
        let index = lastApplied(shown.rows, wallClock: wallClock)
        // A heartbeat written after the node was asked cannot be missing from its answer.
        let missed = beats[((index ?? -1) + 1)...].first { $0.confirmed.map { $0 <= shown.reading.asked } ?? false }
        if let missed {
            let age = missed.sent.duration(to: shown.reading.middle).seconds
            guard index == nil else { return max(0, age) }
            // A node that shows none at all may lack any number of older ones.
            guard let newest = credible(shown.rows, wallClock).max() else { return isWhole ? max(0, age) : nil }
            // Older than anything remembered: the next one was due one interval later.
            return max(age, Double(wallClock - newest) / 1e6 - interval, 0)
        }
        guard index != nil, let last = beats.last(where: { $0.confirmed != nil }),
            last.sent.duration(to: shown.reading.asked).seconds <= 2 * interval + 1
        else { return nil }
        return 0
    }

    /// How old the newest heartbeat among the rows is, seconds.
    package func age(of shown: HeartbeatReading, wallClock: Int64) -> Double? {
        if let index = index(of: shown.rows) {
            return max(0, beats[index].sent.duration(to: shown.reading.middle).seconds)
        }
        return credible(shown.rows, wallClock).max().map { Double(max(0, wallClock - $0)) / 1e6 }
    }

    /// The index of the last remembered heartbeat that is known to have been applied.
    private func lastApplied(_ rows: [HeartbeatRow], wallClock: Int64) -> Int? {
        if let index = index(of: rows) { return index }
        // Another exporter writes the same row: its heartbeat came after all of ours that are older.
        guard let newest = credible(rows, wallClock).max() else { return nil }
        return beats.lastIndex { $0.time < newest }
    }

    /// A clock that was once wrong may have left a row in the future, which would look fresh until then.
    private func credible(_ rows: [HeartbeatRow], _ wallClock: Int64) -> [Int64] {
        rows.map(\.time).filter { $0 <= wallClock + 1_000_000 }
    }
}

extension Reading {
    /// Halfway between the question and the answer.
    var middle: ContinuousClock.Instant { asked + asked.duration(to: told) / 2 }
}
