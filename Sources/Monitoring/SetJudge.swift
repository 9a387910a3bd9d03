internal import Configuration
internal import MariaDB
internal import Replication
internal import Synchronization
internal import Topology

/// The memory of a replication set, updated by every round over the whole set, whatever it was for. It outlives a reload: what
/// is remembered of a node is forgotten when its address changes, not when the configuration is reloaded.
final class SetJudge: Sendable {
    /// Saves what has to outlive the process; may block.
    typealias Save = @Sendable (SetMemory.Record) -> Void

    private struct State {
        var memory: SetMemory
        /// How often an operator has named the writer.
        var words = 0
        /// How often `memory` has changed.
        var version = 0
    }

    private let state: Mutex<State>
    private let save: Save?
    /// The version of the memory that was saved last. Held while files are written, so that an older state never replaces a newer
    /// one; rounds go on meanwhile.
    private let saved = Mutex(0)

    init(_ memory: SetMemory = SetMemory(), save: Save?) {
        state = Mutex(State(memory: memory))
        self.save = save
    }

    /// - Parameter directory: where an earlier process has saved what it remembered.
    convenience init(_ set: ReplicationSet, _ directory: StateDirectory?) {
        let addresses = Dictionary(
            set.nodes.map { ($0.name, $0.address) }, uniquingKeysWith: { first, _ in first })
        let kept = directory?.read(set.name).map { kept in
            let isRecent = (0...StateDirectory.trust).contains(Moment.now.wall - kept.time)
            return SetMemory(kept.record, isRecent: isRecent, addresses: addresses)
        }
        let name = set.name
        self.init(
            kept ?? SetMemory(),
            save: directory.map { directory -> Save in
                { directory.write($0, of: name, at: Moment.now.wall) }
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
        let findings = state.withLock { state in
            state.version += 1
            return state.memory.fold(report)
        }
        saveIfNobodyDoes()
        return findings
    }

    /// Records an operator's decision about which node takes the writes.
    func takeWord(for node: String) {
        state.withLock { state in
            state.memory.takeWord(for: node)
            state.words += 1
            state.version += 1
        }
        // Saved when this returns.
        saved.withLock { _ = saveNewest(&$0) }
        saveIfNobodyDoes()
    }

    // MARK: - The state directory

    /// If another thread is writing, that one looks again when it is done.
    private func saveIfNobodyDoes() {
        if save == nil { return }
        while let version = saved.withLockIfAvailable({ saveNewest(&$0) }), version != state.withLock(\.version) {}
    }

    /// - Parameter saved: the version that was saved last.
    /// - Returns: the version that is saved now.
    private func saveNewest(_ saved: inout Int) -> Int {
        guard let save else { return saved }
        let (record, version) = state.withLock { ($0.memory.record, $0.version) }
        if version != saved { save(record) }
        saved = version
        return version
    }
}
