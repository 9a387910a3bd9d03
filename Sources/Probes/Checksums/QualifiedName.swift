/// A table with its database, of any characters that a server allows in names.
package struct QualifiedName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let database: String
    package let table: String

    package init(database: String, table: String) {
        self.database = database
        self.table = table
    }

    package var description: String { "\(database).\(table)" }

    /// For SQL.
    package var quoted: String { "\(SQLText.identifier(database)).\(SQLText.identifier(table))" }

    /// The order in which tables are compared, so that a run that is taken up again knows which were done.
    package static func < (left: QualifiedName, right: QualifiedName) -> Bool {
        (left.database, left.table) < (right.database, right.table)
    }
}
