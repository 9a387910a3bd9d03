import MariaDB
internal import Replication

/// How a table is compared.
struct TablePlan: Sendable {
    /// Nil for a small table without a usable key, which is one chunk.
    let key: ChunkKey?
    let checksum: RowChecksum
    /// The server's estimate of the number of rows.
    let rows: UInt64

    enum Decision: Sendable {
        case ready(TablePlan)
        case hindered(ChecksumReport.Outcome)
    }

    /// A statement has the same effect everywhere only if the engine stores exactly what it is given; these do.
    private static let engines: Set<String> = ["InnoDB", "MyISAM", "Aria"]
    /// A table without a usable key is one chunk, so all its rows are locked at once: acceptable up to this many.
    private static let smallTable = 1000

    /// Examines the table on all servers.
    static func decide(_ name: TableName, _ sessions: ChecksumSessions) async throws(MySQLError) -> Decision {
        let primary = sessions.scope.primary
        let statements = TableStructure.statements(name)
        guard let source = TableStructure(try await sessions.primary(statements)) else {
            return .hindered(.failed("\(primary) has no such table, or its account may not see it"))
        }
        guard engines.contains(source.engine) else {
            return .hindered(.leftOut("its engine is \(source.engine.isEmpty ? "not known" : source.engine)"))
        }
        let key = ChunkKey(source)
        if key == nil {
            let count = try await sessions.primary([
                "SELECT COUNT(*) AS rows_met FROM (SELECT 1 FROM \(name.quoted) LIMIT \(smallTable + 1)) AS few"
            ])[0].first?.unsigned("rows_met")
            guard let count, count <= smallTable else {
                return .hindered(
                    .leftOut(
                        """
                        it has more than \(smallTable) rows and no suitable key (unique, not NULL, over whole columns \
                        of exact types)
                        """))
            }
        }
        var differing: [ChecksumReport.NodeStructure] = []
        var converted: Set<String> = []
        for node in sessions.scope.replicas {
            let replica = TableStructure(try await sessions.run(statements, on: node))
            let difference =
                replica.map { $0.difference(from: source, key: key?.name) }
                ?? "the table is missing, or its account may not see it"
            if let difference { differing.append(.init(node: node, difference: difference)) }
            for column in source.columns where replica?.column(column.name)?.characterSet != column.characterSet {
                converted.insert(column.name)
            }
        }
        guard differing.isEmpty else { return .hindered(.structureDiffers(differing)) }
        do throws(RowChecksum.UnknownType) {
            let checksum = try RowChecksum(columns: source.columns, converting: converted)
            return .ready(TablePlan(key: key, checksum: checksum, rows: source.rows))
        } catch {
            return .hindered(
                .leftOut(
                    "its column \(error.column.name) is of type \(error.column.type), which has no exact text form"))
        }
    }
}
