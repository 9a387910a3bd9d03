/// The reply to a check over HTTP.
package struct CheckReply: Sendable, Equatable {
    /// The HTTP status: 200 for traffic, 503 for no traffic, 404 for no new traffic.
    package var status: Int
    /// One line.
    package var reason: String

    private init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    /// Why a node may have no traffic while it is not known what operators have set.
    package static func unknownState(of node: String) -> String {
        "what operators have set for \(node) cannot be read"
    }

    /// - Parameter isStateKnown: false if what operators have set cannot be read.
    package init(_ verdict: NodeVerdict, _ state: OperatorState, of node: String, isStateKnown: Bool = true) {
        switch state {
        case .maintenance where !isStateKnown:
            self.init(503, Self.unknownState(of: node))
        case .ready: self.init(verdict.isPassed ? 200 : 503, verdict.reason)
        case .maintenance: self.init(503, "\(node) is in maintenance (set by an operator)")
        // With `http-check disable-on-404` HAProxy lets current sessions finish; without it, 404 is a failure like any
        // other.
        case .drain where verdict.isPassed: self.init(404, "\(node) is being drained (set by an operator)")
        case .drain: self.init(503, verdict.reason)
        }
    }
}
