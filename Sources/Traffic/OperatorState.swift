/// What an operator has said of a node, whatever its state.
package enum OperatorState: String, Sendable, CaseIterable {
    /// Traffic as the checks allow.
    case ready
    /// No new traffic; what is under way may end.
    case drain
    /// No traffic.
    case maintenance = "maint"
}

extension NodeVerdict {
    /// The operator's word goes before.
    package func under(_ state: OperatorState, of node: String) -> NodeVerdict {
        switch state {
        case .ready: self
        case .drain: .refused("\(node) is being drained, as an operator said")
        case .maintenance: .refused("\(node) is in maintenance, as an operator said")
        }
    }
}
