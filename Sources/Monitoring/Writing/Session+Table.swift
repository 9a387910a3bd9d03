internal import MariaDB
internal import Replication

extension Session {
    /// Creates a table on the primary, and its database if missing, provided that the server may be written to.
    /// - Parameters:
    ///   - definition: CREATE TABLE IF NOT EXISTS.
    ///   - watch: knows whether the node is still the primary.
    func create(
        _ table: TableName, _ definition: String, on node: WritableNode, by watch: SetWatch,
        deadline: ContinuousClock.Instant
    ) async throws(MySQLError) {
        try await watch.confirm(node)
        let latest = node.latest(deadline)
        let check = node.check(until: latest)
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
    /// - Parameters:
    ///   - watch: knows whether the node is still the primary.
    ///   - statement: makes the statement, with this condition in its WHERE.
    /// - Throws: `MySQLError`, also if nothing was changed: the server may no longer be written to, or the row is not what it
    ///   should be.
    func change(
        on node: WritableNode, by watch: SetWatch, deadline: ContinuousClock.Instant,
        _ statement: (_ condition: String) -> String
    ) async throws(MySQLError) {
        try await watch.confirm(node)
        let latest = node.latest(deadline)
        let results = try await run(
            [node.check(until: latest), statement(WriteGuard.holds(until: latest))], deadline: deadline)
        guard results.last?.affectedRows == 1 else {
            throw MySQLError(
                phase: .query, code: 0, message: "the node is read-only now, or the row is not as expected")
        }
    }
}

extension WritableNode {
    /// The check that keeps statements from being executed on any other server.
    fileprivate func check(until latest: Double) -> String {
        WriteGuard.check(until: latest, serverID: serverID, serverUUID: serverUUID)
    }
}

extension SetWatch {
    /// Makes sure, right before a write, that a node is the primary by the newest findings: preparing a write takes round trips,
    /// and the primary may have moved in the meantime.
    fileprivate func confirm(_ node: WritableNode) async throws(MySQLError) {
        guard case .node(let primary) = WriteTarget(await newest(renewing: WriteTarget.renewal), at: .now),
            primary.isSame(as: node)
        else { throw MySQLError(phase: .query, code: 0, message: "the node is no longer the primary") }
    }
}
