import Documents
import Foundation
import Testing

@testable import Web

/// An invalid file, and exactly the problems that must be reported.
struct WrongFile: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let problems: [String]

    var testDescription: String { name }

    init(_ name: String, _ text: String, _ problems: String...) {
        self.name = name
        self.text = text
        self.problems = problems
    }
}

private let hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
private let pair = "cert_file: server.crt, key_file: server.key"

/// A file that exporter-toolkit accepts, modelled on one of its own (web/testdata) and named after it.
private let validFiles: [(name: String, text: String)] = [
    ("empty", ""),
    ("noAuth", "tls_server_config: {\(pair), client_auth_type: VerifyClientCertIfGiven}"),
    (
        "noAuth.blocking",
        "tls_server_config: {\(pair), client_auth_type: RequireAndVerifyClientCert, client_ca_file: /dev/null}"
    ),
    (
        "noAuth_allCiphers",
        "tls_server_config: {\(pair), cipher_suites: [\(CipherSuite.allCases.map(\.rawValue).joined(separator: ", "))]}"
    ),
    (
        "noAuth_someCiphers_noOrder",
        """
        tls_server_config:
          cert_file: server.crt
          key_file: server.key
          prefer_server_cipher_suites: false
          cipher_suites:
          - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
          - TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
          min_version: TLS12
          max_version: TLS12
        """
    ),
    (
        "noAuth_allCurves",
        "tls_server_config: {\(pair), curve_preferences: [CurveP256, CurveP384, CurveP521, X25519, X25519MLKEM768]}"
    ),
    (
        "noAuth_noHTTP2",
        """
        tls_server_config: {\(pair), cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA], max_version: TLS12}
        http_server_config: {http2: false}
        """
    ),
    ("requireanyclientcert", "tls_server_config: {\(pair), client_auth_type: RequireAnyClientCert}"),
    ("requireclientcert, the older name", "tls_server_config: {\(pair), client_auth_type: RequireClientCert}"),
    (
        "auth_client_san",
        """
        tls_server_config: {\(pair), client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem,
          client_allowed_sans: [one, test3, two]}
        """
    ),
    (
        "headers",
        """
        http_server_config:
          headers:
            X-Frame-Options: deny
            Strict-Transport-Security: max-age=31536000; includeSubDomains
            X-Content-Type-Options: nosniff
            X-XSS-Protection: 1
            Content-Security-Policy: "default-src 'self' *.test.example.net"
        """
    ),
    ("rate_limiter_nonblocking", "rate_limit: {interval: 0, burst: 0}"),
    ("rate_limiter_one_second", "rate_limit: {interval: 1s, burst: 1}"),
    ("users_noTLS", "basic_auth_users: {alice: \(hash), bob: \(hash)}"),
]

