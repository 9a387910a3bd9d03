package import Replication

/// The answer of one check, and what led to it.
package struct FailoverDecision: Sendable, Equatable {
    /// What a balancer receives: only the number.
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
        /// No answer is possible: the exporter itself lacks what a check needs.
        case notChecked = "not_checked"
    }

    package var cause: Cause
    /// Nil if there is none.
    package var answer: Answer?
    /// One sentence to display.
    package var reason: String
    /// The exporter itself lacks something, and the answer was found without it.
    package var isInTrouble = false
    /// This checker has answered "preferred" throughout, and so has sent no traffic to the standby.
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

    /// Whether this check counts as the last good one, and its time is to be recorded. If the node's fault prevents
    /// that, the answer has to become `preferredFailed`.
    package var isGoodCheck: Bool { cause == .unbroken || cause == .caughtUp }

    /// Nothing to report.
    package var isOrdinary: Bool { cause == .unbroken && !isInTrouble }
}

extension FailoverPolicy {
    /// The name of the node that an answer stands for.
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
            // It had the requests. One failed check does not show that it is dead, and what it has is not known.
            if situation.memory.answer == .standby, !situation.memory.isAccepted,
                situation.standbyFailedFor < maxGap.seconds
            {
                // Neither node may be the right one: a balancer keeps its state.
                if situation.memory.isDoubtful {
                    return FailoverDecision(
                        cause: .notChecked,
                        reason: "the last answer is not known, so that \(standby) may have had the requests, and it "
                            + "\(fault.reason); \(preferred) takes over if that lasts for \(maxGap.seconds.text) s")
                }
                return FailoverDecision(
                    cause: .lagUnknown,
                    reason: "the last answer was \(standby), which \(fault.reason); \(preferred) takes over if that "
                        + "lasts for \(maxGap.seconds.text) s")
            }
            var decision = FailoverDecision(cause: .standbyFailed, reason: "\(standby) \(fault.reason)")
            // When it comes back, it will not have had any requests.
            decision.isUnbroken = isUnbroken(situation)
            return decision
        }
        if isUnbroken(situation), isNoteLeft(situation) { return unbroken(situation) }
        if let trouble = trouble(situation) { return decideInTrouble(situation, trouble) }
        if let fault = situation.lookFault { return decideInTrouble(situation, "\(preferred) \(fault.reason)") }
        return decide(situation.catchUp, situation)
    }

    /// What the exporter itself lacks; nil for nothing.
    private func trouble(_ situation: FailoverSituation) -> String? {
        if case .failed(let fault) = situation.preferred { return "\(preferred) \(fault.reason)" }
        return situation.standbyFault.map { "\(standby) \($0.reason)" }
    }

    /// Decides by what is known nevertheless. A fault of the exporter's does not move traffic by itself.
    private func decideInTrouble(_ situation: FailoverSituation, _ trouble: String) -> FailoverDecision {
        guard situation.isPreferredWritable else {
            return FailoverDecision(cause: .notChecked, reason: trouble)
        }
        var decision = decide(situation.catchUp, situation)
        // What the preferred node lacks may be known; not knowing anything does not move traffic.
        if decision.cause == .lagUnknown {
            let isStandbyLast = situation.memory.answer == .standby && !situation.memory.isDoubtful
            decision = FailoverDecision(
                cause: .notChecked, answer: isStandbyLast ? .standby : nil,
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
                decision.reason += ", and not recorded: \(trouble)"
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

    /// Whether the recorded time is still in the table. An older row was set back by hand, or belongs to a server that
    /// was restored. If a fault of the exporter's keeps it from reading the table, this check itself has to show that
    /// the node can be written to.
    private func isNoteLeft(_ situation: FailoverSituation) -> Bool {
        guard case .ready(let row) = situation.preferred else { return situation.isPreferredWritable }
        guard let noted = situation.memory.noted else { return true }
        guard let row else { return false }
        // Another process under this name may have recorded its own check since, with a clock that was set back in
        // between.
        let step = (situation.now.epoch - noted.epoch) - (situation.now.steady - noted.steady)
        // Recorded in whole seconds if the table was created by another program.
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
                cause: .caughtUp,
                reason: "\(interruption), and an operator has confirmed that \(preferred) has all transactions")
        }
        let unknown = FailoverDecision(
            cause: .lagUnknown,
            reason: "\(interruption), and it is not known how far \(preferred) is behind \(standby)"
                + (catchUp.obstacle.map { " (\($0))" } ?? ""))
        if catchUp.isAhead, catchUp.hasAll == nil {
            return FailoverDecision(
                cause: .lagUnknown,
                reason:
                    "\(interruption), and \(preferred) has transactions of \(standby) that \(standby) itself "
                    + "does not have")
        }
        if !catchUp.isOneWay {
            guard let lag = catchUp.lag, lag >= 0, lag.isFinite else { return unknown }
            if lag > maxLag.seconds { return behind("is \(lag.text) s behind \(standby)") }
        }
        if let missing = catchUp.missing, missing > 0 {
            return behind("lacks at least \(missing == 1 ? "1 transaction" : "\(missing) transactions") of \(standby)")
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
            case .standby where situation.memory.isDoubtful: return "the last answer is not known"
            case .standby: return "the last answer was \(standby)"
            case .preferred: return "there has been no good check yet"
            }
        }
        if situation.isElsewhere { return "the last good check was on another server" }
        return isRecent(situation)
            ? "the last good check is no longer in the table" : "the last good check was \(gap.text) s ago"
    }
}

extension FailoverSituation {
    /// Seconds since this checker's last good check; nil if there was none, or it has answered "standby" since.
    fileprivate var gap: Double? { memory.goodCheck.map { now.steady - $0 } }

    /// The preferred node's address has moved to another server since the last good check.
    fileprivate var isElsewhere: Bool {
        guard memory.goodCheck != nil, let server else { return false }
        return memory.server.map { !$0.isSame(as: server) } ?? true
    }
}
