internal import MariaDB
internal import Replication

/// How a table looks on one server, as far as comparing it needs to know.
struct TableStructure: Sendable, Hashable {
    struct Column: Sendable, Hashable {
        var name: String
        /// `DATA_TYPE` of information_schema.COLUMNS, such as `varchar`.
        var type: String
        var isNullable: Bool
        /// Nil for what is no text.
        var characterSet: String?
        var collation: String?
    }

    struct Key: Sendable, Hashable {
        var name: String
        var columns: [String]
        /// A B-tree over whole columns that no two rows share and that holds no NULL, in ascending order: one that a table
        /// can be walked along without a gap.
        var isWalkable: Bool
    }

    var engine: String
    /// As the server estimates.
    var rows: UInt64
    /// In the order of the table.
    var columns: [Column]
    /// The primary key first.
    var keys: [Key]

    func column(_ name: String) -> Column? { columns.first { $0.name.hasSameBytes(as: name) } }

    /// What makes a comparison with the table on `source` impossible, or would break replication when a statement that
    /// works there arrives here. Nil: nothing.
    /// - Parameter key: the key along which the table is walked.
    func difference(from source: TableStructure, key: String?) -> String? {
        for column in source.columns {
            guard let own = self.column(column.name) else { return "it has no column \(column.name)" }
            if own.type != column.type { return "its column \(column.name) is \(own.type), not \(column.type)" }
        }
        if let extra = columns.first(where: { source.column($0.name) == nil }) {
            return "it has one more column, \(extra.name)"
        }
        guard let key, let there = source.keys.first(where: { $0.name.hasSameBytes(as: key) }) else { return nil }
        guard let here = keys.first(where: { $0.name.hasSameBytes(as: key) }), here.isWalkable,
            here.columns.elementsEqual(there.columns, by: { $0.hasSameBytes(as: $1) })
        else {
            return "its key \(key) is another one"
        }
        for name in there.columns where column(name)?.collation != source.column(name)?.collation {
            return "its column \(name) is collated as \(column(name)?.collation ?? "binary")"
        }
        return nil
    }
}
