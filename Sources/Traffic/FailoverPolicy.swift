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

/// What a check found out about the two nodes.
package struct FailoverSituation: Sendable, Equatable {
    package enum Preferred: Sendable, Equatable {
        /// It cannot be reached, queried or updated, and why.
        case failed(String)
        /// - Parameter lastCheck: of the last good check, epoch seconds; nil where none was ever noted.
        case ready(lastCheck: Double?)
    }

    package var preferred: Preferred
    /// Why the standby cannot be reached or queried; nil when it can.
    package var standbyFailure: String?
    /// The preferred node as a replica of the standby.
    package var catchUp: CatchUp
    /// Epoch seconds, by the clock that `lastCheck` is from.
    package var now: Double

    package init(preferred: Preferred, standbyFailure: String? = nil, catchUp: CatchUp = CatchUp(), now: Double) {
        self.preferred = preferred
        self.standbyFailure = standbyFailure
        self.catchUp = catchUp
        self.now = now
    }
}

/// How far the preferred node is behind the standby.
package struct CatchUp: Sendable, Equatable {
    /// Seconds; nil while it is not known, and for a node that does not replicate from the standby.
    package var lag: Double?
    /// Transactions of the standby that it has not applied; nil where GTIDs do not tell.
    package var missing: UInt64?

    package init(lag: Double? = nil, missing: UInt64? = nil) {
        self.lag = lag
        self.missing = missing
    }
}
