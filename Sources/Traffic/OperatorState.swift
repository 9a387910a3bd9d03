/// What an operator has set for a node, regardless of its own state.
package enum OperatorState: String, Sendable, CaseIterable {
    /// Traffic as the checks allow.
    case ready
    /// No new traffic; current sessions may finish.
    case drain
    /// No traffic.
    case maintenance = "maint"
}
