/// Lets a replica pass while it is within its limits. Once shut, it opens again only at half of them, so that a replica
/// hovering around a limit does not flap.
package struct LagGate: Sendable, Equatable {
    /// The fraction of the limits at which a shut gate opens.
    package static let lowerMark = 0.5

    /// Nil before the first look, when the limits themselves decide.
    private var isOpen: Bool?

    package init() {}

    /// - Parameter load: the fraction of the limits that is used up; nil if not known, which shuts the gate.
    package mutating func lets(through load: Double?) -> Bool {
        let isPassing =
            switch load {
            case nil: false
            case let load? where !(load <= 1): false  // also NaN
            case let load? where load <= Self.lowerMark: true
            default: isOpen ?? true
            }
        isOpen = isPassing
        return isPassing
    }
}
