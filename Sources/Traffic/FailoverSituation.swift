package import Replication

/// Why a node could not be checked.
package struct FailoverFault: Sendable, Equatable {
    /// Continues a sentence that begins with the node's name.
    package var reason: String
    /// The exporter's own: a missing grant, a table that is missing or odd, its password, its limit of connections. It says
    /// nothing of the node, and moves no traffic.
    package var isOwn: Bool

    package init(_ reason: String, isOwn: Bool = false) {
        self.reason = reason
        self.isOwn = isOwn
    }
}

/// When a check was made, by both clocks.
package struct FailoverTime: Sendable, Equatable {
    /// Seconds since this machine was started, suspension included: by a clock that nobody sets. Distances are taken from it.
    package var steady: Double
    /// Epoch seconds, as they stand in the table: for people, and to know one's own row again.
    package var epoch: Double

    package init(steady: Double, epoch: Double) {
        self.steady = steady
        self.epoch = epoch
    }
}

/// Which server it is, at whatever address.
package struct FailoverServer: Sendable, Equatable {
    package var id: UInt32
    /// MySQL only.
    package var uuid: ServerUUID?

    package init(id: UInt32, uuid: ServerUUID? = nil) {
        self.id = id
        self.uuid = uuid
    }

    /// By all that is known of both.
    package func isSame(as other: FailoverServer) -> Bool {
        guard let uuid, let another = other.uuid else { return id == other.id }
        return id == other.id && uuid == another
    }
}

/// What this checker knows of its own earlier checks.
package struct FailoverMemory: Sendable, Equatable {
    /// The last answer; nil before the first.
    package var answer: FailoverDecision.Answer?
    /// When the preferred node was last found to be the one that has all there is, by the steady clock: by a good check, or by one
    /// that could only say that nobody was sent to the standby since. Nil when the answer has been "standby" since, or there
    /// was none: the preferred node then has to have caught up.
    package var goodCheck: Double?
    /// The good check that has to stand in the table. Nil where the last good one could not be noted, by the exporter's own
    /// fault: what the table then says tells nothing, and whoever mends it may make it anew.
    package var noted: FailoverTime?
    /// Where the last good check was made; nil where that server did not tell.
    package var server: FailoverServer?
    /// The first check from which on each has found the standby failed, by the steady clock.
    package var standbyFailedSince: Double?
    /// An operator has said that the preferred node has all there is.
    package var isAccepted = false

    /// - Parameter goodCheck: the last one, which was noted.
    package init(answer: FailoverDecision.Answer? = nil, goodCheck: FailoverTime? = nil) {
        self.answer = answer
        self.goodCheck = goodCheck?.steady
        noted = goodCheck
    }

    /// - Parameter now: by the steady clock.
    /// - Returns: seconds since the first check from which on each has found the standby failed; 0 in that check, and where the
    ///   standby has not failed.
    package mutating func noteStandby(isFailed: Bool, at now: Double) -> Double {
        guard isFailed else {
            standbyFailedSince = nil
            return 0
        }
        let since = standbyFailedSince ?? now
        standbyFailedSince = since
        return max(0, now - since)
    }

    /// - Parameters:
    ///   - time: of the check.
    ///   - server: that had the preferred node's address; nil where it did not tell.
    ///   - isNoted: whether a good check stands in the table now.
    package mutating func note(
        _ decision: FailoverDecision, at time: FailoverTime, on server: FailoverServer? = nil, isNoted: Bool = true
    ) {
        guard let answer = decision.answer else { return }
        self.answer = answer
        // What an operator says holds for the next answer, and not for a break after it.
        isAccepted = false
        if decision.isGoodCheck {
            goodCheck = time.steady
            noted = isNoted ? time : nil
            // With an unbroken one it is the one that it was, though it may not have told.
            if server != nil || decision.cause == .caughtUp { self.server = server }
        } else if decision.isUnbroken {
            goodCheck = time.steady
        } else if answer == .standby {
            goodCheck = nil
            noted = nil
            self.server = nil
        }
    }
}

/// What a check found out about the two nodes.
package struct FailoverSituation: Sendable, Equatable {
    package enum Preferred: Sendable, Equatable {
        case failed(FailoverFault)
        /// It can be updated.
        /// - Parameter noted: of this checker's last good check as it stands in the table, epoch seconds; nil where none does.
        case ready(noted: Double?)
    }

    package var preferred: Preferred
    /// The one that has the preferred node's address now; nil where it does not tell.
    package var server: FailoverServer?
    /// As a round found it: it answers, and is writable.
    package var isPreferredWritable: Bool
    /// Why the preferred node's replication cannot be looked at although it can be updated; nil when it can.
    package var lookFault: FailoverFault?
    /// Why the standby cannot be asked; nil when it can.
    package var standbyFault: FailoverFault?
    /// Seconds since the first check of this checker's from which on each has found the standby failed; 0 in that check.
    package var standbyFailedFor = 0.0
    /// The preferred node as a replica of the standby.
    package var catchUp: CatchUp
    package var memory: FailoverMemory
    /// By the clocks that the memory is from.
    package var now: FailoverTime

    package init(
        preferred: Preferred, isPreferredWritable: Bool = true, lookFault: FailoverFault? = nil,
        standbyFault: FailoverFault? = nil, catchUp: CatchUp = CatchUp(), memory: FailoverMemory = FailoverMemory(),
        now: FailoverTime
    ) {
        self.preferred = preferred
        self.isPreferredWritable = isPreferredWritable
        self.lookFault = lookFault
        self.standbyFault = standbyFault
        self.catchUp = catchUp
        self.memory = memory
        self.now = now
    }
}

/// How far the preferred node is behind the standby.
package struct CatchUp: Sendable, Equatable {
    /// Seconds; nil while it is not known, and for a node that does not replicate from the standby.
    package var lag: Double?
    /// Transactions of the standby that it has not applied; nil where GTIDs do not tell.
    package var missing: UInt64?
    /// Bytes of the standby's binary log that it has not applied; nil where positions do not tell.
    package var bytes: UInt64?
    /// It does not replicate from the standby, which replicates from it and is read-only.
    package var isOneWay = false
    /// It has transactions of the standby that the standby itself has not shown: what equal numbers stand for is not known.
    package var isAhead = false

    package init(
        lag: Double? = nil, missing: UInt64? = nil, bytes: UInt64? = nil, isOneWay: Bool = false, isAhead: Bool = false
    ) {
        self.lag = lag
        self.missing = missing
        self.bytes = bytes
        self.isOneWay = isOneWay
        self.isAhead = isAhead
    }

    /// Nothing of the standby is known to be missing; nil where neither GTIDs nor positions tell.
    package var hasAll: Bool? {
        if isAhead { return missing.flatMap { $0 > 0 ? false : nil } }
        return missing.map { $0 == 0 } ?? bytes.map { $0 == 0 }
    }
}
