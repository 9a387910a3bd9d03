import Sandbox

/// Tables for comparisons.
enum ShopTables {
    /// Rows 10, 20 … 3000 with every column type for which there is a rule, with NULLs, and a key of several columns.
    static let definitions = [
        "CREATE DATABASE shop",
        """
        CREATE TABLE shop.orders (id INT UNSIGNED PRIMARY KEY, n VARCHAR(40) NULL, c CHAR(5), d DECIMAL(10, 2), \
        at TIMESTAMP(6) NULL, dt DATETIME(3), f FLOAT, g DOUBLE, b BLOB, v VARBINARY(9) NULL, e ENUM('x', 'y'), \
        t TEXT NULL) CHARSET latin1
        """,
        """
        CREATE TABLE shop.parts (a SMALLINT, b VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, \
        c VARBINARY(8), v INT, PRIMARY KEY (a, b, c))
        """,
        "CREATE TABLE shop.nothing (id INT PRIMARY KEY)",
    ]

    static func fill(_ server: Server) async throws {
        for statement in definitions { try await server.sql(statement) }
        for block in 0..<3 {
            let rows = (block * 100 + 1...block * 100 + 100).map { i in
                """
                (\(i * 10), \(i % 7 == 0 ? "NULL" : "'note é \(i)'"), 'c\(i % 9)', \(i).25, \
                '2026-01-01 00:00:00.\(100_000 + i)', '2026-02-02 02:02:02.123', \(i) / 7, \(i) / 11, \
                REPEAT('b', \(i % 50)), \(i % 5 == 0 ? "NULL" : "X'00FF'"), \(i % 2 + 1), 'text, \(i)')
                """
            }
            try await server.sql("INSERT INTO shop.orders VALUES \(rows.joined(separator: ", "))")
        }
        // Commas, quotes, backslashes, an empty text, case, four-byte characters.
        let texts = ["", "a", "B", "ü", "zz,x", "q\\\\", "''", "😀"]
        let parts = (0..<10).flatMap { a in
            texts.flatMap { b in (0..<4).map { c in "(\(a), '\(b)', X'0\(c)00', \(a * c))" } }
        }
        try await server.sql("INSERT INTO shop.parts VALUES \(parts.joined(separator: ", "))")
    }
}
