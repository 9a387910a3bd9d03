import Replication
import Synchronization
import Topology

/// The memory of a replication set, to which every round over the whole set adds, whoever asked for it. It outlives a
/// reload: what is remembered of a node ends with its address, and not with the configuration.
final class SetJudge: Sendable {
    private let memory = Mutex(SetMemory())

    /// Compares the nodes of the set by this round and by what is remembered.
    func findings(_ report: ReplicationSetReport) -> SetFindings {
        memory.withLock { $0.fold(report) }
    }

    /// Takes an operator's word about who takes the writes.
    func takeWord(for node: String) {
        memory.withLock { $0.takeWord(for: node) }
    }
}
