internal import MariaDB

/// The key along which a table is walked: unique, not NULL, and of types whose values can be represented exactly as
/// text.
struct ChunkKey: Sendable, Hashable {
    /// How a column's values are read and written.
    enum Kind: Sendable, Hashable {
        case integer, decimal
        /// An ENUM, by its member's number, which is the key's order.
        case member
        /// Dates, times, UUIDs and network addresses: ASCII that the server reads back as it wrote it.
        case word
        /// The character set's name consists of ASCII letters, digits and `_`.
        case text(characterSet: String)
        case binary
    }

    struct Column: Sendable, Hashable {
        var name: String
        var kind: Kind
    }

    let name: String
    let columns: [Column]

    /// - Returns: nil if the table has no such key.
    init?(_ table: TableStructure) {
        for key in table.keys where key.isWalkable {
            let columns = key.columns.compactMap { name in
                table.column(name).flatMap { column in Kind(column).map { Column(name: name, kind: $0) } }
            }
            if columns.count == key.columns.count, !columns.isEmpty {
                self.init(name: key.name, columns: columns)
                return
            }
        }
        return nil
    }

    init(name: String, columns: [Column]) {
        self.name = name
        self.columns = columns
    }

    /// The expressions that read a boundary: `v0`, `v1` … for the columns of the key, and `exact`, which is 1 if the
    /// values survive the conversion to text and back.
    var selection: String {
        let values = columns.enumerated().map { "\($1.expression) AS v\($0)" }
        let checks = columns.compactMap(\.exactness)
        return values.joined(separator: ", ") + ", " + (checks.isEmpty ? "1" : checks.joined(separator: " AND "))
            + " AS exact"
    }

    var order: String { columns.map { SQLText.identifier($0.name) }.joined(separator: ", ") }
    var descending: String { columns.map { SQLText.identifier($0.name) + " DESC" }.joined(separator: ", ") }

    /// For display: `id`, `(a, b)`.
    var title: String {
        columns.count == 1 ? columns[0].name : "(\(columns.map(\.name).joined(separator: ", ")))"
    }
}

extension ChunkKey.Kind {
    var isNumber: Bool {
        switch self {
        case .integer, .decimal, .member: true
        case .word, .text, .binary: false
        }
    }

    init?(_ column: TableStructure.Column) {
        switch column.type {
        case "tinyint", "smallint", "mediumint", "int", "bigint", "year": self = .integer
        case "decimal": self = .decimal
        case "enum": self = .member
        case "date", "datetime", "timestamp", "time", "uuid", "inet4", "inet6": self = .word
        case "char", "varchar":
            guard let characterSet = column.characterSet, Self.isName(characterSet) else { return nil }
            self = .text(characterSet: characterSet)
        case "binary", "varbinary": self = .binary
        // A float's text is not its value; sets, bits and geometries are hardly ever keys.
        default: return nil
        }
    }

    /// Whether it can be the name of a character set, which is used unquoted in statements.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
                default: false
                }
            }
    }
}

extension ChunkKey.Column {
    /// A value as text.
    fileprivate var expression: String {
        let name = SQLText.identifier(name)
        return switch kind {
        case .integer, .decimal, .word: name
        case .member: "\(name) + 0"
        case .text: "CONVERT(\(name) USING utf8mb4)"
        case .binary: "HEX(\(name))"
        }
    }

    /// Checks that text survives the conversion to utf8mb4 and back: text that is invalid in its own character set does
    /// not.
    fileprivate var exactness: String? {
        guard case .text(let characterSet) = kind else { return nil }
        let name = SQLText.identifier(name)
        return
            "CAST(CONVERT(CONVERT(\(name) USING utf8mb4) USING \(characterSet)) AS BINARY) = CAST(\(name) AS BINARY)"
    }

    /// A value as a literal for a statement.
    /// - Returns: nil for text that is not a value of the column's kind.
    func literal(_ value: String) -> String? {
        switch kind {
        case .integer, .member: Self.isDecimal(value, allowsFraction: false) ? value : nil
        case .decimal: Self.isDecimal(value, allowsFraction: true) ? value : nil
        case .word, .text: SQLText.literal(value)
        case .binary: value.utf8.count % 2 == 0 && value.utf8.allSatisfy(Self.isHexadecimal) ? "X'\(value)'" : nil
        }
    }

    private static func isDecimal(_ text: String, allowsFraction: Bool) -> Bool {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
        let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return text.utf8.count - digits.count <= 1 && parts.count <= (allowsFraction ? 2 : 1)
            && parts.allSatisfy { part in !part.isEmpty && part.allSatisfy { (0x30...0x39).contains($0) } }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte)
    }
}
