package import Replication
internal import Synchronization
internal import Threads

/// A connection to one server: made when it is first needed, kept, and made again when it turns out to be lost.
///
/// One call at a time. The threads that libmariadb blocks, and the means to end a call that outlives its deadline, are hidden
/// in here.
package final class Session: Sendable {
    /// How each connection is made.
    package struct Settings: Sendable {
        /// Sent over each new connection before anything else. If they fail, the connection is not used.
        package var setUp: [String] = []
        /// Checks what `setUp` returned; an error ends the connection.
        package var check: @Sendable ([ResultTable]) -> MySQLError? = { _ in nil }
        /// Whether the statements of a batch are sent in one packet (`ConnectionOptions.sendsBatches`).
        package var sendsBatches = false
        /// Whether a new connection is of no use while a statement of an earlier one still hangs in the server.
        package var mindsHangingStatements = true
        /// Whether attempts to reach a server that cannot be reached are spaced out (`BackOff`).
        package var spacesAttempts = false

        package init(
            setUp: [String] = [], check: @escaping @Sendable ([ResultTable]) -> MySQLError? = { _ in nil },
            sendsBatches: Bool = false, mindsHangingStatements: Bool = true, spacesAttempts: Bool = false
        ) {
            self.setUp = setUp
            self.check = check
            self.sendsBatches = sendsBatches
            self.mindsHangingStatements = mindsHangingStatements
            self.spacesAttempts = spacesAttempts
        }
    }

    /// The most connections of one session that a server may have at a time: the one that is kept, and one that the server has
    /// not released (closed while a statement was running, or lost without the server noticing).
    package static let maxConnections = 2

    private struct State {
        var line: Line?
        var isBusy = false
        var isClosed = false
        var backOff = BackOff()
        var connects = Connects()
        /// The server's id of a connection that was closed while a statement was running. That statement may still hang there:
        /// on a full disk, every write would leave another one behind.
        var unanswered: UInt32?

        mutating func takeLine() -> Line? {
            defer { line = nil }
            return line
        }
    }

    /// A connection, and the thread it needs.
    private struct Line: Sendable {
        let connection: Connection
        let thread: SessionThread
    }

    /// The node's name, for the thread and for messages.
    package let node: String
    private let settings: Settings
    private let options: ConnectionOptions.Source
    private let state: Mutex<State>

    /// - Parameters:
    ///   - thread: where to wait; nil for a thread of its own, started by the first call.
    ///   - options: called before each connection is made, since passwords change. May block.
    package init(
        node: String, on thread: SessionThread? = nil, _ settings: Settings = Settings(),
        options: @escaping ConnectionOptions.Source
    ) {
        self.node = node
        self.settings = settings
        self.options = options
        state = Mutex(State(line: thread.map { Line(connection: Connection(executor: $0.executor), thread: $0) }))
    }

    /// Whether there is a connection, as far as is known without asking the server.
    package var isOpen: Bool { connection?.isOpen ?? false }

    /// Statement packets sent so far: the number of round trips to the server.
    package var roundTrips: Int { connection?.roundTrips ?? 0 }

    /// Attempts to connect so far. One that was put off, or for which a password is missing, reaches no server and is none.
    package var connects: Connects { state.withLock { $0.connects } }

    /// The complete tables of the reply being received, for callers that cannot wait for the rest. Nil between calls.
    package var replySoFar: BatchReply? { connection?.replySoFar }

    /// The lower half of the server's id of this connection, as the process list shows it. 0 when closed.
    package var serverThread: UInt32 { get async { await connection?.serverThread ?? 0 } }

    /// The server's version as its handshake reported it, for example `10.11.19-MariaDB-0+deb12u1`. Empty when closed.
    package var serverVersion: String { get async { await connection?.serverVersion ?? "" } }

    private var connection: Connection? { state.withLock { $0.line?.connection } }

    // MARK: - One batch

    /// Sends statements, connecting first if necessary, and returns soon after the deadline whatever hangs: a call in a name
    /// look-up, which nothing can interrupt, is left behind, and further calls are refused until it ends. A refused statement
    /// ends the batch.
    /// - Parameter isRepeatable: whether they may be sent once more over a new connection if the one that was kept
    ///   turns out to be lost: the server may have executed them already.
    /// - Returns: a table per statement; an empty one if the statement returns no rows.
    /// - Throws: `MySQLError`, of the refused statement or of the connection.
    package func run(
        _ statements: [String], isRepeatable: Bool = false, deadline: ContinuousClock.Instant
    ) async throws(MySQLError) -> [ResultTable] {
        try begin()
        let answer = TimedAnswer<Result<[ResultTable], MySQLError>>()
        Task { @concurrent in
            let result = await carryOut(statements, isRepeatable: isRepeatable, deadline: deadline)
            await end()
            answer.settle(result)
        }
        // A read ends at its deadline, and the watchdog ends calls that do not.
        guard let result = await answer.value(until: deadline + Watchdog.slowest + .milliseconds(100)) else {
            throw .deadlineExceeded(while: "connecting (a name look-up that hangs)")
        }
        return try result.get()
    }

    private func carryOut(
        _ statements: [String], isRepeatable: Bool, deadline: ContinuousClock.Instant
    ) async -> Result<[ResultTable], MySQLError> {
        do throws(MySQLError) {
            if isOpen {
                do throws(MySQLError) {
                    return .success(try await tables(for: statements, deadline: deadline))
                } catch  where error.phase != .connect || !isRepeatable {
                    throw error
                } catch {}
            }
            let sent = roundTrips
            do throws(ConnectFailure) { _ = try await connect(deadline: deadline) } catch { throw error.asMySQLError }
            do throws(MySQLError) {
                return .success(try await tables(for: statements, deadline: deadline))
            } catch {
                throw roundTrips - sent <= 1 ? error.rightAfterLogIn : error
            }
        } catch {
            return .failure(error)
        }
    }

    // MARK: - Several batches

    /// Runs `body`, which sends what it wants to over the session's connection. If a connection that was kept turns out to be
    /// lost, that is not a failure: a new one is made, and `body` runs once more.
    ///
    /// Returns when `body` has ended, which is soon after the deadline unless a name look-up hangs.
    /// - Parameters:
    ///   - isWorthKeeping: whether an existing connection may be used.
    ///   - greeted: receives the version from the handshake of each new connection; an error ends the connection.
    /// - Throws: `NodeFailure`: why there is no connection, or what `body` threw.
    package func perform(
        deadline: ContinuousClock.Instant, keeping isWorthKeeping: Bool,
        greeted: (_ version: String) throws(NodeFailure) -> Void, _ body: () async throws(MySQLError) -> Void
    ) async throws(NodeFailure) {
        do throws(MySQLError) { try begin() } catch { throw NodeFailure(error) }
        do throws(NodeFailure) {
            try await perform(deadline, isWorthKeeping, greeted, body)
        } catch {
            await end()
            throw error
        }
        await end()
    }

    private func perform(
        _ deadline: ContinuousClock.Instant, _ isWorthKeeping: Bool,
        _ greeted: (_ version: String) throws(NodeFailure) -> Void, _ body: () async throws(MySQLError) -> Void
    ) async throws(NodeFailure) {
        if isOpen, isWorthKeeping {
            do throws(MySQLError) {
                return try await body()
            } catch  where error.phase != .connect {
                throw NodeFailure(error)
            } catch {}
        }
        let version: String
        do throws(ConnectFailure) { version = try await connect(deadline: deadline) } catch {
            throw error.asNodeFailure
        }
        do throws(NodeFailure) {
            try greeted(version)
        } catch {
            await connection?.close()
            throw error
        }
        let sent = roundTrips
        do throws(MySQLError) { try await body() } catch {
            throw NodeFailure(roundTrips - sent <= 1 ? error.rightAfterLogIn : error)
        }
    }

    /// Sends a batch over the current connection, within `perform`.
    /// - Throws: `MySQLError` when the connection can no longer be used; it is closed then.
    package func send(_ batch: Batch, deadline: ContinuousClock.Instant) async throws(MySQLError) -> BatchReply {
        let (connection, isClosed) = state.withLock { ($0.line?.connection, $0.isClosed) }
        if isClosed { throw .deadlineExceeded(while: "closing") }
        guard let connection else { throw .deadlineExceeded(while: "connecting") }
        return try await connection.run(batch, deadline: deadline)
    }

    // MARK: - Ends

    /// Closes the connection for good; if a call is running, when that ends.
    package func close() async {
        let line = state.withLock { state in
            state.isClosed = true
            return state.isBusy ? nil : state.takeLine()
        }
        await line?.connection.close()
    }

    /// Closes the connection, so that the next call makes a new one: to the server that the name resolves to then.
    /// A call that is under way keeps it.
    package func hangUp() async {
        let connection = state.withLock { $0.isBusy ? nil : $0.line?.connection }
        await connection?.close()
    }

    private func begin() throws(MySQLError) {
        let refusal: MySQLError? = state.withLock { state in
            if state.isClosed { return .deadlineExceeded(while: "closing") }
            if state.isBusy { return .deadlineExceeded(while: "the last call still hangs") }
            if state.line == nil {
                do throws(ThreadError) {
                    let thread = try SessionThread(name: "probe-\(node)")
                    state.line = Line(connection: Connection(executor: thread.executor), thread: thread)
                } catch {
                    return MySQLError(phase: .connect, code: 0, message: error.description)
                }
            }
            state.isBusy = true
            return nil
        }
        if let refusal { throw refusal }
    }

    private func end() async {
        let line = state.withLock { state in
            state.isBusy = false
            return state.isClosed ? state.takeLine() : nil
        }
        await line?.connection.close()
    }
}

