/// Markup. Interpolated text is escaped, for contents and quoted attributes alike; only markup is inserted unchanged. So a
/// page can safely show any text that a server sends.
package struct HTML: ExpressibleByStringInterpolation, Sendable, Equatable {
    package private(set) var text: String

    package init(stringLiteral text: String) { self.text = text }

    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    static func += (left: inout HTML, right: HTML) { left.text += right.text }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) { text += literal }

        package mutating func appendInterpolation(_ markup: HTML) { text += markup.text }

        package mutating func appendInterpolation(_ parts: [HTML]) {
            for part in parts { text += part.text }
        }

        /// Inserts nothing for nil.
        package mutating func appendInterpolation(_ markup: HTML?) { text += markup?.text ?? "" }

        package mutating func appendInterpolation(_ number: Int) { text += "\(number)" }

        package mutating func appendInterpolation(_ words: String) {
            for scalar in words.printable.unicodeScalars {
                switch scalar {
                case "&": text += "&amp;"
                case "<": text += "&lt;"
                case ">": text += "&gt;"
                case "\"": text += "&quot;"
                case "'": text += "&#39;"
                default: text.unicodeScalars.append(scalar)
                }
            }
        }
    }
}

extension [HTML] {
    func joined(separator: HTML) -> HTML {
        var markup: HTML = ""
        for (index, part) in enumerated() {
            if index > 0 { markup += separator }
            markup += part
        }
        return markup
    }
}
