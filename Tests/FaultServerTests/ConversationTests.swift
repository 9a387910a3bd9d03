import FaultServer
import Replication
import Testing
import Threads

@testable import MariaDB

/// The fault server with the client that it is made for.
@Suite("Conversations with the fault server", .timeLimit(.minutes(5)))
struct ConversationTests {
    @Test("Text, NULL, the empty text and long texts arrive as they were sent")
    func values() async throws {
        let long = String(repeating: "ä", count: 40_000)
        let rows: [[String?]] = [["x", nil, "", long], [nil, nil, nil, "1"]]
        try await withClient(.replying { _ in .table(columns: ["a", "b", "c", "d"], rows: rows) }) { _, connection in
            let table = try await connection.query("SELECT 1", deadline: .now + .seconds(30))
            #expect(table.columns.names == ["a", "b", "c", "d"])
            #expect(table.rows.map { row in table.columns.names.map(row.text) } == rows)
        }
    }

    @Test("The client reads how many rows a statement changed", arguments: [0, 1, 251, 1 << 32, .max - 1] as [UInt64])
    func changed(rows: UInt64) async throws {
        try await withClient(.replying { _ in .changed(rows) }) { _, connection in
            let table = try await connection.query("DELETE FROM a", deadline: .now + .seconds(30))
            #expect(table.affectedRows == rows)
        }
    }

    @Test("Each statement of a batch gets its reply, up to the one that is refused")
    func batch() async throws {
        let script = Script.replying { statement in
            switch statement {
            case "SET a": .ok
            case "SHOW b": .table(columns: ["b"], rows: [["1"], ["2"]])
            default: .syntaxError
            }
        }
        try await withClient(script) { server, connection in
            let reply = try await connection.run(
                Batch(["SET a", "SHOW b", "SHOW c", "SHOW b"]), deadline: .now + .seconds(30))
            #expect(reply.tables.map(\.rowCount) == [0, 2])
            #expect(reply.refusal?.statement == 2)
            #expect(reply.refusal?.error.code == 1064)
            #expect(server.journal.statements == ["SET a", "SHOW b", "SHOW c", "SHOW b"])
        }
    }

    @Test("The journal records connections, their ends, and how they ended")
    func journal() async throws {
        let server = try FaultServer(.replying { _ in .ok })
        defer { server.stop() }
        var events = server.events.makeAsyncIterator()
        try await withClient(to: server) { connection in
            _ = try await connection.query("SELECT 1", deadline: .now + .seconds(30))
        }
        #expect(await events.next() == .connected(0))
        #expect(await events.next() == .queried(connection: 0, text: "SELECT 1"))
        #expect(await events.next() == .disconnected(0))
        #expect(server.journal.connections == 1)
        #expect(server.journal.openConnections == 0)
        #expect(server.journal.quits == 1)
        #expect(server.journal.answers.count == 1, "the log-in")
        #expect(server.journal.bytesReceived > "SELECT 1".utf8.count)
    }

    @Test("A gate holds an answer back until it is opened")
    func gate() async throws {
        let gate = try Gate()
        let server = try FaultServer(Script { [.wait(gate)] + $0.steps { _ in .ok } })
        defer { server.stop() }
        try await withClient(to: server) { connection in
            let answer = Task { try await connection.query("SELECT 1", deadline: .now + .seconds(30)) }
            for await event in server.events where event == .queried(connection: 0, text: "SELECT 1") { break }
            gate.open()
            _ = try await answer.value
        }
    }

    @Test("A stopped server is gone: connections end, and new ones are refused")
    func stop() async throws {
        try await withClient(Script { _ in [.silence] }) { server, connection in
            let answer = Task { try await connection.query("SELECT 1", deadline: .now + .seconds(30)) }
            for await event in server.events where event == .queried(connection: 0, text: "SELECT 1") { break }
            server.stop()
            let lost = await #expect(throws: MySQLError.self) { _ = try await answer.value }
            #expect(lost?.phase == .connect)
            let refused = await #expect(throws: MySQLError.self) {
                try await connection.open(options(server), deadline: .now + .seconds(30))
            }
            #expect(refused?.phase == .connect)
        }
    }
}

private func options(_ server: FaultServer) -> ConnectionOptions {
    var options = ConnectionOptions(
        address: .tcp(host: "127.0.0.1", port: server.port), user: "exporter", password: "secret")
    options.sendsBatches = true
    return options
}

private func withClient(_ script: Script, _ body: (FaultServer, Connection) async throws -> Void) async throws {
    let server = try FaultServer(script)
    defer { server.stop() }
    try await withClient(to: server) { try await body(server, $0) }
}

private func withClient(to server: FaultServer, _ body: (Connection) async throws -> Void) async throws {
    let executor = try ThreadExecutor(name: "test")
    defer { executor.stop() }
    let connection = Connection(executor: executor)
    try await connection.open(options(server), deadline: .now + .seconds(30))
    try await body(connection)
    await connection.close()
}
