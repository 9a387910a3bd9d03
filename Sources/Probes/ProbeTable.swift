/// A table that a probe writes to. Its names hold letters, digits, `_`, `-` and `$`, so that quotes need no escaping.
package struct ProbeTable: Sendable, Equatable {
    private let databaseName: String
    private let tableName: String

    package init(database: String, table: String) {
        databaseName = database
        tableName = table
    }

    /// For SQL.
    package var quoted: String { "`\(databaseName)`.`\(tableName)`" }

    /// The database alone, for SQL.
    package var database: String { "`\(databaseName)`" }
}
