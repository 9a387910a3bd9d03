/// A rough cut of YAML text into tokens, enough to find what Yams does not tell: where an anchor or alias
/// stands (before Yams follows it), and where a key is repeated (Yams tells the first place only, and stops).
///
/// Yams stays the judge of what the text means. A token missed here costs a less helpful message, nothing more.
struct YAMLTokens {
    struct Token {
        enum Kind: Equatable {
            /// A scalar, with its quotes removed as far as keys need it.
            case scalar(String)
            case anchor, alias
            case open, close
            /// Begins an item of a list.
            case dash
        }

        var kind: Kind
        var at: Position
        /// In Unicode scalars of the whole text, quotes included.
        var range: Range<Int>
        /// How many brackets are open around it.
        var depth: Int
        /// A `:` follows.
        var isKey = false
    }

    private(set) var tokens: [Token] = []
    private let text: [Unicode.Scalar]
    private var index = 0
    private var line = 1
    private var lineStart = 0
    private var depth = 0
    /// The column that a block scalar's lines must exceed.
    private var parentColumn = 0

    init(_ text: [Unicode.Scalar]) {
        self.text = text
        while index < text.count { scanToken() }
    }

    private var position: Position { Position(line: line, column: index - lineStart + 1) }
    private var next: Unicode.Scalar? { index + 1 < text.count ? text[index + 1] : nil }

    private mutating func scanToken() {
        let scalar = text[index]
        switch scalar {
        case "\n": newLine()
        case " ", "\t", "\r", ",": index += 1
        case "#": skipLine()
        case "[", "{":
            append(.open)
            depth += 1
        case "]", "}":
            depth = max(0, depth - 1)
            append(.close)
        case "\"", "'": scanQuoted(scalar)
        case "&", "*": scanName(scalar == "&" ? .anchor : .alias)
        case "!": skipWord()
        case "|" where depth == 0, ">" where depth == 0: skipBlockScalar()
        case "-" where isSpace(next), "?" where isSpace(next):
            parentColumn = position.column
            append(scalar == "-" ? .dash : nil)
        case ":" where isSpace(next) || depth > 0:
            markKey()
            index += 1
        default: scanPlain()
        }
    }

    /// One scalar that is a token by itself, or only passed over.
    private mutating func append(_ kind: Token.Kind?) {
        if let kind { tokens.append(Token(kind: kind, at: position, range: index..<index + 1, depth: depth)) }
        index += 1
    }

    private func isSpace(_ scalar: Unicode.Scalar?) -> Bool {
        switch scalar {
        case nil, " ", "\t", "\n", "\r": true
        default: false
        }
    }

    private func isFlowIndicator(_ scalar: Unicode.Scalar?) -> Bool {
        switch scalar {
        case ",", "[", "]", "{", "}": true
        default: false
        }
    }

    private mutating func newLine() {
        index += 1
        line += 1
        lineStart = index
    }

    private mutating func skipLine() {
        while index < text.count, text[index] != "\n" { index += 1 }
    }

    private mutating func skipWord() {
        while index < text.count, !isSpace(text[index]), !(depth > 0 && isFlowIndicator(text[index])) { index += 1 }
    }

    private mutating func markKey() {
        guard let last = tokens.indices.last, tokens[last].depth == depth, tokens[last].at.line == line else { return }
        tokens[last].isKey = true
        if depth == 0 { parentColumn = tokens[last].at.column }
    }

    private mutating func scanName(_ kind: Token.Kind) {
        let start = (index, position)
        skipWord()
        tokens.append(Token(kind: kind, at: start.1, range: start.0..<index, depth: depth))
    }

    private mutating func scanQuoted(_ quote: Unicode.Scalar) {
        let start = (index, position)
        var value = String.UnicodeScalarView()
        index += 1
        while index < text.count {
            let scalar = text[index]
            if scalar == quote {
                if quote == "'", next == "'" { index += 1 } else { break }
            } else if scalar == "\\", quote == "\"", next != nil, next != "\n" {
                index += 1
            } else if scalar == "\n" {
                newLine()
                continue
            }
            value.append(text[index])
            index += 1
        }
        index = min(index + 1, text.count)
        tokens.append(Token(kind: .scalar(String(value)), at: start.1, range: start.0..<index, depth: depth))
    }

    private mutating func scanPlain() {
        let start = (index, position)
        var end = index
        while index < text.count {
            let scalar = text[index]
            if scalar == "\n" || (depth > 0 && isFlowIndicator(scalar)) { break }
            if scalar == ":", isSpace(next) || (depth > 0 && isFlowIndicator(next)) { break }
            if scalar == "#", isSpace(text[max(index - 1, 0)]) { break }
            index += 1
            if !isSpace(scalar) { end = index }
        }
        let value = String(String.UnicodeScalarView(text[start.0..<end]))
        tokens.append(Token(kind: .scalar(value), at: start.1, range: start.0..<end, depth: depth))
    }

    private mutating func skipBlockScalar() {
        skipLine()
        while index < text.count {
            var first = index + 1
            while first < text.count, text[first] == " " { first += 1 }
            let isBlank = first >= text.count || text[first] == "\n" || text[first] == "\r"
            guard isBlank || first - index > parentColumn else { return }
            newLine()
            skipLine()
        }
    }
}

extension YAMLTokens {
    /// Every repetition of `key` in the dictionary whose entry of that name stands at `first`.
    func repetitions(of key: String, after first: Position) -> [Token] {
        guard let start = tokens.firstIndex(where: { $0.at == first && $0.isKey && $0.kind == .scalar(key) }) else {
            return []
        }
        let original = tokens[start]
        var found: [Token] = []
        for token in tokens[(start + 1)...] {
            if original.depth > 0 {
                if token.depth < original.depth { break }
            } else if token.depth == 0, token.at.column < original.at.column {
                break
            }
            let isSibling = token.depth == original.depth && (token.depth > 0 || token.at.column == first.column)
            if isSibling, token.isKey, token.kind == original.kind { found.append(token) }
        }
        return found
    }
}
