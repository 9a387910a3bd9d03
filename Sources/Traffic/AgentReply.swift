internal import Replication

/// What HAProxy's agent check is told, in one line of ASCII (HAProxy configuration manual, `agent-check`).
package struct AgentReply: Sendable, Equatable {
    /// Without the line's end.
    package let line: String

    private init(_ line: String) { self.line = line }

    package init(_ verdict: NodeVerdict, _ state: OperatorState) {
        switch state {
        case .drain: self.init("drain")
        case .maintenance: self.init("maint")
        case .ready: self = verdict.isPassed ? .up(weight: verdict.weight) : .down(verdict.reason)
        }
    }

    /// "ready" ends what drain and maint began; "up" what down did.
    private static func up(weight: Int) -> AgentReply { AgentReply("up ready \(weight)%") }

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
