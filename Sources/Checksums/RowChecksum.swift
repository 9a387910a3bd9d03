internal import MariaDB

/// The checksum of rows: different rows have different checksums, except for hash collisions.
///
/// Every column is written as text that no other value of its type has and that contains no `#`, followed by which
/// columns are NULL (CONCAT_WS leaves those out). A row's checksum is the first 64 bits of the SHA-256 of that. A
/// chunk's is the sum of its rows' checksums, without truncation: unlike an exclusive or, a sum does not lose duplicate
/// rows.
///
/// The functions are those that MySQL 5.7 to 9 and MariaDB have in common (MySQL 9.6 removed MD5).
struct RowChecksum: Sendable {
    /// Precedes the sum. Results without it, such as pt-table-checksum's, were computed by another method.
    static let mark = "sha2:"

    private let columns: [TableStructure.Column]
    private let texts: [String]

    /// - Parameters:
    ///   - columns: of the source.
    ///   - converted: names of columns whose character set differs on some server. For others the bytes are compared.
    /// - Throws: the first column of a type without an exact text form.
    init(columns: [TableStructure.Column], converting converted: Set<String> = []) throws(UnknownType) {
        self.columns = columns
        var texts: [String] = []
        for column in columns {
            guard let text = Self.text(of: column, isConverted: converted.contains(column.name)) else {
                throw UnknownType(column: column)
            }
            texts.append(text)
        }
        self.texts = texts
    }

    struct UnknownType: Error { let column: TableStructure.Column }

    /// Two columns, `cnt` and `crc`. If a row has no checksum, the sum is NULL or raises a warning, and the chunk
    /// counts as failed.
    var chunk: String {
        """
        COUNT(*) AS cnt, CONCAT('\(Self.mark)', IF(COUNT(*) = 0, 0, \
        SUM(CAST(CONV(LEFT(\(row), 16), 16, 10) AS UNSIGNED)))) AS crc
        """
    }

    var row: String {
        let nulls = columns.map { "ISNULL(\(SQLText.identifier($0.name)))" }.joined(separator: ", ")
        return "SHA2(CONCAT_WS('#', \(texts.joined(separator: ", ")), CONCAT(\(nulls))), 256)"
    }

    private static func text(of column: TableStructure.Column, isConverted: Bool) -> String? {
        let name = SQLText.identifier(column.name)
        let bytes = isConverted ? "CONVERT(\(name) USING utf8mb4)" : name
        return switch column.type {
        case "tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year", "date", "datetime", "time": name
        case "float", "double": number(name)
        case "bit": "CAST(\(name) AS UNSIGNED)"
        // As text it depends on the time zone; as a number it does not.
        case "timestamp": "UNIX_TIMESTAMP(\(name))"
        case "char", "varchar", "binary", "varbinary": "HEX(\(bytes))"
        // The number as well: an invalid value and an empty member have the same text.
        case "enum", "set": "\(name) + 0, HEX(\(bytes))"
        // These may be of any length: a text longer than max_allowed_packet would become NULL.
        case "tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob", "mediumblob", "longblob", "vector",
            "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
            "geometrycollection", "geomcollection":
            "SHA2(\(bytes), 256)"
        case "json": "SHA2(CONVERT(\(name) USING utf8mb4), 256)"
        case "uuid", "inet4", "inet6": "CAST(\(name) AS CHAR)"
        default: nil
        }
    }

    /// A FLOAT is printed with six digits, and MySQL cuts an expression's text off at 22 characters: hence the sign,
    /// the absolute value as a DOUBLE, and what its text has lost.
    private static func number(_ name: String) -> String {
        let value = "ABS(\(name) + 0e0)"
        return "SIGN(\(name)), \(value), \(value) - (CONCAT(\(value)) + 0e0)"
    }
}
