/// A text of a rule (an expression, a summary, a description) with slots for what options decide.
package struct RuleText: ExpressibleByStringInterpolation, Sendable, Equatable {
    package enum Slot: Sendable, Equatable {
        case threshold(Threshold)
        /// The rule's own `for`.
        case after
        /// Where to look at the replication set, as a sentence.
        case address
    }

    enum Part: Sendable, Equatable {
        case text(String)
        case slot(Slot)
    }

    let parts: [Part]

    package init(stringLiteral text: String) { parts = [.text(text)] }

    package init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var parts: [Part] = []

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ literal: String) { parts.append(.text(literal)) }

        package mutating func appendInterpolation(_ slot: Slot) { parts.append(.slot(slot)) }
    }

    func filled(_ fill: (Slot) -> String) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .slot(let slot): fill(slot)
            }
        }.joined()
    }
}
