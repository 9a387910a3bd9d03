/// What a node's checksum table (pt-table-checksum's layout) says: on a replica, whether its data matches the source's.
package struct ChecksumResults: Sendable, Hashable {
    /// The chunks of one table.
    package struct Table: Sendable, Hashable {
        package var database: String
        package var table: String
        /// Chunks in which the node's rows differ from the source's.
        package var differences: UInt64
        /// Chunks for which the source's result has not arrived; neither equal nor different.
        package var pending: UInt64

        package init(database: String, table: String, differences: UInt64, pending: UInt64) {
            self.database = database
            self.table = table
            self.differences = differences
            self.pending = pending
        }
    }

    /// All chunks, as last read; adding them up is too expensive for every round.
    package struct Summary: Sendable, Hashable {
        /// How many tables have results.
        package var tableCount: UInt64
        /// At most `Summary.limit` of them, those with the most differences first.
        package var tables: [Table]
        /// Seconds since they were read from the node.
        package var age: Double

        /// The most tables that get series of their own.
        package static let limit = 1000

        package init(tableCount: UInt64, tables: [Table], age: Double = 0) {
            self.tableCount = tableCount
            self.tables = tables
            self.age = age
        }
    }

    /// Epoch seconds by the source's clock: when the newest result was written. Nil for a table without results.
    package var lastRun: Double?
    /// Nil until the chunks have been read once.
    package var summary: Summary?

    package init(lastRun: Double?, summary: Summary? = nil) {
        self.lastRun = lastRun
        self.summary = summary
    }
}
