/// A text as a YAML scalar, on one line and in any context. Unquoted only if no YAML parser could read it as anything but text.
package func yamlScalar(_ value: String) -> String {
    let isPlain = value.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            || "_./:-".unicodeScalars.contains(scalar)
    }
    let first = value.unicodeScalars.first
    let beginsPlain = first.map { $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "/" }
    if isPlain, beginsPlain == true, value.last != ":", value.lowercased() != "null" { return value }
    var text = "\""
    for scalar in value.unicodeScalars {
        switch scalar {
        case "\"", "\\": text += "\\\(scalar)"
        case _ where scalar.properties.generalCategory == .control || scalar.value > 0x7E:
            let digits = String(scalar.value, radix: 16)
            text += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        default: text.unicodeScalars.append(scalar)
        }
    }
    return text + "\""
}
