import Glibc
import Logging
import NIOCore
import Testing

@testable import Web

@Suite("Line listener", .timeLimit(.minutes(5)))
struct LineListenerTests {
    /// Runs `body` against a line listener, then shuts it down.
    private func withLines(
        _ configure: (inout ListenerOptions) -> Void = { _ in }, answer: @escaping LineAnswer,
        body: (Listener, ListenAddress) async throws -> Void
    ) async throws {
        var options = ListenerOptions(addresses: [.tcp(host: "127.0.0.1", port: 0)])
        options.waitForEver()
        options.maxHeadBytes = 64
        configure(&options)
        let listener = Listener(options: options, logger: Logger(label: "lines"), lineAnswer: answer)
        let run = Task { try await listener.run() }
        do {
            try await body(listener, try await listener.boundAddresses[0])
        } catch {
            listener.shutDown()
            _ = await run.result
            throw error
        }
        listener.shutDown()
        try await run.value
    }

    @Test(
        "A line is answered with a line, and the connection is closed",
        arguments: [("db1\n", "db1"), ("db1\r\n", "db1"), ("\n", ""), ("db1\nmore\n", "db1"), ("é\n", "é")])
    func line(sent: String, got: String) async throws {
        try await withLines(answer: { "<\($0)>" }) { _, address in
            let client = try await Client.connect(to: address)
            try await client.send(sent)
            #expect(await client.rest() == "<\(got)>\n")
        }
    }

    @Test("A line may arrive in pieces")
    func pieces() async throws {
        try await withLines(answer: { "<\($0)>" }) { _, address in
            let client = try await Client.connect(to: address)
            client.drip("db1\n")
            #expect(await client.rest() == "<db1>\n")
        }
    }

    @Test(
        "The end of the client's output ends its line",
        arguments: [("db1", "<db1>\n"), ("db1\n", "<db1>\n"), ("", "")])
    func halfClosed(sent: String, answer: String) async throws {
        try await withLines(answer: { "<\($0)>" }) { _, address in
            let client = try await Client.connect(to: address)
            if !sent.isEmpty { try await client.send(sent) }
            // The answer may already have arrived, and the connection may be closed.
            try? await client.channel.close(mode: .output)
            #expect(await client.rest() == answer)
        }
    }

    @Test(
        "A line that is too long or too late gets no answer",
        arguments: [String(repeating: "x", count: 65), "x", ""])
    func refused(sent: String) async throws {
        try await withLines({ $0.headTimeout = .milliseconds(200) }, answer: { $0 }) { _, address in
            let client = try await Client.connect(to: address)
            // The connection may be closed by now.
            if !sent.isEmpty { try? await client.send(sent) }
            #expect(await client.rest() == "")
        }
    }

    @Test("Bytes that are not text are handled")
    func bytes() async throws {
        try await withLines(answer: { "\($0.unicodeScalars.count)" }) { _, address in
            let client = try await Client.connect(to: address)
            try await client.channel.writeAndFlush(ByteBuffer(bytes: [0xFF, 0x00, 0x0A]))
            #expect(await client.rest() == "2\n")
        }
    }

    @Test("Clients do not wait for each other's answers; beyond the limit, silent connections are evicted")
    func crowd() async throws {
        let (started, release) = (Event(), Event())
        try await withLines({ $0.maxConnections = 2 }) { line in
            if line == "slow" {
                started.happen()
                await release.wait()
            }
            return line
        } body: { _, address in
            let slow = try await Client.connect(to: address)
            try await slow.send("slow\n")
            await started.wait()
            let quick = try await Client.connect(to: address)
            try await quick.send("quick\n")
            #expect(await quick.rest() == "quick\n")
            let idle = try await Client.connect(to: address)
            let excess = try await Client.connect(to: address)
            #expect(await idle.rest() == "")
            try await excess.send("quick\n")
            #expect(await excess.rest() == "quick\n")
            release.happen()
            #expect(await slow.rest() == "slow\n")
        }
    }

    @Test("A line that arrives just after a shutdown is answered")
    func late() async throws {
        try await withLines({ $0.arrivalGrace = .seconds(60) }, answer: { "<\($0)>" }) { listener, address in
            let late = try await Client.connect(to: address)
            // Accepted after the other.
            let early = try await Client.connect(to: address)
            try await early.send("db1\n")
            #expect(await early.rest() == "<db1>\n")
            listener.shutDown()
            while let another = try? await Client.connect(to: address) { try? await another.close() }
            try await late.send("db2\n")
            #expect(await late.rest() == "<db2>\n")
        }
    }

    @Test("A shutdown lets an answer finish, and closes silent connections")
    func shutdown() async throws {
        let (started, release) = (Event(), Event())
        try await withLines { line in
            started.happen()
            await release.wait()
            return Task.isCancelled ? "cancelled" : line
        } body: { listener, address in
            let silent = try await Client.connect(to: address)
            let busy = try await Client.connect(to: address)
            try await busy.send("db1\n")
            await started.wait()
            listener.shutDown()
            #expect(await silent.rest() == "")
            release.happen()
            #expect(await busy.rest() == "db1\n")
        }
    }

    @Test("The answer to a client that has gone away is cancelled, and not written anywhere")
    func gone() async throws {
        let (started, cancelled) = (Event(), Event())
        try await withLines { line in
            started.happen()
            await Event().wait()
            cancelled.happen()
            return line
        } body: { _, address in
            let client = try await Client.connect(to: address)
            try await client.send("db1\n")
            await started.wait()
            let socket = try #require(client.channel as? any SocketOptionProvider)
            try await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            try await client.close()
            await cancelled.wait()
        }
    }
}
