/// The part of RE2's syntax that selectors need. What is accepted here compiles in Prometheus, so that no rule is refused there.
enum RegularExpression {
    static func isAccepted(_ text: String) -> Bool {
        var reader = Reader(rest: Substring(text).unicodeScalars)
        return reader.alternatives(depth: 0) && reader.rest.isEmpty
    }

    private struct Reader {
        var rest: Substring.UnicodeScalarView

        /// `a|b|c`, up to the end or a closing parenthesis.
        mutating func alternatives(depth: Int) -> Bool {
            guard depth <= 8 else { return false }
            while true {
                while let next = rest.first, next != "|", next != ")" {
                    guard atom(depth) else { return false }
                    if let next = rest.first, ["*", "+", "?"].contains(next) { rest.removeFirst() }
                }
                guard rest.first == "|" else { return true }
                rest.removeFirst()
            }
        }

        private mutating func atom(_ depth: Int) -> Bool {
            guard let scalar = rest.popFirst() else { return false }
            switch scalar {
            case "(":
                if rest.starts(with: "?:".unicodeScalars) { rest.removeFirst(2) }
                guard alternatives(depth: depth + 1), rest.popFirst() == ")" else { return false }
                return true
            case "[": return characterClass()
            case "\\":
                guard let next = rest.popFirst() else { return false }
                return next.isASCII && !next.properties.isAlphabetic && !("0"..."9").contains(next)
            case "*", "+", "?", "]", "{", "}", "^", "$": return false
            default: return true
            }
        }

        /// Letters, digits, `_`, and ranges of them: `[a-z0-9_]`.
        private mutating func characterClass() -> Bool {
            if rest.first == "^" { rest.removeFirst() }
            var members = 0
            while let scalar = rest.popFirst() {
                if scalar == "]" { return members > 0 }
                guard isMember(scalar) else { return false }
                members += 1
                guard rest.first == "-" else { continue }
                rest.removeFirst()
                guard let end = rest.popFirst(), isMember(end), scalar <= end else { return false }
            }
            return false
        }

        private func isMember(_ scalar: Unicode.Scalar) -> Bool {
            scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_")
        }
    }
}
