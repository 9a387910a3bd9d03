/// A row of a heartbeat table, in pt-heartbeat's layout.
package struct HeartbeatRow: Sendable, Hashable {
    /// The server on which it was written; nil in the old layout, which has one row for all.
    package var serverID: UInt32?
    /// When it was written, by the writer's clock: microseconds since 1970, read as if the clock showed UTC.
    /// pt-heartbeat without --utc writes the local time of the host it runs on.
    package var time: Int64

    package init(serverID: UInt32?, time: Int64) {
        self.serverID = serverID
        self.time = time
    }
}

/// What a node's heartbeat table held.
package struct HeartbeatReading: Sendable, Hashable {
    package var rows: [HeartbeatRow]
    /// When it was read.
    package var reading: Reading
    /// The row written on this server itself, as observed across rounds.
    package var own: OwnHeartbeat?

    package init(rows: [HeartbeatRow], reading: Reading, own: OwnHeartbeat? = nil) {
        self.rows = rows
        self.reading = reading
        self.own = own
    }

    /// The row written on a server, or else the single row of the old layout.
    package func row(of serverID: UInt32) -> HeartbeatRow? {
        rows.first { $0.serverID == serverID } ?? rows.first { $0.serverID == nil }
    }
}

/// The heartbeat being written on a node, as observed across rounds.
package struct OwnHeartbeat: Sendable, Hashable {
    package var time: Int64
    /// Seconds since this value was first seen; nil on the first look, when that is unknown.
    package var unchanged: Double?
    /// Server's UTC minus the writer's clock, to the quarter of an hour, in seconds; nil until a new heartbeat has been
    /// seen.
    package var zone: Double?

    package init(time: Int64, unchanged: Double? = nil, zone: Double? = nil) {
        self.time = time
        self.unchanged = unchanged
        self.zone = zone
    }
}

/// Who writes the heartbeats of a replication set.
package enum HeartbeatWriting: Sendable {
    /// This exporter, which knows what it wrote and when.
    case own(HeartbeatHistory)
    /// Another program, such as pt-heartbeat, every `interval` seconds.
    case foreign(interval: Double)
}
