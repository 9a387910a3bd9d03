/// What is worth asking a node again in the same round, once all nodes have answered.
package enum FollowUp: Sendable, Hashable, CaseIterable {
    /// Its list of binary log files: one of its replicas is in another file.
    case binlogIndex
    /// The end of its binary log, and the list of files: a replica seems to have read beyond it, which may only mean
    /// that the source was asked too early.
    case binaryLog
    /// Its transactions: a replica seems to have more, which may only mean that the source was asked too early.
    case transactions
    /// What it has purged: a replica that finds its place by GTID is not connected to it.
    case purged
    /// What it says of its cluster: members show different views, which may only mean that one was asked before a change and another
    /// after it.
    case cluster
}
