extension UInt8 {
    static let lineFeed = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let comma = UInt8(ascii: ",")
    static let equals = UInt8(ascii: "=")
    static let zero = UInt8(ascii: "0")
    static let minus = UInt8(ascii: "-")
}

extension [UInt8] {
    mutating func append(_ text: String) {
        append(contentsOf: text.utf8)
    }

    /// Both formats escape backslash and line feed everywhere; the quote only where one would end the text.
    mutating func appendEscaped(_ text: String, quotes: Bool) {
        // Few texts need escaping.
        let isPlain = text.utf8.allSatisfy { $0 != .backslash && $0 != .lineFeed && !($0 == .quote && quotes) }
        if isPlain { return append(text) }
        for byte in text.utf8 {
            switch byte {
            case .backslash: append("\\\\")
            case .lineFeed: append("\\n")
            case .quote where quotes: append("\\\"")
            default: append(byte)
            }
        }
    }

    /// Adds `name="value"`, after a comma unless it is the first label.
    mutating func appendLabel(_ name: String, _ value: String) {
        if !isEmpty { append(.comma) }
        append(name)
        append("=\"")
        appendEscaped(value, quotes: true)
        append(.quote)
    }
}
