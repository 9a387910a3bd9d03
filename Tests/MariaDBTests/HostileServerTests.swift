import FaultServer
import Replication
import Testing

@testable import MariaDB

/// Servers that lie. None of them may get a secret or a file, take the process down, or be believed.
/// One after the other: tests that read much share a budget (`ReplyBudget`).
@Suite("Hostile servers", .serialized, .timeLimit(.minutes(5)))
struct HostileServerTests {
    @Test(
        "A server that asks for the password in plain text does not get it",
        arguments: ["mysql_clear_password", "dialog", "unheard_of_plugin", ""])
    func clearPassword(plugin: String) async throws {
        let script = Script(greeting: { _ in Step.switchPlugin(to: plugin) }, answer: { _ in [.close] })
        try await withConnection(script) { server, connection, options in
            let error = await #expect(throws: MySQLError.self) {
                try await connection.open(options, deadline: .never)
            }
            #expect(error?.phase == .authentication)
            let secret = Array(options.password.utf8)
            #expect(!server.journal.answers.contains { $0.firstRange(of: secret) != nil })
        }
    }

    @Test("A server that asks for a file does not get any of it")
    func localInfile() async throws {
        try await withOpenConnection(Script { _ in Step.requestFile("/etc/hostname") }) { server, connection in
            _ = try? await connection.query("SHOW x", deadline: .never)
            // The log-in, and an empty packet, by which the client refuses.
            let answers = server.journal.answers.dropFirst()
            #expect(answers.allSatisfy { $0.isEmpty })
        }
    }

    struct Lie: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]
    }

    static let table = Payload.header(columns: ["a", "b"]).map(Step.packet)
    static let more = Step.packet(Payload.ok(moreFollow: true))
    static let lies = [
        Lie(testDescription: "a cell of 4 GiB", steps: table + [.packet([0xFE, 0, 0, 0, 0, 1, 0, 0, 0, 0x61])]),
        Lie(testDescription: "a cell of 2^64 - 1 bytes", steps: table + [.packet([UInt8](repeating: 0xFF, count: 9))]),
        Lie(testDescription: "a cell that ends outside of its row", steps: table + [.packet([200, 0x61, 0x61])]),
        Lie(testDescription: "more columns than the header has", steps: [.packet(Payload.columnCount(1))] + table),
        Lie(
            testDescription: "a column without a name",
            steps: [.packet([1]), .packet([UInt8](repeating: 0xFB, count: 19)), .packet(Payload.end())]),
        Lie(testDescription: "an empty packet", steps: [.packet([])]),
        Lie(
            testDescription: "an error without a number",
            steps: [.packet(Payload.error(code: 0, sqlState: "HY000", message: ""))]),
        Lie(testDescription: "a wrong sequence number", steps: [.bytes([1, 0, 0, 77, 0])]),
        Lie(testDescription: "HTTP", steps: [.bytes(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)), .close]),
        Lie(testDescription: "fewer results than statements", steps: [.packet(Payload.ok())]),
        Lie(testDescription: "more results than statements", steps: [more, more, more, .packet(Payload.ok())]),
        Lie(
            testDescription: "an error after the last result",
            steps: [more, more, .packet(Payload.error(code: 1227, sqlState: "42000", message: "no"))]),
        Lie(
            testDescription: "a packet of 16 MiB after another",
            steps: [.endless([UInt8](repeating: 1, count: 1 << 24))]),
    ]

    @Test("An invalid reply is an error, and ends the connection", arguments: lies)
    func nonsense(_ lie: Lie) async throws {
        try await withOpenConnection(Script { _ in lie.steps + [.close] }) { _, connection in
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.run(Batch(["SHOW x", "SHOW y"]), deadline: .never)
            }
            #expect(error?.phase == .protocol || error?.phase == .connect, "\(String(describing: error))")
            #expect(connection.isOpen == false)
        }
    }

    static let floods = [
        Lie(
            testDescription: "long rows",
            steps: table + [.endless(Payload.row([String(repeating: "x", count: 1 << 20), nil]))]),
        Lie(testDescription: "short rows", steps: table + [.endless(Payload.row([nil, nil]))]),
        Lie(
            testDescription: "columns",
            steps: [.packet(Payload.columnCount(4_000_000)), .endless(Payload.column("a"))]),
        Lie(testDescription: "results", steps: [.endless(Payload.ok(moreFollow: true))]),
    ]

    @Test("An endless reply is refused when it has filled its share of memory", arguments: floods)
    func flood(_ lie: Lie) async throws {
        try await withOpenConnection(Script { _ in lie.steps }) { _, connection in
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("SHOW x", deadline: .never)
            }
            #expect(error?.phase == .protocol)
            #expect(connection.isOpen == false)
        }
    }

    @Test("What precedes the rows has a limit of its own: the library uses much memory for it")
    func descriptions() async throws {
        let endless: [Step] = [.packet(Payload.columnCount(0xFFFFFF)), .endless([0xFB, 0xFB, 0xFB, 0xFB])]
        try await withOpenConnection(Script { _ in endless }) { _, connection in
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("SHOW x", deadline: .never)
            }
            #expect(error?.message == "the reply has more than 64 KiB before its rows; refused")
        }
    }

    @Test("An error about a reply that is too large says so")
    func tooLarge() async throws {
        let rows = Self.table + [.endless(Payload.row([String(repeating: "x", count: 1 << 20), nil]))]
        try await withOpenConnection(Script { _ in rows }) { _, connection in
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("SHOW x", deadline: .never)
            }
            #expect(error?.message == "the reply is larger than 16 MiB; refused")
        }
    }

    @Test("A connection lost within a row is a lost connection")
    func closeMidRow() async throws {
        let steps = Self.table + [.bytes([9, 0, 0, 5, 3, 0x61]), .close]
        try await withOpenConnection(Script { _ in steps }) { _, connection in
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("SHOW x", deadline: .never)
            }
            #expect(error?.phase == .connect)
            #expect(error?.code == ErrorCode.serverLost)
        }
    }

    static let greetings = [
        Lie(testDescription: "nothing", steps: []),
        Lie(testDescription: "HTTP", steps: [.bytes(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))]),
        Lie(testDescription: "an empty packet", steps: [.packet([])]),
        Lie(testDescription: "protocol 9", steps: [.packet([9] + Payload.handshake(version: "3.20").dropFirst())]),
        Lie(testDescription: "a version without end", steps: [.packet([10] + [UInt8](repeating: 0x31, count: 70_000))]),
        Lie(testDescription: "only a version", steps: [.packet([10] + Array("8.4.0".utf8) + [0])]),
        Lie(
            testDescription: "OK without a log-in",
            steps: [.packet(Payload.ok())]),
        Lie(
            testDescription: "garbage after the log-in",
            steps: [.packet(Payload.handshake(version: "8.4.0")), .receive, .packet([0x55, 1, 2])]),
    ]

    @Test("An invalid greeting is an error", arguments: greetings)
    func greeting(_ lie: Lie) async throws {
        try await withConnection(.saying(lie.steps + [.close])) { _, connection, options in
            // The kind of error depends on where the library stops reading.
            await #expect(throws: MySQLError.self) { try await connection.open(options, deadline: .never) }
            #expect(connection.isOpen == false)
        }
    }

    static let longPackets = [
        Lie(testDescription: "as greeting", steps: [.packet([10] + [UInt8](repeating: 0x31, count: 9000))]),
        Lie(
            testDescription: "to ask for a plugin that is allowed",
            steps: [
                .packet(Payload.handshake(version: "8.4.0")), .receive,
                .packet(
                    Payload.authenticationSwitch(plugin: "mysql_native_password") + [UInt8](repeating: 0, count: 9000)),
                .receive, .packet(Payload.ok()),
            ]),
        Lie(
            testDescription: "to let the client in",
            steps: [
                .packet(Payload.handshake(version: "8.4.0")), .receive,
                .packet(Payload.ok() + [UInt8](repeating: 0x61, count: 9000)),
            ]),
        Lie(
            testDescription: "after the last packet of the log-in",
            steps: [
                .packet(Payload.handshake(version: "8.4.0")), .receive,
                .bytes(
                    [UInt8(Payload.ok().count), 0, 0, 2] + Payload.ok() + [0x28, 0x23, 0, 0]
                        + [UInt8](repeating: 0, count: 0x2328)),
            ]),
    ]

    @Test("A packet that just fits into the buffer does not make a log-in fail", arguments: [3840, 3841])
    func longestPacket(count: Int) async throws {
        let word = Payload.ok()
        let steps = [
            Step.packet(Payload.handshake(version: "8.4.0")), .receive,
            .packet(word + [UInt8](repeating: 0x61, count: count - word.count)),
        ]
        try await withConnection(.saying(steps)) { _, connection, options in
            let version = try? await connection.open(options, deadline: .never)
            #expect((version == "8.4.0") == (count == 3840))
        }
    }

    @Test("A packet that would make libmariadb's buffer move during the log-in is refused", arguments: longPackets)
    func longPacket(_ lie: Lie) async throws {
        try await withConnection(.saying(lie.steps)) { server, connection, options in
            let error = await #expect(throws: MySQLError.self) {
                try await connection.open(options, deadline: .never)
            }
            #expect(error?.phase == .protocol)
            let text = error?.message ?? ""
            #expect(text.hasPrefix("a packet of 90") && text.hasSuffix(" bytes during the log-in; refused"), "\(text)")
            #expect(connection.isOpen == false)
        }
    }

    @Test(
        "A progress report in place of a greeting is refused, whatever the TLS mode and in whatever pieces it arrives",
        arguments: TLSMode.allCases, [true, false])
    func progress(mode: TLSMode, inPieces: Bool) async throws {
        let report: [UInt8] = [4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0]
        let steps: [Step] = inPieces ? report.map { .bytes([$0]) } : [.bytes(report)]
        // Then the greeting with which libmariadb would otherwise continue.
        try await withConnection(.saying(steps + [.packet(Payload.handshake(version: "8.4.0")), .receive])) {
            server, connection, _ in
            let error = await #expect(throws: MySQLError.self) {
                try await connection.open(options(server, tls: mode), deadline: .never)
            }
            #expect(error?.phase == .protocol)
            #expect(error?.message == "a progress report during the log-in; refused")
            #expect(connection.isOpen == false)
        }
    }

    /// A packet as it is sent.
    private func packet(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [UInt8(payload.count & 0xFF), UInt8(payload.count >> 8), 0, number] + payload
    }

    @Test(
        "Plain text after a greeting that offers TLS is never read as if it had arrived encrypted",
        arguments: [TLSMode.preferred, .required, .verifyIdentity], [1, 7, 10_000])
    func injected(mode: TLSMode, pieces: Int) async throws {
        // The client's packets up to the log-in are numbers 1 and 2; then a forged answer to it.
        let said =
            packet(0, Payload.handshake(version: "10.11.6-MariaDB", offersTLS: true))
            + packet(3, Payload.error(code: 1045, sqlState: "28000", message: "forged"))
        let steps = stride(from: 0, to: said.count, by: pieces).map { start in
            Step.bytes(Array(said[start..<min(start + pieces, said.count)]))
        }
        try await withConnection(.saying(steps + [.receive])) { server, connection, _ in
            let error = await #expect(throws: MySQLError.self) {
                try await connection.open(options(server, tls: mode), deadline: .never)
            }
            #expect(error?.phase == .tls)
            #expect(error?.message.hasPrefix("data in plain text followed the greeting") == true, "\(error)")
            #expect(connection.isOpen == false)
        }
    }

    @Test(
        "If TLS is required and the server has none, that is an error",
        arguments: [TLSMode.required, .verifyIdentity])
    func noTLS(mode: TLSMode) async throws {
        try await withConnection(.replying { _ in .ok }) { server, connection, _ in
            let error = await #expect(throws: MySQLError.self) {
                try await connection.open(options(server, tls: mode), deadline: .never)
            }
            #expect(error?.phase == .tls)
            #expect(connection.isOpen == false)
        }
    }
}
