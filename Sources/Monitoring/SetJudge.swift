internal import Configuration
internal import MariaDB
internal import Replication
internal import Synchronization
internal import Topology

/// The memory of a replication set, updated by every round over the whole set, whatever it was for. It outlives a reload: what
/// is remembered of a node is forgotten when its address changes, not when the configuration is reloaded.
final class SetJudge: Sendable {
    /// Has what must outlive the process saved. It must not block: it is called with the memory locked, so that an older state
    /// never replaces a newer one.
    typealias Save = @Sendable (SetMemory.Record) -> Void

    private struct State {
        var memory: SetMemory
        /// How often an operator has named the writer.
        var words = 0
        /// The set is gone: nothing is saved under its name any more.
        var isRetired = false
    }

    private let state: Mutex<State>
    private let save: Save?

    init(_ memory: SetMemory = SetMemory(), save: Save?) {
        state = Mutex(State(memory: memory))
        self.save = save
    }

    /// Blocks as long as the file system does.
    /// - Parameter keeper: where an earlier process has saved what it remembered.
    convenience init(_ set: ReplicationSet, _ keeper: StateKeeper?) {
        let addresses = Dictionary(
            set.nodes.map { ($0.name, $0.address) }, uniquingKeysWith: { first, _ in first })
        let kept = keeper?.read(set.name).map { kept in
            let isRecent = (0...StateDirectory.trust).contains(Moment.now.wall - kept.time)
            return SetMemory(kept.record, isRecent: isRecent, addresses: addresses)
        }
        let name = set.name
        self.init(
            kept ?? SetMemory(),
            save: keeper.map { keeper -> Save in
                { keeper.save($0, of: name, at: Moment.now.wall) }
            })
    }

    /// How often an operator has named the writer: findings from before the last time no longer count.
    var words: Int { state.withLock(\.words) }

    /// Compares the nodes of the set, using this round and what is remembered.
    /// - Parameter isFair: whether the nodes had time to answer. Otherwise the round is judged but not remembered: a caller with
    ///   a short deadline must not make a node count as silent.
    func findings(_ report: ReplicationSetReport, isFair: Bool) -> SetFindings {
        guard isFair else {
            var memory = state.withLock(\.memory)
            return memory.fold(report)
        }
        return state.withLock { state in
            defer { if !state.isRetired { save?(state.memory.record) } }
            return state.memory.fold(report)
        }
    }

    /// Compares some nodes of the set, and remembers what they show to have lost.
    func glimpse(_ report: ReplicationSetReport) -> SetFindings {
        state.withLock { state in
            // Harmless in a memory that is retired: losses are not saved.
            state.memory.glimpse(report)
        }
    }

    /// Records an operator's decision about which node takes the writes.
    /// - Returns: false if the set is gone; then nothing is recorded.
    func takeWord(for node: String) -> Bool {
        state.withLock { state in
            if state.isRetired { return false }
            state.memory.takeWord(for: node)
            state.words += 1
            save?(state.memory.record)
            return true
        }
    }

    /// Forgets what a node was seen to have lost.
    /// - Returns: false if the set is gone.
    func accept(_ node: String) -> Bool {
        state.withLock { state in
            if state.isRetired { return false }
            state.memory.accept(node)
            state.words += 1
            return true
        }
    }

    /// What is remembered, as it would be saved.
    var record: SetMemory.Record { state.withLock(\.memory.record) }

    /// Called when a reload has removed the set.
    /// - Parameter isForgotten: its nodes have other names now. What is saved under the earlier one would be outdated if the set
    ///   were ever given that again.
    func retire(isForgotten: Bool) {
        state.withLock { state in
            if isForgotten, !state.isRetired { save?(SetMemory().record) }
            state.isRetired = true
        }
    }
}
