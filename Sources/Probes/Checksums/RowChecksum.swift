internal import MariaDB

/// The checksum of rows: the expressions of pt-table-checksum with its defaults, so that both say the same of the same rows.
///
/// A row's is the CRC32 of its columns' text, with the NULLs as bits behind it (an empty text and NULL look the same to
/// CONCAT_WS); a chunk's is the XOR of its rows', beside their count.
struct RowChecksum: Sendable {
    let columns: [TableStructure.Column]

    /// Two columns, `cnt` and `crc`.
    var chunk: String {
        "COUNT(*) AS cnt, COALESCE(LOWER(CONV(BIT_XOR(CAST(\(row) AS UNSIGNED)), 10, 16)), 0) AS crc"
    }

    var row: String {
        var parts = columns.map(Self.text)
        let nullable = columns.filter(\.isNullable)
        if !nullable.isEmpty {
            parts.append("CONCAT(\(nullable.map { "ISNULL(\(SQLText.identifier($0.name)))" }.joined(separator: ", ")))")
        }
        return parts.count == 1 ? "CRC32(\(parts[0]))" : "CRC32(CONCAT_WS('#', \(parts.joined(separator: ", "))))"
    }

    private static func text(_ column: TableStructure.Column) -> String {
        let name = SQLText.identifier(column.name)
        switch column.type {
        // A server writes it in its own time zone, unless it is a number.
        case "timestamp": return "UNIX_TIMESTAMP(\(name))"
        case let type where type.contains("blob") || type.contains("text") || type.contains("binary"):
            return "CRC32(\(name))"
        case "char", "varchar", "enum", "set", "json": return "convert(\(name) using utf8mb4)"
        default: return name
        }
    }
}
