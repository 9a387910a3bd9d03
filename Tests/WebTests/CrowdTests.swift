import Dispatch
import Foundation
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Web

private let hello: Handler = { .text("\($0.method) \($0.path)") }

/// Thousands of clients, and clients that hold on to their connections.
@Suite(.timeLimit(.minutes(5))) struct CrowdTests {
    private func expectAnswer(_ address: ListenAddress) async throws {
        let client = try await Client.connect(to: address)
        try await client.get("/")
        #expect(try await client.reply().text == "GET /\n")
        try await client.close()
    }

    @Test("When all slots are taken, the connection that was idle longest is evicted")
    func longestIdle() async throws {
        try await withListener({ $0.maxConnections = 3 }, handler: hello) { _, address in
            var clients: [Client] = []
            for _ in 0..<3 { clients.append(try await Client.connect(to: address)) }
            // The first connection is the one most recently active.
            for index in [1, 2, 0] {
                try await clients[index].get("/")
                #expect(try await clients[index].reply().status == 200)
            }
            let fourth = try await Client.connect(to: address)
            try await fourth.get("/")
            #expect(try await fourth.reply().status == 200)
            #expect(await clients[1].rest() == "")
            for client in [clients[0], clients[2], fourth] {
                try await client.get("/again")
                #expect(try await client.reply().text == "GET /again\n")
            }
        }
    }

    @Test("While a request runs on every connection, a new one gets 503, and is served once one has ended")
    func allRunning() async throws {
        let (started, release) = (AsyncStream<Void>.makeStream(), Event())
        let handler: Handler = { request in
            if request.path == "/slow" {
                started.continuation.yield()
                await release.wait()
            }
            return .text(request.path)
        }
        try await withListener({ $0.maxConnections = 2 }, handler: handler) { _, address in
            var clients: [Client] = []
            var starts = started.stream.makeAsyncIterator()
            for _ in 0..<2 {
                let client = try await Client.connect(to: address)
                try await client.get("/slow")
                await starts.next()
                clients.append(client)
            }
            let third = try await Client.connect(to: address)
            #expect(try await third.reply().status == 503)
            #expect(await third.rest() == "")
            release.happen()
            for client in clients { #expect(try await client.reply().text == "/slow\n") }
            let fourth = try await Client.connect(to: address)
            try await fourth.get("/")
            #expect(try await fourth.reply().text == "/\n")
        }
    }

    @Test(
        "Endless heads and bodies keep no other client out",
        arguments: ["GET / HTTP/1.1\r\nX: ", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"])
    func unfinished(beginning: String) async throws {
        try await withListener({ $0.maxConnections = 8 }, handler: hello) { _, address in
            var slow: [Client] = []
            for _ in 0..<40 {
                let client = try await Client.connect(to: address)
                try? await client.send(beginning)
                slow.append(client)
            }
            try await expectAnswer(address)
            // All but the last ones have been evicted, long before their deadline.
            for client in slow.prefix(32) { #expect(await client.rest() == "") }
        }
    }

    @Test("While a busy event loop delays evictions, new connections wait and are then answered")
    func busyLoop() async throws {
        let release = DispatchSemaphore(value: 0)
        let (busy, sign) = AsyncStream<Void>.makeStream()
        let options: (inout ListenerOptions) -> Void = {
            $0.maxConnections = 8
            $0.threads = 2
        }
        let block = { @Sendable (status: Int) in
            sign.yield()
            // Not for ever, because a listener whose event loop is blocked cannot stop.
            _ = release.wait(timeout: .now() + .seconds(30))
        }
        try await withListener(options, onRefusal: block, handler: hello) { _, address in
            let blocker = try await Client.connect(to: address)
            try await blocker.send("nonsense\r\n\r\n")
            for await _ in busy { break }
            var clients: [Client] = []
            for _ in 0..<40 { clients.append(try await Client.connect(to: address)) }
            release.signal()
            // The last eight have their slots.
            for client in clients.suffix(8) {
                try await client.get("/")
                #expect(try await client.reply().status == 200)
            }
            for client in clients.prefix(32) { #expect(await client.rest() == "") }
        }
    }

    @Test("A connection chosen for eviction keeps its slot if its request arrives first")
    func spared() {
        let connections = Connections(limit: 1)
        let (first, second) = (EmbeddedChannel(), EmbeddedChannel())
        connections.admit(first)
        connections.admit(second)
        #expect(connections.admission(of: first) == .refused)
        connections.note(first, .running)
        #expect(connections.admission(of: first) == .served)
        let mayAccept = connections.mayAccept {}
        #expect(mayAccept)
    }

    @Test("Clients that never read a large page keep no other client out")
    func unread() async throws {
        // More than the buffers of both ends of a loopback connection hold.
        let body = [UInt8](repeating: 0, count: 32 << 20)
        let asked = AsyncStream<Void>.makeStream()
        let handler: Handler = { request in
            guard request.path == "/large" else { return .text("GET /") }
            asked.continuation.yield()
            return Response(body: body)
        }
        try await withListener({ $0.maxConnections = 4 }, handler: handler) { _, address in
            var slow: [Client] = []
            var requests = asked.stream.makeAsyncIterator()
            for _ in 0..<12 {
                let client = try await Client.connect(to: address, reading: false)
                try await client.get("/large")
                await requests.next()
                slow.append(client)
            }
            try await expectAnswer(address)
            // They do not read, so the only event they can see is the end of the connection.
            for client in slow.prefix(8) { try await client.channel.closeFuture.get() }
        }
    }

    @Test("Ten thousand idle connections: each new one is answered, and those idle longest are evicted")
    func tenThousand() async throws {
        let count = 10_000
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        try #require(limit.rlim_cur > count + 2_000, "raise the hard limit on open files (ulimit -Hn)")
        try await withListener(handler: hello) { _, address in
            guard case .tcp(_, let port) = address else { return }
            var sockets: [Int32] = []
            defer { for socket in sockets { close(socket) } }
            for number in stride(from: 100, through: count, by: 100) {
                sockets += try await onThread { try Self.connectedSockets(100, UInt16(port)) }
                if number % 1_000 == 0 { try await expectAnswer(address) }
            }
            // Wait for the end of each one: the read blocks until the listener has closed it.
            let oldest = sockets.prefix(count - 512)
            let evicted = try await onThread {
                oldest.count { socket in
                    var byte: UInt8 = 0
                    return recv(socket, &byte, 1, 0) <= 0
                }
            }
            #expect(evicted == count - 512)
            try await expectAnswer(address)
        }
    }

    /// Runs blocking code on a thread of its own: the other tests need the pool's threads.
    private func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// Connections that cost only their descriptors.
    private static func connectedSockets(_ count: Int, _ port: UInt16) throws -> [Int32] {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return try (0..<count).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard descriptor >= 0, result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            return descriptor
        }
    }
}
