package import Replication

/// What a comparison is doing, to show its progress.
package enum ChecksumEvent: Sendable, Equatable {
    case started(primary: String, replicas: [String], tables: Int)
    /// A table is started; `rows` is the server's estimate of its rows.
    case table(TableName, number: Int, rows: UInt64)
    /// A table is resumed after this many chunks.
    case resumed(TableName, chunks: Int)
    /// A chunk is done: its number, and the number of the table's rows so far.
    case chunk(Int, rows: UInt64)
    case finished(TableName, chunks: Int, rows: UInt64)
    case notCompared(TableName, String)
    case paused(String)
    case goesOn
    /// Everything is written; these replicas have not applied it yet.
    case waiting([String])
}
