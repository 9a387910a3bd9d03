import Documents
import Logging
import Synchronization
import Threads
import Traffic

/// The operators' states as the checks of load balancers need them: soon, also while the file system of
/// `--agent.state-directory` hangs.
///
/// Nobody can write to a directory that hangs, so what was read last still holds; but only for a minute, since on a network file
/// system other hosts may write. After that a node counts as `maint`, as it does without the directory.
final class OperatorDesk: Sendable {
    typealias Failure = DraftedFile.Failure

    /// How long what was read last holds.
    static let trust = Duration.seconds(60)

    private let states: OperatorStates
    private let notices: MaintenanceNotices
    private let directory: String?
    private let logger: Logger
    /// Nil if the states are in memory.
    private let desk: BlockingDesk?
    /// How long a check waits for the directory.
    private let patience: Duration
    /// How long a request that sets a state waits.
    private let operatorsPatience: Duration
    private let known = Mutex<[String: (state: OperatorState, at: ContinuousClock.Instant)]>([:])
    private let isSilent = Atomic(false)

    /// - Parameter directory: nil to remember in memory only.
    /// - Throws: if the system refuses a thread.
    convenience init(directory: String?, logger: Logger) throws(ThreadError) {
        self.init(
            directory: directory,
            at: try directory.map { _ throws(ThreadError) in
                try BlockingDesk(name: "states")
            }, logger: logger)
    }

    init(
        directory: String?, at desk: BlockingDesk?, patience: Duration = .milliseconds(500),
        operatorsPatience: Duration = .seconds(5), logger: Logger
    ) {
        states = OperatorStates(directory: directory, logger: logger)
        notices = MaintenanceNotices(directory: directory, logger: logger)
        self.directory = directory
        self.desk = desk
        self.patience = patience
        self.operatorsPatience = operatorsPatience
        self.logger = logger
    }

    /// - Parameter node: the name of a configured node, which therefore contains no path separators.
    func state(of node: String) async -> OperatorState {
        guard let desk else { return states[node] }
        let read = await desk.carryOut(within: patience) { [self] in
            let state = states[node]
            known.withLock { $0[node] = (state, .now) }
            return state
        }
        if let read {
            if isSilent.exchange(false, ordering: .relaxed) {
                logger.info("the directory of operators' states answers again")
            }
            return read
        }
        if !isSilent.exchange(true, ordering: .relaxed) {
            logger.warning(
                "\(directory ?? "") does not answer; operators' states hold as they were read last, for \(Self.trust.components.seconds) s, then every node counts as maint"
            )
        }
        return known.withLock { $0[node] }.flatMap { $0.at.duration(to: .now) <= Self.trust ? $0.state : nil }
            ?? .maintenance
    }

    /// - Throws: if it cannot be written to the file, or not soon.
    func set(_ state: OperatorState, of node: String) async throws(Failure) {
        let work = { @Sendable [states] () -> Result<Void, Failure> in
            do throws(Failure) {
                return .success(try states.set(state, of: node))
            } catch {
                return .failure(error)
            }
        }
        guard let desk else { return try work().get() }
        guard let outcome = await desk.carryOut(within: operatorsPatience, work) else {
            throw Failure(
                directory ?? "",
                "the directory does not answer; \(node) may become \(state.rawValue) when it does. Set it again then")
        }
        try outcome.get()
    }

    /// Records the state that an agent check of a node is about to be answered with.
    /// - Returns: whether the answer has to say that drain or maint has ended.
    func endsMaintenance(of node: String, _ state: OperatorState) async -> Bool {
        guard let desk else { return notices.endsMaintenance(of: node, state) }
        // Not in time: the note is written when the directory answers. That drain or maint has ended is said by a later answer.
        return await desk.carryOut(within: patience) { [notices] in notices.endsMaintenance(of: node, state) } ?? false
    }
}
