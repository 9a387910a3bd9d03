/// A table with its database, of any characters that a server allows in names.
package struct QualifiedName: Sendable, CustomStringConvertible {
    package let database: String
    package let table: String

    package init(database: String, table: String) {
        self.database = database
        self.table = table
    }

    package var description: String { "\(database).\(table)" }

    /// For SQL.
    package var quoted: String { "\(quotedDatabase).\(SQLText.identifier(table))" }

    /// The database alone, for SQL.
    package var quotedDatabase: String { SQLText.identifier(database) }
}

/// By bytes, as servers tell tables apart.
extension QualifiedName: Hashable, Comparable {
    package static func == (left: QualifiedName, right: QualifiedName) -> Bool {
        left.database.hasSameBytes(as: right.database) && left.table.hasSameBytes(as: right.table)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(Array(database.utf8))
        hasher.combine(Array(table.utf8))
    }

    /// The order in which tables are compared, so that a resumed run knows which of them were done.
    package static func < (left: QualifiedName, right: QualifiedName) -> Bool {
        left.database.hasSameBytes(as: right.database)
            ? left.table.utf8.lexicographicallyPrecedes(right.table.utf8)
            : left.database.utf8.lexicographicallyPrecedes(right.database.utf8)
    }
}
