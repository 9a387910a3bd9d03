internal import Configuration
internal import MariaDB
internal import Replication
internal import Synchronization
internal import Topology

/// The memory of a replication set, updated by every round over the whole set, whatever it was for. It outlives a reload: what
/// is remembered of a node is forgotten when its address changes, not when the configuration is reloaded.
final class SetJudge: Sendable {
    private let name: String
    private let memory: Mutex<SetMemory>
    private let state: StateDirectory?

    /// - Parameter state: where an earlier process has saved what it remembered.
    init(_ set: ReplicationSet, _ state: StateDirectory?) {
        name = set.name
        self.state = state
        let addresses = Dictionary(
            set.nodes.map { ($0.name, $0.address) }, uniquingKeysWith: { first, _ in first })
        let kept = state?.read(set.name).map { kept in
            let isRecent = (0...StateDirectory.trust).contains(Moment.now.wall - kept.time)
            return SetMemory(kept.record, isRecent: isRecent, addresses: addresses)
        }
        memory = Mutex(kept ?? SetMemory())
    }

    /// Compares the nodes of the set, using this round and what is remembered.
    /// - Parameter isFair: whether the nodes had time to answer. Otherwise the round is judged but not remembered: a caller with
    ///   a short deadline must not make a node count as silent.
    func findings(_ report: ReplicationSetReport, isFair: Bool) -> SetFindings {
        guard isFair else {
            var memory = memory.withLock(\.self)
            return memory.fold(report)
        }
        let (findings, record) = memory.withLock { memory in
            (memory.fold(report), state == nil ? nil : memory.record)
        }
        if let record { state?.write(record, of: name, at: Moment.now.wall) }
        return findings
    }

    /// Records an operator's decision about which node takes the writes.
    func takeWord(for node: String) {
        let record = memory.withLock { memory in
            memory.takeWord(for: node)
            return memory.record
        }
        state?.write(record, of: name, at: Moment.now.wall)
    }
}
