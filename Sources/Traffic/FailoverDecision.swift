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
    }

    /// Whether the time of this check counts as that of the last good one, and is to be noted. An answer that cannot be noted
    /// by the node's fault has to become `preferredFailed`.
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
            return FailoverDecision(cause: .standbyFailed, reason: "\(standby) \(fault.reason)")
        }
        if let trouble = trouble(situation) { return decideInTrouble(situation, trouble) }
        if let age = age(situation) { return FailoverDecision(cause: .unbroken, reason: "checked \(age.text) s ago") }
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
        if isRecent(situation), !situation.isElsewhere, situation.memory.answer == .preferred {
            return FailoverDecision(
                cause: .unbroken, reason: "checked \((situation.gap ?? 0).text) s ago, and not noted: \(trouble)")
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
        return decision
    }

    /// Seconds since the last good check, if there has been no break since.
    private func age(_ situation: FailoverSituation) -> Double? {
        guard isRecent(situation), !situation.isElsewhere, let goodCheck = situation.memory.goodCheck,
            case .ready(let noted) = situation.preferred,
            // Noted in whole seconds where the table is somebody else's. An older row was set back by hand, or is of a
            // server that was restored.
            let noted, noted >= goodCheck.epoch - 1
        else { return nil }
        return situation.gap
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
    fileprivate var gap: Double? { memory.goodCheck.map { now - $0.steady } }

    /// The preferred node's address has moved to another server since the last good check.
    fileprivate var isElsewhere: Bool {
        guard memory.goodCheck != nil, let server else { return false }
        return memory.server.map { !$0.isSame(as: server) } ?? true
    }
}
