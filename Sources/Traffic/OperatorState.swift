/// What an operator has said of a node, whatever its state.
package enum OperatorState: String, Sendable, CaseIterable {
    /// Traffic as the checks allow.
    case ready
    /// No new traffic; what is under way may end.
    case drain
    /// No traffic.
    case maintenance = "maint"
}
