/// Text from the user's file, quoted for a message: short, on one line, without control characters.
package func shown(_ text: String, limit: Int = 60) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit) {
        let isControl = scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
        shown.append(isControl ? "\u{FFFD}" : scalar)
    }
    let cut = text.unicodeScalars.dropFirst(limit).isEmpty ? "" : "…"
    return "'" + String(shown) + cut + "'"
}

/// A path quoted in full, up to the longest possible one: a truncated path is useless.
package func shown(path: String) -> String { shown(path, limit: 4096) }
