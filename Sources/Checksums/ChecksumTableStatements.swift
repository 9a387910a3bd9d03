internal import MariaDB
internal import Replication

/// The statements that write and read the checksum table, which is pt-table-checksum's, column for column.
struct ChecksumTableStatements: Sendable {
    let table: TableName

    var creation: [String] { [OwnTable.database(of: table), OwnTable.checksums(table)] }

    /// Whether a table is the checksum table itself.
    func isItself(_ name: TableName, ignoringCase: Bool) -> Bool {
        if !ignoringCase { return name == table }
        return name.database.lowercased() == table.database.lowercased()
            && name.table.lowercased() == table.table.lowercased()
    }

    static let columns = [
        "db", "tbl", "chunk", "chunk_time", "chunk_index", "lower_boundary", "upper_boundary", "this_crc", "this_cnt",
        "master_crc", "master_cnt", "ts",
    ]

    func removal(_ name: TableName) -> String { "DELETE FROM \(table.quoted) WHERE \(rows(name))" }

    /// Computes a chunk, here and on every replica that it reaches.
    /// - Returns: nil if a boundary contains something that is not a value of the key.
    func computation(of chunk: ChunkWalk.Chunk, of name: TableName, by key: ChunkKey?, _ checksum: RowChecksum)
        -> String?
    {
        var condition = "1 = 1"
        var source = name.quoted
        if let key, chunk.range != .whole {
            guard let text = chunk.range.condition(key) else { return nil }
            condition = text
            source += " FORCE INDEX (\(SQLText.identifier(key.name)))"
        }
        let index = chunk.range == .whole ? "NULL" : SQLText.literal(key?.name ?? "")
        func boundary(_ values: ChunkRange.Boundary?) -> String {
            values.map { SQLText.literal(BoundaryText.text($0)) } ?? "NULL"
        }
        return """
            REPLACE INTO \(table.quoted) \
            (db, tbl, chunk, chunk_index, lower_boundary, upper_boundary, this_cnt, this_crc) \
            SELECT \(SQLText.literal(name.database)), \(SQLText.literal(name.table)), \(chunk.number), \(index), \
            \(boundary(chunk.range.lower)), \(boundary(chunk.range.upper)), \(checksum.chunk) \
            FROM \(source) WHERE \(condition)
            """
    }

    func result(of chunk: Int, of name: TableName) -> String {
        "SELECT this_cnt, this_crc FROM \(table.quoted) WHERE \(rows(name)) AND chunk = \(chunk)"
    }

    /// Passes the primary's result on to the replicas.
    func publication(of result: ChunkResult, of chunk: Int, seconds: Double, of name: TableName) -> String {
        """
        UPDATE \(table.quoted) SET chunk_time = \(seconds), master_crc = \(SQLText.literal(result.crc)), \
        master_cnt = \(result.count) WHERE \(rows(name)) AND chunk = \(chunk)
        """
    }

    /// One chunk's row.
    func row(of chunk: Int, of name: TableName) -> String {
        """
        SELECT chunk_index, lower_boundary, upper_boundary, chunk_time, master_crc, master_cnt, UNIX_TIMESTAMP(ts) AS time \
        FROM \(table.quoted) WHERE \(rows(name)) AND chunk = \(chunk)
        """
    }

    /// The results of a table as a whole.
    func summary(_ name: TableName) -> String {
        """
        SELECT COUNT(*) AS chunks, COALESCE(MAX(chunk), 0) AS last, \
        COALESCE(SUM(master_cnt IS NULL OR master_crc IS NULL), 0) AS pending, \
        COALESCE(SUM(this_cnt <> master_cnt OR this_crc <> master_crc), 0) AS differences, \
        COALESCE(SUM(this_crc NOT LIKE '\(RowChecksum.mark)%'), 0) AS others, \
        COALESCE(SUM(master_cnt), 0) AS total FROM \(table.quoted) WHERE \(rows(name))
        """
    }

    /// How many chunks do not begin where the previous one ends: pt-table-checksum leaves gaps.
    func gaps(_ name: TableName) -> String {
        """
        SELECT COUNT(*) AS gaps FROM \(table.quoted) a JOIN \(table.quoted) b \
        ON b.db = a.db AND b.tbl = a.tbl AND b.chunk = a.chunk + 1 WHERE \(rows(name, of: "a.")) \
        AND a.lower_boundary IS NOT NULL AND b.lower_boundary IS NOT NULL AND b.upper_boundary IS NOT NULL \
        AND CAST(a.upper_boundary AS BINARY) <> CAST(b.lower_boundary AS BINARY)
        """
    }

    func differences(_ name: TableName, limit: Int) -> String {
        """
        SELECT chunk, lower_boundary, upper_boundary, this_cnt, master_cnt FROM \(table.quoted) \
        WHERE \(rows(name)) AND (this_cnt <> master_cnt OR this_crc <> master_crc) ORDER BY chunk LIMIT \(limit)
        """
    }

    /// The last table for which the last run wrote a result.
    var newest: String {
        "SELECT db, tbl FROM \(table.quoted) WHERE master_cnt IS NOT NULL ORDER BY ts DESC, db DESC, tbl DESC LIMIT 1"
    }

    /// The first comparison uses the columns' own collation, and the index. In a table made by another program, that
    /// collation may equate `Orders` and `orders`; the second comparison is exact.
    private func rows(_ name: TableName, of alias: String = "") -> String {
        [("db", name.database), ("tbl", name.table)].map { column, value in
            let literal = SQLText.literal(value)
            return """
                \(alias)\(column) = \(literal) \
                AND CONVERT(\(alias)\(column) USING utf8mb4) COLLATE utf8mb4_bin = \(literal)
                """
        }.joined(separator: " AND ")
    }
}

/// The result for a chunk's rows on one server.
struct ChunkResult: Sendable, Equatable {
    let count: UInt64
    let crc: String
}
