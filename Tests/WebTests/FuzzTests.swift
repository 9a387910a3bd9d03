import Foundation
import NIOCore
import NIOEmbedded
import NIOSSL
import Testing

@testable import Web

/// How many corrupted messages are sent per seed; FUZZ_ROUNDS sets another number.
private let rounds = ProcessInfo.processInfo.environment["FUZZ_ROUNDS"].flatMap { Int($0) } ?? 750

@Suite(.timeLimit(.minutes(60))) struct FuzzTests {
    @Test("Whatever clients send, the listener still answers the next one", arguments: [1, 2, 3, 4] as [UInt64])
    func mutations(seed: UInt64) async throws {
        var random = SplitMix(state: seed)
        let configure: (inout ListenerOptions) -> Void = {
            $0.headTimeout = .milliseconds(20)
            $0.bodyTimeout = .milliseconds(20)
            $0.idleTimeout = .milliseconds(20)
            $0.lingerTimeout = .milliseconds(20)
        }
        try await withListener(configure, handler: { .text($0.path) }) { _, address in
            for round in 0..<rounds {
                let client = try await Client.connect(to: address)
                client.channel.writeAndFlush(ByteBuffer(bytes: mutated(&random)), promise: nil)
                // Some wait for the answer, some leave at once.
                if random.next() % 2 == 0 { _ = await client.rest() } else { try? await client.close() }
                if round % 50 == 49 { try await expectAlive(address) }
            }
        }
    }

    @Test(
        "Whatever clients send in a handshake, the listener still answers the next one", arguments: [5, 6] as [UInt64])
    func handshakes(seed: UInt64) async throws {
        var random = SplitMix(state: seed)
        let certificates = try await Certificates.shared.value
        let text =
            "tls_server_config: {cert_file: \(certificates.path("server.pem")), "
            + "key_file: \(certificates.path("server.key"))}"
        let configure: (inout ListenerOptions) -> Void = { $0.headTimeout = .milliseconds(50) }
        try await withWebConfiguration(text) { path in
            try await withListener(configure, protection: path, handler: { .text($0.path) }) { _, address in
                for round in 0..<rounds / 2 {
                    let client = try await Client.connect(to: address)
                    let greeting = spoiled(try clientHello(try certificates.client()), &random)
                    client.channel.writeAndFlush(ByteBuffer(bytes: greeting), promise: nil)
                    if random.next() % 2 == 0 { _ = await client.rest() } else { try? await client.close() }
                    if round % 50 == 49 { try await expectAlive(address, try certificates.client()) }
                }
            }
        }
    }
}

private func expectAlive(_ address: ListenAddress, _ tls: TLSConfiguration? = nil) async throws {
    // On a busy machine, the short deadlines may cut off a good client too; a dead listener answers none.
    var answer: String?
    while answer == nil {
        let judge = try await Client.connect(to: address, tls: tls)
        try? await judge.get("/alive")
        answer = try? await judge.reply().text
    }
    #expect(answer == "/alive\n")
}

/// The first bytes of a client's TLS handshake.
private func clientHello(_ configuration: TLSConfiguration) throws -> [UInt8] {
    let handler = try NIOSSLClientHandler(
        context: NIOSSLContext(configuration: configuration), serverHostname: "localhost")
    let channel = EmbeddedChannel(handler: handler)
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    let hello = try #require(try channel.readOutbound(as: ByteBuffer.self))
    // The handshake is incomplete, which is an error here.
    _ = try? channel.finish(acceptAlreadyClosed: true)
    return Array(hello.readableBytesView)
}

/// A few valid requests, corrupted: bytes flipped, inserted, removed, repeated, truncated.
private func mutated(_ random: inout SplitMix) -> [UInt8] {
    let seeds = [
        "GET /metrics?node=db1 HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n",
        "POST /-/reload HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * HTTP/1.0\r\n\r\n",
    ]
    return spoiled(
        (0...random.next() % 3).flatMap { _ in seeds[Int(random.next() % UInt64(seeds.count))].utf8 }, &random)
}

private func spoiled(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<random.next() % 6 where !bytes.isEmpty {
        let index = Int(random.next() % UInt64(bytes.count))
        let end = min(bytes.count, index + Int(random.next() % 16))
        switch random.next() % 6 {
        case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
        case 2: bytes.removeSubrange(index..<end)
        case 3: bytes.insert(contentsOf: bytes[index..<end], at: index)
        case 4: bytes.insert(contentsOf: "\r\n".utf8, at: index)
        default: bytes.removeSubrange(index...)
        }
    }
    return bytes
}

/// A generator whose numbers depend only on its seed, so that a failure can be reproduced.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
