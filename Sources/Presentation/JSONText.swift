/// A JSON value to write (RFC 8259). Object members keep their order.
package indirect enum JSONText {
    case object([(String, JSONText)])
    case array([JSONText])
    case string(String)
    case number(Double)
    case bool(Bool)
    case null

    package static func optional(_ value: String?) -> JSONText { value.map { .string($0) } ?? .null }
    package static func optional(_ value: Double?) -> JSONText { value.map { .number($0) } ?? .null }
    package static func optional(_ value: Bool?) -> JSONText { value.map { .bool($0) } ?? .null }
    package static func optional(_ value: (some BinaryInteger)?) -> JSONText {
        value.map { .number(Double($0)) } ?? .null
    }

    package var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .object(let members):
            text += "{"
            for (index, (name, value)) in members.enumerated() {
                if index > 0 { text += "," }
                text += Self.quoted(name) + ":"
                value.write(to: &text)
            }
            text += "}"
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        case .string(let value): text += Self.quoted(value)
        case .number(let value) where !value.isFinite: text += "null"
        case .number(let value):
            text += value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
        case .bool(let value): text += value ? "true" : "false"
        case .null: text += "null"
        }
    }

    /// A string in quotes. Characters of a server's error text that could control a terminal, or reverse the reading
    /// direction of a log line, are escaped.
    package static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.isControlling:
                for unit in String(scalar).utf16 {
                    let hex = String(unit, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
