import FaultServer
import Replication
import Synchronization
import Testing

@testable import MariaDB

@Suite("A session", .timeLimit(.minutes(5)))
struct SessionTests {
    private func withConnection(_ script: Script, _ body: (FaultServer, Session) async throws -> Void)
        async throws
    {
        let server = try FaultServer(script)
        defer { server.stop() }
        let port = server.port
        let connection = Session(node: "db1", .init(setUp: ["SET a"])) { () throws(NodeFailure) in
            ConnectionOptions(address: .tcp(host: "127.0.0.1", port: port), user: "u", password: "p")
        }
        try await body(server, connection)
        await connection.close()
    }

    /// What a call throws. A busy machine may take longer to end the call before it than that one's caller waited: then this one
    /// has not begun.
    private func failure(
        of session: Session, _ statements: [String], within time: Duration = .seconds(200)
    ) async -> MySQLError? {
        while true {
            do throws(MySQLError) {
                _ = try await session.run(statements, deadline: .now + time)
                return nil
            } catch {
                guard error.message.hasSuffix("while the last call still hangs"), !Task.isCancelled else {
                    return error
                }
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    @Test("Sets the session up once, and keeps the connection")
    func keeps() async throws {
        try await withConnection(.replying { $0.hasPrefix("SELECT") ? .table(columns: ["a"], rows: [["1"]]) : .ok }) {
            server, connection in
            for _ in 0..<2 {
                let answer = try await connection.run(["SELECT 1", "SET b"], deadline: .never)
                #expect(answer.map(\.rowCount) == [1, 0])
            }
            #expect(server.journal.queries.map(\.query.text) == ["SET a", "SELECT 1", "SET b", "SELECT 1", "SET b"])
        }
    }

    @Test("Counts attempts to connect: with a set-up that fails, without a server, not without a password")
    func connects() async throws {
        let closes = Atomic(false)
        let refuses = Atomic(false)
        let script = Script(
            greeting: { _ in Step.welcome() },
            answer: { query in
                if closes.load(ordering: .relaxed), query.number > 1 { return [.close] }
                return query.steps { $0 == "SET a" && refuses.load(ordering: .relaxed) ? .syntaxError : .ok }
            })
        try await withConnection(script) { _, session in
            #expect(session.connects == Connects())
            for _ in 0..<2 { #expect(await failure(of: session, ["GOOD"]) == nil) }
            #expect(session.connects == Connects(successes: 1))
            closes.store(true, ordering: .relaxed)
            #expect(await failure(of: session, ["GOOD"]) != nil)
            closes.store(false, ordering: .relaxed)
            #expect(await failure(of: session, ["GOOD"]) == nil)
            #expect(session.connects == Connects(successes: 2))
            await session.hangUp()
            refuses.store(true, ordering: .relaxed)
            #expect(await failure(of: session, ["GOOD"]) != nil)
            #expect(session.connects == Connects(successes: 2, failures: 1))
        }
        let nobody = Session(node: "db1") { () throws(NodeFailure) in
            // Nothing listens on this port: it is reserved (RFC 6335).
            ConnectionOptions(address: .tcp(host: "127.0.0.1", port: 1), user: "u", password: "p")
        }
        #expect(await failure(of: nobody, ["GOOD"])?.phase == .connect)
        #expect(nobody.connects == Connects(failures: 1))
        let withoutPassword = Session(node: "db1") { () throws(NodeFailure) in
            throw NodeFailure(reason: .configuration, message: "no password")
        }
        #expect(await failure(of: withoutPassword, ["GOOD"])?.phase == .configuration)
        #expect(withoutPassword.connects == Connects())
    }

    @Test("A denied log-in is tried once more, if there may be other credentials, and with those")
    func deniedOnce() async throws {
        // By the log-in's own packet: its number is that of the connection.
        let script = Script(
            greeting: {
                $0 == 1 ? Step.welcome() : Step.denyLogIn(code: 1045, sqlState: "28000", message: "Access denied")
            }, answer: { $0.steps { _ in .ok } })
        func session(_ port: UInt16, isWorthAnother: Bool, _ asked: Counter) -> Session {
            Session(node: "db1") { () throws(NodeFailure) in
                asked.count.withLock { $0 += 1 }
                var options = ConnectionOptions(address: .tcp(host: "127.0.0.1", port: port), user: "u", password: "p")
                options.isWorthAnother = { isWorthAnother }
                return options
            }
        }
        for isWorthAnother in [false, true] {
            let server = try FaultServer(script)
            defer { server.stop() }
            let asked = Counter()
            let session = session(server.port, isWorthAnother: isWorthAnother, asked)
            let error = await failure(of: session, ["GOOD"])
            #expect(error?.phase == (isWorthAnother ? nil : .authentication))
            #expect(asked.count.withLock { $0 } == (isWorthAnother ? 2 : 1))
            #expect(server.journal.connections == (isWorthAnother ? 2 : 1))
            #expect(session.connects == (isWorthAnother ? Connects(successes: 1) : Connects(failures: 1)))
            await session.close()
        }
        // Never more than twice.
        let denying = try FaultServer(
            Script(
                greeting: { _ in Step.denyLogIn(code: 1045, sqlState: "28000", message: "Access denied") },
                answer: { $0.steps { _ in .ok } }))
        defer { denying.stop() }
        let denied = session(denying.port, isWorthAnother: true, Counter())
        #expect(await failure(of: denied, ["GOOD"])?.phase == .authentication)
        #expect(denying.journal.connections == 2)
        await denied.close()
    }

    @Test("A refused statement is thrown, and does not cost the connection")
    func refused() async throws {
        try await withConnection(.replying { $0 == "BAD" ? .syntaxError : .ok }) { server, connection in
            let error = await #expect(throws: MySQLError.self) {
                try await connection.run(["BAD"], deadline: .never)
            }
            #expect(error?.code == 1064)
            _ = try await connection.run(["GOOD"], deadline: .never)
            #expect(server.journal.queries.map(\.query.connection) == [0, 0, 0])
        }
    }

    @Test(
        "A connection that the server closes right after the log-in makes init_connect a suspect; a later loss does not"
    )
    func initConnect() async throws {
        let dropping = Script(greeting: { _ in Step.welcome() }, answer: { _ in [.close] })
        try await withConnection(dropping) { _, session in
            let error = try #require(await failure(of: session, ["SELECT 1"]))
            #expect(error.phase == .connect)
            #expect(
                error.message.hasPrefix(
                    "the server accepted the log-in and then closed the connection, as it does if its init_connect fails "
                        + "(see its error log): "))
        }
        // As MySQL does with its own client library.
        let aborting = Script.replying { _ in
            .refusal(code: 1184, sqlState: "08S01", message: "Aborted connection 15 (init_connect command failed)")
        }
        try await withConnection(aborting) { server, session in
            let error = try #require(await failure(of: session, ["SELECT 1"]))
            #expect(error.code == 1184)
            #expect(error.message.contains("init_connect fails (see its error log): Aborted connection 15"))
            #expect(server.journal.queries.count == 1)
        }
        let later = Script(
            greeting: { _ in Step.welcome() }, answer: { $0.number == 0 ? $0.steps { _ in .ok } : [.close] })
        try await withConnection(later) { _, session in
            let error = try #require(await failure(of: session, ["SELECT 1"]))
            #expect(error.phase == .connect)
            #expect(!error.message.contains("init_connect"))
        }
    }

    @Test(
        "A server that hangs delays the call until the deadline and no longer",
        arguments: [Step.silence, .endless([0])])
    func hangs(step: Step) async throws {
        try await withConnection(.replying { $0 == "HANG" ? .steps([step]) : .ok }) { server, connection in
            _ = try await connection.run(["GOOD"], deadline: .never)
            // On a busy machine its deadline may pass before it is sent.
            while !server.journal.queries.contains(where: { $0.query.text == "HANG" }) {
                #expect(await failure(of: connection, ["HANG"], within: .seconds(1)) != nil)
            }
            // It leaves nothing behind: the next call has a connection of its own.
            #expect(await failure(of: connection, ["GOOD"]) == nil)
            let queries = server.journal.queries.map(\.query)
            let hanging = try #require(queries.first { $0.text == "HANG" }).connection
            #expect(queries.last?.text == "GOOD" && queries.last?.connection == hanging + 1)
        }
    }

    @Test("While a statement hangs in the server, no other is sent")
    func hangsInTheServer() async throws {
        // Connections in which the statement hangs.
        let hanging = Mutex<[Int]>([])
        let script = Script(
            greeting: { Step.welcome(thread: UInt32($0 + 100)) },
            answer: { query in
                query.steps { statement in
                    switch statement {
                    case "HANG":
                        hanging.withLock {
                            $0.append(query.connection)
                            return .steps([.silence])
                        }
                    case "SHOW PROCESSLIST":
                        .table(
                            columns: ["Id", "Command"],
                            rows: hanging.withLock { $0.map { ["\($0 + 100)", "Killed"] } })
                    default: .ok
                    }
                }
            })
        try await withConnection(script) { server, connection in
            #expect(await failure(of: connection, ["GOOD"]) == nil)
            // On a busy machine its time may be over before it is sent.
            while hanging.withLock({ $0.isEmpty }) {
                #expect(await failure(of: connection, ["HANG"], within: .seconds(1))?.phase == .timeout)
            }
            let stuck = try #require(hanging.withLock { $0.first }) + 100
            for _ in 0..<3 {
                let error = await failure(of: connection, ["HANG"])
                #expect(error?.phase == .timeout)
                #expect(error?.message == "an earlier statement still hangs in the server (connection \(stuck))")
                #expect(error?.breaksConnection == false)
            }
            #expect(server.journal.statements.count { $0 == "HANG" } == 1)
            hanging.withLock { $0 = [] }
            #expect(await failure(of: connection, ["GOOD"]) == nil)
            #expect(server.journal.statements.suffix(3) == ["SHOW PROCESSLIST", "SET a", "GOOD"])
        }
    }

    @Test(
        "If the connection turns out to be lost, repeatable statements are sent again, and others are not",
        arguments: [true, false])
    func lost(isRepeatable: Bool) async throws {
        // Query 0 of a connection sets the session up.
        let script = Script(answer: { query in
            query.connection == 0 && query.number == 2 ? [.close] : query.steps { _ in .ok }
        })
        try await withConnection(script) { server, connection in
            _ = try await connection.run(["FIRST"], deadline: .never)
            let answer = try? await connection.run(
                ["SECOND"], isRepeatable: isRepeatable, deadline: .never)
            #expect((answer != nil) == isRepeatable)
            #expect(server.journal.statements.count { $0 == "SECOND" } == (isRepeatable ? 2 : 1))
        }
    }

    @Test("Nothing runs after the end")
    func closed() async throws {
        try await withConnection(.replying { _ in .ok }) { server, connection in
            await connection.close()
            await #expect(throws: MySQLError.self) {
                try await connection.run(["GOOD"], deadline: .never)
            }
            #expect(server.journal.queries.isEmpty)
        }
    }
}

private final class Counter: Sendable {
    let count = Mutex(0)
}
