/// The server's threads as an account without the privilege PROCESS sees them: its own.
/// (MariaDB and MySQL manuals, SHOW PROCESSLIST.)
package enum ProcessList {
    package static let statement = "SHOW PROCESSLIST"

    /// Whether a connection, by the server's id of it, still works on a statement. One that sleeps has got to its end, and
    /// will notice by itself that the client is gone.
    package static func shows(_ connection: UInt32, atWorkIn list: ResultTable) -> Bool {
        list.rows.contains { row in
            // Ids have 64 bits; the handshake tells the lower half.
            guard let id = row.unsigned("Id"), UInt32(truncatingIfNeeded: id) == connection else { return false }
            return row.text("Command") != "Sleep"
        }
    }
}

extension Connection {
    /// Whether another connection of the same account still works on a statement.
    /// - Parameter other: the server's id of it.
    /// - Throws: what ends this connection. A server that does not show processes, such as a proxy, is taken at its best.
    func sees(atWork other: UInt32, deadline: ContinuousClock.Instant) throws(MySQLError) -> Bool {
        // After a restart of the server this one may have its id.
        if other == serverThread { return false }
        do throws(MySQLError) {
            return ProcessList.shows(other, atWorkIn: try query(ProcessList.statement, deadline: deadline))
        } catch {
            if error.breaksConnection { throw error }
            return false
        }
    }
}
