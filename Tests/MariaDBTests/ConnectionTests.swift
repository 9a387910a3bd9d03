import FaultServer
import Replication
import Testing

@testable import MariaDB

@Suite("Connection", .timeLimit(.minutes(5)))
struct ConnectionTests {
    @Test(
        "A server's refusal is reported with its reason",
        arguments: [
            (Step.turnAway(code: 1040, sqlState: "08004", message: "Too many connections"), MySQLError.Phase.connect),
            (Step.turnAway(code: 1130, sqlState: "HY000", message: "Host is not allowed to connect"), .authentication),
            (Step.denyLogIn(code: 1045, sqlState: "28000", message: "Access denied for user"), .authentication),
            (Step.denyLogIn(code: 3159, sqlState: "HY000", message: "Connections using insecure transport"), .tls),
            (Step.denyLogIn(code: 1203, sqlState: "42000", message: "max_user_connections"), .connect),
        ])
    func turnedAway(steps: [Step], phase: MySQLError.Phase) async throws {
        try await withConnection(.saying(steps)) { _, connection, options in
            let error = await #expect(throws: MySQLError.self) {
                try await connection.open(options, deadline: .never)
            }
            #expect(error?.phase == phase)
            #expect(error?.message.contains(options.password) == false)
        }
    }

    @Test("If nothing listens it is a connect error, and an unknown host is a dns error")
    func nobodyThere() async throws {
        try await withConnection(.saying([])) { server, connection, options in
            server.stop()
            let refused = await #expect(throws: MySQLError.self) {
                try await connection.open(options, deadline: .never)
            }
            #expect(refused?.phase == .connect)
            var elsewhere = options
            elsewhere.address = .tcp(host: "no-such-host.invalid", port: 3306)
            let unknown = await #expect(throws: MySQLError.self) {
                try await connection.open(elsewhere, deadline: .never)
            }
            #expect(unknown?.phase == .dns)
            elsewhere.address = .unix(path: "/nonexistent/mysqld.sock")
            let missing = await #expect(throws: MySQLError.self) {
                try await connection.open(elsewhere, deadline: .never)
            }
            #expect(missing?.phase == .connect)
        }
    }

    @Test(
        "The version is the handshake's, without the prefix for old replicas",
        arguments: [
            ("11.8.3-MariaDB-0+deb13u1", "11.8.3-MariaDB-0+deb13u1"), ("8.0.36-28", "8.0.36-28"),
            ("5.5.5-10.6.12-MariaDB", "10.6.12-MariaDB"),
        ])
    func version(handshake: String, told: String) async throws {
        try await withOpenConnection(.replying(version: handshake) { _ in .ok }) { _, connection in
            #expect(await connection.serverVersion == told)
        }
    }

    @Test("Connections that receive the same columns share their names; others have their own")
    func sharedNames() async throws {
        let script = Script.replying { statement in
            .table(columns: statement == "a" ? ["shared", "names"] : ["shared", "nameless"], rows: [["1", "2"]])
        }
        try await withOpenConnection(script) { _, one in
            try await withOpenConnection(script) { _, other in
                let first = try await one.query("a", deadline: .never)
                #expect(try await other.query("a", deadline: .never).columns === first.columns)
                let second = try await other.query("b", deadline: .never)
                #expect(second.columns.names == ["shared", "nameless"])
                #expect(second.first?.text("nameless") == "2")
            }
        }
    }

    @Test("A refused statement leaves the connection usable, and is reported by its index", arguments: [true, false])
    func refusal(sendsBatches: Bool) async throws {
        let script = Script.replying {
            $0 == "bad" ? .refusal(code: 1227, sqlState: "42000", message: "Access denied") : .ok
        }
        try await withOpenConnection(script, sendsBatches: sendsBatches) { server, connection in
            let reply = try await connection.run(Batch(["good", "bad", "good"]), deadline: .never)
            #expect(reply.tables.count == 1)
            #expect(reply.refusal?.statement == 1)
            #expect(reply.refusal?.error.phase == .permission)
            #expect(reply.refusal?.error.sqlState == "42000")
            _ = try await connection.query("good", deadline: .never)
            #expect(server.journal.connections == 1)
            #expect(connection.roundTrips == (sendsBatches ? 2 : 3))
            #expect(
                server.journal.queries.map(\.query.text)
                    == (sendsBatches ? ["good;\nbad;\ngood", "good"] : ["good", "bad", "good"]))
        }
    }

    @Test(
        "Only a connection that sends batches lets the server accept several statements in a packet",
        arguments: [true, false])
    func severalStatements(sendsBatches: Bool) async throws {
        try await withOpenConnection(.replying { _ in .ok }, sendsBatches: sendsBatches) { server, _ in
            // The log-in begins with the client's flags (manual: Protocol::HandshakeResponse41).
            let flags = try #require(server.journal.answers.first).prefix(4)
            let isAllowed = flags[flags.startIndex + 2] & 1 == 1
            #expect(isAllowed == sendsBatches)
        }
    }

    @Test("Statements in packets of their own have their own results; after the deadline none is sent")
    func onePacketEach() async throws {
        let script = Script { query in
            query.text == "SLOW"
                // Eleven bytes: the deadline is within the second of them.
                ? [.drip(milliseconds: 200), .packet(Payload.ok())]
                : query.steps { .table(columns: ["a"], rows: [[$0]]) }
        }
        try await withOpenConnection(script, sendsBatches: false) { server, connection in
            let reply = try await connection.run(Batch(["one", "two"]), deadline: .never)
            #expect(reply.tables.map { $0.first?.text("a") } == ["one", "two"])
            #expect(connection.roundTrips == 2)
            let late = try await connection.run(Batch(["SLOW", "SLOW", "late"]), deadline: .later)
            #expect(late.refusal?.error.phase == .timeout)
            #expect(late.refusal?.unanswered != nil)
            #expect(!server.journal.statements.contains("late"))
        }
    }

    @Test("An error in the middle of rows is the refusal of that statement; its rows are dropped")
    func errorAmongRows() async throws {
        let killed = Payload.error(code: 1969, sqlState: "70100", message: "max_statement_time exceeded")
        let steps = Payload.header(columns: ["a"]).map(Step.packet) + [.packet(Payload.row(["1"])), .packet(killed)]
        try await withOpenConnection(Script { _ in steps }) { _, connection in
            let reply = try await connection.run(Batch(["SHOW x", "SHOW y"]), deadline: .never)
            #expect(reply.tables.isEmpty)
            #expect(reply.refusal?.statement == 0)
            #expect(reply.refusal?.error.phase == .timeout)
        }
    }

    @Test("Columns may change from one query to the next")
    func changingColumns() async throws {
        let script = Script { query in
            query.steps { _ in
                query.number == 1
                    ? .table(columns: ["b", "a"], rows: [["2", "1"]])
                    : .table(columns: ["a", "b"], rows: [["1", "2"]])
            }
        }
        try await withOpenConnection(script) { _, connection in
            for _ in 0..<3 {
                let row = try await connection.query("SHOW x", deadline: .never).first
                #expect(row?.text("a") == "1")
                #expect(row?.text("b") == "2")
            }
        }
    }

    @Test("After close, or a lost connection, statements fail until it is opened again")
    func closed() async throws {
        try await withOpenConnection(.replying { _ in .ok }) { server, connection in
            await connection.close()
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("SHOW x", deadline: .never)
            }
            #expect(error?.phase == .connect)
            #expect(await connection.serverVersion == "")
            try await connection.open(options(server), deadline: .never)
            _ = try await connection.query("SHOW x", deadline: .never)
        }
    }
}
