import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import Web

/// A client that sends exactly the bytes of the test.
final class Client {
    /// A response as received.
    struct Reply {
        var status: Int
        var headers: Headers
        var body: [UInt8]
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct ConnectionEnded: Error {
        var received: String
    }

    let channel: any Channel
    private var incoming: AsyncStream<[UInt8]>.Iterator
    private var received: [UInt8] = []

    private init(channel: any Channel, incoming: AsyncStream<[UInt8]>) {
        self.channel = channel
        self.incoming = incoming.makeAsyncIterator()
    }

    /// - Parameter tls: how to encrypt; nil for a plain connection.
    static func connect(
        to address: ListenAddress, reading: Bool = true, tls: TLSConfiguration? = nil
    ) async throws -> Client {
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reading)
            // The end of the server's output must not end ours.
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        let handler = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                }
            }
        let channel =
            switch address {
            case .tcp(let host, let port): try await bootstrap.connect(host: host ?? "127.0.0.1", port: port).get()
            case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path).get()
            case .activated: throw ListenerError.malformedAddress(address.description)
            }
        return Client(channel: channel, incoming: stream)
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// Sends a GET (or another method) with a Host field.
    func get(_ path: String, method: String = "GET", _ fields: String...) async throws {
        let lines = ["\(method) \(path) HTTP/1.1", "Host: test"] + fields
        try await send(lines.map { $0 + "\r\n" }.joined() + "\r\n")
    }

    /// Sends `bytes`, one every 10 ms, until the connection accepts no more.
    func drip(_ bytes: String) {
        let channel = channel
        Task {
            for byte in bytes.utf8 {
                try await channel.writeAndFlush(ByteBuffer(bytes: [byte]))
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    /// The next response on the connection.
    func reply(hasBody: Bool = true) async throws -> Reply {
        let head = try await read { bytes in
            bytes.indices.dropLast(3).first { bytes[$0..<($0 + 4)].elementsEqual("\r\n\r\n".utf8) }.map { $0 + 4 }
        }
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let status = try #require(lines.first.flatMap { Int($0.split(separator: " ")[1]) })
        let fields = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1].trimmed)) : nil
        }
        let headers = Headers(fields)
        let length = hasBody ? headers["Content-Length"].flatMap { Int($0) } ?? 0 : 0
        let body = try await read { $0.count >= length ? length : nil }
        return Reply(status: status, headers: headers, body: body)
    }

    /// Everything until the server closes its side.
    func rest() async -> String {
        while let bytes = await incoming.next(isolation: #isolation) { received += bytes }
        return String(decoding: received, as: UTF8.self)
    }

    func close() async throws {
        try await channel.close()
    }

    private func read(_ length: ([UInt8]) -> Int?) async throws -> [UInt8] {
        while true {
            if let count = length(received) {
                defer { received.removeFirst(count) }
                return Array(received.prefix(count))
            }
            guard let bytes = await incoming.next(isolation: #isolation) else {
                throw ConnectionEnded(received: String(decoding: received, as: UTF8.self))
            }
            received += bytes
        }
    }
}

private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let continuation: AsyncStream<[UInt8]>.Continuation

    init(_ continuation: AsyncStream<[UInt8]>.Continuation) {
        self.continuation = continuation
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        continuation.yield(Array(unwrapInboundIn(data).readableBytesView))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            continuation.finish()
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        continuation.finish()
    }
}
