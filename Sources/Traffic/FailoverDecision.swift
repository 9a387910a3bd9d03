/// The answer of one check, and what led to it.
package struct FailoverDecision: Sendable, Equatable {
    /// What a balancer is told: the number, and nothing else.
    package enum Answer: Int, Sendable {
        case preferred = 100
        case standby = 200
    }

    /// The rows of the decision table, from top to bottom.
    package enum Cause: String, Sendable, CaseIterable {
        case preferredFailed = "preferred_failed"
        case standbyFailed = "standby_failed"
        case unbroken
        case lagUnknown = "lag_unknown"
        case caughtUp = "caught_up"
        case behind
    }

    package var cause: Cause
    /// One sentence for people.
    package var reason: String

    package init(cause: Cause, reason: String) {
        self.cause = cause
        self.reason = reason
    }

    package var answer: Answer {
        switch cause {
        case .standbyFailed, .unbroken, .caughtUp: .preferred
        case .preferredFailed, .lagUnknown, .behind: .standby
        }
    }

    /// Whether the time of this check is to be noted as that of the last good one. An answer that is not noted so, though it
    /// was to be, has to become `preferredFailed`.
    package var isGoodCheck: Bool { cause == .unbroken || cause == .caughtUp }

    /// Nothing to tell anybody of.
    package var isOrdinary: Bool { cause == .unbroken }
}

extension FailoverPolicy {
    /// The node that an answer stands for.
    package func name(of answer: FailoverDecision.Answer) -> String {
        switch answer {
        case .preferred: preferred
        case .standby: standby
        }
    }

    package func decide(_ situation: FailoverSituation) -> FailoverDecision {
        let lastCheck: Double?
        switch situation.preferred {
        case .failed(let why): return FailoverDecision(cause: .preferredFailed, reason: "\(preferred) \(why)")
        case .ready(let time): lastCheck = time
        }
        if let why = situation.standbyFailure {
            return FailoverDecision(cause: .standbyFailed, reason: "\(standby) \(why)")
        }
        let gap = lastCheck.map { situation.now - $0 }
        // Clocks of two machines differ a little; a last check far in the future tells of one that was put back, and nothing of
        // the time between.
        if let gap, abs(gap) <= maxGap {
            return FailoverDecision(cause: .unbroken, reason: "checked \(max(gap, 0).text) s ago")
        }
        return decide(situation.catchUp, after: Self.interruption(gap))
    }

    private func decide(_ catchUp: CatchUp, after interruption: String) -> FailoverDecision {
        guard let lag = catchUp.lag, lag >= 0, lag.isFinite else {
            return FailoverDecision(
                cause: .lagUnknown,
                reason: "\(interruption), and it is not known how far \(preferred) is behind \(standby)")
        }
        if lag > maxLag {
            return FailoverDecision(
                cause: .behind, reason: "\(interruption), and \(preferred) is \(lag.text) s behind \(standby)")
        }
        if let missing = catchUp.missing, missing > 0 {
            let transactions = missing == 1 ? "1 transaction" : "\(missing) transactions"
            return FailoverDecision(
                cause: .behind, reason: "\(interruption), and \(preferred) lacks \(transactions) of \(standby)")
        }
        return FailoverDecision(
            cause: .caughtUp, reason: "\(interruption), and \(preferred) has caught up with \(standby)")
    }

    private static func interruption(_ gap: Double?) -> String {
        guard let gap else { return "there was no good check before" }
        return gap < 0
            ? "the last good check lies \((-gap).text) s in the future" : "the last good check was \(gap.text) s ago"
    }
}
