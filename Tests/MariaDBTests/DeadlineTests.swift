import FaultServer
import Glibc
import Replication
import Testing
import Threads

@testable import MariaDB

/// However a server is slow, a call ends at its deadline. If one does not, the suite's time limit fails the test.
@Suite("Deadlines", .timeLimit(.minutes(5)))
struct DeadlineTests {
    struct Slowness: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let script: Script
    }

    static let atConnecting = [
        Slowness(testDescription: "silent after accepting", script: .saying([.silence])),
        Slowness(testDescription: "neither reading nor sending", script: .saying([.deafness])),
        Slowness(
            testDescription: "silent within the handshake",
            script: .saying([.bytes([0x5A, 0, 0, 0, 10, 0x31]), .silence])),
        Slowness(
            testDescription: "silent after the handshake",
            script: .saying([.packet(Payload.handshake(version: Step.defaultVersion)), .silence])),
        Slowness(testDescription: "dripping", script: .saying([.drip(milliseconds: 20)] + Step.welcome())),
    ]

    @Test(
        "Connecting to a slow server ends in a timeout", arguments: atConnecting,
        [TLSMode.disabled, .preferred, .required])
    func connecting(_ slowness: Slowness, tls: TLSMode) async throws {
        try await withConnection(slowness.script) { server, connection, _ in
            let error = await #expect(throws: MySQLError.self) {
                try await connection.open(options(server, tls: tls), deadline: .soon)
            }
            // If TLS is required, there is no log-in to a server without it to wait for.
            #expect(error?.phase == .timeout || tls == .required && error?.phase == .tls)
            // It is not the host that is down.
            #expect(error?.message.contains("firewall") == false, "\(error?.message ?? "")")
            #expect(connection.isOpen == false)
        }
    }

    @Test("An address that never answers ends in a timeout")
    func blackHole() async throws {
        let hole = try BlackHole()
        let executor = try ThreadExecutor(name: "test")
        defer { executor.stop() }
        let connection = Connection(executor: executor)
        let error = await #expect(throws: MySQLError.self) {
            try await connection.open(
                ConnectionOptions(address: .tcp(host: "127.0.0.1", port: hole.port), user: "exporter", password: ""),
                deadline: .soon)
        }
        #expect(error?.phase == .timeout)
        #expect(
            error?.message
                == "no answer before the deadline while connecting: the host is down, or a firewall drops the packets")
        withExtendedLifetime(hole) {}
    }

    @Test("A port that nobody listens on is told from one that does not answer")
    func refused() async throws {
        let server = try FaultServer(.saying([]))
        let port = server.port
        server.stop()
        let executor = try ThreadExecutor(name: "test")
        defer { executor.stop() }
        let connection = Connection(executor: executor)
        for address in [Address.tcp(host: "127.0.0.1", port: port), .unix(path: "/nowhere/at/all.sock")] {
            let error = await #expect(throws: MySQLError.self) {
                try await connection.open(
                    ConnectionOptions(address: address, user: "exporter", password: ""), deadline: .soon)
            }
            #expect(error?.phase == .connect)
            let reason = if case .tcp = address { "Connection refused" } else { "No such file or directory" }
            #expect(error?.message == reason)
        }
    }

    /// A TLS record of HelloRequest messages (RFC 5246, 7.4.1.1): a client has to ignore them.
    static let helloRequests: [UInt8] = [0x16, 3, 3, 0x3F, 0xFC] + [UInt8](repeating: 0, count: 0x3FFC)

    static let inTLS = [
        Slowness(testDescription: "silent within the TLS handshake", script: .saying(Step.offerTLS(then: [.silence]))),
        Slowness(
            testDescription: "silent within a TLS record",
            script: .saying(Step.offerTLS(then: [.bytes([0x16, 3, 3, 0, 90, 2]), .silence]))),
        Slowness(
            testDescription: "dripping in the TLS handshake",
            script: .saying(Step.offerTLS(then: [.drip(milliseconds: 20), .bytes(helloRequests), .silence]))),
        Slowness(
            testDescription: "without end in the TLS handshake",
            script: .saying(Step.offerTLS(then: [.flood(helloRequests)]))),
    ]

    /// The TLS library reads by itself, without a callback: in libmariadb 3.3 even from a blocking socket.
    @Test("A TLS handshake that stalls, or never ends, is cut off from outside", arguments: inTLS)
    func handshaking(_ slowness: Slowness) async throws {
        try await withConnection(slowness.script) { server, connection, _ in
            let opening = Task { try await connection.open(options(server, tls: .required), deadline: .soon) }
            let clock = Task {
                while !Task.isCancelled {
                    connection.interrupter.interruptIfOverdue()
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            let error = await #expect(throws: MySQLError.self) { try await opening.value }
            clock.cancel()
            #expect(error?.phase == .timeout)
            #expect(connection.isOpen == false)
        }
    }

    static let table = Payload.header(columns: ["a", "b"]).map(Step.packet)
    static let atQuerying = [
        Slowness(testDescription: "silent after the query", script: Script { _ in [.silence] }),
        Slowness(testDescription: "silent before the first row", script: Script { _ in table + [.silence] }),
        Slowness(
            testDescription: "silent within a row",
            script: Script { _ in table + [.bytes([9, 0, 0, 5, 3, 0x61]), .silence] }),
        Slowness(
            testDescription: "dripping rows",
            script: Script { _ in
                [.drip(milliseconds: 20)] + table + [.packet(Payload.row(["1", "2"])), .packet(Payload.end())]
            }),
        Slowness(
            testDescription: "silent between two results",
            script: Script { _ in [.packet(Payload.ok(moreFollow: true)), .silence] }),
    ]

    @Test("A query to a slow server ends in a timeout, and the connection with it", arguments: atQuerying)
    func querying(_ slowness: Slowness) async throws {
        try await withOpenConnection(slowness.script) { _, connection in
            let error = await #expect(throws: MySQLError.self) {
                let reply = try await connection.run(Batch(["SHOW x", "SHOW y"]), deadline: .soon)
                if let refusal = reply.refusal { throw refusal.error }
            }
            #expect(error?.phase == .timeout)
            #expect(connection.isOpen == false)
        }
    }

    @Test("At the deadline the complete tables are kept, and the running statement is reported with its connection")
    func partialReply() async throws {
        let one = Payload.table(columns: ["a"], rows: [["1"]], moreFollow: true).map(Step.packet)
        let half = Payload.header(columns: ["b"]).map(Step.packet) + [.packet(Payload.row(["2"]))]
        let script = Script(
            greeting: { _ in Step.welcome(thread: 4711) }, answer: { _ in one + half + [.silence] })
        try await withOpenConnection(script) { _, connection in
            let reply = try await connection.run(Batch(["SHOW x", "SHOW y", "SHOW z"]), deadline: .later)
            #expect(reply.tables.map { $0.first?.text("a") } == ["1"])
            #expect(reply.refusal?.statement == 1)
            #expect(reply.refusal?.error.phase == .timeout)
            #expect(reply.refusal?.unanswered == 4711)
            #expect(reply.received(table: 0).instant < reply.received.instant - .milliseconds(50))
            #expect(connection.isOpen == false)
        }
    }

    @Test("Tables that have arrived are available while the rest is being received")
    func replySoFar() async throws {
        let gate = try Gate()
        let script = Script { query in
            Payload.table(columns: ["a"], rows: [["1"]], moreFollow: true).map(Step.packet) + [.wait(gate)]
                + Payload.table(columns: ["a"], rows: [["2"]], moreFollow: false).map(Step.packet)
        }
        try await withOpenConnection(script) { _, connection in
            #expect(connection.replySoFar == nil)
            let answer = Task { try await connection.run(Batch(["SHOW x", "SHOW y"]), deadline: .never) }
            while connection.replySoFar?.tables.isEmpty ?? true { await Task.yield() }
            #expect(connection.replySoFar?.tables.map { $0.first?.text("a") } == ["1"])
            gate.open()
            let whole = try await answer.value.tables
            #expect(whole.map { $0.first?.text("a") } == ["1", "2"])
            #expect(connection.replySoFar == nil)
        }
    }

    @Test("The kernel gives up a connection whose peer has vanished")
    func vanishedPeer() async throws {
        try await withOpenConnection(.replying { _ in .ok }) { server, _ in
            let socket = try #require((0..<4096).first { isConnected($0, to: server.port) })
            func option(_ level: Int32, _ name: Int32) -> Int32 {
                var value: Int32 = 0
                var size = socklen_t(MemoryLayout<Int32>.size)
                _ = getsockopt(socket, level, name, &value, &size)
                return value
            }
            #expect(option(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT) == 10_000)
            #expect(option(SOL_SOCKET, SO_KEEPALIVE) == 1)
            #expect(option(Int32(IPPROTO_TCP), TCP_KEEPIDLE) == 10)
        }
    }

    private func isConnected(_ socket: Int32, to port: UInt16) -> Bool {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(socket, $0, &size) == 0 }
        } && address.sin_port == port.bigEndian
    }

    @Test("A server that stops reading blocks neither sending nor closing")
    func sending() async throws {
        let deaf = Script(greeting: { _ in Step.welcome() + [.deafness] }, answer: { _ in [] })
        try await withOpenConnection(deaf) { _, connection in
            let long = "SELECT '\(String(repeating: "x", count: 15 << 20))'"
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query(long, deadline: .soon)
            }
            #expect(error?.phase == .timeout)
            await connection.close()
        }
    }

    @Test("An interruption before the deadline, or without a running call, does nothing")
    func interruptionOutOfSeason() async throws {
        let gate = try Gate()
        let script = Script { query in
            (query.number == 0 ? [.wait(gate)] : []) + query.steps { _ in .table(columns: ["a"], rows: [["1"]]) }
        }
        try await withOpenConnection(script) { server, connection in
            connection.interrupter.interruptIfOverdue()
            let answer = Task { try await connection.query("SHOW x", deadline: .never) }
            for await event in server.events where event == .queried(connection: 0, text: "SHOW x") { break }
            connection.interrupter.interruptIfOverdue()
            gate.open()
            let first = try await answer.value
            #expect(first.rowCount == 1)
            connection.interrupter.interruptIfOverdue()
            let second = try await connection.query("SHOW x", deadline: .never)
            #expect(second.rowCount == 1)
        }
    }

    @Test("A call whose deadline passed while it was queued sends nothing and keeps the connection")
    func tooLate() async throws {
        try await withOpenConnection(.replying { _ in .ok }) { server, connection in
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("SHOW x", deadline: .now - .milliseconds(1))
            }
            #expect(error?.phase == .timeout)
            _ = try await connection.query("SHOW y", deadline: .never)
            #expect(server.journal.statements == ["SHOW y"])
            #expect(server.journal.connections == 1)
        }
    }
}