/// A file that exporter-toolkit refuses (named after the toolkit's own), or that we refuse beyond that.
private let wrongFiles: [WrongFile] = [
    WrongFile(
        "junk_key", "tls_server_config:\n  cert_filse: server.crt\n",
        "web.yml:2:3: unknown key 'cert_filse'; did you mean 'cert_file'?",
        "web.yml:2:3: 'tls_server_config' needs one of 'cert_file' and 'cert'",
        "web.yml:2:3: 'tls_server_config' needs one of 'key_file' and 'key'"),
    WrongFile(
        "junk", "hWkNKCp3fvIX3jKnsaBI\nTuEjdwNS8A2vYdFbiKqr: {}",
        "web.yml:2:21: not valid YAML: mapping values are not allowed in this context; quote a value that contains ': '"
    ),
    WrongFile("a list", "- tls", "web.yml:1:1: the file must be a dictionary, not a list"),
    WrongFile(
        "noAuth_certPath_empty", "tls_server_config: {cert_file: '', key_file: server.key}",
        "web.yml:1:32: 'cert_file' is empty"),
    WrongFile(
        "noAuth_cert_empty", "tls_server_config: {cert: '', key_file: server.key}", "web.yml:1:27: 'cert' is empty"),
    WrongFile(
        "noAuth_keyPath_empty", "tls_server_config: {cert_file: server.crt, key_file: ''}",
        "web.yml:1:54: 'key_file' is empty"),
    WrongFile(
        "noAuth_key_empty", "tls_server_config: {cert_file: server.crt, key: ''}", "web.yml:1:49: 'key' is empty"),
    WrongFile(
        "noAuth_certPath_keyPath_empty", "tls_server_config: {cert_file: '', key_file: ''}",
        "web.yml:1:32: 'cert_file' is empty", "web.yml:1:46: 'key_file' is empty"),
    WrongFile(
        "noAuth.bad", "tls_server_config: {\(pair), client_ca_file: /dev/null}",
        "web.yml:1:82: 'client_ca_file' without a 'client_auth_type' that requests certificates; "
            + "set client_auth_type: RequireAndVerifyClientCert"),
    WrongFile(
        "an invented client_auth_type",
        "tls_server_config: {\(pair), client_auth_type: RequireClient, client_ca_file: a}",
        "web.yml:1:84: 'client_auth_type' must be one of NoClientCert, RequestClientCert, RequireAnyClientCert, "
            + "VerifyClientCertIfGiven, RequireAndVerifyClientCert, not 'RequireClient'"),
    WrongFile(
        "auth_user_list_invalid", "tls_server_config: {\(pair)}\nbasic_auth_users: {john: doe}",
        "web.yml:2:26: the password of user 'john' must be a bcrypt hash beginning with $2y$, $2b$ or $2a$, "
            + "as `htpasswd -nBC 10 USER` prints it"),
    WrongFile(
        "noAuth_inventedCiphers", "tls_server_config: {\(pair), cipher_suites: [TLS_RSA_WITH_RC4_128_SHA2048]}",
        "web.yml:1:82: 'cipher_suites' does not support 'TLS_RSA_WITH_RC4_128_SHA2048'; did you mean 'TLS_RSA_WITH_AES_128_CBC_SHA'?"
    ),
    WrongFile(
        "noAuth_inventedCurves", "tls_server_config: {\(pair), curve_preferences: [CurveP255]}",
        "web.yml:1:86: 'curve_preferences' does not support 'CurveP255'; did you mean 'CurveP256'?"),
    WrongFile(
        "noAuth_wrongTLSVersion", "tls_server_config: {\(pair), min_version: TLS111}",
        "web.yml:1:79: 'min_version' must be one of TLS10, TLS11, TLS12, TLS13, not 'TLS111'; did you mean 'TLS11'?"),
    WrongFile(
        "noAuth_noHTTP2Cipher",
        "tls_server_config: {\(pair), cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA], max_version: TLS12}",
        "web.yml:1:81: 'cipher_suites' has no suite that HTTP/2 requires; add TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or "
            + "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, or set http2: false in http_server_config"),
    WrongFile(
        "headers_content_type_options", "http_server_config: {headers: {X-Content-Type-Options: sniff}}",
        "web.yml:1:56: 'X-Content-Type-Options' must be one of nosniff, not 'sniff'; did you mean 'nosniff'?"),
    WrongFile(
        "headers_frame_options", "http_server_config: {headers: {X-Frame-Options: everybody}}",
        "web.yml:1:49: 'X-Frame-Options' must be one of deny, sameorigin, not 'everybody'"),
    WrongFile(
        "headers_extra_header", "http_server_config: {headers: {X-Extra: a}}", "web.yml:1:32: unknown key 'X-Extra'"),
    WrongFile(
        "auth_client_san_no_client_auth", "tls_server_config: {\(pair), client_allowed_sans: [a]}",
        "web.yml:1:87: 'client_allowed_sans' needs client_auth_type: RequireAndVerifyClientCert "
            + "(or RequireAnyClientCert)"),
    WrongFile(
        "auth_client_san_optional_cert",
        "tls_server_config: {\(pair), client_allowed_sans: [a], client_auth_type: VerifyClientCertIfGiven}",
        "web.yml:1:87: 'client_allowed_sans' needs client_auth_type: RequireAndVerifyClientCert "
            + "(or RequireAnyClientCert)"),
    // Refused only here, not by the toolkit.
    WrongFile(
        "TLS without a certificate", "tls_server_config: {min_version: TLS13}",
        "web.yml:1:20: 'tls_server_config' needs one of 'cert_file' and 'cert'",
        "web.yml:1:20: 'tls_server_config' needs one of 'key_file' and 'key'"),
    WrongFile(
        "a certificate both inline and in a file", "tls_server_config: {\(pair), cert: x}",
        "web.yml:1:72: 'cert' and 'cert_file'; keep one of them"),
    WrongFile(
        "no version left", "tls_server_config: {\(pair), min_version: TLS13, max_version: TLS12}",
        "web.yml:1:99: no version is left: 'min_version' is TLS13, 'max_version' TLS12"),
    WrongFile(
        "suites that no version has",
        "tls_server_config: {\(pair), max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]}",
        "web.yml:1:101: 'cipher_suites' has no suite for versions up to TLS12"),
    WrongFile(
        "a limit that refuses every request", "rate_limit: {interval: 1s}",
        "web.yml:1:13: 'rate_limit' with a 'burst' of 0 would refuse every request"),
    WrongFile(
        "a burst below zero", "rate_limit: {interval: 1s, burst: -1}",
        "web.yml:1:35: 'burst' must be a whole number, 0 or more, not '-1'"),
    WrongFile(
        "a header of two lines", "http_server_config: {headers: {X-XSS-Protection: \"1\\r\\nSet-Cookie: a\"}}",
        "web.yml:1:50: 'X-XSS-Protection' must consist of printable ASCII characters on one line"),
    WrongFile(
        "a duplicate user", "basic_auth_users:\n  a: \(hash)\n  a: \(hash)\n",
        "web.yml:3:3: duplicate key 'a', first used on line 2"),
    WrongFile(
        "a user with a colon", "basic_auth_users: {'a:b': \(hash)}",
        "web.yml:1:20: a user's name must not be empty or contain a colon: 'a:b'"),
    WrongFile(
        "users in a list", "basic_auth_users: [a]", "web.yml:1:19: 'basic_auth_users' must be a dictionary, not a list"),
    WrongFile(
        "an anchor", "basic_auth_users: &users {}",
        "web.yml:1:19: anchors and aliases (& and *) are not supported; quote the value, or write the value out"),
    WrongFile(
        "a key in the wrong section", "cert_file: a",
        "web.yml:1:1: unknown key 'cert_file' in the file; it belongs in tls_server_config"),
]

