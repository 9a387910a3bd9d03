/// Where a fleet saves what outlives it, and the name it uses as a checker.
package struct Keeping: Sendable {
    package enum Place: Sendable {
        /// Nothing outlives the process.
        case nowhere
        /// The exporter's.
        case keeper(StateKeeper)
        /// That of a command that makes one failover check and ends: there is nothing else that could wait for its files.
        case directory(StateDirectory)
    }

    package var place: Place
    /// The name under which failover checks are recorded.
    package var checker: String

    package init(_ place: Place = .nowhere, checker: String) {
        self.place = place
        self.checker = checker
    }

    var keeper: StateKeeper? {
        if case .keeper(let keeper) = place { keeper } else { nil }
    }
}
