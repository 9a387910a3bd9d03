package import Replication

/// How to do a comparison.
package struct ChecksumOptions: Sendable {
    /// Nil for all of the server's tables.
    package var tables: [TableName]?
    /// Continues where the last run ended.
    package var resumes = false
    /// Names of nodes that are not compared.
    package var leftOut: Set<String> = []
    /// Seconds that a chunk should take; 0 for a constant `chunkRows` rows.
    package var chunkSeconds = 0.5
    /// Rows in the first chunk.
    package var chunkRows = 1000
    /// Seconds; above this the run pauses.
    package var maxLag = 1.0
    /// Threads_running on the primary; above this the run pauses.
    package var maxThreads: UInt64 = 25
    /// How long the replicas may take to apply the rest once everything is written.
    package var patience = Duration.seconds(60)

    package init() {}
}
