import Documents
import Logging
import Synchronization
import Threads
import Traffic

/// The operators' states, for checks of load balancers that have to be answered soon, even while the file system of
/// `--agent.state-directory` is slow or hangs.
///
/// Files are read by one thread and written by another: on a frozen file system, reading still works. Each node has one reading and
/// one writing under way at most, whoever asks. What was read or written last stays in effect for a minute: on a network file system
/// other hosts may write. After that a node counts as `maint`, as it does without the directory.
final class OperatorDesk: Sendable {
    typealias Failure = DraftedFile.Failure

    /// What an operator has set for a node.
    struct Answer: Sendable, Equatable {
        var state: OperatorState
        /// False: the node counts as `maint` because its state cannot be read.
        var isKnown = true
    }

    /// How long what was read last stays in effect.
    static let trust = Duration.seconds(60)

    private struct Known {
        var states: [String: (state: OperatorState, at: ContinuousClock.Instant)] = [:]
        /// How often each node's file has been written: a reading that began before says nothing.
        var writings: [String: Int] = [:]
        var readings: [String: Task<OperatorState, Never>] = [:]
        /// What is to be written for each node; the newest counts.
        var desired: [String: OperatorState] = [:]
        var writers: [String: Task<Result<Void, Failure>, Never>] = [:]
        /// Nodes whose note is being written or removed.
        var notes: [String: Task<Void, Never>] = [:]
        var isSilent = false
    }

    private let states: OperatorStates
    private let notices: MaintenanceNotices
    private let directory: String
    private let logger: Logger
    /// Nil if the states are in memory.
    private let desks: Desks?
    /// How long a check waits for the directory.
    private let patience: Duration
    /// How long a request that sets a state waits.
    private let operatorsPatience: Duration
    private let known = Mutex(Known())

    struct Desks: Sendable {
        let reader: BlockingDesk
        let writer: BlockingDesk

        init() throws(ThreadError) {
            reader = try BlockingDesk(name: "states")
            writer = try BlockingDesk(name: "states-write")
        }
    }

    /// - Parameter directory: nil to remember in memory only.
    /// - Throws: if the system refuses a thread.
    convenience init(directory: String?, logger: Logger) throws(ThreadError) {
        self.init(directory: directory, at: directory == nil ? nil : try Desks(), logger: logger)
    }

    init(
        directory: String?, at desks: Desks?, patience: Duration = .milliseconds(500),
        operatorsPatience: Duration = .seconds(5), logger: Logger
    ) {
        states = OperatorStates(directory: directory, logger: logger)
        notices = MaintenanceNotices(directory: directory, logger: logger)
        self.directory = directory ?? ""
        self.desks = desks
        self.patience = patience
        self.operatorsPatience = operatorsPatience
        self.logger = logger
    }

    // MARK: - Reading

    /// - Parameter node: the name of a configured node, which therefore contains no path separators.
    func state(of node: String) async -> Answer {
        guard let desks else { return Answer(state: states[node]) }
        let reading = known.withLock { known in
            if let reading = known.readings[node] { return reading }
            let reading = self.reading(of: node, at: desks.reader, after: known.writings[node])
            known.readings[node] = reading
            return reading
        }
        if let state = await value(of: reading, at: desks.reader, within: patience) {
            if known.withLock({ exchange(&$0.isSilent, false) }) {
                logger.info("the directory of operators' states answers again", metadata: ["path": "\(directory)"])
            }
            return Answer(state: state)
        }
        if !known.withLock({ exchange(&$0.isSilent, true) }) {
            logger.warning(
                "the directory of operators' states does not answer: the states read last stay in effect for \(Self.trust.components.seconds) s, then every node counts as maint",
                metadata: ["path": "\(directory)"])
        }
        let last = known.withLock { $0.states[node] }
        guard let last, last.at.duration(to: .now) <= Self.trust else {
            return Answer(state: .maintenance, isKnown: false)
        }
        return Answer(state: last.state)
    }