// MARK: - Connecting

/// Why there is no connection.
private enum ConnectFailure: Error {
    /// There was no attempt: credentials are missing, or the last attempt was too recent.
    case withoutAttempt(NodeFailure)
    case refused(MySQLError, by: Address)
    /// The log-in succeeded, but the session could not be set up.
    case unusable(MySQLError)

    var asNodeFailure: NodeFailure {
        switch self {
        case .withoutAttempt(let failure): failure
        case .refused(let error, let address): NodeFailure(error, connectingTo: address)
        case .unusable(let error): NodeFailure(error)
        }
    }

    var asMySQLError: MySQLError {
        switch self {
        case .withoutAttempt(let failure): MySQLError(phase: failure.reason, code: 0, message: failure.message)
        case .refused(let error, _), .unusable(let error): error
        }
    }
}

extension Session {
    /// - Returns: the server's version, as its handshake reported it.
    private func connect(deadline: ContinuousClock.Instant) async throws(ConnectFailure) -> String {
        let (connection, waiting) = state.withLock { state in
            (state.line?.connection, settings.spacesAttempts ? state.backOff.failure(at: .now) : nil)
        }
        guard let connection else { throw .unusable(.deadlineExceeded(while: "closing")) }
        if let waiting {
            await connection.close()
            throw .withoutAttempt(waiting)
        }
        let version: String
        do throws(ConnectFailure) {
            version = try await connection.open(asking: options, settings, deadline: deadline)
        } catch {
            if case .refused = error {
                state.withLock {
                    $0.backOff.failed(error.asNodeFailure, at: .now)
                    $0.connects.failures += 1
                }
            }
            throw error
        }
        state.withLock { $0.backOff = BackOff() }
        do throws(MySQLError) {
            try await prepare(connection, deadline: deadline)
        } catch {
            await connection.close()
            state.withLock { $0.connects.failures += 1 }
            throw .unusable(error.rightAfterLogIn)
        }
        state.withLock { $0.connects.successes += 1 }
        return version
    }

