/// Where a fleet saves what outlives it, and the name it uses as a checker.
package struct Keeping: Sendable {
    /// Nil: nothing outlives the process.
    package var state: StateKeeper?
    /// The name under which failover checks are recorded.
    package var checker: String

    package init(state: StateKeeper?, checker: String) {
        self.state = state
        self.checker = checker
    }
}
