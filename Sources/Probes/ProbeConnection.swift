package import MariaDB
internal import Replication
internal import Synchronization

/// A probe's own connection to a node, on a thread of its own: a scrape never waits for a probe, nor one node for another.
///
/// One call at a time. A call that outlives its deadline, in a name look-up that nothing can interrupt, is left behind; the
/// next one is refused until it ends, so that nothing piles up.
package final class ProbeConnection: Sendable {
    /// It and one that the server has not given back: closed with a statement under way, or lost and not noticed yet.
    package static let maxConnections = 2

    /// By name.
    package let node: String
    private let options: ConnectionOptions.Source
    private let setUp: [String]
    private let check: @Sendable ([ResultTable]) -> MySQLError?
    private let state = Mutex(State())

    fileprivate struct Call: Sendable {
        let statements: [String]
        let isRepeatable: Bool
        let deadline: ContinuousClock.Instant
        let setUp: [String]
        let check: @Sendable ([ResultTable]) -> MySQLError?
        let options: ConnectionOptions.Source
    }

    private struct State {
        var line: Line?
        var isBusy = false
        var isClosed = false
    }

    /// - Parameters:
    ///   - options: asked before each connection is made, since passwords change.
    ///   - setUp: statements for the session, sent after connecting; without them there is no session.
    ///   - check: looks at what the set-up gave; with an error there is no session either.
    package init(
        node: String, setUp: [String] = [], check: @escaping @Sendable ([ResultTable]) -> MySQLError? = { _ in nil },
        options: @escaping ConnectionOptions.Source
    ) {
        self.node = node
        self.setUp = setUp
        self.check = check
        self.options = options
    }

    deinit { state.withLock { $0.line }?.executor.stop() }

    /// Sends statements in one round trip, after connecting where need be. A refused statement ends the batch.
    /// - Parameter isRepeatable: whether they may be sent once more over a new connection when the one that was kept
    ///   turns out to be lost: the server may have carried them out already.
    /// - Returns: a table a statement; an empty one where the statement gives no rows.
    /// - Throws: `MySQLError`, of the refused statement or of the connection.
    package func run(
        _ statements: [String], isRepeatable: Bool = false, deadline: ContinuousClock.Instant
    ) async throws(MySQLError) -> [ResultTable] {
        let line = try take()
        let outcome = Outcome()
        let call = Call(
            statements: statements, isRepeatable: isRepeatable, deadline: deadline, setUp: setUp, check: check,
            options: options)
        Task {
            let result = await line.run(call)
            let isClosed = self.state.withLock { state in
                state.isBusy = false
                return state.isClosed
            }
            if isClosed { await line.end() }
            outcome.settle(result)
        }
        let alarm = Task {
            // A read ends at its deadline by itself; a peer that sends without end is cut off.
            try await Task.sleep(until: deadline + .milliseconds(20), clock: .continuous)
            line.interrupter.interruptIfOverdue()
            try await Task.sleep(for: .milliseconds(200))
            outcome.settle(.failure(.deadlineExceeded(while: "connecting (a name look-up that hangs)")))
        }
        defer { alarm.cancel() }
        return try await outcome.value().get()
    }

    /// Closes the connection. What is still under way is closed when it ends. Nothing can be run after that.
    package func close() async {
        let line = state.withLock { state in
            state.isClosed = true
            return state.isBusy ? nil : state.line
        }
        await line?.end()
    }

    /// Closes the connection, so that the next call makes a new one: to the server that the name stands for then.
    package func hangUp() async {
        let line = state.withLock { $0.isBusy ? nil : $0.line }
        await line?.hangUp()
    }

    private func take() throws(MySQLError) -> Line {
        let taken: Result<Line, MySQLError> = state.withLock { state in
            if state.isClosed { return .failure(.deadlineExceeded(while: "stopping")) }
            if state.isBusy { return .failure(.deadlineExceeded(while: "the last call still hangs")) }
            if state.line == nil {
                do throws(ThreadError) {
                    state.line = Line(executor: try ThreadExecutor(name: "probe-\(node)"))
                } catch {
                    return .failure(MySQLError(phase: .connect, code: 0, message: error.description))
                }
            }
            guard let line = state.line else { return .failure(.deadlineExceeded(while: "starting")) }
            state.isBusy = true
            return .success(line)
        }
        return try taken.get()
    }
}

/// The connection's thread, and what runs there.
private actor Line {
    nonisolated let executor: ThreadExecutor
    nonisolated let interrupter: Interrupter
    private let connection: Connection
    /// The server's id of a connection that was closed with a statement under way, which may hang there still: on a full disk
    /// each write would leave one more. Nothing is asked before it is over.
    private var unanswered: UInt32?

    init(executor: ThreadExecutor) {
        self.executor = executor
        connection = Connection(executor: executor)
        interrupter = connection.interrupter
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func run(_ call: ProbeConnection.Call) async -> Result<[ResultTable], MySQLError> {
        do throws(MySQLError) {
            if connection.isOpen {
                do throws(MySQLError) {
                    return .success(try await send(call.statements, call.deadline))
                } catch  where error.phase != .connect || !call.isRepeatable {
                    throw error
                } catch {}
            }
            try await open(call)
            return .success(try await send(call.statements, call.deadline))
        } catch {
            return .failure(error)
        }
    }

    func hangUp() async { await connection.close() }

    /// Nothing runs on the thread after this.
    func end() async {
        await connection.close()
        executor.stop()
    }

    private func open(_ call: ProbeConnection.Call) async throws(MySQLError) {
        let options: ConnectionOptions
        do throws(NodeFailure) {
            options = try call.options()
        } catch {
            throw MySQLError(phase: .authentication, code: 0, message: error.message)
        }
        try await connection.open(options, deadline: call.deadline)
        do throws(MySQLError) {
            if let thread = unanswered {
                if try await connection.sees(atWork: thread, deadline: call.deadline) { throw .stillHangs(on: thread) }
                unanswered = nil
            }
            if !call.setUp.isEmpty {
                let answers = try await send(call.setUp, call.deadline)
                if let problem = call.check(answers) { throw problem }
            }
        } catch {
            await connection.close()
            throw error
        }
    }

    private func send(_ statements: [String], _ deadline: ContinuousClock.Instant) async throws(MySQLError)
        -> [ResultTable]
    {
        let reply = try await connection.run(Batch(statements), deadline: deadline)
        if let refusal = reply.refusal {
            unanswered = refusal.unanswered ?? unanswered
            throw refusal.error
        }
        return reply.tables
    }
}

extension MySQLError {
    /// Nothing was sent, so that nothing can have been carried out.
    fileprivate static func stillHangs(on thread: UInt32) -> MySQLError {
        MySQLError(
            phase: .timeout, code: 0, message: "an earlier statement still hangs in the server (connection \(thread))")
    }
}

/// The result of a call that somebody waits for no longer than he wants to: the first one counts.
private final class Outcome: Sendable {
    typealias Value = Result<[ResultTable], MySQLError>

    private struct State {
        var value: Value?
        var waiter: CheckedContinuation<Value, Never>?
    }

    private let state = Mutex(State())

    func settle(_ value: Value) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
            guard state.value == nil else { return nil }
            state.value = value
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: value)
    }

    func value() async -> Value {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state -> Value? in
                if state.value == nil { state.waiter = continuation }
                return state.value
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
