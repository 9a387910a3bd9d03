internal import MariaDB

/// A part of a table between two values of its key. The ranges of a table leave no gaps: an extra row on a replica is
/// in one of them, wherever it is.
struct ChunkRange: Sendable, Hashable {
    /// Values of the key's columns, as `ChunkKey.selection` reads them.
    typealias Boundary = [String]

    /// Exclusive unless `includesLower`. Nil: from the beginning.
    var lower: Boundary?
    var includesLower = false
    /// Inclusive unless `excludesUpper`. Nil: to the end.
    var upper: Boundary?
    var excludesUpper = false

    static let whole = ChunkRange()

    static func from(_ first: Boundary, through upper: Boundary) -> ChunkRange {
        ChunkRange(lower: first, includesLower: true, upper: upper)
    }
    static func after(_ lower: Boundary, through upper: Boundary) -> ChunkRange {
        ChunkRange(lower: lower, upper: upper)
    }
    static func before(_ first: Boundary) -> ChunkRange { ChunkRange(upper: first, excludesUpper: true) }
    static func after(_ last: Boundary) -> ChunkRange { ChunkRange(lower: last) }

    /// The range as a condition of SQL.
    /// - Returns: nil if a boundary contains something that is not a value of the key.
    func condition(_ key: ChunkKey) -> String? {
        var conditions: [String] = []
        if let lower {
            guard let text = Self.comparison(key, includesLower ? ">=" : ">", lower) else { return nil }
            conditions.append(text)
        }
        if let upper {
            guard let text = Self.comparison(key, excludesUpper ? "<" : "<=", upper) else { return nil }
            conditions.append(text)
        }
        return conditions.isEmpty ? "1 = 1" : conditions.joined(separator: " AND ")
    }

    /// Compares column by column, spelt out: servers do not use an index for `(a, b) > (1, 2)`.
    private static func comparison(_ key: ChunkKey, _ sign: String, _ values: Boundary) -> String? {
        guard values.count == key.columns.count else { return nil }
        let strict = sign.replacing("=", with: "")
        var alternatives: [String] = []
        var equal = ""
        for (index, (column, value)) in zip(key.columns, values).enumerated() {
            guard let literal = column.literal(value) else { return nil }
            let name = SQLText.identifier(column.name)
            let isLast = index == values.count - 1
            alternatives.append("(\(equal)\(name) \(isLast ? sign : strict) \(literal))")
            equal += "\(name) = \(literal) AND "
        }
        return alternatives.count == 1 ? alternatives[0] : "(\(alternatives.joined(separator: " OR ")))"
    }

    /// To display: `id > 100 and id <= 200`.
    func words(_ key: ChunkKey?) -> String {
        guard let key, lower != nil || upper != nil else { return "the whole table" }
        func bound(_ sign: String, _ values: Boundary) -> String {
            let texts = zip(key.columns, values).map { $0.kind.isNumber ? $1 : "'\($1)'" }
            return "\(key.title) \(sign) " + (texts.count == 1 ? texts[0] : "(\(texts.joined(separator: ", ")))")
        }
        return [
            lower.map { bound(includesLower ? ">=" : ">", $0) }, upper.map { bound(excludesUpper ? "<" : "<=", $0) },
        ].compactMap(\.self).joined(separator: " and ")
    }
}