    private func reading(of node: String, at desk: BlockingDesk, after writings: Int?) -> Task<OperatorState, Never> {
        Task { @concurrent in
            let state = await desk.carryOut { [states] in states[node] }
            return known.withLock { known in
                known.readings[node] = nil
                if known.writings[node] != writings, let written = known.states[node] { return written.state }
                known.states[node] = (state, .now)
                return state
            }
        }
    }

    // MARK: - Writing

    /// - Throws: if it cannot be written to the file, or not soon.
    func set(_ state: OperatorState, of node: String) async throws(Failure) {
        guard let desks else { return try states.set(state, of: node) }
        let writing = known.withLock { known in
            known.desired[node] = state
            if let writing = known.writers[node] { return writing }
            let writing = self.writing(of: node, at: desks.writer)
            known.writers[node] = writing
            return writing
        }
        guard let outcome = await value(of: writing, at: nil, within: operatorsPatience) else {
            throw Failure(
                directory,
                "the directory does not answer; \(node) will be \(state.rawValue) when it does, unless another state is set before"
            )
        }
        try outcome.get()
    }

    /// Writes what is desired for a node, until nothing else is.
    private func writing(of node: String, at desk: BlockingDesk) -> Task<Result<Void, Failure>, Never> {
        Task { @concurrent in
            while true {
                let desired = known.withLock { $0.desired[node] } ?? .ready
                let outcome = await desk.carryOut { [states] () -> Result<Void, Failure> in
                    do throws(Failure) {
                        return .success(try states.set(desired, of: node))
                    } catch {
                        return .failure(error)
                    }
                }
                let isOver = known.withLock { known in
                    if case .success = outcome {
                        known.writings[node, default: 0] += 1
                        known.states[node] = (desired, .now)
                    }
                    guard known.desired[node] == desired else { return false }
                    known.desired[node] = nil
                    known.writers[node] = nil
                    return true
                }
                if isOver { return outcome }
            }
        }
    }

    // MARK: - Notices to agents

    /// Records the state that an agent check of a node is about to be answered with.
    /// - Returns: whether the answer has to say that drain or maint has ended.
    func endsMaintenance(of node: String, _ state: OperatorState) async -> Bool {
        let turn = notices.turn(of: node, state)
        guard let note = turn.note else { return turn.endsMaintenance }
        guard let desks else {
            notices.carryOut(note, of: node)
            return turn.endsMaintenance
        }
        let task = known.withLock { known in
            if let task = known.notes[node] { return task }
            let task = self.task(note, of: node, at: desks.writer)
            known.notes[node] = task
            return task
        }
        // A note has to be written before the answer is sent; what is to be removed can wait.
        if note == .written { _ = await value(of: task, at: desks.writer, within: patience) }
        return turn.endsMaintenance
    }

    private func task(_ note: MaintenanceNotices.Note, of node: String, at desk: BlockingDesk) -> Task<Void, Never> {
        Task { @concurrent in
            await desk.carryOut { [notices] in notices.carryOut(note, of: node) }
            known.withLock { $0.notes[node] = nil }
        }
    }

    // MARK: - Waiting

    /// - Parameter desk: if its work has hung for longer than that, nobody waits for it.
    /// - Returns: nil if the task does not end in time.
    private func value<Value: Sendable>(
        of task: Task<Value, Never>, at desk: BlockingDesk?, within patience: Duration
    ) async -> Value? {
        let now = ContinuousClock.now
        if let underWay = desk?.underWay, underWay.duration(to: now) > patience { return nil }
        let answer = TimedAnswer<Value>()
        Task { @concurrent in answer.settle(await task.value) }
        return await answer.value(until: now + patience)
    }
}

private func exchange(_ value: inout Bool, _ other: Bool) -> Bool {
    defer { value = other }
    return value
}
