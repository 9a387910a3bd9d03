internal import Configuration
internal import Logging
internal import Replication
internal import Synchronization
package import Threads
internal import Topology
internal import Traffic

/// Writes what outlives the exporter to its directory, on a thread of its own: neither rounds nor answers wait for the disk.
///
/// Of what is still to be written about a set, only the newest is kept. Those who must know that something is saved, an operator
/// and whoever answers balancers, wait for `saved`, and no longer than they can.
package final class StateKeeper: Sendable {
    /// A directory that has not answered for this long is reported.
    private static let silence = Duration.seconds(10)

    private enum Item: Sendable {
        case state(SetMemory.Record, at: Double)
        case check(FailoverMemory, of: ReplicationSet)
    }

    private struct Key: Hashable {
        let set: String
        let isCheck: Bool

        static func state(of set: String) -> Key { Key(set: set, isCheck: false) }
        static func check(of set: String) -> Key { Key(set: set, isCheck: true) }
    }

    private struct Desired {
        /// What is to be written.
        var waiting: [Key: Item] = [:]
        /// Whether a piece of work for the thread will look at `waiting`.
        var isScheduled = false
        /// The sets' states that the files have.
        var states: [String: (record: SetMemory.Record, time: Double)] = [:]
        /// What could not be written when it was tried last.
        var failed: Set<Key> = []
        var isSilenceLogged = false
    }

    /// What became of something that was to be saved.
    package enum Outcome: Sendable, Equatable {
        case saved
        /// It is forgotten when the exporter ends.
        case failed(reason: String)
    }

    private let directory: StateDirectory
    private let desk: BlockingDesk
    private let logger: Logger
    private let desired = Mutex(Desired())

    /// - Throws: if the system refuses a thread.
    package convenience init(_ directory: StateDirectory) throws(ThreadError) {
        self.init(directory, at: try BlockingDesk(name: "state"))
    }

    init(_ directory: StateDirectory, at desk: BlockingDesk) {
        self.directory = directory
        self.desk = desk
        logger = directory.logger
    }

    /// The last problem in saving something, or in trusting what was saved; nil if there was none.
    package var complaint: String? { directory.complaint }

    // MARK: - Reading: for callers that may block

    /// What was saved for a set; nil if there is nothing.
    func read(_ set: String) -> StateText? {
        let state = directory.read(set)
        desired.withLock { $0.states[set] = state.map { ($0.record, $0.time) } }
        return state
    }

    /// What a set's failover checker knew of its checks when it ended.
    func failoverMemory(of set: ReplicationSet) -> FailoverMemory { directory.failoverMemory(of: set) }

    // MARK: - Writing: blocks nobody

    /// Has a set's state saved, unless the file already has it.
    func save(_ record: SetMemory.Record, of set: String, at now: Double) {
        put(.state(record, at: now), as: .state(of: set)) { desired in
            guard let file = desired.states[set] else { return true }
            return file.record != record || abs(now - file.time) >= StateDirectory.renewal
        }
    }

    /// Has what a set's failover checker knows of its checks saved.
    func save(_ memory: FailoverMemory, of set: ReplicationSet) {
        put(.check(memory, of: set), as: .check(of: set.name)) { _ in true }
    }

    /// Waits until a set's state, as it was given last, is saved.
    func savedState(of set: String, within patience: Duration) async -> Outcome {
        await outcome(of: .state(of: set), within: patience)
    }

    /// Waits until a failover checker's memory, as it was given last, is saved.
    @discardableResult
    func savedCheck(of set: String, within patience: Duration) async -> Outcome {
        await outcome(of: .check(of: set), within: patience)
    }

    /// Waits until everything is written: at the end of the program.
    package func flush(within patience: Duration) async {
        guard desired.withLock({ $0.isScheduled || !$0.waiting.isEmpty }) else { return }
        if await desk.carryOut(within: patience, { self.writeWaiting() }) == nil {
            logger.warning("state is not kept", metadata: ["reason": "\(directory.path) does not answer"])
        }
    }

    private func put(_ item: Item, as key: Key, if isNews: (Desired) -> Bool) {
        let hangs = desk.underWay.map { $0.duration(to: .now) > Self.silence } ?? false
        let (isToSchedule, isToLog) = desired.withLock { desired in
            // What waits may be older than what the file has.
            if desired.waiting[key] != nil || isNews(desired) { desired.waiting[key] = item }
            let isToSchedule = !desired.isScheduled && !desired.waiting.isEmpty
            if isToSchedule { desired.isScheduled = true }
            let isToLog = hangs && !desired.isSilenceLogged
            if isToLog { desired.isSilenceLogged = true }
            return (isToSchedule, isToLog)
        }
        if isToLog {
            logger.warning(
                "state is not kept",
                metadata: [
                    "reason":
                        "\(directory.path) has not answered for \(Self.silence.components.seconds) s: a file system that hangs?"
                ])
        }
        if isToSchedule { Task { @concurrent in await desk.carryOut { self.writeWaiting() } } }
    }

    private func outcome(of key: Key, within patience: Duration) async -> Outcome {
        guard await desk.carryOut(within: patience, { self.writeWaiting() }) != nil else {
            return .failed(reason: "\(directory.path) does not answer")
        }
        guard desired.withLock({ $0.failed.contains(key) }) else { return .saved }
        return .failed(reason: directory.complaint ?? "\(directory.path) cannot be written")
    }

    // MARK: - On the thread

    private func writeWaiting() {
        while let (key, item) = takeNext() {
            let isSaved =
                switch item {
                case .state(let record, let time): directory.write(record, of: key.set, at: time)
                case .check(let memory, let set): directory.write(memory, of: set)
                }
            desired.withLock { desired in
                if isSaved { desired.failed.remove(key) } else { desired.failed.insert(key) }
                // What could not be written is tried again by the next round.
                if case .state(let record, let time) = item {
                    desired.states[key.set] = isSaved ? (record, time) : nil
                }
                desired.isSilenceLogged = false
            }
        }
    }

    private func takeNext() -> (Key, Item)? {
        desired.withLock { desired in
            guard let (key, item) = desired.waiting.first else {
                desired.isScheduled = false
                return nil
            }
            desired.waiting[key] = nil
            // Until it is written, nothing is known to be in the file.
            if !key.isCheck { desired.states[key.set] = nil }
            return (key, item)
        }
    }
}
