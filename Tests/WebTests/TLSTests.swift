import Documents
import Foundation
import Logging
import NIOCore
import NIOSSL
import Testing

@testable import Web

private let hello: Handler = { .text("\($0.method) \($0.path)") }

/// Expects that a client gets an answer to a GET, or none.
private func expect(
    _ address: ListenAddress, serves tls: TLSConfiguration, _ isExpected: Bool = true, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let client = try await Client.connect(to: address, tls: tls)
    // The connection may already have been refused.
    try? await client.get("/", "Connection: close")
    let isServed = await client.rest().hasPrefix("HTTP/1.1 200 OK\r\n")
    #expect(isServed == isExpected, comment, sourceLocation: sourceLocation)
}

@Suite("TLS", .timeLimit(.minutes(5))) struct TLSTests {
    private let certificates: Certificates

    init() async throws {
        certificates = try await Certificates.shared.value
    }

    /// The text of a web configuration with this certificate and these additional lines of `tls_server_config`.
    private func text(_ certificate: String = "server", _ lines: String...) -> String {
        let pair = [
            "cert_file: \(certificates.path("\(certificate).pem"))",
            "key_file: \(certificates.path("\(certificate).key"))",
        ]
        return (["tls_server_config:"] + (pair + lines).map { "  \($0)" }).joined(separator: "\n") + "\n"
    }

    private func withTLS(
        _ text: String, _ configure: (inout ListenerOptions) -> Void = { _ in }, handler: @escaping Handler = hello,
        _ body: (ListenAddress, String) async throws -> Void
    ) async throws {
        try await withWebConfiguration(text) { path in
            try await withListener(configure, protection: path, handler: handler) { _, address in
                try await body(address, path)
            }
        }
    }

    @Test("Requests are served on an encrypted connection, one after another, small and large")
    func serves() async throws {
        let body = (0..<200_000).flatMap { "metric{node=\"db\($0)\"} \($0)\n".utf8 }
        try await withTLS(text(), handler: { $0.path == "/" ? .text("hello") : Response(body: body) }) { address, _ in
            let client = try await Client.connect(to: address, tls: try certificates.client())
            for _ in 0..<3 {
                try await client.get("/")
                #expect(try await client.reply().text == "hello\n")
            }
            try await client.get("/large")
            #expect(try await client.reply().body == body)
            try await client.get("/", "Connection: close")
            #expect(try await client.reply().text == "hello\n")
            #expect(await client.rest() == "")
        }
    }

    @Test("Certificate and key may be inline in the file")
    func inline() async throws {
        func indented(_ name: String) throws -> String {
            try String(contentsOfFile: certificates.path(name), encoding: .utf8).split(separator: "\n")
                .map { "    \($0)" }.joined(separator: "\n")
        }
        let text =
            "tls_server_config:\n  cert: |\n\(try indented("server.pem"))\n  key: |\n\(try indented("server.key"))\n"
        try await withTLS(text) { address, _ in
            try await expect(address, serves: try certificates.client())
        }
    }

    @Test(
        "Client certificates are requested, required and verified as the type says",
        arguments: [
            ("NoClientCert", false, [true, true, true]), ("RequestClientCert", false, [true, true, true]),
            ("RequireAnyClientCert", false, [false, true, true]),
            ("VerifyClientCertIfGiven", true, [true, true, false]),
            ("RequireAndVerifyClientCert", true, [false, true, false]),
        ])
    func clientAuthentication(type: String, hasAuthority: Bool, served: [Bool]) async throws {
        let authority = hasAuthority ? "client_ca_file: \(certificates.path("ca.pem"))" : "min_version: TLS12"
        for version in ["TLS12", "TLS13"] {
            let text = text("server", "client_auth_type: \(type)", authority, "max_version: \(version)")
            try await withTLS(text) { address, _ in
                for (certificate, isServed) in zip([nil, "client", "stranger"], served) {
                    let client = try certificates.client(certificate)
                    try await expect(address, serves: client, isServed, "\(certificate ?? "none") with \(version)")
                }
            }
        }
    }

    @Test(
        "A client's certificate must have exactly an allowed name, of whatever kind",
        arguments: ["RequireAnyClientCert", "RequireAndVerifyClientCert"],
        [
            ("prometheus", true), ("ops@example.com", true), ("spiffe://ops/prometheus", true), ("10.0.0.1", true),
            ("fd00::1", true), ("Prometheus", false), ("prom", false), ("client", false), ("10.0.0.10", false),
        ])
    func allowedNames(type: String, name: (String, Bool)) async throws {
        let authority = type == "RequireAnyClientCert" ? [] : ["client_ca_file: \(certificates.path("ca.pem"))"]
        let lines = ["client_auth_type: \(type)", "client_allowed_sans: [nobody, \"\(name.0)\"]"] + authority
        try await withTLS(text() + lines.map { "  \($0)\n" }.joined()) { address, _ in
            try await expect(address, serves: try certificates.client("client"), name.1)
            try await expect(address, serves: try certificates.client(), false)
        }
    }

    @Test(
        "Versions below the minimum and above the maximum are refused",
        arguments: [
            ("TLS12", "TLS12", [false, true, false]), ("TLS13", "TLS13", [false, false, true]),
            ("TLS10", "TLS12", [true, true, false]), ("TLS12", "TLS13", [false, true, true]),
        ])
    func versions(minimum: String, maximum: String, served: [Bool]) async throws {
        let lines = ["min_version: \(minimum)", "max_version: \(maximum)"]
        try await withTLS(text() + lines.map { "  \($0)\n" }.joined()) { address, _ in
            for (version, isServed) in zip([TLSVersion.tlsv11, .tlsv12, .tlsv13], served) {
                var client = try certificates.client()
                (client.minimumTLSVersion, client.maximumTLSVersion) = (version, version)
                try await expect(address, serves: client, isServed, "\(version)")
            }
        }
    }

    @Test("Only the configured suites are used")
    func cipherSuites() async throws {
        let lines = ["max_version: TLS12", "cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]"]
        try await withTLS(text("server-rsa") + lines.map { "  \($0)\n" }.joined()) { address, _ in
            for (suite, isServed) in [
                (NIOTLSCipher.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, true),
                (.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, false), (.TLS_RSA_WITH_AES_128_GCM_SHA256, false),
            ] {
                var client = try certificates.client()
                client.cipherSuiteValues = [suite]
                try await expect(address, serves: client, isServed)
            }
        }
    }

    @Test("Every suite that can be configured works", arguments: CipherSuite.allCases)
    func everySuite(suite: CipherSuite) async throws {
        // For an RSA certificate, or for an elliptic curve one.
        let certificate =
            suite.rawValue.contains("RSA_WITH") && !suite.rawValue.contains("ECDSA") ? "server-rsa" : "server"
        let text = text(certificate, "cipher_suites: [\(suite.rawValue)]") + "http_server_config: {http2: false}\n"
        try await withTLS(text) { address, _ in
            var client = try certificates.client()
            client.maximumTLSVersion = suite.isOfTLS13 ? .tlsv13 : .tlsv12
            try await expect(address, serves: client)
            client.minimumTLSVersion = .tlsv12
            client.maximumTLSVersion = .tlsv12
            try await expect(address, serves: client, !suite.isOfTLS13)
        }
    }

    @Test("Every curve that can be configured works, and no other", arguments: EllipticCurve.allCases)
    func curves(curve: EllipticCurve) async throws {
        try await withTLS(text("server", "curve_preferences: [\(curve.rawValue)]")) { address, _ in
            for other in EllipticCurve.allCases {
                var client = try certificates.client()
                client.curves = [NIOTLSCurve(rawValue: other.code)]
                try await expect(address, serves: client, other == curve, "\(other)")
            }
        }
    }

    @Test("A replaced certificate is used for the next connection; with a broken one, requests are refused, encrypted")
    func rotation() async throws {
        let folder = NSTemporaryDirectory() + "rotation-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func install(_ name: String) throws {
            for suffix in ["key", "pem"] {
                let content = try String(contentsOfFile: certificates.path("\(name).\(suffix)"), encoding: .utf8)
                try content.write(toFile: "\(folder)/server.\(suffix)", atomically: true, encoding: .utf8)
            }
        }
        try install("server")
        let path = "\(folder)/web.yml"
        try "tls_server_config: {cert_file: server.pem, key_file: server.key}"
            .write(toFile: path, atomically: true, encoding: .utf8)
        func shown(_ address: ListenAddress) async throws -> NIOSSLCertificate? {
            let client = try await Client.connect(to: address, tls: try certificates.client())
            try await client.get("/")
            _ = try await client.reply()
            return try await client.channel.nioSSL_peerCertificate().get()
        }
        let (first, second) = try (
            NIOSSLCertificate.fromPEMFile(certificates.path("server.pem"))[0],
            NIOSSLCertificate.fromPEMFile(certificates.path("server-2.pem"))[0]
        )
        try await withListener(protection: path, handler: hello) { _, address in
            let before = try await Client.connect(to: address, tls: try certificates.client())
            try await before.get("/")
            #expect(try await before.reply().status == 200)
            #expect(try await shown(address) == first)
            try install("server-2")
            #expect(try await shown(address) == second)
            // Existing connections stay connected.
            try await before.get("/")
            #expect(try await before.reply().status == 200)

            try "rubbish".write(toFile: "\(folder)/server.pem", atomically: true, encoding: .utf8)
            let client = try await Client.connect(to: address, tls: try certificates.client())
            try await client.get("/")
            #expect(try await client.reply().status == 500)
            try install("server")
            #expect(try await shown(address) == first)
        }
    }

    @Test("An unusable certificate or key is refused at start-up, with the position and the file")
    func unusable() async throws {
        let (server, other) = (certificates.path("server.key"), certificates.path("server-2.key"))
        let (pem, rubbish) = (certificates.path("server.pem"), certificates.path("client.ext"))
        for (lines, problem) in [
            (
                "cert_file: \(rubbish), key_file: \(server)",
                "1:32: 'cert_file' '\(rubbish)' contains no PEM certificate"
            ),
            ("cert_file: /dev/null, key_file: \(server)", "1:32: 'cert_file' '/dev/null' contains no PEM certificate"),
            ("cert: x, key_file: \(server)", "1:27: 'cert' contains no PEM certificate"),
            (
                "key_file: \(rubbish), cert_file: \(pem)",
                "1:31: 'key_file' '\(rubbish)' contains no PEM private key that can be used without a passphrase"
            ),
            (
                "key: x, cert_file: \(pem)",
                "1:26: 'key' contains no PEM private key that can be used without a passphrase"
            ),
            ("key_file: \(other), cert_file: \(pem)", "1:31: 'key_file' '\(other)' does not belong to the certificate"),
            (
                "client_ca_file: \(rubbish), client_auth_type: RequireAndVerifyClientCert, cert_file: \(pem), "
                    + "key_file: \(server)", "1:37: 'client_ca_file' '\(rubbish)' contains no PEM certificate"
            ),
            (
                "client_ca: x, client_auth_type: RequireAndVerifyClientCert, cert_file: \(pem), key_file: \(server)",
                "1:32: 'client_ca' contains no PEM certificate"
            ),
            (
                "key_file: none.key, cert_file: \(pem)",
                "1:31: 'key_file' '\(NSTemporaryDirectory())none.key' cannot be read: No such file or directory"
            ),
            (
                "cert_file: none.pem, key_file: \(server)",
                "1:32: 'cert_file' '\(NSTemporaryDirectory())none.pem' cannot be read: No such file or directory"
            ),
        ] {
            try await withWebConfiguration("tls_server_config: {\(lines)}") { path in
                let error = #expect(throws: ConfigurationError.self) {
                    try WebConfigurationFile(path: path, logger: Logger(label: "test"))
                }
                #expect(error?.description == "\(path):\(problem)")
            }
        }
    }

    @Test("A plain HTTP request is answered with the advice to use HTTPS; garbage is not answered")
    func plaintext() async throws {
        try await withTLS(text()) { address, _ in
            let client = try await Client.connect(to: address)
            try await client.get("/")
            let reply = try await client.reply()
            #expect(reply.status == 400 && reply.text == "This port speaks HTTPS: use https://\n")
            #expect(await client.rest() == "")
            for bytes in [[0], [0x15, 3, 1, 0, 2, 2, 40], Array("\r\n\r\n".utf8), [0x80, 0x2E, 1, 3, 1]] as [[UInt8]] {
                let client = try await Client.connect(to: address)
                try await client.channel.writeAndFlush(ByteBuffer(bytes: bytes))
                #expect(await client.rest() == "")
            }
            try await expect(address, serves: try certificates.client())
        }
    }

    @Test(
        "A client that stalls in the handshake is cut off, while others are served",
        arguments: [
            [], [0x16], [0x16, 3, 1, 0x40, 0, 1, 0, 0x3F, 0xFC],
        ] as [[UInt8]])
    func stalled(bytes: [UInt8]) async throws {
        try await withTLS(text(), { $0.headTimeout = .seconds(8) }) { address, _ in
            let client = try await Client.connect(to: address)
            if !bytes.isEmpty { try await client.channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
            try await expect(address, serves: try certificates.client())
            #expect(await client.rest() == "")
        }
    }

    @Test("A client that does not read the response is cut off, with TLS as well")
    func slowReader() async throws {
        let body = [UInt8](repeating: 0, count: 64 << 20)
        let configure: (inout ListenerOptions) -> Void = { $0.writeTimeout = .milliseconds(200) }
        try await withTLS(text(), configure, handler: { _ in Response(body: body) }) { address, _ in
            let client = try await Client.connect(to: address, tls: try certificates.client())
            let isReading = client.channel.setOption(.autoRead, value: true)
            try await isReading.get()
            try await client.get("/")
            try await client.channel.setOption(.autoRead, value: false).get()
            try await client.channel.closeFuture.get()
        }
    }
}
