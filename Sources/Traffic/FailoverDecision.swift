package import Replication

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
        /// Nothing can be said: the exporter itself lacks what a check takes.
        case notChecked = "not_checked"
    }

    package var cause: Cause
    /// Nil where there is none.
    package var answer: Answer?
    /// One sentence for people.
    package var reason: String
    /// What the exporter itself lacks, and the answer was found without.
    package var isInTrouble = false
    /// This checker has answered "preferred" without a break, and so has sent nobody to the standby.
    package var isUnbroken = false

    package init(cause: Cause, reason: String) {
        self.init(
            cause: cause,
            answer: {
                switch cause {
                case .standbyFailed, .unbroken, .caughtUp: .preferred
                case .preferredFailed, .lagUnknown, .behind: .standby
                case .notChecked: nil
                }
            }(), reason: reason)
    }

    package init(cause: Cause, answer: Answer?, reason: String) {
        self.cause = cause
        self.answer = answer
        self.reason = reason
        isUnbroken = cause == .unbroken
    }

    /// Whether the time of this check counts as that of the last good one, and is to be noted. An answer that cannot be noted
    /// by the node's fault has to become `preferredFailed`.
    package var isGoodCheck: Bool { cause == .unbroken || cause == .caughtUp }

    /// Nothing to tell anybody of.
    package var isOrdinary: Bool { cause == .unbroken && !isInTrouble }
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
        if case .failed(let fault) = situation.preferred, !fault.isOwn {
            return FailoverDecision(cause: .preferredFailed, reason: "\(preferred) \(fault.reason)")
        }
        if let fault = situation.standbyFault, !fault.isOwn, situation.isPreferredWritable {
            // It had the requests. That it misses a check does not show that it is dead, and what it has is not known.
            if situation.memory.answer == .standby, !situation.memory.isAccepted,
                situation.standbyFailedFor < maxGap.seconds
            {
                return FailoverDecision(
                    cause: .lagUnknown,
                    reason: "the last answer was \(standby), which \(fault.reason); \(preferred) takes over if that "
                        + "lasts for \(maxGap.seconds.text) s")
            }
            var decision = FailoverDecision(cause: .standbyFailed, reason: "\(standby) \(fault.reason)")
            // When it is back, it has had no requests.
            decision.isUnbroken = isUnbroken(situation)
            return decision
        }
        if isUnbroken(situation), isNoteLeft(situation) { return unbroken(situation) }
        if let trouble = trouble(situation) { return decideInTrouble(situation, trouble) }
        if let fault = situation.lookFault { return decideInTrouble(situation, "\(preferred) \(fault.reason)") }
        return decide(situation.catchUp, situation)
    }

    /// What the exporter itself lacks; nil if nothing.
    private func trouble(_ situation: FailoverSituation) -> String? {
        if case .failed(let fault) = situation.preferred { return "\(preferred) \(fault.reason)" }
        return situation.standbyFault.map { "\(standby) \($0.reason)" }
    }

    /// By what is known all the same. A fault of the exporter's moves no traffic by itself.
    private func decideInTrouble(_ situation: FailoverSituation, _ trouble: String) -> FailoverDecision {
        guard situation.isPreferredWritable else {
            return FailoverDecision(cause: .notChecked, reason: trouble)
        }
        var decision = decide(situation.catchUp, situation)
        // That the preferred node lacks something is known; that nothing is known moves nobody.
        if decision.cause == .lagUnknown {
            decision = FailoverDecision(
                cause: .notChecked, answer: situation.memory.answer == .standby ? .standby : nil,
                reason: "\(decision.reason); \(trouble)")
        } else {
            decision.reason += "; \(trouble)"
        }
        decision.isInTrouble = true
        return decision
    }

    private func unbroken(_ situation: FailoverSituation) -> FailoverDecision {
        var decision = FailoverDecision(cause: .unbroken, reason: "checked \((situation.gap ?? 0).text) s ago")
        if let trouble = trouble(situation) {
            decision.isInTrouble = true
            if case .failed = situation.preferred {
                decision.reason += ", and not noted: \(trouble)"
            } else {
                decision.reason += "; \(trouble)"
            }
        }
        return decision
    }

    /// Every check since the last good one has answered "preferred", at most `maxGap` apart.
    private func isUnbroken(_ situation: FailoverSituation) -> Bool {
        isRecent(situation) && !situation.isElsewhere && situation.memory.answer == .preferred
    }

    /// What was noted is still in the table. An older row was set back by hand, or is of a server that was restored. Where the
    /// exporter's own fault keeps the table from it, the node has to show by itself, in this check, that it can be written to.
    private func isNoteLeft(_ situation: FailoverSituation) -> Bool {
        guard case .ready(let row) = situation.preferred else { return situation.isPreferredWritable }
        guard let noted = situation.memory.noted else { return true }
        guard let row else { return false }
        // Another process under this name may have noted its own check since, by a clock that was set back meanwhile.
        let step = (situation.now.epoch - noted.epoch) - (situation.now.steady - noted.steady)
        // Noted in whole seconds where the table is somebody else's.
        return row >= noted.epoch + min(0, step) - 1
    }

    private func isRecent(_ situation: FailoverSituation) -> Bool {
        situation.gap.map { $0 >= 0 && $0 <= maxGap.seconds } ?? false
    }

    private func decide(_ catchUp: CatchUp, _ situation: FailoverSituation) -> FailoverDecision {
        let interruption = interruption(situation)
        func behind(_ what: String) -> FailoverDecision {
            FailoverDecision(cause: .behind, reason: "\(interruption), and \(preferred) \(what)")
        }
        if situation.memory.isAccepted {
            return FailoverDecision(
                cause: .caughtUp, reason: "\(interruption), and an operator says that \(preferred) has all there is")
        }
        let unknown = FailoverDecision(
            cause: .lagUnknown, reason: "\(interruption), and it is not known how far \(preferred) is behind \(standby)"
        )
        if catchUp.isAhead, catchUp.hasAll == nil {
            return FailoverDecision(
                cause: .lagUnknown,
                reason:
                    "\(interruption), and \(preferred) has transactions of \(standby) that \(standby) itself has not")
        }
        if !catchUp.isOneWay {
            guard let lag = catchUp.lag, lag >= 0, lag.isFinite else { return unknown }
            if lag > maxLag.seconds { return behind("is \(lag.text) s behind \(standby)") }
        }
        if let missing = catchUp.missing, missing > 0 {
            return behind("lacks \(missing == 1 ? "1 transaction" : "\(missing) transactions") of \(standby)")
        }
        if catchUp.missing == nil, let bytes = catchUp.bytes, bytes > 0 {
            return behind("has not applied \(bytes) B of \(standby)'s binary log")
        }
        guard catchUp.hasAll == true else { return unknown }
        return FailoverDecision(
            cause: .caughtUp,
            reason: catchUp.isOneWay
                ? "\(interruption), and \(standby) is read-only and has nothing that \(preferred) lacks"
                : "\(interruption), and \(preferred) has caught up with \(standby)")
    }

    private func interruption(_ situation: FailoverSituation) -> String {
        guard let gap = situation.gap, gap >= 0 else {
            switch situation.memory.answer {
            case nil: return "this checker has just started"
            case .standby: return "the last answer was \(standby)"
            case .preferred: return "there was no good check before"
            }
        }
        if situation.isElsewhere { return "the last good check was on another server" }
        return isRecent(situation)
            ? "the last good check is not in the table any more" : "the last good check was \(gap.text) s ago"
    }
}

extension FailoverSituation {
    /// Seconds since the last good check of this checker's own; nil where there was none, or "standby" since.
    fileprivate var gap: Double? { memory.goodCheck.map { now.steady - $0 } }

    /// The preferred node's address has moved to another server since the last good check.
    fileprivate var isElsewhere: Bool {
        guard memory.goodCheck != nil, let server else { return false }
        return memory.server.map { !$0.isSame(as: server) } ?? true
    }
}
