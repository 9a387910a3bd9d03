package import MariaDB
package import Replication

/// A server's answer to one statement, and the moments between which it was given.
package struct Answer: Sendable {
    package let table: ResultTable
    /// Before the first byte of its batch was sent.
    package let asked: Moment
    /// After the last row arrived.
    package let told: Moment

    package init(_ table: ResultTable, asked: Moment, told: Moment) {
        self.table = table
        self.asked = asked
        self.told = told
    }

    /// When the server most likely answered, by this machine's wall clock. Epoch seconds.
    package var middle: Double { (asked.wall + told.wall) / 2 }

    var rows: ResultTable.Rows { table.rows }
    var first: ResultTable.Row? { table.first }
    var rowCount: Int { table.rowCount }

    package var reading: Reading { Reading(asked: asked.instant, told: told.instant) }
}
