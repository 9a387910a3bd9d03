import FaultServer
import Replication
import Testing

@testable import MariaDB

/// What an impostor, or a man in the middle, gets to see of a password.
@Suite("Impostors", .timeLimit(.minutes(5)))
struct ImpostorTests {
    /// Offers no TLS, whatever the real server would, and then asks for the password in every possible way.
    private static func stripped(plugin: String, then more: [Step]) -> Script {
        Script(
            greeting: { _ in
                [
                    .packet(Payload.handshake(version: "8.4.0")), .receive,
                    .packet(Payload.authenticationSwitch(plugin: plugin)), .receive,
                ] + more
            }, answer: { _ in [.close] })
    }

    private static let rsaLogInRequired = Step.packet([1, 4])

    @Test(
        "If TLS is required, a server without it is sent nothing, not even the user's name",
        arguments: [TLSMode.required, .verifyIdentity],
        ["mysql_native_password", "caching_sha2_password", "sha256_password"])
    func required(mode: TLSMode, plugin: String) async throws {
        try await withConnection(Self.stripped(plugin: plugin, then: [Self.rsaLogInRequired, .receive])) {
            server, connection, _ in
            let error = await #expect(throws: MySQLError.self) {
                try await connection.open(options(server, tls: mode), deadline: .never)
            }
            #expect(error?.phase == .tls)
            #expect(error?.message == "the server offers no TLS and tls.mode is \(mode.rawValue)")
            #expect(server.journal.connections == 1)
            #expect(server.journal.bytesReceived == 0)
        }
    }

    @Test(
        "If TLS is only preferred, or off, the password is not sent in plain text",
        arguments: [TLSMode.preferred, .disabled], ["caching_sha2_password", "sha256_password"])
    func clearText(mode: TLSMode, plugin: String) async throws {
        try await withConnection(Self.stripped(plugin: plugin, then: [Self.rsaLogInRequired, .receive, .close])) {
            server, connection, options in
            await #expect(throws: MySQLError.self) {
                try await connection.open(MariaDBTests.options(server, tls: mode), deadline: .never)
            }
            // The log-in, the scramble, and a request for the key to encrypt the password with.
            #expect(server.journal.answers.count >= 2)
            let secret = Array(options.password.utf8)
            #expect(!server.journal.answers.contains { $0.firstRange(of: secret) != nil })
        }
    }

    @Test("A greeting that arrives byte by byte is inspected all the same")
    func dripping() async throws {
        let script = Script(
            greeting: { _ in [.drip(milliseconds: 1), .packet(Payload.handshake(version: "8.4.0")), .receive] },
            answer: { _ in [.close] })
        try await withConnection(script) { server, connection, _ in
            let error = await #expect(throws: MySQLError.self) {
                try await connection.open(options(server, tls: .required), deadline: .never)
            }
            #expect(error?.phase == .tls)
            #expect(server.journal.bytesReceived == 0)
        }
    }

    @Test("A server's refusal of all clients is reported with its reason, whatever the TLS mode")
    func turnedAway() async throws {
        let steps = Step.turnAway(code: 1040, sqlState: "08004", message: "Too many connections")
        for mode in TLSMode.allCases {
            try await withConnection(.saying(steps)) { server, connection, _ in
                let error = await #expect(throws: MySQLError.self) {
                    try await connection.open(options(server, tls: mode), deadline: .never)
                }
                #expect(error?.code == 1040 && error?.message == "Too many connections", "\(mode)")
            }
        }
    }
}

@Suite("The server's greeting")
struct GreetingReaderTests {
    /// Protocol 10, version 8.4.0, with `flags` as the lower half of the capabilities.
    private static func greeting(_ flags: UInt16, protocol number: UInt8 = 10) -> [UInt8] {
        let payload: [UInt8] =
            [number] + Array("8.4.0".utf8) + [0] + [9, 0, 0, 0] + [UInt8](repeating: 0x61, count: 8) + [0]
            + [UInt8(flags & 0xFF), UInt8(flags >> 8)] + [45, 2, 0]
        return [UInt8(payload.count), 0, 0, 0] + payload
    }

    private static let tls: UInt16 = 0x0800

    @Test(
        "says whether TLS is offered, in pieces of any size",
        arguments: [(tls | 1, true), (0xFFFF, true), (0xFFFF & ~tls, false), (0, false)] as [(UInt16, Bool)])
    func offer(flags: UInt16, isOffered: Bool) {
        let bytes = Self.greeting(flags)
        for size in 1...bytes.count {
            var reader = GreetingReader()
            for start in stride(from: 0, to: bytes.count, by: size) { reader.take(bytes[start...].prefix(size)) }
            #expect(reader.offer == (isOffered ? .tls : GreetingReader.Offer.none), "in pieces of \(size)")
        }
    }

    @Test("is not known before the flags have arrived")
    func notYet() {
        let bytes = Self.greeting(Self.tls)
        for count in 0..<(bytes.count - 3) {
            var reader = GreetingReader()
            reader.take(bytes.prefix(count))
            #expect(reader.offer == nil)
        }
    }

    @Test("without the flags offers no TLS, as libmariadb reads it")
    func tooShort() {
        let versions: [[UInt8]] = [
            [10] + Array("8.4.0".utf8) + [0], [10], [10, 0, 1, 0, 0, 0], [10] + [UInt8](repeating: 0x31, count: 9000),
        ]
        for payload in versions {
            var reader = GreetingReader()
            reader.take([UInt8(payload.count & 0xFF), UInt8(payload.count >> 8), 0, 0] + payload)
            #expect(reader.offer == GreetingReader.Offer.none)
        }
    }

    @Test("of another protocol has its flags at the same position: libmariadb accepts versions above 10")
    func otherProtocol() {
        for (flags, isOffered) in [(Self.tls, true), (0, false)] {
            var reader = GreetingReader()
            reader.take(Self.greeting(flags, protocol: 11))
            #expect(reader.offer == (isOffered ? .tls : GreetingReader.Offer.none))
        }
    }

    @Test("that is an error is left to libmariadb, which sends nothing")
    func error() {
        var reader = GreetingReader()
        reader.take([9, 0, 0, 0] + Payload.error(code: 1040, sqlState: "08004", message: ""))
        #expect(reader.offer == .refusal)
    }
}