    private func prepare(_ connection: Connection, deadline: ContinuousClock.Instant) async throws(MySQLError) {
        if settings.mindsHangingStatements, let thread = state.withLock({ $0.unanswered }) {
            if try await connection.sees(atWork: thread, deadline: deadline) { throw .stillHangs(on: thread) }
            state.withLock { $0.unanswered = nil }
        }
        if settings.setUp.isEmpty { return }
        if let problem = settings.check(try await tables(for: settings.setUp, deadline: deadline)) { throw problem }
    }

    private func tables(
        for statements: [String], deadline: ContinuousClock.Instant
    ) async throws(MySQLError) -> [ResultTable] {
        guard let connection else { throw .deadlineExceeded(while: "closing") }
        let reply = try await connection.run(Batch(statements), deadline: deadline)
        if let refusal = reply.refusal {
            if let thread = refusal.unanswered { state.withLock { $0.unanswered = thread } }
            throw refusal.error
        }
        return reply.tables
    }
}

extension Connection {
    /// Connects with the current `options`. Getting them reads files, which may block, so it is done on this thread.
    fileprivate func open(
        asking options: ConnectionOptions.Source, _ settings: Session.Settings, deadline: ContinuousClock.Instant
    ) throws(ConnectFailure) -> String {
        close()
        var wanted: ConnectionOptions
        do throws(NodeFailure) { wanted = try options() } catch { throw .withoutAttempt(error) }
        wanted.sendsBatches = settings.sendsBatches
        do throws(MySQLError) {
            return try open(wanted, deadline: deadline)
        } catch {
            throw .refused(error, by: wanted.address)
        }
    }
}

extension MySQLError {
    /// Nothing was sent, so nothing can have been executed.
    fileprivate static func stillHangs(on thread: UInt32) -> MySQLError {
        MySQLError(
            phase: .timeout, code: 0, message: "an earlier statement still hangs in the server (connection \(thread))")
    }
}
