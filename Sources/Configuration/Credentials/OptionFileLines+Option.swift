extension OptionFileLines {
    static func option(_ text: Substring, file: String, line: Int) -> OptionFile.Option {
        let parts = withoutComment(text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? ""
        return OptionFile.Option(
            name: canonical(name), value: parts.count > 1 ? value(parts[1].trimmed) : nil, file: file, line: line)
    }

    /// MariaDB treats `ssl_ca` and `ssl-ca` as the same option; `loose-` only means "ignore if unknown".
    private static func canonical(_ name: String) -> String {
        let name = String(Substring(name).trimmed.map { $0 == "_" ? "-" : $0 })
        return name.hasPrefix("loose-") ? String(name.dropFirst("loose-".count)) : name
    }

    private static func withoutComment(_ text: Substring) -> Substring {
        var quote: Character?
        var isEscaped = false
        for index in text.indices {
            let character = text[index]
            if character == "'" || character == "\"", !isEscaped {
                if quote == nil { quote = character } else if quote == character { quote = nil }
            }
            if quote == nil, character == "#" { return text[..<index] }
            isEscaped = quote != nil && character == "\\" && !isEscaped
        }
        return text
    }

    private static func value(_ text: Substring) -> String {
        var rest = text
        if let first = rest.first, first == "'" || first == "\"", rest.count > 1, rest.last == first {
            rest = rest.dropFirst().dropLast()
        }
        var value = ""
        while let character = rest.popFirst() {
            guard character == "\\", let escaped = rest.popFirst() else {
                value.append(character)
                continue
            }
            switch escaped {
            case "n": value.append("\n")
            case "t": value.append("\t")
            case "r": value.append("\r")
            case "b": value.append("\u{8}")
            case "s": value.append(" ")
            case "\"", "'", "\\": value.append(escaped)
            default: value += ["\\", escaped]
            }
        }
        return value
    }
}
