/// What the exporter remembers of the heartbeats that it has written: enough to say of any that a replica shows how long
/// the one after it has been waiting. One clock, the exporter's, measures all of it.
package struct HeartbeatHistory: Sendable {
    package struct Beat: Sendable, Hashable {
        /// As it stands in the row: the exporter's clock, microseconds since 1970, UTC. No two are the same.
        package let time: Int64
        package let sent: ContinuousClock.Instant
        /// When the primary said that it was written; nil where it never did: then it may have been or not.
        package let confirmed: ContinuousClock.Instant?

        package init(time: Int64, sent: ContinuousClock.Instant, confirmed: ContinuousClock.Instant?) {
            self.time = time
            self.sent = sent
            self.confirmed = confirmed
        }
    }

    /// More would only help replicas that are hours behind; of what came before them there is an estimate.
    package static let capacity = 4096

    /// Seconds between two heartbeats.
    package let interval: Double
    /// The node that is written to, by name; nil before the first.
    package private(set) var node: String?
    /// Oldest first.
    package private(set) var beats: [Beat] = []
    /// Whether the first heartbeat here is the first that there ever was.
    private var isWhole = false

    package init(interval: Double) {
        self.interval = interval
    }

    /// Begins to write on a node. What was written elsewhere and has not arrived there never will, if the node was promoted.
    /// - Parameters:
    ///   - rows: what the node's table holds before the first heartbeat is written there.
    ///   - wallClock: microseconds since 1970, at `now`.
    package mutating func begin(
        on node: String, holding rows: [HeartbeatRow], wallClock: Int64, now: ContinuousClock.Instant
    ) {
        self.node = node
        if let known = place(of: rows) {
            beats.removeSubrange((known + 1)...)
        } else {
            // An earlier exporter's last: what shows this one lacks nothing before ours.
            beats = []
            isWhole = rows.isEmpty
            guard let newest = rows.map(\.time).filter({ $0 <= wallClock }).max() else { return }
            let sent = now - .microseconds(wallClock - newest)
            beats = [Beat(time: newest, sent: sent, confirmed: sent)]
        }
    }

    package mutating func append(_ beat: Beat) {
        beats.append(beat)
        // Not one by one: moving all the others costs the most.
        if beats.count > Self.capacity {
            beats.removeFirst(Self.capacity / 8)
            isWhole = false
        }
    }

    /// The newest heartbeat of this memory among rows.
    private func place(of rows: [HeartbeatRow]) -> Int? {
        beats.lastIndex { beat in rows.contains { $0.time == beat.time } }
    }
}

extension HeartbeatHistory {
    /// How late whoever showed these rows is, seconds: the age of the oldest heartbeat that he lacks; 0 if he lacks none.
    /// Nil when nobody can know: no heartbeat was written lately.
    /// - Parameter wallClock: microseconds since 1970 when they were read.
    package func lag(of shown: HeartbeatReading, wallClock: Int64) -> Double? {
        let place = lastApplied(shown.rows, wallClock: wallClock)
        // What was written only after the node was asked cannot be missed in its answer.
        let missed = beats[((place ?? -1) + 1)...].first { $0.confirmed.map { $0 <= shown.reading.asked } ?? false }
        if let missed {
            let age = missed.sent.duration(to: shown.reading.middle).seconds
            guard place == nil else { return max(0, age) }
            // Whoever shows none at all may lack any number of older ones.
            guard let newest = credible(shown.rows, wallClock).max() else { return isWhole ? max(0, age) : nil }
            // Older than all that is remembered: the one after it was due an interval later.
            return max(age, Double(wallClock - newest) / 1e6 - interval, 0)
        }
        guard place != nil, let last = beats.last(where: { $0.confirmed != nil }),
            last.sent.duration(to: shown.reading.asked).seconds <= 2 * interval + 1
        else { return nil }
        return 0
    }

    /// How old the newest heartbeat among the rows is, seconds.
    package func age(of shown: HeartbeatReading, wallClock: Int64) -> Double? {
        if let place = place(of: shown.rows) {
            return max(0, beats[place].sent.duration(to: shown.reading.middle).seconds)
        }
        return credible(shown.rows, wallClock).max().map { Double(max(0, wallClock - $0)) / 1e6 }
    }

    /// The last heartbeat of this memory that is known to have been applied.
    private func lastApplied(_ rows: [HeartbeatRow], wallClock: Int64) -> Int? {
        if let place = place(of: rows) { return place }
        // Another exporter writes the same row: its heartbeat came after all of ours that are older.
        guard let newest = credible(rows, wallClock).max() else { return nil }
        return beats.lastIndex { $0.time < newest }
    }

    /// A clock that once was wrong may have left a row in the future, which would look fresh until then.
    private func credible(_ rows: [HeartbeatRow], _ wallClock: Int64) -> [Int64] {
        rows.map(\.time).filter { $0 <= wallClock + 1_000_000 }
    }
}

extension Reading {
    /// Halfway between asking and being told.
    var middle: ContinuousClock.Instant { asked + asked.duration(to: told) / 2 }
}
