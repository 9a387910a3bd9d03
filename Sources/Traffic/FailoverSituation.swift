package import Replication

/// Why a node could not be checked.
package struct FailoverFault: Sendable, Equatable {
    /// Continues a sentence that begins with the node's name.
    package var reason: String
    /// The exporter's own fault: a missing grant, a table that is missing or malformed, its password, its connection
    /// limit. It says nothing about the node and moves no traffic.
    package var isOwn: Bool

    package init(_ reason: String, isOwn: Bool = false) {
        self.reason = reason
        self.isOwn = isOwn
    }
}

/// When a check was made, by both clocks.
package struct FailoverTime: Sendable, Equatable {
    /// Seconds since this machine booted, suspension included: a clock that nobody sets. Intervals are measured by it.
    package var steady: Double
    /// Epoch seconds, as stored in the table: to display, and to recognise one's own row.
    package var epoch: Double

    package init(steady: Double, epoch: Double) {
        self.steady = steady
        self.epoch = epoch
    }
}

/// The identity of a server, regardless of its address.
package struct FailoverServer: Sendable, Equatable {
    package var id: UInt32
    /// MySQL only.
    package var uuid: ServerUUID?

    package init(id: UInt32, uuid: ServerUUID? = nil) {
        self.id = id
        self.uuid = uuid
    }

    /// Compares everything that is known of both.
    package func isSame(as other: FailoverServer) -> Bool {
        guard let uuid, let another = other.uuid else { return id == other.id }
        return id == other.id && uuid == another
    }
}

/// What this checker remembers of its own earlier checks.
package struct FailoverMemory: Sendable, Equatable {
    /// The last answer; nil before the first.
    package var answer: FailoverDecision.Answer?
    /// When the preferred node was last known to have all transactions, by the steady clock: by a good check, or by one
    /// that only established that no traffic has been sent to the standby since. Nil if the answer has been "standby"
    /// since, or there has been none: the preferred node then has to have caught up.
    package var goodCheck: Double?
    /// The good check that has to be in the table. Nil if the last one could not be recorded through the exporter's own
    /// fault: then the table's content means nothing, and repairing it may involve recreating it.
    package var noted: FailoverTime?
    /// The server on which the last good check was made; nil if it did not identify itself.
    package var server: FailoverServer?
    /// The first of an unbroken series of checks that found the standby failed, by the steady clock.
    package var standbyFailedSince: Double?
    /// An operator has confirmed that the preferred node has all transactions.
    package var isAccepted = false
    /// The last answer is not known, since what was saved of it cannot be read: the standby may have had the requests. Until the next
    /// answer.
    package private(set) var isDoubtful = false

    /// What is remembered where there may have been answers that are not known.
    package static let doubtful = {
        var memory = FailoverMemory(answer: .standby)
        memory.isDoubtful = true
        return memory
    }()

    /// - Parameter goodCheck: the last one, which was recorded.
    package init(answer: FailoverDecision.Answer? = nil, goodCheck: FailoverTime? = nil) {
        self.answer = answer
        self.goodCheck = goodCheck?.steady
        noted = goodCheck
    }

    /// - Parameter now: by the steady clock.
    /// - Returns: seconds since the first of an unbroken series of checks that found the standby failed; 0 in that
    ///   check, and if the standby has not failed.
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
    ///   - server: the one at the preferred node's address; nil if it did not identify itself.
    ///   - isNoted: whether a good check is now recorded in the table.
    package mutating func note(
        _ decision: FailoverDecision, at time: FailoverTime, on server: FailoverServer? = nil, isNoted: Bool = true
    ) {
        guard let answer = decision.answer else { return }
        self.answer = answer
        isDoubtful = false
        // An operator's word holds for the next answer, not beyond a later gap.
        isAccepted = false
        if decision.isGoodCheck {
            goodCheck = time.steady
            noted = isNoted ? time : nil
            // An unbroken check implies the same server, even if it did not identify itself.
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

/// What a check found about the two nodes.
package struct FailoverSituation: Sendable, Equatable {
    package enum Preferred: Sendable, Equatable {
        case failed(FailoverFault)
        /// The table can be updated.
        /// - Parameter noted: this checker's last good check as stored in the table, epoch seconds; nil if there is
        ///   none.
        case ready(noted: Double?)
    }

    package var preferred: Preferred
    /// The server now at the preferred node's address; nil if it did not identify itself.
    package var server: FailoverServer?
    /// As found by a round: it answers, and is writable.
    package var isPreferredWritable: Bool
    /// Why the preferred node's replication cannot be examined although the table can be updated; nil if it can.
    package var lookFault: FailoverFault?
    /// Why the standby cannot be asked; nil if it can.
    package var standbyFault: FailoverFault?
    /// Seconds since the first of this checker's unbroken series of checks that found the standby failed; 0 in that
    /// check.
    package var standbyFailedFor = 0.0
    /// The preferred node as a replica of the standby.
    package var catchUp: CatchUp
    package var memory: FailoverMemory
    /// By the same clocks as the memory.
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
    /// Seconds; nil while unknown, and for a node that does not replicate from the standby.
    package var lag: Double?
    /// At least how many transactions of the standby it has not applied; nil if GTIDs do not show it.
    package var missing: UInt64?
    /// Bytes of the standby's binary log that it has not applied; nil if positions do not show it.
    package var bytes: UInt64?
    /// It does not replicate from the standby; the standby replicates from it and is read-only.
    package var isOneWay = false
    /// It has transactions of the standby that the standby itself has not shown: equal numbers may be different
    /// transactions.
    package var isAhead = false
    /// In words, to display: what keeps the rest from being known. Nil if nothing does.
    package var obstacle: String?

    package init(
        lag: Double? = nil, missing: UInt64? = nil, bytes: UInt64? = nil, isOneWay: Bool = false, isAhead: Bool = false
    ) {
        self.lag = lag
        self.missing = missing
        self.bytes = bytes
        self.isOneWay = isOneWay
        self.isAhead = isAhead
    }

    /// Whether it has everything that the standby has; nil if neither GTIDs nor positions show it.
    package var hasAll: Bool? {
        if isAhead { return missing.flatMap { $0 > 0 ? false : nil } }
        return missing.map { $0 == 0 } ?? bytes.map { $0 == 0 }
    }
}
