package import Replication

extension TableName {
    /// For SQL.
    package var quoted: String { "\(quotedDatabase).\(SQLText.identifier(table))" }

    /// The database alone, for SQL.
    package var quotedDatabase: String { SQLText.identifier(database) }
}
