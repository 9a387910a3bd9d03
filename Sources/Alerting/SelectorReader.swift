/// Reads `label="value", label=~'value'`.
struct SelectorReader {
    private var rest: Substring.UnicodeScalarView
    private let text: String

    init(_ text: String) {
        self.text = text
        rest = Substring(text).unicodeScalars
    }

    private func refused(_ why: String) -> RuleOptionError {
        RuleOptionError("is not a selector such as 'cluster=\"eu\"': \(why)")
    }

    mutating func matchers() throws(RuleOptionError) -> [Matcher] {
        skipSpaces()
        let isBraced = take("{")
        var found: [Matcher] = []
        while true {
            skipSpaces()
            if rest.isEmpty || rest.first == "}" { break }
            found.append(try matcher())
            skipSpaces()
            guard take(",") else { break }
        }
        if isBraced, !take("}") { throw refused("the brace is not closed") }
        skipSpaces()
        guard rest.isEmpty else { throw refused("unexpected \(String(rest.prefix(20)).debugDescription)") }
        guard !found.isEmpty else { throw refused("it is empty") }
        return found
    }

    private mutating func matcher() throws(RuleOptionError) -> Matcher {
        let label = takeLabel()
        guard !label.isEmpty else {
            throw refused("a label is missing before \(String(rest.prefix(20)).debugDescription)")
        }
        skipSpaces()
        guard let operation = ["=~", "!~", "!=", "="].first(where: { take($0) }) else {
            throw refused("\(label) is not followed by =, !=, =~ or !~")
        }
        skipSpaces()
        let value = try quoted(label)
        if operation.hasSuffix("~"), !RegularExpression.isAccepted(value) {
            throw refused(
                "\(value.debugDescription) is not a regular expression of letters, digits, . | * + ?, groups and classes"
            )
        }
        return Matcher(label: label, operation: operation, value: value)
    }

    private mutating func takeLabel() -> String {
        var label = ""
        while let scalar = rest.first, scalar.isLabelPart, !label.isEmpty || !scalar.isDigit {
            label.unicodeScalars.append(scalar)
            rest.removeFirst()
        }
        return label
    }

    private mutating func quoted(_ label: String) throws(RuleOptionError) -> String {
        guard let quote = rest.first, quote == "\"" || quote == "'" else {
            throw refused("the value of \(label) is not in quotes")
        }
        rest.removeFirst()
        var value = ""
        while let scalar = rest.popFirst() {
            if scalar == quote { return value }
            if scalar == "\\" {
                guard let next = rest.popFirst(), ["\\", "\"", "'"].contains(next) else {
                    throw refused("only quotes and backslashes may follow a backslash; a regular expression needs two")
                }
                value.unicodeScalars.append(next)
            } else if scalar.isInvisible {
                throw refused("the value of \(label) has a character that is not printed")
            } else {
                value.unicodeScalars.append(scalar)
            }
        }
        throw refused("the value of \(label) does not end")
    }

    private mutating func skipSpaces() { while rest.first == " " { rest.removeFirst() } }

    private mutating func take(_ token: String) -> Bool {
        guard rest.starts(with: token.unicodeScalars) else { return false }
        rest.removeFirst(token.unicodeScalars.count)
        return true
    }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }

    fileprivate var isLabelPart: Bool {
        isDigit || ("a"..."z").contains(self) || ("A"..."Z").contains(self) || self == "_"
    }

    /// Would end a line, or not show in a file that people review.
    fileprivate var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }
}
