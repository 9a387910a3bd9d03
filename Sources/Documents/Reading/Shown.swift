/// Text from the user's file as it may stand in a message: short, on one line, without control characters.
package func shown(_ text: String, limit: Int = 60) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit) {
        let isControl = scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
        shown.append(isControl ? "\u{FFFD}" : scalar)
    }
    let cut = text.unicodeScalars.dropFirst(limit).isEmpty ? "" : "…"
    return "'" + String(shown) + cut + "'"
}

/// A path in full, as long as paths can be: a cut one is of no use.
package func shown(path: String) -> String { shown(path, limit: 4096) }
