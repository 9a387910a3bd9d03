import Glibc
import Testing

@testable import MariaDB

/// The ways in which a call is ended, each tested separately on a pair of sockets in place of a server.
@Suite("Interruptions", .timeLimit(.minutes(5)))
struct InterrupterTests {
    /// Two connected sockets; the first is the client's.
    private final class Pair: Sendable {
        let client: Int32
        let server: Int32

        init(at number: Int32? = nil) throws {
            var ends: [Int32] = [-1, -1]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
            if let number {
                try #require(dup2(ends[0], number) == number)
                close(ends[0])
                ends[0] = number
            }
            (client, server) = (ends[0], ends[1])
        }

        func closeClient() { close(client) }

        deinit { close(server) }

        /// Whether the client's end was shut down: the server then reads the end of file.
        var isShutDown: Bool {
            var byte: UInt8 = 0
            return recv(server, &byte, 1, Int32(MSG_DONTWAIT)) == 0
        }
    }

    private nonisolated func read(_ socket: Int32) -> Int {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, 0)
    }

    @Test("A read without callbacks is ended from outside once its deadline has passed")
    func fromOutside() async throws {
        let pair = try Pair()
        defer { pair.closeClient() }
        let interrupter = Interrupter()
        interrupter.adopt(pair.client)
        let call = Task { @concurrent in interrupter.during(until: .now) { read(pair.client) } }
        // There is nothing to interrupt before the call has begun.
        while !pair.isShutDown {
            interrupter.interruptIfOverdue()
            await Task.yield()
        }
        #expect(await call.value == 0)
        #expect(interrupter.interruption == .deadline)
        interrupter.release()
    }

    @Test("Nothing is interrupted before the deadline, or without a call")
    func inTime() throws {
        let pair = try Pair()
        defer { pair.closeClient() }
        let interrupter = Interrupter()
        interrupter.adopt(pair.client)
        interrupter.during(until: .now + .seconds(50)) { interrupter.interruptIfOverdue() }
        interrupter.interruptIfOverdue()
        #expect(!pair.isShutDown)
        #expect(interrupter.interruption == nil)
        interrupter.release()
    }

    @Test("Calls that read much share a budget, and return what they took")
    func crowd() {
        func read(_ interrupters: ArraySlice<Interrupter>) {
            guard let next = interrupters.first else { return }
            next.during(until: .now + .seconds(50)) {
                noteReceived(3 * ReplyLimit.usual)
                read(interrupters.dropFirst())
            }
        }
        // Each call has the usual amount for itself.
        let budget = ReplyBudget(limit: 6 * ReplyLimit.usual)
        let interrupters = (0..<4).map { _ in Interrupter(sharing: budget) }
        read(interrupters[...])
        #expect(interrupters.map(\.interruption) == [nil, nil, nil, .crowd])
        read(interrupters.suffix(3))
        #expect(interrupters.suffix(3).map(\.interruption) == [nil, nil, nil])
    }

    @Test("Reading after the deadline shuts the socket down")
    func lateRead() throws {
        let pair = try Pair()
        defer { pair.closeClient() }
        let interrupter = Interrupter()
        interrupter.adopt(pair.client)
        interrupter.during(until: .now + .seconds(50)) { noteReceived(100) }
        #expect(!pair.isShutDown)
        interrupter.during(until: .now) { noteReceived(1) }
        #expect(pair.isShutDown)
        #expect(interrupter.interruption == .deadline)
        interrupter.release()
    }

    @Test("Reading beyond the budget shuts the socket down; each call has the whole budget")
    func budget() throws {
        let pair = try Pair()
        defer { pair.closeClient() }
        let interrupter = Interrupter()
        interrupter.adopt(pair.client)
        for _ in 0..<2 { interrupter.during(until: .now + .seconds(50), reading: 10) { noteReceived(10) } }
        #expect(interrupter.interruption == nil && !pair.isShutDown)
        interrupter.during(until: .now + .seconds(50), reading: 10) {
            noteReceived(10)
            noteReceived(1)
        }
        #expect(interrupter.interruption == .size && pair.isShutDown)
        interrupter.release()
    }

    @Test("With a name that has two addresses, the second socket is shut down, under the same number")
    func secondAddress() throws {
        let interrupter = Interrupter()
        let first = try Pair()
        let waited = interrupter.during(until: .now) {
            interrupter.wait(for: first.client, reading: true, libraryTimeout: 0)
        }
        #expect(waited == 0)
        first.closeClient()
        let second = try Pair(at: first.client)
        defer { second.closeClient() }
        interrupter.during(until: .now) {
            _ = interrupter.wait(for: second.client, reading: true, libraryTimeout: 0)
            interrupter.interruptIfOverdue()
        }
        #expect(second.isShutDown)
        interrupter.release()
    }

    @Test("A wait ends at the deadline, however long the library would have waited")
    func wait() throws {
        let pair = try Pair()
        defer { pair.closeClient() }
        let interrupter = Interrupter()
        interrupter.adopt(pair.client)
        let status = interrupter.during(until: .now + .milliseconds(20)) {
            interrupter.wait(for: pair.client, reading: true, libraryTimeout: 600_000)
        }
        #expect(status == 0)
        #expect(interrupter.interruption == .deadline)
        interrupter.release()
    }
}
