import Replication

/// Remembers for each channel when something last arrived from its source, which MariaDB does not report.
///
/// A frozen or partitioned source keeps looking healthy (IO thread running, 0 s behind) until slave_net_timeout expires. The
/// only sign is that neither heartbeats nor positions advance.
struct ArrivalLog {
    private struct Mark: Equatable {
        let heartbeats: UInt64?
        let position: BinlogCoordinate?
        let ioThread: Channel.IOThreadState
        let startTime: Double?

        /// Whether the replica was restarted since `earlier`: what it does not hear counts from then at the earliest.
        func shows(aRestartSince earlier: Mark) -> Bool {
            guard let startTime, let before = earlier.startTime else { return false }
            return abs(startTime - before) > 1
        }

        /// Whether something must have arrived since `earlier`. A counter that has gone back is not an arrival. A new connection
        /// to the source is one; a lost connection is not.
        func shows(anArrivalSince earlier: Mark) -> Bool {
            if let heartbeats, let before = earlier.heartbeats, heartbeats > before { return true }
            if position != nil, position != earlier.position { return true }
            return ioThread == .running && earlier.ioThread != .running
        }
    }

    private struct Memory {
        var mark: Mark
        var since: ContinuousClock.Instant
        /// Whether something arrived at `since`; otherwise the channel was only first seen then.
        var isArrival: Bool
    }

    private var memories: [String: Memory] = [:]

    /// Fills in `sourceSilence`. The first look at a channel is not an arrival and yields no silence; from then on
    /// silence is counted from it, as a lower bound, so that a source that was frozen before the exporter started is
    /// still detected.
    ///
    /// If the server reports a silence (MySQL), arrivals seen here can only shorten it: its times are those of whole
    /// transactions, and a large one may take long to arrive.
    mutating func note(_ facts: inout NodeFacts, at now: ContinuousClock.Instant) {
        guard var channels = facts.channels else { return }
        facts.channels = nil
        for index in channels.indices {
            let channel = channels[index]
            let mark = Mark(
                heartbeats: channel.heartbeatsReceived, position: channel.readPosition, ioThread: channel.ioThread,
                startTime: facts.startTime)
            guard var memory = memories[channel.name], !mark.shows(aRestartSince: memory.mark) else {
                memories[channel.name] = Memory(mark: mark, since: now, isArrival: false)
                if channel.isRelayLogFull { channels[index].sourceSilence = nil }
                channels[index].isSilenceToldOnly = true
                continue
            }
            // A full relay log keeps the replica from reading: silence is counted again once there is room.
            if channel.isRelayLogFull || mark.shows(anArrivalSince: memory.mark) {
                memory.since = now
                memory.isArrival = true
            }
            memory.mark = mark
            memories[channel.name] = memory
            if channel.isRelayLogFull {
                channels[index].sourceSilence = nil
                continue
            }
            let seen = memory.since.duration(to: now).seconds
            channels[index].observedSilence = seen
            if let reported = channel.sourceSilence {
                if memory.isArrival { channels[index].sourceSilence = min(reported, seen) }
                channels[index].isSilenceToldOnly = !memory.isArrival
            } else {
                channels[index].sourceSilence = seen
            }
        }
        if memories.count != channels.count {
            let names = Set(channels.map(\.name))
            memories = memories.filter { names.contains($0.key) }
        }
        facts.channels = channels
    }
}
