/// One element of an Accept header: `text/plain; version=0.0.4; q=0.3`.
struct MediaRange {
    /// Lower case.
    var type: String
    /// By lower-case name, except `q`; values unquoted.
    var parameters: [String: String] = [:]
    /// The `q` value, 0…1.
    var weight = 1.0

    /// The elements that can be parsed; others are skipped.
    static func list(_ header: String) -> [MediaRange] {
        split(header[...], at: ",").compactMap(MediaRange.init)
    }

    private init?(_ element: Substring) {
        let parts = Self.split(element, at: ";").map(Self.trimmed)
        guard let type = parts.first, type.split(separator: "/", omittingEmptySubsequences: false).count == 2 else {
            return nil
        }
        self.type = type.lowercased()
        for part in parts.dropFirst() {
            guard let equals = part.firstIndex(of: "=") else { continue }
            let name = Self.trimmed(part[..<equals]).lowercased()
            var value = Self.trimmed(part[equals...].dropFirst())
            if value.count >= 2, value.first == "\"", value.last == "\"" { value = value.dropFirst().dropLast() }
            guard name == "q" else {
                parameters[name] = String(value)
                continue
            }
            guard let weight = Double(value), (0...1).contains(weight) else { return nil }
            self.weight = weight
        }
    }

    /// Splits outside quoted strings.
    private static func split(_ text: Substring, at separator: Character) -> [Substring] {
        var isQuoted = false
        return text.split {
            if $0 == "\"" { isQuoted.toggle() }
            return $0 == separator && !isQuoted
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
