package import Replication

/// How a comparison is to be done.
package struct ChecksumOptions: Sendable {
    /// All of the server's where nil.
    package var tables: [TableName]?
    /// Goes on where the last run ended.
    package var resumes = false
    /// Names of nodes that are not compared.
    package var leftOut: Set<String> = []
    /// Seconds that a chunk should take; 0 for chunks of `chunkRows` rows throughout.
    package var chunkSeconds = 0.5
    /// Rows of the first chunk.
    package var chunkRows = 1000
    /// Seconds; beyond it the run pauses.
    package var maxLag = 1.0
    /// Threads_running on the primary; beyond it the run pauses.
    package var maxThreads: UInt64 = 25
    /// How long the replicas may take to apply what is left when all is written.
    package var patience = Duration.seconds(60)

    package init() {}
}
