import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(5))) struct InputTests {
    @Test("An open gate announces what it lets through; a closed one drops everything")
    func gate() throws {
        let gate = InputGate()
        let announcements = Announcements()
        let channel = EmbeddedChannel(handlers: [gate, announcements])
        try channel.writeInbound(ByteBuffer(string: "a"))
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "a"))
        #expect(announcements.count == 1)
        gate.isClosed = true
        try channel.writeInbound(ByteBuffer(string: "b"))
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
        #expect(announcements.count == 1)
    }

    @Test("Once no more input is wanted, the gate and our side of the connection are closed")
    func closing() throws {
        let gate = InputGate()
        let handler = ConnectionHandler(
            options: ListenerOptions(addresses: []), remoteAddress: "test", connections: Connections(limit: 1),
            isOverCapacity: true, gate: gate, onRefusal: { _ in }, handler: { _ in .bare(200) })
        let channel = EmbeddedChannel(handlers: [gate, handler])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let answer = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(String(buffer: answer).hasPrefix("HTTP/1.1 503 "))
        #expect(gate.isClosed)
    }

    @Test("While a handler runs, nothing is read from the client")
    func backpressure() async throws {
        let (started, release) = (Event(), Event())
        let handler: Handler = { request in
            if request.path == "/slow" {
                started.happen()
                await release.wait()
            }
            return .text("done")
        }
        try await withListener(handler: handler) { _, address in
            let sender = try await Client.connect(to: address)
            try await sender.get("/slow")
            await started.wait()
            // More than the kernel's buffers of both ends can hold.
            let flood = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 20)
            let sent = sender.channel.eventLoop.makePromise(of: Void.self)
            let isSent = Atomic(false)
            sent.futureResult.whenSuccess { isSent.store(true, ordering: .relaxed) }
            sender.channel.writeAndFlush(flood, promise: sent)
            // Long enough for a listener that does read to receive all of it: verified by letting it read.
            let other = try await Client.connect(to: address)
            for _ in 0..<1_500 {
                try await other.get("/")
                #expect(try await other.reply().status == 200)
                if isSent.load(ordering: .relaxed) { break }
            }
            let wasSent = isSent.load(ordering: .relaxed)
            #expect(!wasSent)
            release.happen()
        }
    }
}

private final class Announcements: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    var count = 0

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is InputGate.BytesArrived { count += 1 }
    }
}
