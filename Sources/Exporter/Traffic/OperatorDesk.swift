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
/// other hosts may write. After that the state is unknown, as it is without the directory.
final class OperatorDesk: Sendable {
    typealias Failure = DraftedFile.Failure

    /// What an operator has set for a node.
    struct Answer: Sendable, Equatable {
        var state: OperatorState
        /// False: the state cannot be read, so that the node may have no traffic.
        var isKnown = true

        static let unknown = Answer(state: .maintenance, isKnown: false)

        init(state: OperatorState, isKnown: Bool = true) { (self.state, self.isKnown) = (state, isKnown) }

        fileprivate init(_ state: OperatorState?) { self = state.map { Answer(state: $0) } ?? .unknown }
    }

    /// A node's state on its way to the file.
    private struct Writing {
        /// The newest that an operator has set.
        var desired: OperatorState
        let task: Task<Written, Never>
    }

    /// The state that was written last, and whether that succeeded.
    private struct Written {
        let state: OperatorState
        let outcome: Result<Void, Failure>
    }

    private struct Known {
        /// What was read or written last.
        var states: [String: LastReading<OperatorState>] = [:]
        /// How often each node's file has been written: a reading that began before says nothing.
        var timesWritten: [String: Int] = [:]
        var readings: [String: Task<OperatorState?, Never>] = [:]
        var writings: [String: Writing] = [:]
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
        guard let desks else { return Answer(states[node]) }
        let reading = known.withLock { known in
            if let reading = known.readings[node] { return reading }
            let reading = self.reading(of: node, at: desks.reader, after: known.timesWritten[node])
            known.readings[node] = reading
            return reading
        }
        if let state = await desks.reader.value(of: reading, within: patience) {
            if known.withLock({ exchange(&$0.isSilent, false) }) {
                logger.info("the directory of operators' states answers again", metadata: ["path": "\(directory)"])
            }
            return Answer(state)
        }
        if !known.withLock({ exchange(&$0.isSilent, true) }) {
            logger.warning(
                "the directory of operators' states does not answer: the states read last stay in effect for \(LastReading<OperatorState>.trust.components.seconds) s, then no node may have traffic",
                metadata: ["path": "\(directory)"])
        }
        let last = known.withLock { $0.states[node] }
        guard let last, last.counts() else { return .unknown }
        return Answer(state: last.value)
    }

    private func reading(of node: String, at desk: BlockingDesk, after times: Int?) -> Task<OperatorState?, Never> {
        Task { @concurrent in
            let state = await desk.carryOut { [states, notices] in
                notices.readNotes()
                return states[node]
            }
            return known.withLock { known in
                known.readings[node] = nil
                if known.timesWritten[node] != times, let written = known.states[node] { return written.value }
                known.states[node] = state.map { LastReading($0) }
                return state
            }
        }
    }

    // MARK: - Writing

    /// - Throws: if it cannot be written to the file, or not soon.
    func set(_ state: OperatorState, of node: String) async throws(Failure) {
        guard let desks else { return try states.set(state, of: node) }
        let task = known.withLock { known in
            if let writing = known.writings[node] {
                known.writings[node]?.desired = state
                return writing.task
            }
            let task = self.writing(state, of: node, at: desks.writer)
            known.writings[node] = Writing(desired: state, task: task)
            return task
        }
        // However long the directory has hung: an operator waits for the outcome.
        let answer = TimedAnswer<Written> { await task.value }
        guard let written = await answer.value(until: .now + operatorsPatience) else {
            throw Failure(
                directory,
                "the directory does not answer; \(node) will be \(state.rawValue) when it does, unless another state is set before"
            )
        }
        try written.outcome.get()
        if written.state != state {
            throw Failure(directory, "another request has set \(node) to \(written.state.rawValue) meanwhile")
        }
    }

    /// Writes a state, and what else is set for the node meanwhile, until nothing else is.
    private func writing(
        _ first: OperatorState, of node: String, at desk: BlockingDesk
    ) -> Task<Written, Never> {
        Task { @concurrent in
            var state = first
            while true {
                let (outcome, next) = await write(state, of: node, at: desk)
                guard let next else { return Written(state: state, outcome: outcome) }
                state = next
            }
        }
    }

    /// - Returns: what is to be written next; nil if nothing else was set meanwhile, and then this writing is over.
    private func write(
        _ state: OperatorState, of node: String, at desk: BlockingDesk
    ) async -> (outcome: Result<Void, Failure>, next: OperatorState?) {
        let outcome = await desk.carryOut { [states] in
            Result { () throws(Failure) in try states.set(state, of: node) }
        }
        let next = known.withLock { known -> OperatorState? in
            if case .success = outcome {
                known.timesWritten[node, default: 0] += 1
                known.states[node] = LastReading(state)
            }
            guard let newest = known.writings[node]?.desired, newest != state else {
                known.writings[node] = nil
                return nil
            }
            return newest
        }
        return (outcome, next)
    }

    /// What is still to be written for a node; nil if nothing is.
    func unwrittenState(of node: String) -> OperatorState? { known.withLock { $0.writings[node]?.desired } }

    /// Names what is still to be written: at the end of the program.
    func logUnwritten() {
        let writings = known.withLock { $0.writings }
        for (node, writing) in writings.sorted(by: { $0.key < $1.key }) {
            logger.warning(
                "a state set by an operator is not written: \(directory) does not answer",
                metadata: ["node": "\(node)", "state": "\(writing.desired.rawValue)"])
        }
    }

    // MARK: - Notices to agents

    /// Records the state that an agent check of a node is about to be answered with. Only for a state that is known.
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
        if note == .written { _ = await desks.writer.value(of: task, within: patience) }
        return turn.endsMaintenance
    }

    private func task(_ note: MaintenanceNotices.Note, of node: String, at desk: BlockingDesk) -> Task<Void, Never> {
        Task { @concurrent in
            await desk.carryOut { [notices, states] in
                notices.carryOut(note, of: node, on: states.fileSystem(of: node))
            }
            known.withLock { $0.notes[node] = nil }
        }
    }
}

private func exchange(_ value: inout Bool, _ other: Bool) -> Bool {
    defer { value = other }
    return value
}
