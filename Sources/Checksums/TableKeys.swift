import MariaDB
internal import Replication

/// The keys of a table on the primary, read without locks.
struct TableKeys: KeySource {
    let name: TableName
    let key: ChunkKey
    let sessions: ChecksumSessions

    func key(after key: ChunkRange.Boundary?, number: Int) async throws(MySQLError) -> ChunkRange.Boundary? {
        try await first("ORDER BY \(self.key.order) LIMIT \(number - 1), 1", after: key)
    }

    func lastKey(after key: ChunkRange.Boundary) async throws(MySQLError) -> ChunkRange.Boundary? {
        try await first("ORDER BY \(self.key.descending) LIMIT 1", after: key)
    }

    private func first(_ order: String, after boundary: ChunkRange.Boundary?) async throws(MySQLError)
        -> ChunkRange.Boundary?
    {
        guard let condition = (boundary.map { ChunkRange.after($0) } ?? .whole).condition(key) else {
            throw Self.inexact(key)
        }
        let statement = """
            SELECT \(key.selection) FROM \(name.quoted) FORCE INDEX (\(SQLText.identifier(key.name))) \
            WHERE \(condition) \(order)
            """
        guard let row = try await sessions.primary([statement], within: .seconds(60))[0].first else { return nil }
        let values = key.columns.indices.compactMap { row.text("v\($0)") }
        guard row.flag("exact") == true, values.count == key.columns.count else { throw Self.inexact(key) }
        guard values != boundary else { throw Self.standing(key) }
        return values
    }

    /// A walk over such a key would never end.
    private static func standing(_ key: ChunkKey) -> MySQLError {
        MySQLError(
            phase: .query, code: 0,
            message: "the server returned a value of the key \(key.name) as its own successor")
    }

    private static func inexact(_ key: ChunkKey) -> MySQLError {
        MySQLError(
            phase: .query, code: 0,
            message:
                "a value of the key \(key.name) cannot be represented exactly (text that is not valid in its character set)"
        )
    }
}
