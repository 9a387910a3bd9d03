internal import MariaDB

extension ProbeConnection {
    /// Makes a table on the primary, and its database where that is lacking, if the server may be written to.
    /// - Parameter definition: CREATE TABLE IF NOT EXISTS.
    func create(
        _ table: QualifiedName, _ definition: String, on node: WritableNode, deadline: ContinuousClock.Instant
    ) async throws(MySQLError) {
        let latest = node.latest(deadline)
        let check = WriteGuard.check(until: latest)
        let tableStatements = WriteGuard.ifWritable(definition, until: latest)
        do throws(MySQLError) {
            _ = try await run([check] + tableStatements, deadline: deadline)
        } catch  where error.code == ErrorCode.noSuchDatabase {
            let database = "CREATE DATABASE IF NOT EXISTS \(table.quotedDatabase)"
            _ = try await run(
                [check] + WriteGuard.ifWritable(database, until: latest) + tableStatements, deadline: deadline)
        }
    }

    /// Changes one row on the primary.
    /// - Parameter statement: makes the statement, with this condition in its WHERE.
    /// - Throws: `MySQLError`, also when nothing was changed: the server is no longer to be written to, or the row is not
    ///   what it should be.
    func change(
        on node: WritableNode, deadline: ContinuousClock.Instant, by statement: (_ condition: String) -> String
    ) async throws(MySQLError) {
        let latest = node.latest(deadline)
        let results = try await run(
            [WriteGuard.check(until: latest), statement(WriteGuard.holds(until: latest))], deadline: deadline)
        guard results.last?.affectedRows == 1 else {
            throw MySQLError(
                phase: .query, code: 0, message: "the node is read-only now, or the row is not as expected")
        }
    }
}
