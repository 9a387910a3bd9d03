/// Lets a replica pass while it is within its limits. Once shut it opens again only at half of them, so that a replica that
/// wavers about a limit does not come and go.
package struct LagGate: Sendable, Equatable {
    /// Of the limits, what a shut gate opens at.
    package static let lowerMark = 0.5

    /// Nil before the first look: then the limits themselves decide.
    private var isOpen: Bool?

    package init() {}

    /// - Parameter load: of the limits, how much is used up; nil when it is not known, which shuts the gate.
    package mutating func lets(through load: Double?) -> Bool {
        let isPassing =
            switch load {
            case nil: false
            case let load? where !(load <= 1): false  // which includes what is no number
            case let load? where load <= Self.lowerMark: true
            default: isOpen ?? true
            }
        isOpen = isPassing
        return isPassing
    }
}
