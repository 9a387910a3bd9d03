package import Replication

/// What a comparison is doing, for whoever watches it.
package enum ChecksumEvent: Sendable, Equatable {
    case started(primary: String, replicas: [String], tables: Int)
    /// A table is begun; how many rows the server thinks it has.
    case table(TableName, number: Int, rows: UInt64)
    /// A table is taken up again after so many chunks.
    case resumed(TableName, chunks: Int)
    /// A chunk is done: its number, and the table's rows up to here.
    case chunk(Int, rows: UInt64)
    case finished(TableName, chunks: Int, rows: UInt64)
    case notCompared(TableName, String)
    case paused(String)
    case goesOn
    /// Everything is written; these have not applied it yet.
    case waiting([String])
}
