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
