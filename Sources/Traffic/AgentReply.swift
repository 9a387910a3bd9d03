package import Replication

/// The reply to HAProxy's agent check, in one line of ASCII (HAProxy configuration manual, `agent-check`).
package struct AgentReply: Sendable, Equatable {
    /// Without the line terminator.
    package let line: String

    private init(_ line: String) { self.line = line }

    /// - Parameter endsMaintenance: whether a drain or maint that was sent to agents has ended and has to be revoked.
    ///   HAProxy has one such state per server, whoever set it: "ready" would also end what an operator has told
    ///   HAProxy itself (`set server … state maint`), so it is not sent without need.
    package init(_ verdict: NodeVerdict, _ state: OperatorState, endsMaintenance: Bool = false) {
        let reply = verdict.isPassed ? .up(weight: verdict.weight) : AgentReply.down(verdict.reason)
        self.init(reply, state, endsMaintenance: endsMaintenance)
    }

    private init(_ reply: AgentReply, _ state: OperatorState, endsMaintenance: Bool) {
        switch state {
        case .drain: self.init("drain")
        case .maintenance: self.init("maint")
        case .ready: self.init(endsMaintenance ? "ready \(reply.line)" : reply.line)
        }
    }

    /// The failover answer, for one of the two nodes of its rule. Where there is none, the server stays as it is: the reply is only
    /// its weight.
    package init(
        _ decision: FailoverDecision, of policy: FailoverPolicy, for node: String, _ state: OperatorState = .ready,
        endsMaintenance: Bool = false
    ) {
        var reply = AgentReply("100%")
        if let active = decision.answer.map(policy.name) {
            reply = active == node ? .up(weight: 100) : .down("\(active): \(decision.reason)")
        }
        self.init(reply, state, endsMaintenance: endsMaintenance)
    }

    /// "up" reverts "down".
    private static func up(weight: Int) -> AgentReply { AgentReply("up \(weight)%") }

    /// The space before the number sign matters: `down#lag` is an unknown word and would leave the server up.
    package static func down(_ reason: String) -> AgentReply {
        // A line break would end the reply; HAProxy shows the text on its statistics page.
        let text = String(
            String.UnicodeScalarView(reason.unicodeScalars.map { (0x20...0x7E).contains($0.value) ? $0 : "?" }))
        return AgentReply("down # \(text)")
    }
}

extension NodeVerdict {
    /// The percentage of the weight configured in the balancer: 100 without lag, and never 0, which would drain the
    /// node.
    fileprivate var weight: Int { max(1, Int(Int64(saturating: (1 - min(max(load, 0), 1)) * 100))) }
}
