import Replication

/// Remembers for each channel when something last arrived from its source: MariaDB does not tell.
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

    private struct Memory {
        var mark: Mark
        var since: ContinuousClock.Instant
        /// Something arrived at `since`; else it is only when the channel was first looked at.
        var isArrival: Bool
    }

    private var memories: [String: Memory] = [:]

    /// Fills `sourceSilence`. The first look at a channel is no arrival, and tells nothing; from then on silence is counted
    /// from it, as the least that it can be: a source that was frozen before the exporter started is found out all the same.
    ///
    /// Where the server tells (MySQL), what was seen to arrive can only shorten the silence: its times speak of whole
    /// transactions, of which a large one arrives for a long time.
    mutating func note(_ facts: inout NodeFacts, at now: ContinuousClock.Instant) {
        guard var channels = facts.channels else { return }
        facts.channels = nil
        for place in channels.indices {
            let channel = channels[place]
            let mark = Mark(
                heartbeats: channel.heartbeatsReceived, position: channel.readPosition, ioThread: channel.ioThread)
            guard var memory = memories[channel.name] else {
                memories[channel.name] = Memory(mark: mark, since: now, isArrival: false)
                channels[place].isSilenceToldOnly = true
                continue
            }
            if mark.shows(anArrivalSince: memory.mark) {
                memory.since = now
                memory.isArrival = true
            }
            memory.mark = mark
            memories[channel.name] = memory
            let seen = memory.since.duration(to: now).seconds
            if let told = channel.sourceSilence {
                if memory.isArrival { channels[place].sourceSilence = min(told, seen) }
                channels[place].isSilenceToldOnly = !memory.isArrival
            } else {
                channels[place].sourceSilence = seen
            }
        }
        let names = Set(channels.map(\.name))
        memories = memories.filter { names.contains($0.key) }
        facts.channels = channels
    }
}
