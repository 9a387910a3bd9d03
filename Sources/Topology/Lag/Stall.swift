import Replication

/// The source's log was seen to go on, and nothing of it has arrived since, although the IO thread is connected: its network
/// is cut, or its source hangs. Known long before heartbeats are missed: at servers' defaults these come every 30 s.
struct Stall: Sendable, Hashable {
    /// Seconds; a source that has just written more is not stalled.
    private static let patience = 10.0
    /// Bytes a second. An event arrives as a whole: until then nothing shows that it is on its way. So does nothing while a
    /// source searches its log for the place of a replica that connects by GTID.
    private static let slowestTransfer = 5e5

    /// Seconds through which nothing was seen to arrive.
    let silence: Double

    /// Nil if the channel receives, if it cannot be known, or if what it lacks may still be on its way.
    /// - Parameter looks: at the source's log.
    init?(_ findings: ChannelFindings, of replica: NodeFacts?, _ looks: LogLooks?, _ index: BinlogIndex?) {
        let channel = findings.channel
        guard channel.ioThread == .running, !channel.isRelayLogFull, !channel.isFilteredBySource,
            let silence = channel.observedSilence,
            silence >= Self.patience, let read = channel.readPosition, let asked = replica?.channelsRead?.asked,
            // Positions may stay behind while nothing is lacking.
            findings.logLoss == nil, findings.distance.unfetched != 0, findings.distance.missing != 0,
            let look = looks?.first(beyond: read), let end = look.end,
            let bytes = (index ?? BinlogIndex(entries: [])).bytes(from: read, to: end)
        else { return nil }
        let patience = Self.patience + Double(bytes) / Self.slowestTransfer
        guard silence >= patience, FixedInstant(asked).seconds(since: look.shown) >= patience else { return nil }
        self.silence = silence
    }
}

extension LogLooks {
    /// The first look that shows more than a position in this log; nil if none does.
    fileprivate func first(beyond position: BinlogCoordinate) -> Look? {
        guard let newest = looks.last?.end, position.isBefore(newest) == true else { return nil }
        return looks.first { $0.end.map { position.isBefore($0) == true } ?? false }
    }
}
