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

    /// A thread that is executing a statement.
    package struct Process {
        package let connection: UInt32
        /// Since the statement began.
        package let seconds: Double
        private let text: String

        fileprivate init?(_ row: ResultTable.Row) {
            guard let id = row.unsigned("Id"), row.text("Command") != "Sleep", let seconds = row.unsigned("Time"),
                let text = row.text("Info")
            else { return nil }
            connection = UInt32(truncatingIfNeeded: id)
            self.seconds = Double(seconds)
            self.text = text
        }

        /// The list shows the first hundred characters.
        package func shows(_ statement: String) -> Bool { text == statement.prefix(100) }
    }

    /// What other connections of the account are executing, which is that of the connection `own`. With the PROCESS privilege the
    /// list has those of all accounts.
    package static func others(of own: UInt32, atWorkIn list: ResultTable) -> [Process] {
        let account = list.rows.first { $0.unsigned("Id").map { UInt32(truncatingIfNeeded: $0) } == own }?.text("User")
        guard let account else { return [] }
        return list.rows.filter { $0.text("User") == account }.compactMap(Process.init)
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
