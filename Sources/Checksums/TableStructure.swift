internal import MariaDB
internal import Replication

/// A table's structure on one server, as far as comparing it requires.
struct TableStructure: Sendable, Hashable {
    struct Column: Sendable, Hashable {
        var name: String
        /// `DATA_TYPE` of information_schema.COLUMNS, such as `varchar`.
        var type: String
        var isNullable: Bool
        /// Nil if the column is not text.
        var characterSet: String?
        var collation: String?
    }

    struct Key: Sendable, Hashable {
        var name: String
        var columns: [String]
        /// A B-tree over whole columns, unique, not NULL and in ascending order: a key along which a table can be
        /// walked without gaps.
        var isWalkable: Bool
    }

    var engine: String
    /// The server's estimate.
    var rows: UInt64
    /// In table order.
    var columns: [Column]
    /// The primary key first.
    var keys: [Key]

    func column(_ name: String) -> Column? { columns.first { $0.name.hasSameBytes(as: name) } }

    /// What makes a comparison with the table on `source` impossible, or would break replication when a statement that
    /// works there arrives here. Nil if nothing does.
    /// - Parameter key: the key along which the table is walked.
    func difference(from source: TableStructure, key: String?) -> String? {
        for column in source.columns {
            guard let own = self.column(column.name) else { return "it has no column \(column.name)" }
            if own.type != column.type { return "its column \(column.name) is \(own.type), not \(column.type)" }
        }
        if let extra = columns.first(where: { source.column($0.name) == nil }) {
            return "it has an extra column, \(extra.name)"
        }
        guard let key, let there = source.keys.first(where: { $0.name.hasSameBytes(as: key) }) else { return nil }
        guard let here = keys.first(where: { $0.name.hasSameBytes(as: key) }), here.isWalkable,
            here.columns.elementsEqual(there.columns, by: { $0.hasSameBytes(as: $1) })
        else {
            return "its key \(key) is different"
        }
        for name in there.columns where column(name)?.collation != source.column(name)?.collation {
            return "its column \(name) is collated as \(column(name)?.collation ?? "binary")"
        }
        return nil
    }
}
