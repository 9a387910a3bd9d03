import Replication

/// A log that a source began while a replica followed an earlier one, where GTIDs do not show what of it the replica has.
struct UnreadLog: Sendable {
    /// Its base name, if it is another one (MySQL without GTIDs). A channel whose source then goes back to the earlier log goes on there as if nothing had been
    /// written in between. Nil if the source has begun
    /// the same log anew, or wrote without one: the channel's place, if there is one in the new log, is one among other transactions.
    let base: String?
    /// Nil if it keeps no binary log.
    let replica: ServerThen?
    /// How far the channel had got in its source's log when it was first seen after that.
    var place: BinlogCoordinate?

    /// What the channel will not receive, now that its source writes another log.
    func loss(of channel: Channel, of facts: NodeFacts, _ generation: Int?, _ source: LogLooks?) -> LogLoss? {
        guard let end = source?.looks.last?.end, end.file.base != base, replica?.isSame(facts, generation) != false,
            replica?.isSetBack(facts.transactions) != true, !isMoved(channel)
        else { return nil }
        let read = channel.readPosition ?? end
        if base != nil {
            guard facts.identity.flavor == .mysql, channel.usesGTID != true, read.file.base == end.file.base,
                let former = source?.formerEnd, former.file.base == base, former.hasTransactions
            else { return nil }
        }
        return LogLoss(read: read, end: end, isOfWhatItLacked: true)
    }

    /// CHANGE REPLICATION SOURCE has given it an earlier place.
    private func isMoved(_ channel: Channel) -> Bool {
        guard let place, channel.usesGTID != true else { return false }
        return channel.executedPosition?.isBefore(place) == true
    }

    /// Whether it is being read, or is of the past.
    func isSettled(by channel: ChannelFindings, _ source: LogLooks) -> Bool {
        guard let base else { return channel.logLoss != nil || isMoved(channel.channel) }
        if let read = channel.channel.readPosition, read.file.base == base { return true }
        return source.base != base && channel.channel.readPosition?.file.base == source.base
    }
}

extension BinlogCoordinate {
    /// As the end of a log. One in which nothing was written ends after the events that every file begins with: 154 to 158 bytes, by
    /// version.
    fileprivate var hasTransactions: Bool { file.number > 1 || position > 200 }
}
