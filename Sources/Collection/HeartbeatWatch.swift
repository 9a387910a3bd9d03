import Replication

/// Watches the heartbeat that is written on a node itself, across rounds: until it is seen to change, it is unknown
/// whether it is still being written, and in which time zone.
struct HeartbeatWatch {
    private struct Memory {
        var time: Int64
        var since: ContinuousClock.Instant
        var lookedAt: ContinuousClock.Instant
        var zone: Double?
        var hasChanged = false
    }

    private var memory: Memory?

    /// Fills in the `own` heartbeat of the node.
    mutating func note(_ facts: inout NodeFacts, at now: ContinuousClock.Instant) {
        guard let shown = facts.heartbeat, let server = facts.identity.serverID, let row = shown.row(of: server),
            // A row without a server id may have come from any upstream server.
            row.serverID != nil || facts.channels?.isEmpty == true
        else { return }
        guard var memory else {
            memory = Memory(time: row.time, since: now, lookedAt: now)
            facts.heartbeat?.own = OwnHeartbeat(time: row.time)
            return
        }
        if row.time != memory.time {
            // It was written since the last look; if that is recent, the difference from the server's clock, rounded to
            // a quarter of an hour, is the zone.
            let pause = memory.lookedAt.duration(to: now)
            if pause < .seconds(400), let asked = facts.askedAt, let offset = facts.clockOffset {
                memory.zone = ((asked + offset - Double(row.time) / 1e6) / 900).rounded() * 900
            }
            memory.time = row.time
            memory.since = now
            memory.hasChanged = true
        }
        memory.lookedAt = now
        self.memory = memory
        facts.heartbeat?.own = OwnHeartbeat(
            time: row.time, unchanged: memory.hasChanged ? memory.since.duration(to: now).seconds : nil,
            zone: memory.zone)
    }
}
