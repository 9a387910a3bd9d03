internal import Replication

/// What HAProxy's agent check is told, in one line of ASCII (HAProxy configuration manual, `agent-check`).
package struct AgentReply: Sendable, Equatable {
    /// Without the line's end.
    package let line: String

    private init(_ line: String) { self.line = line }

    /// - Parameter endsMaintenance: whether a drain or maint that agents were told of has ended, and has to be taken back.
    ///   HAProxy has one such state for each server, whoever has set it: "ready" would also end what an operator has said to
    ///   HAProxy itself (`set server … state maint`), and so is not said without need.
    package init(_ verdict: NodeVerdict, _ state: OperatorState, endsMaintenance: Bool = false) {
        switch state {
        case .drain: self.init("drain")
        case .maintenance: self.init("maint")
        case .ready:
            let reply = verdict.isPassed ? .up(weight: verdict.weight) : AgentReply.down(verdict.reason)
            self.init(endsMaintenance ? "ready \(reply.line)" : reply.line)
        }
    }

    /// "up" ends what down did.
    private static func up(weight: Int) -> AgentReply { AgentReply("up \(weight)%") }

    /// The space before the number sign matters: `down#lag` is an unknown word and would leave the server up.
    package static func down(_ reason: String) -> AgentReply {
        // A line end would end the reply; HAProxy shows the text on its statistics page.
        let text = String(
            String.UnicodeScalarView(reason.unicodeScalars.map { (0x20...0x7E).contains($0.value) ? $0 : "?" }))
        return AgentReply("down # \(text)")
    }
}

extension NodeVerdict {
    /// Percent of the weight that the balancer's configuration gives the node: all of it without lag, and never nothing,
    /// which would drain the node.
    fileprivate var weight: Int { max(1, Int(Int64(saturating: (1 - min(max(load, 0), 1)) * 100))) }
}
