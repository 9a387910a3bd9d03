/// The name of a table and its database, as the server knows them.
package struct TableName: Sendable, CustomStringConvertible {
    package let database: String
    package let table: String

    package init(database: String, table: String) {
        self.database = database
        self.table = table
    }

    /// As it is written in the configuration.
    package var description: String { "\(database).\(table)" }
}

/// By bytes, as servers distinguish tables.
extension TableName: Hashable, Comparable {
    package static func == (left: TableName, right: TableName) -> Bool {
        left.database.hasSameBytes(as: right.database) && left.table.hasSameBytes(as: right.table)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(Array(database.utf8))
        hasher.combine(Array(table.utf8))
    }

    /// The order in which tables are compared, so that a resumed run knows which ones are done.
    package static func < (left: TableName, right: TableName) -> Bool {
        left.database.hasSameBytes(as: right.database)
            ? left.table.utf8.lexicographicallyPrecedes(right.table.utf8)
            : left.database.utf8.lexicographicallyPrecedes(right.database.utf8)
    }
}
