import MariaDB
import Replication

/// What is read from a table in pt-table-checksum's layout.
struct ChecksumFacts: Sendable {
    /// Asked for in every round: the index on `ts` answers it without reading the table.
    let run: Fact
    /// Asked for when `run` shows a change, since it reads every chunk.
    let summary: Fact

    /// - Parameters:
    ///   - table: quoted for SQL.
    ///   - limit: how long the summary may take on the server: a scrape must not wait for a table of millions of chunks.
    init(table: String, flavor: Flavor, limit: Duration) {
        run = Fact(
            .checksums, "SELECT UNIX_TIMESTAMP(MAX(ts)) AS last_run FROM \(table)",
            privileges: "SELECT ON \(table)"
        ) { result, facts throws(FactError) in
            guard let row = result.first else { throw FactError("the query on the checksum table returned no row") }
            facts.checksums = ChecksumResults(lastRun: row.time("last_run"))
        }
        summary = Fact(.checksumSummary, Self.summaryStatement(table, flavor, limit), privileges: "SELECT ON \(table)")
        {
            result, facts throws(FactError) in
            facts.checksums?.summary = try ChecksumResults.Summary(result.table)
        }
    }

    /// A chunk whose `master_crc` is NULL is pending: pt-table-checksum writes it after the chunk itself, and a replica
    /// may be queried between the two.
    private static func summaryStatement(_ table: String, _ flavor: Flavor, _ limit: Duration) -> String {
        let columns = """
            db, tbl, SUM(COALESCE(this_cnt <> master_cnt OR this_crc <> master_crc, 0)) AS differences, \
            SUM(master_cnt IS NULL OR master_crc IS NULL) AS pending, \
            (SELECT COUNT(*) FROM (SELECT DISTINCT db, tbl FROM \(table)) AS names) AS tables
            """
        let rest = """
            FROM \(table) GROUP BY db, tbl ORDER BY differences DESC, pending DESC, db, tbl \
            LIMIT \(ChecksumResults.Summary.limit)
            """
        return switch flavor {
        case .mariadb: "SET STATEMENT max_statement_time = \(limit.seconds) FOR SELECT \(columns) \(rest)"
        case .mysql: "SELECT /*+ MAX_EXECUTION_TIME(\(Int(limit.seconds * 1000))) */ \(columns) \(rest)"
        }
    }
}

extension ChecksumResults.Summary {
    fileprivate init(_ result: ResultTable) throws(FactError) {
        var tables: [ChecksumResults.Table] = []
        for row in result.rows {
            guard let database = row.text("db"), let table = row.text("tbl"),
                let differences = row.unsigned("differences"), let pending = row.unsigned("pending")
            else { throw FactError("the checksum table has a row with invalid values") }
            tables.append(
                .init(database: database, table: table, differences: differences, pending: pending))
        }
        self.init(tableCount: result.first?.unsigned("tables") ?? 0, tables: tables)
    }
}
