import Replication

/// MySQL without GTIDs: a log that a source began while a replica followed an earlier one. Nothing but coordinates shows what of it the
/// replica has.
struct UnreadLog: Sendable {
    /// Its base name, if it is another one. A channel whose source then goes back to the earlier log goes on there as if nothing had been
    /// written in between. Whether anything was is not known: it may have been written after the last look. Nil if the source has begun
    /// the same log anew: the channel's place, if there is one in the new log, is one among other transactions.
    let base: String?
    /// Nil if it keeps no binary log.
    let replica: ServerThen?
    /// Where the channel was, in its source's log and in its relay logs, when it was first seen after that.
    var place: Place?

    struct Place: Sendable {
        let read: BinlogCoordinate
        let relay: BinlogCoordinate?

        init?(_ channel: Channel) {
            guard let read = channel.readPosition else { return nil }
            self.read = read
            relay = channel.relayPosition
        }
    }

    /// What the channel will not receive, now that its source writes another log.
    func loss(of channel: Channel, of facts: NodeFacts, _ generation: Int?, _ source: LogLooks?) -> LogLoss? {
        guard facts.identity.flavor == .mysql, channel.usesGTID != true, let end = source?.looks.last?.end,
            end.file.base != base, let read = channel.readPosition, read.file.base == end.file.base,
            replica?.isSame(facts, generation) != false, !isMoved(channel)
        else { return nil }
        return LogLoss(read: read, end: end, isOfWhatItLacked: true)
    }

    /// CHANGE REPLICATION SOURCE with a position has deleted the relay logs, or gone back.
    private func isMoved(_ channel: Channel) -> Bool {
        guard let place else { return false }
        if let relay = place.relay, channel.relayPosition?.isBefore(relay) == true { return true }
        return channel.readPosition?.isBefore(place.read) == true
    }

    /// Whether it is being read, or is of the past.
    func isSettled(by channel: ChannelFindings, _ source: LogLooks) -> Bool {
        guard let base else { return channel.logLoss != nil || isMoved(channel.channel) }
        if let read = channel.channel.readPosition, read.file.base == base { return true }
        return source.base != base && channel.channel.readPosition?.file.base == source.base
    }
}
