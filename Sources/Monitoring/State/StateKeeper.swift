internal import Configuration
internal import Logging
internal import MariaDB
internal import Replication
internal import Synchronization
package import Threads
internal import Topology
internal import Traffic

/// Writes what outlives the exporter to its directory, on a thread of its own: neither rounds nor answers wait for the disk.
///
/// Of what is still to be written to a file, only the newest is kept. An operator waits until a decision is saved, and the failover
/// answer until it is recorded that the standby has it; neither waits longer than it can.
package final class StateKeeper: Sendable {
    /// A file that has not been written for this long is reported.
    private static let silence = Duration.seconds(10)
    /// How long a failover answer waits. It is given all the same: a balancer would take silence for a fault of the exporter's.
    private static let answersPatience = Duration.milliseconds(500)
    /// The same, where an earlier one has waited in vain.
    private static let laterPatience = Duration.milliseconds(50)

    private enum Item: Sendable {
        /// - Parameter isForced: writes it even if the file is believed to have it.
        case state(SetMemory.Record, at: Double, isForced: Bool)
        case check(FailoverMemory, of: ReplicationSet, isLast: Bool)
    }

    private struct Key: Hashable {
        let set: String
        let isCheck: Bool
    }

    private struct Desired {
        /// What is to be written.
        var waiting: [Key: Item] = [:]
        /// Whether a task is at work that ends when nothing waits.
        var isWorking = false
        /// The last state given of each set, and whether the file has it.
        var states: [String: (record: SetMemory.Record, time: Double, isWritten: Bool)] = [:]
        /// How many files are being written.
        var underWay = 0
        /// Why something could not be written when it was tried last.
        var failures: [Key: String] = [:]
        var isSilenceLogged = false
        /// The sets whose checkers have ended.
        var ended: Set<String> = []
        /// What failover checkers ask for, by set.
        var readings: [String: Reading] = [:]
    }

    private struct Reading {
        let set: ReplicationSet
        let task: Task<FailoverMemory?, Never>
    }

    /// What became of something that was to be saved.
    package enum Outcome: Sendable, Equatable {
        case saved
        /// It is forgotten when the exporter ends, unless it can still be written before.
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

    // MARK: - States of sets

    /// What was saved for a set; nil if there is nothing. Blocks as long as the file system does.
    func read(_ set: String) -> StateText? {
        let state = directory.read(set)
        desired.withLock { $0.states[set] = state.map { ($0.record, $0.time, true) } }
        return state
    }

    /// Has a set's state saved, unless the file already has it.
    func save(_ record: SetMemory.Record, of set: String, at now: Double) {
        let hangs = desk.underWay.map { $0.duration(to: .now) > Self.silence } ?? false
        let isToLog = desired.withLock { desired -> Bool in
            let known = desired.states[set]
            let isKnown = known?.record == record && abs(now - (known?.time ?? 0)) < StateDirectory.renewal
            if isKnown, known?.isWritten == true { return false }
            desired.states[set] = (record, isKnown ? known?.time ?? now : now, false)
            desired.waiting[Key(set: set, isCheck: false)] = .state(record, at: now, isForced: false)
            let isToLog = hangs && !desired.isSilenceLogged
            if isToLog { desired.isSilenceLogged = true }
            return isToLog
        }
        if isToLog {
            logger.warning(
                "state is not kept",
                metadata: [
                    "reason":
                        "\(directory.path) has not answered for \(Self.silence.components.seconds) s: a file system that hangs?"
                ])
        }
        work()
    }

    /// Saves a set's state as it was given last, whatever the file is believed to have: somebody may have removed it.
    func savedState(of set: String, within patience: Duration) async -> Outcome {
        let key = Key(set: set, isCheck: false)
        desired.withLock { desired in
            guard let known = desired.states[set] else { return }
            desired.waiting[key] = .state(known.record, at: Moment.now.wall, isForced: true)
            desired.states[set]?.isWritten = false
        }
        return await outcome(of: key, within: patience)
    }

    // MARK: - Failover checks

    /// What a set's failover checker knew of its checks when it ended. That the preferred node had the requests is thereby used up: as
    /// long as this process runs, no file says so, whatever becomes of the process.
    /// - Returns: nil if it cannot be read, or not soon. It is read on, for the next caller.
    func takeCheck(of set: ReplicationSet) async -> FailoverMemory? {
        let (task, isNew) = desired.withLock { desired in
            if let reading = desired.readings[set.name], reading.set == set { return (reading.task, false) }
            let task = Task { @concurrent [self] in
                await desk.carryOut {
                    // What is written at the end is for the next process.
                    self.desired.withLock { $0.ended.contains(set.name) } ? nil : self.directory.failoverMemory(of: set)
                }
            }
            desired.readings[set.name] = Reading(set: set, task: task)
            return (task, true)
        }
        // Not refused at once if the desk hangs: it may be about to answer.
        let answer = TimedAnswer<FailoverMemory?> { .some(await task.value) }
        guard let memory = await answer.value(until: .now + (isNew ? Self.answersPatience : Self.laterPatience)) else {
            return nil
        }
        desired.withLock { $0.readings[set.name] = nil }
        return memory
    }

    /// Records that the standby has the requests, before that is answered; for any other answer it only removes such a record.
    func keep(_ memory: FailoverMemory, of set: ReplicationSet) async {
        let key = Key(set: set.name, isCheck: true)
        desired.withLock { $0.waiting[key] = .check(memory, of: set, isLast: false) }
        if memory.answer == .standby {
            _ = await outcome(of: key, within: Self.answersPatience)
        } else {
            work()
        }
    }

    /// What a checker knows when it ends: saved by `flush`.
    func keepAtEnd(_ memory: FailoverMemory, of set: ReplicationSet) {
        desired.withLock { desired in
            desired.ended.insert(set.name)
            desired.waiting[Key(set: set.name, isCheck: true)] = .check(memory, of: set, isLast: true)
        }
    }

    /// Writes everything that waits: at the end of the program.
    package func flush(within patience: Duration) async {
        let deadline = ContinuousClock.now + patience
        while desired.withLock({ !$0.waiting.isEmpty }) {
            let rest = ContinuousClock.now.duration(to: deadline)
            guard rest > .zero, await desk.carryOut(within: rest, { self.writeNext() }) != nil else {
                return logUnwritten()
            }
        }
        // The last one may have been taken by the task at work.
        let rest = ContinuousClock.now.duration(to: deadline)
        if await desk.carryOut(within: max(.zero, rest), {}) == nil { logUnwritten() }
    }

    private func logUnwritten() {
        let count = desired.withLock { $0.waiting.count + $0.underWay }
        guard count > 0 else { return }
        logger.warning(
            "state is not kept",
            metadata: ["reason": "\(directory.path) did not answer in time; files not written: \(count)"])
    }

    // MARK: - On the thread

    /// Sees to it that everything that waits is written, one file after the other: others get their turn in between.
    private func work() {
        let begins = desired.withLock { desired in
            if desired.isWorking || desired.waiting.isEmpty { return false }
            desired.isWorking = true
            return true
        }
        guard begins else { return }
        Task { @concurrent in while await desk.carryOut({ self.writeNext(endingWork: true) }) {} }
    }

    private func outcome(of key: Key, within patience: Duration) async -> Outcome {
        guard await desk.carryOut(within: patience, { self.write(key) }) != nil else {
            work()
            return .failed(reason: "\(directory.path) does not answer")
        }
        return desired.withLock { $0.failures[key] }.map { .failed(reason: $0) } ?? .saved
    }

    /// - Returns: whether there was something to write.
    @discardableResult
    private func writeNext(endingWork: Bool = false) -> Bool {
        let key = desired.withLock { desired in
            if desired.waiting.isEmpty, endingWork { desired.isWorking = false }
            return desired.waiting.keys.first
        }
        if let key { write(key) }
        return key != nil
    }

    private func write(_ key: Key) {
        let item = desired.withLock { desired in
            let item = desired.waiting.removeValue(forKey: key)
            if item != nil { desired.underWay += 1 }
            return item
        }
        guard let item else { return }
        let failure =
            switch item {
            case .state(let record, let time, let isForced):
                directory.write(record, of: key.set, at: time, isForced: isForced)
            case .check(let memory, let set, let isLast): directory.write(memory, of: set, isLast: isLast)
            }
        desired.withLock { desired in
            desired.underWay -= 1
            desired.failures[key] = failure
            // What could not be written is tried again by the next round.
            if case .state(let record, let time, _) = item, desired.waiting[key] == nil {
                desired.states[key.set] = (record, time, failure == nil)
            }
            desired.isSilenceLogged = false
        }
    }
}
