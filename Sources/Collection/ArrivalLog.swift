import Replication

/// Remembers for each channel when something last arrived from its source, where the server does not tell (MariaDB).
///
/// A frozen or partitioned source goes on looking healthy (IO thread running, 0 s behind) until slave_net_timeout ends
/// it. What gives it away: neither heartbeats nor positions advance.
struct ArrivalLog {
    private struct Mark: Equatable {
        let heartbeats: UInt64?
        let position: BinlogCoordinate?
        let ioThread: Channel.IOThreadState

        /// Whether something must have arrived since `earlier`. Counters also go back, when the replica starts again, and
        /// a lost connection is the opposite of an arrival: only having got through to the source is one.
        func shows(anArrivalSince earlier: Mark) -> Bool {
            if let heartbeats, let before = earlier.heartbeats, heartbeats > before { return true }
            if position != nil, position != earlier.position { return true }
            return ioThread == .running && earlier.ioThread != .running
        }
    }

    private var marks: [String: (mark: Mark, changed: ContinuousClock.Instant?)] = [:]

    /// Fills `sourceSilence` of the channels that do not have it. The first look at a channel is no arrival.
    mutating func note(_ facts: inout NodeFacts, at now: ContinuousClock.Instant) {
        guard var channels = facts.channels else { return }
        facts.channels = nil
        for place in channels.indices where channels[place].sourceSilence == nil {
            let channel = channels[place]
            let mark = Mark(
                heartbeats: channel.heartbeatsReceived, position: channel.readPosition, ioThread: channel.ioThread)
            guard let known = marks[channel.name] else {
                marks[channel.name] = (mark, nil)
                continue
            }
            let changed = mark.shows(anArrivalSince: known.mark) ? now : known.changed
            marks[channel.name] = (mark, changed)
            if let changed { channels[place].sourceSilence = changed.duration(to: now).seconds }
        }
        let names = Set(channels.map(\.name))
        marks = marks.filter { names.contains($0.key) }
        facts.channels = channels
    }
}
