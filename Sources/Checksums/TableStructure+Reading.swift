import MariaDB
internal import Replication

extension TableStructure {
    /// Three statements about a table (manual: INFORMATION_SCHEMA TABLES, COLUMNS, STATISTICS).
    static func statements(_ name: TableName) -> [String] {
        let table =
            "TABLE_SCHEMA = \(SQLText.literal(name.database)) AND TABLE_NAME = \(SQLText.literal(name.table))"
        return [
            "SELECT ENGINE, TABLE_ROWS FROM information_schema.TABLES WHERE \(table)",
            """
            SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE, CHARACTER_SET_NAME, COLLATION_NAME \
            FROM information_schema.COLUMNS WHERE \(table) ORDER BY ORDINAL_POSITION
            """,
            "SELECT * FROM information_schema.STATISTICS WHERE \(table) ORDER BY INDEX_NAME, SEQ_IN_INDEX",
        ]
    }

    /// - Parameter tables: the answers to `statements`.
    /// - Returns: nil if the table does not exist, or the account may not see it.
    init?(_ tables: [ResultTable]) {
        guard tables.count == 3, let table = tables[0].first else { return nil }
        engine = table.text("ENGINE") ?? ""
        rows = table.unsigned("TABLE_ROWS") ?? 0
        columns = tables[1].rows.compactMap(Column.init)
        guard !columns.isEmpty else { return nil }
        var keys: [Key] = []
        for row in tables[2].rows {
            guard let name = row.text("INDEX_NAME") else { continue }
            if keys.last?.name.hasSameBytes(as: name) != true {
                keys.append(Key(name: name, columns: [], isWalkable: true))
            }
            // A key part that is an expression has no column name.
            keys[keys.count - 1].columns.append(row.text("COLUMN_NAME") ?? "")
            if !row.isOfWalkableKey { keys[keys.count - 1].isWalkable = false }
        }
        self.keys = keys.filter { $0.name == "PRIMARY" } + keys.filter { $0.name != "PRIMARY" }
    }
}

extension TableStructure.Column {
    fileprivate init?(_ row: ResultTable.Row) {
        guard let name = row.text("COLUMN_NAME"), let type = row.text("DATA_TYPE") else { return nil }
        self.init(
            name: name, type: type.lowercased(), isNullable: row.text("IS_NULLABLE") != "NO",
            characterSet: row.text("CHARACTER_SET_NAME").map(Self.presentName),
            collation: row.text("COLLATION_NAME").map(Self.presentName))
    }

    /// The three-byte utf8 has been called utf8mb3 since MariaDB 10.6 and MySQL 8.0.30.
    private static func presentName(_ name: String) -> String {
        name == "utf8" || name.hasPrefix("utf8_") ? "utf8mb3" + name.dropFirst(4) : name
    }
}

extension ResultTable.Row {
    fileprivate var isOfWalkableKey: Bool {
        unsigned("NON_UNIQUE") == 0 && text("SUB_PART") == nil && text("COLUMN_NAME") != nil
            && text("NULLABLE") != "YES" && text("INDEX_TYPE") == "BTREE" && text("COLLATION") == "A"
            // MySQL 8: invisible; MariaDB 10.6: ignored. Such an index cannot be forced.
            && text("IS_VISIBLE") != "NO" && text("IGNORED") != "YES"
    }
}
