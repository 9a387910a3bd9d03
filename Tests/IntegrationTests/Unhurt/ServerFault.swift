import FaultServer

/// What one server does to harm its clients, and how that is reported.
struct ServerFault: Sendable {
    let name: String
    let script: Script
    /// The reasons, one of which has to be reported.
    let reasons: [String]

    private init(_ name: String, _ reasons: [String], greeting steps: [Step]) {
        self.name = name
        self.reasons = reasons
        script = .saying(steps)
    }

    private init(_ name: String, _ reasons: [String], answer steps: [Step]) {
        self.name = name
        self.reasons = reasons
        script = Script { _ in steps }
    }

    private static let table = Payload.header(columns: ["a", "b"]).map(Step.packet)
    /// HelloRequest messages (RFC 5246, 7.4.1.1): a client has to ignore them.
    private static let helloRequests: [UInt8] = [0x16, 3, 3, 0x3F, 0xFC] + [UInt8](repeating: 0, count: 0x3FFC)
    private static let noise = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }
    private static let broken = ["protocol", "connect"]

    static let all = atConnecting + inTLS + atQuerying

    private static let atConnecting = [
        ServerFault("silent after accepting", ["timeout"], greeting: [.silence]),
        ServerFault("neither reading nor sending", ["timeout"], greeting: [.deafness]),
        ServerFault("a byte a second", ["timeout"], greeting: [.drip(milliseconds: 1000)] + Step.welcome()),
        ServerFault("silent after the handshake", ["timeout"], greeting: Step.welcome().prefix(2) + [.silence]),
        ServerFault("closing at once", ["connect"], greeting: [.close]),
        ServerFault("HTTP", broken, greeting: [.bytes(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)), .end]),
        ServerFault("noise", broken, greeting: [.bytes(noise), .end]),
        ServerFault("half a handshake", broken, greeting: [.bytes([0x5A, 0, 0, 0, 10, 0x31]), .end]),
        ServerFault(
            "a handshake of 16 MiB", broken, greeting: [.packet([UInt8](repeating: 10, count: 1 << 24)), .end]),
        ServerFault(
            "too many connections", ["connection_limit"],
            greeting: Step.turnAway(code: 1040, sqlState: "08004", message: "Too many connections")),
        ServerFault(
            "access denied", ["authentication"],
            greeting: Step.denyLogIn(code: 1045, sqlState: "28000", message: "Access denied for user")),
        ServerFault(
            "asking for the password in the clear", ["authentication"],
            greeting: Step.switchPlugin(to: "mysql_clear_password")),
    ]

    private static let inTLS = [
        ServerFault("silent in the TLS handshake", ["timeout"], greeting: Step.offerTLS(then: [.silence])),
        ServerFault(
            "a byte a second in the TLS handshake", ["timeout"],
            greeting: Step.offerTLS(then: [.drip(milliseconds: 1000), .bytes(helloRequests)])),
        ServerFault("a TLS handshake without end", ["timeout"], greeting: Step.offerTLS(then: [.flood(helloRequests)])),
        ServerFault("noise in the TLS handshake", ["tls"], greeting: Step.offerTLS(then: [.bytes(noise), .end])),
    ]

    private static let atQuerying = [
        ServerFault("hung in a query", ["timeout"], answer: [.silence]),
        ServerFault(
            "a byte a second in the rows", ["timeout"],
            answer: table + [.drip(milliseconds: 1000), .packet(Payload.row(["a", "b"]))]),
        ServerFault("closing within a row", ["connect"], answer: table + [.bytes([9, 0, 0, 5, 3, 0x61]), .close]),
        ServerFault("closing within a header", ["connect"], answer: table + [.bytes([9, 0]), .close]),
        ServerFault(
            "a cell of 4 GiB", ["protocol"], answer: table + [.packet([0xFE, 0, 0, 0, 0, 1, 0, 0, 0, 0x61]), .end]),
        ServerFault("noise for an answer", broken, answer: [.bytes(noise), .end]),
        ServerFault("an empty packet", broken, answer: [.packet([]), .end]),
        ServerFault("rows without end", ["timeout", "protocol"], answer: table + [.endless(Payload.row([nil, nil]))]),
        ServerFault(
            "columns without end", ["timeout", "protocol"],
            answer: [.packet(Payload.columnCount(4_000_000)), .endless(Payload.column("a"))]),
        ServerFault("asking for a file", broken + ["query"], answer: Step.requestFile("/etc/hostname") + [.end]),
    ]
}
