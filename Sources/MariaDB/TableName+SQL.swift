package import Replication

extension TableName {
    /// Database and table, quoted for SQL.
    package var quoted: String { "\(quotedDatabase).\(SQLText.identifier(table))" }

    /// The database alone, quoted for SQL.
    package var quotedDatabase: String { SQLText.identifier(database) }
}
