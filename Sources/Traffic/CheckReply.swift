/// What a check over HTTP is told.
package struct CheckReply: Sendable, Equatable {
    /// The HTTP status: 200 for traffic, 503 for none, 404 for none that is new.
    package var status: Int
    /// One line.
    package var reason: String

    private init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    package init(_ verdict: NodeVerdict, _ state: OperatorState, of node: String) {
        switch state {
        case .ready: self.init(verdict.isPassed ? 200 : 503, verdict.reason)
        case .maintenance: self.init(503, "\(node) is in maintenance, as an operator said")
        // With `http-check disable-on-404` HAProxy lets what is under way end; without it, 404 is a no like any other.
        case .drain where verdict.isPassed: self.init(404, "\(node) is being drained, as an operator said")
        case .drain: self.init(503, verdict.reason)
        }
    }
}
