import FaultServer
import Replication
import Synchronization
import Testing

@testable import MariaDB

@Suite("A session", .timeLimit(.minutes(1)))
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

    @Test("Sets the session up once, and keeps the connection")
    func keeps() async throws {
        try await withConnection(.replying { $0.hasPrefix("SELECT") ? .table(columns: ["a"], rows: [["1"]]) : .ok }) {
            server, connection in
            for _ in 0..<2 {
                let answer = try await connection.run(["SELECT 1", "SET b"], deadline: .now + .seconds(20))
                #expect(answer.map(\.rowCount) == [1, 0])
            }
            #expect(server.journal.queries.map(\.query.text) == ["SET a", "SELECT 1", "SET b", "SELECT 1", "SET b"])
        }
    }

    @Test("A refused statement is thrown, and does not cost the connection")
    func refused() async throws {
        try await withConnection(.replying { $0 == "BAD" ? .syntaxError : .ok }) { server, connection in
            let error = await #expect(throws: MySQLError.self) {
                try await connection.run(["BAD"], deadline: .now + .seconds(20))
            }
            #expect(error?.code == 1064)
            _ = try await connection.run(["GOOD"], deadline: .now + .seconds(20))
            #expect(server.journal.queries.map(\.query.connection) == [0, 0, 0])
        }
    }

    @Test(
        "A server that hangs delays the call until the deadline and no longer",
        arguments: [Step.silence, .endless([0])])
    func hangs(step: Step) async throws {
        try await withConnection(.replying { $0 == "HANG" ? .steps([step]) : .ok }) { server, connection in
            _ = try await connection.run(["GOOD"], deadline: .now + .seconds(20))
            // On a busy machine its deadline may pass before it is sent.
            while !server.journal.queries.contains(where: { $0.query.text == "HANG" }) {
                await #expect(throws: MySQLError.self) {
                    try await connection.run(["HANG"], deadline: .now + .seconds(1))
                }
            }
            // It leaves nothing behind: the next call has a connection of its own.
            _ = try await connection.run(["GOOD"], deadline: .now + .seconds(20))
            #expect(server.journal.queries.last?.query.connection == 1)
        }
    }

    @Test("While a statement hangs in the server, no other is sent")
    func hangsInTheServer() async throws {
        let isOver = Mutex(false)
        let script = Script(
            greeting: { Step.welcome(thread: UInt32($0 + 100)) },
            answer: { query in
                query.steps { statement in
                    switch statement {
                    case "HANG": .steps([.silence])
                    case "SHOW PROCESSLIST":
                        .table(
                            columns: ["Id", "Command"], rows: isOver.withLock(\.self) ? [] : [["100", "Killed"]])
                    default: .ok
                    }
                }
            })
        try await withConnection(script) { server, connection in
            for round in 0..<4 {
                let error = await #expect(throws: MySQLError.self) {
                    try await connection.run(["HANG"], deadline: .now + .seconds(round == 0 ? 5 : 20))
                }
                #expect(error?.phase == .timeout)
                guard round > 0 else { continue }
                #expect(error?.message == "an earlier statement still hangs in the server (connection 100)")
                #expect(error?.breaksConnection == false)
            }
            #expect(server.journal.statements.count { $0 == "HANG" } == 1)
            isOver.withLock { $0 = true }
            _ = try await connection.run(["GOOD"], deadline: .now + .seconds(20))
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
            _ = try await connection.run(["FIRST"], deadline: .now + .seconds(20))
            let answer = try? await connection.run(
                ["SECOND"], isRepeatable: isRepeatable, deadline: .now + .seconds(20))
            #expect((answer != nil) == isRepeatable)
            #expect(server.journal.statements.count { $0 == "SECOND" } == (isRepeatable ? 2 : 1))
        }
    }

    @Test("Nothing runs after the end")
    func closed() async throws {
        try await withConnection(.replying { _ in .ok }) { server, connection in
            await connection.close()
            await #expect(throws: MySQLError.self) {
                try await connection.run(["GOOD"], deadline: .now + .seconds(20))
            }
            #expect(server.journal.queries.isEmpty)
        }
    }
}
