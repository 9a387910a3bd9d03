internal import MariaDB

extension ProbeConnection {
    /// Makes a table on the primary, and its database where that is lacking, if the server may be written to.
    /// - Parameter definition: CREATE TABLE IF NOT EXISTS.
    func create(
        _ table: QualifiedName, _ definition: String, on node: WritableNode, deadline: ContinuousClock.Instant
    ) async throws(MySQLError) {
        let check = WriteGuard.check(until: node.latest(deadline))
        do throws(MySQLError) {
            _ = try await run([check] + WriteGuard.ifWritable(definition), deadline: deadline)
        } catch  where error.code == ErrorCode.noSuchDatabase {
            let database = "CREATE DATABASE IF NOT EXISTS \(table.quotedDatabase)"
            _ = try await run(
                [check] + WriteGuard.ifWritable(database) + WriteGuard.ifWritable(definition), deadline: deadline)
        }
    }

    /// Changes one row on the primary.
    /// - Parameter statement: with `WriteGuard.holds` in its WHERE.
    /// - Throws: `MySQLError`, also when nothing was changed: the server is no longer to be written to, or the row is not
    ///   what it should be.
    func change(
        _ statement: String, on node: WritableNode, deadline: ContinuousClock.Instant
    ) async throws(MySQLError) {
        let results = try await run(
            [WriteGuard.check(until: node.latest(deadline)), statement], deadline: deadline)
        guard results.last?.affectedRows == 1 else {
            throw MySQLError(
                phase: .query, code: 0, message: "the node is read-only now, or the row is not as expected")
        }
    }
}
