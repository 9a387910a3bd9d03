import Replication

/// Something that a replica was seen to have lost.
protocol Known: Sendable {
    var then: LossContext { get set }
    /// Whether the source has its former log again, and with it all that it had.
    func isOver(by source: LogLooks?) -> Bool
}

extension Known {
    /// The same, after the replica has answered.
    /// - Parameters:
    ///   - source: the looks at its source's log.
    ///   - isFollowing: it has a channel from there now.
    func confirmed(by facts: NodeFacts, _ source: LogLooks?, isFollowing: Bool) -> Self {
        var known = self
        known.then.confirm(by: facts, source, isFollowing: isFollowing)
        return known
    }
}

/// A channel that was seen to follow a log that its source no longer has, or to lack what its source has lost.
///
/// The source goes on, and will have passed the replica's place, or used its GTIDs, again: then neither shows that anything is
/// wrong. What was seen holds until the replica has been rebuilt, or been given another place.
///
/// On MySQL, a dump that is loaded over the data of a replica that finds its place by GTID is no sign: the server refuses to set
/// gtid_purged to what it has executed (error 3546, seen on 9.7), so that its GTIDs stay the same, and relay logs begin anew for
/// other reasons too.
struct KnownLoss: Known {
    let loss: LogLoss
    /// How far the channel had got in its source's log when it was last seen. Where its relay logs are says nothing: every CHANGE deletes
    /// them, whatever it changes.
    var place: BinlogCoordinate?
    var then: LossContext

    /// Whether it still holds for a channel that does not show it any longer.
    func holds(for channel: Channel, of facts: NodeFacts, _ generation: Int?) -> Bool {
        guard then.replica.isSame(facts, generation) else { return false }
        if channel.usesGTID == true { return !then.replica.isSetBack(facts.transactions) }
        if let place, let executed = channel.executedPosition, executed.isBefore(place) != false { return false }
        guard let read = channel.readPosition else { return true }
        return !(loss.isOfTheEnd && read.file.number > loss.read.file.number)
    }

    func isOver(by source: LogLooks?) -> Bool {
        then.hasRecord(source) && (then.logs.isOver(by: source) || then.wasGiven(source))
    }
}

/// MariaDB: a channel that was seen to have more than its source of what that had written itself. Once the source has used the
/// same numbers again, nothing shows that the replica has other transactions by them.
struct KnownLeads: Known {
    let leads: [GTIDLead]
    var then: LossContext

    func holds(for facts: NodeFacts, _ generation: Int?) -> Bool {
        then.replica.isSame(facts, generation) && !then.replica.isSetBack(facts.transactions)
    }

    func isOver(by source: LogLooks?) -> Bool {
        then.logs.isOver(by: source) || then.hasRecord(source) && then.wasGiven(source)
    }
}

/// The two servers when a loss was noted, and what has been seen since.
struct LossContext: Sendable {
    var replica: ServerThen
    /// Nil if it kept no binary log.
    let source: ServerThen?
    /// What the source had before; nil if that was not seen.
    private let had: TransactionHistory?
    /// The replica had all of that.
    let wasComplete: Bool
    /// The source itself had a source.
    let wasSourceFollowing: Bool
    /// The replica has applied something since, while it followed that source.
    private(set) var hasAdvanced: Bool
    var logs: LogsWithout

    /// - Parameter earlier: what was noted before of the same.
    init(
        _ facts: NodeFacts, _ replica: LogLooks?, _ source: LogLooks?, isSourceFollowing: Bool,
        after earlier: LossContext?
    ) {
        self.replica = ServerThen(facts, replica)
        self.source = source.map(ServerThen.init(now:))
        had = source?.before
        var lacks: Bool?
        if let before = source?.before, let now = source?.latest {
            lacks = facts.transactions?.lacks(VanishedTransactions(before: before, now: now), fetched: nil)
        }
        wasSourceFollowing = earlier?.wasSourceFollowing ?? isSourceFollowing
        wasComplete = lacks == false && earlier?.wasComplete != false
        hasAdvanced = earlier?.hasAdvanced ?? false
        logs = LogsWithout(source)
    }

    mutating func confirm(by facts: NodeFacts, _ source: LogLooks?, isFollowing: Bool) {
        if isFollowing, replica.hasOther(than: facts.transactions) { hasAdvanced = true }
        replica.confirm(by: facts)
        logs.look(at: source)
    }

    /// Whether the source has a record of all that it had.
    func hasRecord(_ source: LogLooks?) -> Bool {
        guard let had, !had.isRecordEmpty, let now = source?.latest else { return false }
        return !now.hasLost(had)
    }

    /// Whether the source itself has written nothing since: it was reset to become a replica.
    func hasWrittenNothing(_ facts: NodeFacts, _ source: LogLooks?) -> Bool {
        guard let now = source?.latest else { return true }
        return now.isRecordEmpty || source?.isSmallerThanItsRecord == true
            || now.hasNothingNew(of: facts.identity, since: had)
    }

    /// Whether an operator has given the source its former record without the log that it was of (`gtid_binlog_state`, or
    /// `gtid_purged`), and the replica needed nothing of that.
    func wasGiven(_ source: LogLooks?) -> Bool { wasComplete && source?.isSmallerThanItsRecord == true }
}

/// What a source was seen to lose, until a replica is compared with it.
struct PendingLoss: Sendable {
    let vanished: VanishedTransactions
    /// Nil if it keeps no binary log.
    let replica: ServerThen?

    /// Whether the replica lacks some of it, or did when it was last seen before: what it has now may be others by the same numbers.
    func isLacking(in transactions: TransactionHistory, fetched: FetchedTransactions?) -> Bool {
        transactions.lacks(vanished, fetched: fetched) == true
            || replica?.transactions?.lacks(vanished, fetched: fetched) == true
    }

    /// Whether it has not been rebuilt since.
    func isOpen(for facts: NodeFacts, _ generation: Int?) -> Bool {
        replica?.isSame(facts, generation) != false && replica?.isSetBack(facts.transactions) != true
    }
}
