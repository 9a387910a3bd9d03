/// Which of two nodes behind a load balancer should get its requests.
///
/// The preferred node gets them for as long as it is checked without a break. After a break somebody may have written on
/// the standby: then the preferred node has to have caught up with it first.
package struct FailoverPolicy: Sendable, Equatable {
    /// By name.
    package var preferred: String
    package var standby: String
    /// Seconds between two checks that still count as unbroken.
    package var maxGap: Double
    /// Seconds that the preferred node, as a replica of the standby, may be late when it takes over again.
    package var maxLag: Double

    package init(preferred: String, standby: String, maxGap: Double = 20, maxLag: Double = 1) {
        self.preferred = preferred
        self.standby = standby
        self.maxGap = maxGap
        self.maxLag = maxLag
    }
}

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

/// What this checker knows of its own earlier checks.
package struct FailoverMemory: Sendable, Equatable {
    /// The last answer; nil before the first.
    package var answer: FailoverDecision.Answer?
    /// When the last good check was noted, epoch seconds. Nil when the answer has been "standby" since, or none was noted:
    /// the preferred node then has to have caught up.
    package var goodCheck: Double?
    /// An operator has said that the preferred node has all there is.
    package var isAccepted = false

    package init(answer: FailoverDecision.Answer? = nil, goodCheck: Double? = nil) {
        self.answer = answer
        self.goodCheck = goodCheck
    }

    /// - Parameter time: of the check, epoch seconds.
    package mutating func note(_ decision: FailoverDecision, at time: Double) {
        guard let answer = decision.answer else { return }
        self.answer = answer
        // What an operator says holds for the next answer, and not for a break after it.
        isAccepted = false
        if decision.isGoodCheck {
            goodCheck = time
        } else if answer == .standby {
            goodCheck = nil
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
    /// Epoch seconds, by the clock that the memory is from.
    package var now: Double

    package init(
        preferred: Preferred, isPreferredWritable: Bool = true, lookFault: FailoverFault? = nil,
        standbyFault: FailoverFault? = nil, catchUp: CatchUp = CatchUp(), memory: FailoverMemory = FailoverMemory(),
        now: Double
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

    package init(lag: Double? = nil, missing: UInt64? = nil, bytes: UInt64? = nil, isOneWay: Bool = false) {
        self.lag = lag
        self.missing = missing
        self.bytes = bytes
        self.isOneWay = isOneWay
    }

    /// Nothing of the standby is known to be missing; nil where neither GTIDs nor positions tell.
    package var hasAll: Bool? { missing.map { $0 == 0 } ?? bytes.map { $0 == 0 } }
}
