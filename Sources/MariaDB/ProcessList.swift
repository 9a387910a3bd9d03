/// The server's threads as an account without the PROCESS privilege sees them: only its own.
/// (MariaDB and MySQL manuals, SHOW PROCESSLIST.)
package enum ProcessList {
    package static let statement = "SHOW PROCESSLIST"

    /// Whether a connection, given by the server's id of it, is still executing a statement. A sleeping one has finished it, and
    /// will notice by itself that the client is gone.
    package static func shows(_ connection: UInt32, atWorkIn list: ResultTable) -> Bool {
        list.rows.contains { row in
            // Ids have 64 bits; the handshake contains the lower half.
            guard let id = row.unsigned("Id"), UInt32(truncatingIfNeeded: id) == connection else { return false }
            return row.text("Command") != "Sleep"
        }
    }
}

extension Connection {
    /// Whether another connection of the same account is still executing a statement.
    /// - Parameter other: the server's id of it.
    /// - Throws: errors that end this connection. If the server does not show processes, as a proxy may not, the answer is no.
    func sees(atWork other: UInt32, deadline: ContinuousClock.Instant) throws(MySQLError) -> Bool {
        // After a restart of the server, this connection may have the other's id.
        if other == serverThread { return false }
        do throws(MySQLError) {
            return ProcessList.shows(other, atWorkIn: try query(ProcessList.statement, deadline: deadline))
        } catch {
            if error.breaksConnection { throw error }
            return false
        }
    }
}