@Suite("The file of --web.config.file")
struct WebConfigurationTests {
    @Test("what exporter-toolkit accepts is accepted", arguments: validFiles)
    func sound(name: String, text: String) throws {
        let (configuration, warnings) = try WebConfiguration.parse(text, file: "web.yml")
        #expect(warnings.isEmpty)
        #expect((configuration.tls != nil) == text.contains("tls_server_config"))
        #expect(configuration.users.isEmpty != text.contains("basic_auth_users"))
    }

    @Test("an invalid file is refused, with exactly its problems and their positions", arguments: wrongFiles)
    func wrong(file: WrongFile) {
        let error = #expect(throws: ConfigurationError.self) {
            try WebConfiguration.parse(file.text, file: "web.yml")
        }
        #expect(error?.problems.map(\.description) == file.problems)
    }

    @Test("every value is read")
    func values() throws {
        let text = """
            tls_server_config:
              cert: "CERT"
              key_file: sub/server.key
              client_auth_type: RequireAndVerifyClientCert
              client_ca_file: /etc/ca.pem
              client_allowed_sans: [prometheus, 10.0.0.1]
              min_version: TLS11
              max_version: TLS12
              cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
              curve_preferences: [X25519, CurveP256]
            http_server_config:
              headers: {X-Frame-Options: deny, Content-Security-Policy: ""}
            basic_auth_users: {alice: \(hash)}
            rate_limit: {interval: 1m30s, burst: 7}
            """
        let web = try WebConfiguration.parse(text, file: "/etc/exporter/web.yml").configuration
        let tls = try #require(web.tls)
        #expect(try tls.certificate.bytes() == Array("CERT".utf8) && tls.certificate.path == nil)
        #expect(tls.key.path == "/etc/exporter/sub/server.key")
        #expect(tls.clientAuthentication == .requireAndVerify)
        #expect(tls.allowedNames == ["prometheus", "10.0.0.1"])
        #expect(tls.minimumVersion == .tls11 && tls.maximumVersion == .tls12)
        #expect(tls.cipherSuites == [.ecdheRSAWithAES128GCM, .aes128GCM])
        #expect(tls.curves == [.x25519, .p256])
        #expect(web.headers == [.init(name: "X-Frame-Options", value: "deny")])
        #expect(web.users.mapValues { $0.reveal() } == ["alice": hash])
        #expect(web.rateLimit == .init(interval: .seconds(90), burst: 7))
        #expect(web.referencedFiles == ["/etc/exporter/sub/server.key", "/etc/ca.pem"])
    }

    @Test("by default, TLS is 1.2 or 1.3 and requests no client certificate")
    func defaults() throws {
        let tls = try #require(
            try WebConfiguration.parse("tls_server_config: {\(pair)}", file: "web.yml").configuration.tls)
        #expect(tls.minimumVersion == .tls12 && tls.maximumVersion == .tls13)
        #expect(tls.clientAuthentication == .notAsked && tls.allowedNames == nil && tls.clientAuthority == nil)
        #expect(tls.cipherSuites.isEmpty && tls.curves.isEmpty)
    }

    @Test("an unreadable certificate is reported, with the position that names it")
    func unreadable() throws {
        let text = "tls_server_config: {cert_file: none.crt, key_file: server.key}"
        let tls = try #require(try WebConfiguration.parse(text, file: "/nowhere/web.yml").configuration.tls)
        let error = #expect(throws: ConfigurationError.self) { try tls.certificate.bytes() }
        #expect(
            error?.description
                == "/nowhere/web.yml:1:32: 'cert_file' '/nowhere/none.crt' cannot be read: No such file or directory")
    }

    @Test("a world-readable inline key causes a warning")
    func worldReadable() async throws {
        try await withWebConfiguration("tls_server_config: {cert_file: a, key: KEY}") { path in
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            #expect(
                try WebConfiguration.load(path: path).warnings.map(\.description) == [
                    "\(path):1:40: a private key in a world-readable file; chmod o-r \(path), or use key_file"
                ])
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
            #expect(try WebConfiguration.load(path: path).warnings.isEmpty)
        }
    }

    @Test(
        "anything but a bcrypt hash is refused",
        arguments: [
            "", "secret", "$1$abcdefgh$0123456789012345678901", String(hash.dropLast()), hash + "a",
            hash.replacing("$2y$", with: "$2x$"), hash.replacing("$10$", with: "$03$"),
            hash.replacing("$10$", with: "$32$"), hash.replacing("$10$", with: "$1 $"),
            String(hash.dropLast()) + "!", String(hash.dropLast()) + ":",
        ])
    func noHash(text: String) {
        #expect(BcryptHash(text) == nil)
    }

    @Test("a hash that takes minutes to check is refused")
    func costly() async throws {
        let text = "basic_auth_users: {john: \(hash.replacing("$10$", with: "$17$"))}\n"
        try await withWebConfiguration(text) { path in
            let error = #expect(throws: ConfigurationError.self) { try WebConfiguration.load(path: path) }
            #expect(
                error?.description.contains("'john' is hashed with a cost of 17") == true,
                "\(String(describing: error))")
        }
    }

    @Test(
        "a hash may have any of the three version letters, and is never printed", arguments: ["$2a$", "$2b$", "$2y$"])
    func isHash(prefix: String) throws {
        let sound = try #require(BcryptHash(hash.replacing("$2y$", with: prefix)))
        #expect(sound.cost == 10)
        #expect(!"\(sound)".contains("QOauh") && !String(reflecting: sound).contains("QOauh"))
    }

    @Test("neither hash nor key appears in a dump of the configuration")
    func dumped() throws {
        let text = "tls_server_config: {cert: CERT, key: hush-hush}\nbasic_auth_users: {alice: \(hash)}"
        let web = try WebConfiguration.parse(text, file: "web.yml").configuration
        var dumped = ""
        dump(web, to: &dumped)
        #expect(!dumped.contains("hush-hush") && !dumped.contains(hash))
    }
}
