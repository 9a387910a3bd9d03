import FaultServer
import Glibc
import Replication
import Testing

@testable import MariaDB

/// Waiting for most of a reply instead of each of its pieces: nothing hangs and nothing is lost, whatever arrives instead.
@Suite("Waiting for a whole reply", .timeLimit(.minutes(5)))
struct LowWaterMarkTests {
    // MARK: - The mark

    @Test("The mark is all but a few bytes of what is expected, at most twice; 1 if nothing is expected")
    func marks() {
        var mark = LowWaterMark()
        #expect(mark.next(after: 0) == 1)
        mark.begin(expecting: 4384)
        #expect(mark.next(after: 0) == 4336)
        #expect(mark.next(after: 384) == 3952)
        #expect(mark.next(after: 400) == 1)
        mark.begin(expecting: 4384)
        #expect(mark.next(after: 4340) == 1)
        mark.begin(expecting: 20)
        #expect(mark.next(after: 0) == 1)
        mark.begin(expecting: 1 << 40)
        #expect(mark.next(after: 0) == 16_384)
    }

    /// Two ends of a TCP connection, since only TCP honours the mark.
    private final class TCPPair {
        let client: Int32
        let server: Int32

        init() throws {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let client = client
            let isConnected = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, size) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &size) == 0
                        && connect(client, $0, size) == 0
                }
            }
            server = accept(listener, nil, nil)
            try #require(isConnected && server >= 0)
        }

        deinit {
            close(client)
            close(server)
        }

        func send(_ count: Int) { _ = Glibc.send(server, [UInt8](repeating: 0, count: count), count, 0) }

        var mark: Int32 {
            var value: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            _ = getsockopt(client, SOL_SOCKET, SO_RCVLOWAT, &value, &size)
            return value
        }
    }

    @Test("A reply that arrives in one piece wakes its reader once, and the mark stays for the next")
    func whole() throws {
        let pair = try TCPPair()
        let interrupter = Interrupter()
        interrupter.adopt(pair.client)
        defer { interrupter.release() }
        for _ in 0..<2 {
            interrupter.during(until: .never, expecting: 1000) {
                pair.send(1000)
                #expect(interrupter.wait(for: pair.client, reading: true, libraryTimeout: 0) == 1)
                #expect(pair.mark == 952)
            }
        }
    }

    @Test("A reply shorter than expected is read after a moment; one of unknown length at once")
    func tooLittle() throws {
        let pair = try TCPPair()
        let interrupter = Interrupter()
        interrupter.adopt(pair.client)
        defer { interrupter.release() }
        pair.send(100)
        interrupter.during(until: .never, expecting: 1000) {
            #expect(interrupter.wait(for: pair.client, reading: true, libraryTimeout: 0) == 1)
            #expect(pair.mark == 1)
        }
        interrupter.during(until: .never, expecting: 1000) {
            _ = interrupter.wait(for: pair.client, reading: false, libraryTimeout: 0)
            #expect(pair.mark == 1)
        }
        interrupter.during(until: .never) {
            #expect(interrupter.wait(for: pair.client, reading: true, libraryTimeout: 0) == 1)
        }
    }

    @Test("What has arrived by the deadline is read, and no wait goes beyond the deadline")
    func deadline() throws {
        let pair = try TCPPair()
        let interrupter = Interrupter()
        interrupter.adopt(pair.client)
        defer { interrupter.release() }
        interrupter.during(until: .now + .milliseconds(20), expecting: 1000) {
            #expect(interrupter.wait(for: pair.client, reading: true, libraryTimeout: 0) == 0)
        }
        #expect(interrupter.interruption == .deadline)
        pair.send(100)
        interrupter.during(until: .now, expecting: 1000) {
            #expect(interrupter.wait(for: pair.client, reading: true, libraryTimeout: 0) == 1)
        }
    }

    // MARK: - Through libmariadb

    struct Second: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]
        let cells: [String]
    }

    static let seconds: [Second] = [
        Second(testDescription: "the same", steps: answer(), cells: long),
        Second(testDescription: "shorter", steps: answer(["a", "b"]), cells: ["a", "b"]),
        Second(
            testDescription: "longer", steps: answer(["a", String(repeating: "c", count: 20_000)]),
            cells: ["a", String(repeating: "c", count: 20_000)]),
        Second(testDescription: "dripping", steps: [.drip(milliseconds: 1)] + answer(["a", "b"]), cells: ["a", "b"]),
    ]

    @Test("A reply unlike the last one is read", arguments: seconds)
    func unlike(_ second: Second) async throws {
        let script = Script { $0.number == 1 ? second.steps : answer() }
        try await withOpenConnection(script) { _, connection in
            for expected in [long, second.cells, long] {
                let reply = try await connection.run(Batch(["SHOW x", "SHOW y"]), deadline: .never)
                #expect(reply.refusal == nil)
                #expect(reply.tables.map { $0.first?.texts } == [expected, ["1"]])
                // A dripping server keeps dripping.
                if second.testDescription == "dripping", expected == second.cells { break }
            }
        }
    }

    private static let half = Payload.table(columns: ["x", "y"], rows: [["a", "b"]], moreFollow: true).map(Step.packet)

    @Test("While a reply pauses in the middle, its complete tables are available")
    func pausing() async throws {
        let gate = try Gate()
        let script = Script { query in
            query.number == 0
                ? answer()
                : Self.half + [.wait(gate)]
                    + Payload.table(columns: ["z"], rows: [["1"]], moreFollow: false).map(Step.packet)
        }
        try await withOpenConnection(script) { _, connection in
            let batch = Batch(["SHOW x", "SHOW y"])
            _ = try await connection.run(batch, deadline: .never)
            let reply = Task { try await connection.run(batch, deadline: .never) }
            while connection.replySoFar?.tables.isEmpty ?? true { await Task.yield() }
            #expect(connection.replySoFar?.tables.map { $0.first?.texts } == [["a", "b"]])
            gate.open()
            #expect(try await reply.value.tables.map { $0.first?.texts } == [["a", "b"], ["1"]])
        }
    }

    @Test("If a reply stops in the middle, its complete tables are kept at the deadline")
    func stopping() async throws {
        let script = Script { $0.number == 0 ? answer() : Self.half + [.silence] }
        try await withOpenConnection(script) { _, connection in
            let batch = Batch(["SHOW x", "SHOW y"])
            _ = try await connection.run(batch, deadline: .never)
            let reply = try await connection.run(batch, deadline: .later)
            #expect(reply.tables.map { $0.first?.texts } == [["a", "b"]])
            #expect(reply.refusal?.error.phase == .timeout)
            #expect(connection.isOpen == false)
        }
    }

    @Test("A reply that is cut off ends the call at once")
    func cutOff() async throws {
        let script = Script { query in
            query.number == 0 ? answer() : Payload.header(columns: ["x", "y"]).map(Step.packet) + [.close]
        }
        try await withOpenConnection(script) { _, connection in
            _ = try await connection.run(Batch(["SHOW x", "SHOW y"]), deadline: .never)
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.run(Batch(["SHOW x", "SHOW y"]), deadline: .never)
            }
            #expect(error?.phase == .connect)
            #expect(connection.isOpen == false)
        }
    }

    @Test("After a refusal, the shorter batch is expected to have a reply of its own length")
    func refusal() async throws {
        let script = Script { query in
            query.number == 1
                ? [.packet(Payload.error(code: 1064, sqlState: "42000", message: "no"))]
                : query.steps { _ in .table(columns: ["x", "y"], rows: [long]) }
        }
        try await withOpenConnection(script) { _, connection in
            let batch = Batch(["SHOW x", "SHOW y"])
            _ = try await connection.run(batch, deadline: .never)
            #expect(try await connection.run(batch, deadline: .never).refusal?.statement == 0)
            let reply = try await connection.run(Batch(["SHOW x"]), deadline: .never)
            #expect(reply.tables.map { $0.first?.texts } == [long])
            #expect(try await connection.run(batch, deadline: .never).tables.count == 2)
        }
    }
}

private let long = ["a", String(repeating: "b", count: 3000)]

/// A reply to two statements.
private func answer(_ cells: [String] = long) -> [Step] {
    Payload.table(columns: ["x", "y"], rows: [cells], moreFollow: true).map(Step.packet)
        + Payload.table(columns: ["z"], rows: [["1"]], moreFollow: false).map(Step.packet)
}
