/// A row of a heartbeat table, in pt-heartbeat's layout.
package struct HeartbeatRow: Sendable, Hashable {
    /// The server on which it was written; nil in the old layout, which has one row for all.
    package var serverID: UInt32?
    /// When it was written by the writer's clock: microseconds since 1970, read as if the clock showed UTC. pt-heartbeat
    /// without --utc writes the local time of wherever it runs.
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
    /// The row that is written on this very server, as it has been seen to behave.
    package var own: OwnHeartbeat?

    package init(rows: [HeartbeatRow], reading: Reading, own: OwnHeartbeat? = nil) {
        self.rows = rows
        self.reading = reading
        self.own = own
    }

    /// The row written on a server; where there is but the old layout's, that one.
    package func row(of serverID: UInt32) -> HeartbeatRow? {
        rows.first { $0.serverID == serverID } ?? rows.first { $0.serverID == nil }
    }
}

/// The heartbeat that somebody writes on a node, watched over the rounds.
package struct OwnHeartbeat: Sendable, Hashable {
    package var time: Int64
    /// Seconds since it was first seen to be what it is; nil on the first look, which cannot tell.
    package var unchanged: Double?
    /// Server's UTC minus the writer's clock, to the quarter of an hour, seconds; nil until a heartbeat was seen to be new.
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
    /// Somebody else, such as pt-heartbeat; every so many seconds.
    case foreign(interval: Double)
}
