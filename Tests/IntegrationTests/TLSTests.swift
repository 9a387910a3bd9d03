import Foundation
import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    /// Every mode of `tls`, as nodes of one exporter, against one real server whose certificate changes.
    @Suite("TLS to the servers")
    struct TLSTests {
        /// One node for each way to connect.
        private static let nodes = [
            "disabled": "mode: disabled",
            "preferred": "mode: preferred",
            "required": "mode: required",
            "identity": "mode: verify_identity, ca: ca.pem",
            "other-ca": "mode: verify_identity, ca: other.pem",
            "system-ca": "mode: verify_identity",
            // As the warning says, `ca` has no effect in this mode.
            "required-other-ca": "mode: required, ca: other.pem",
        ]

        @Test(
            "each mode connects only with the security that it promises", arguments: try await Matrix.all.value
        )
        func modes(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let (server, certificates) = try await prepare(sandbox)
                let user = sandbox.accounts.monitor.user
                let settings = Self.nodes.mapValues { "user: \(user), tls: {\($0)}" }

                func expect(
                    _ situation: String, up: Set<String>, encrypted: Bool, saying message: String? = nil
                ) async throws {
                    let logIns = try await server.tlsLogIns()
                    // A new exporter each time: an old one's connections would not see the new certificate.
                    let exporter = try await exporter(sandbox, settings)
                    let scrape = try await exporter.scrape()
                    for node in Self.nodes.keys {
                        let isUp = up.contains(node)
                        #expect(scrape.value("up", node) == (isUp ? 1 : 0), "\(node), \(situation)")
                        let reasons = scrape.all("node_failure", node).compactMap { $0.labels["reason"] }
                        #expect(reasons == (isUp ? [] : ["tls"]), "\(node), \(situation)")
                    }
                    // By the server's count: every node that is up, except the one without TLS.
                    let expected = encrypted ? UInt64(up.count - 1) : 0
                    #expect(try await server.tlsLogIns() >= logIns + expected, "\(situation)")
                    if !encrypted { #expect(try await server.tlsLogIns() == 0, "\(situation)") }
                    #expect(await exporter.stop() == .exited(0))
                    if let message { #expect(try exporter.output().contains(message), "\(situation)") }
                }

                // MariaDB 10.11 does not offer TLS without a certificate; the others generate one themselves.
                try await server.restart(with: [software.flavor == .mariadb ? "--skip-ssl" : "--tls-version="])
                try await expect(
                    "a server without TLS", up: ["disabled", "preferred"], encrypted: false,
                    saying: "the server offers no TLS and tls.mode is required")

                let unverified: Set = ["disabled", "preferred", "required", "required-other-ca"]
                // MySQL presents a certificate only if its own `ssl-ca` contains the certificate's authority.
                try certificates.join(["ca", "other"], as: "both")
                try await server.restart(with: tlsArguments(sandbox, authorities: "both"))
                try await expect("a good certificate", up: unverified.union(["identity"]), encrypted: true)
                try certificates.install("wrong-name")
                try await server.reloadTLS()
                try await expect(
                    "a certificate issued for another name", up: unverified, encrypted: true,
                    saying: "Validation of SSL server certificate failed")
                try certificates.install("stranger")
                try await server.reloadTLS()
                try await expect(
                    "a certificate from an authority that only other-ca trusts", up: unverified.union(["other-ca"]),
                    encrypted: true)
                // MySQL does not present an expired certificate either.
                guard software.flavor == .mariadb else { return }
                try certificates.install("expired")
                try await server.reloadTLS()
                try await expect(
                    "an expired certificate", up: unverified, encrypted: true, saying: "certificate has expired")
            }
        }

        @Test("a server that requires a client certificate gets it", arguments: try await Matrix.all.value)
        func clientCertificates(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let (server, certificates) = try await prepare(sandbox)
                try certificates.make("client", by: "ca")
                try certificates.make("strange-client", by: "other")
                try await server.restart(with: tlsArguments(sandbox))
                let password = sandbox.accounts.monitor.password
                for statement in [
                    "CREATE USER certified@'127.0.0.1' IDENTIFIED BY '\(password)' REQUIRE X509",
                    "GRANT \(software.flavor == .mariadb ? "SLAVE MONITOR" : "REPLICATION CLIENT") ON *.* TO certified@'127.0.0.1'",
                ] { try await server.sql(statement) }

                let user = "user: certified"
                // There when the exporter starts, which otherwise would not.
                let passing = ["pem", "key"].map { "\(sandbox.folder)/no-such.\($0)" }
                for path in passing { try "".write(toFile: path, atomically: true, encoding: .utf8) }
                let exporter = try await exporter(
                    sandbox,
                    [
                        "with": "\(user), tls: {mode: verify_identity, ca: ca.pem, cert: client.pem, key: client.key}",
                        "preferred": "\(user), tls: {mode: preferred, cert: client.pem, key: client.key}",
                        "without": "\(user), tls: {mode: required}",
                        "plain": "\(user), tls: {mode: disabled}",
                        "strange": "\(user), tls: {mode: required, cert: strange-client.pem, key: strange-client.key}",
                        "mismatch": "\(user), tls: {mode: required, cert: client.pem, key: strange-client.key}",
                        "missing": "\(user), tls: {mode: required, cert: no-such.pem, key: no-such.key}",
                    ])
                for path in passing { try FileManager.default.removeItem(atPath: path) }
                let scrape = try await exporter.scrape()
                for node in ["with", "preferred"] { #expect(scrape.value("up", node) == 1, "\(node)") }
                func reasons(_ node: String) -> [String?] {
                    scrape.all("node_failure", node).map { $0.labels["reason"] }
                }
                for (node, reason) in [
                    ("without", "authentication"), ("plain", "authentication"), ("mismatch", "tls"),
                    ("missing", "configuration"),
                ] { #expect(reasons(node) == [reason], "\(node)") }
                // With TLS 1.3, the connection may end before the server's refusal arrives.
                #expect([["tls"], ["connect"]].contains(reasons("strange")))
                #expect(await exporter.stop() == .exited(0))
                let log = try exporter.output()
                #expect(log.contains("tls.cert \(sandbox.folder)/no-such.pem: No such file or directory"))
                #expect(log.contains("key values mismatch"))
            }
        }

        @Test(
            "without a ca, the system's authorities are trusted and no others: by directory, by bundle, by environment")
        func systemAuthorities() async throws {
            let software = try await ServerSoftware.find()
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let (server, certificates) = try await prepare(sandbox)
                try await server.restart(with: tlsArguments(sandbox))
                for store in ["hashed", "bundled", "both", "foreign"] {
                    try certificates.makeStore(
                        store, of: store == "foreign" ? "other" : "ca", isHashed: store != "bundled",
                        isBundled: store == "bundled" || store == "both")
                }
                let settings = [
                    "system": "user: \(sandbox.accounts.monitor.user), tls: {mode: verify_identity}"
                ]
                let folder = sandbox.folder
                for (environment, store, isUp) in [
                    ([:], nil, false),
                    (["SSL_CERT_DIR": "\(folder)/hashed"], nil, true),
                    (["SSL_CERT_DIR": "\(folder)/foreign"], nil, false),
                    (["SSL_CERT_FILE": "\(folder)/ca.pem"], nil, true),
                    (["SSL_CERT_FILE": "\(folder)/other.pem"], nil, false),
                    (["SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "/dev/null"], nil, false),
                    ([:], "hashed", true), ([:], "bundled", true), ([:], "both", true), ([:], "foreign", false),
                ] as [([String: String], String?, Bool)] {
                    // Replaces the system's own store, for this process only.
                    let launcher = store.map { store in
                        [
                            "unshare", "--mount", "sh", "-c",
                            "mount --bind \(folder)/\(store) /etc/ssl/certs && exec \"$@\"", "sh",
                        ]
                    }
                    let exporter = try await exporter(
                        sandbox, settings, environment: environment, launcher: launcher ?? [])
                    let scrape = try await exporter.scrape()
                    let what = "\(environment), \(store ?? "the system's own")"
                    #expect(scrape.value("up", "system") == (isUp ? 1 : 0), "\(what)")
                    #expect(await exporter.stop() == .exited(0))
                    if !isUp {
                        let log = try exporter.output()
                        #expect(log.contains("self-signed certificate in certificate chain"), "\(what): \(log)")
                    }
                }
            }
        }

        @Test(
            "if a server does not offer TLS and it is not required, only one connection is made",
            arguments: try await Matrix.flavors.value)
        func oneConnection(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let (server, certificates) = try await prepare(sandbox)
                try certificates.make("client", by: "ca")
                try await server.restart(with: [software.flavor == .mariadb ? "--skip-ssl" : "--tls-version="])
                func count(_ name: String) async throws -> UInt64 {
                    let row = try #require(try await server.sql("SHOW GLOBAL STATUS LIKE '\(name)'").first)
                    return try #require(row.unsigned("Value"))
                }
                let user = "user: \(sandbox.accounts.monitor.user)"
                let settings = [
                    "plain": "\(user), tls: {mode: disabled}", "preferred": "\(user), tls: {mode: preferred}",
                    "certified": "\(user), tls: {mode: preferred, cert: client.pem, key: client.key}",
                ]
                let before = try await count("Connections")
                let exporter = try await exporter(sandbox, settings)
                let scrape = try await exporter.scrape()
                for node in settings.keys { #expect(scrape.value("up", node) == 1, "\(node)") }
                // A connection without a log-in would count as aborted.
                #expect(try await count("Connections") - before == UInt64(settings.count))
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test("300 nodes are up in the first scrape, and again in the first after all connections were lost")
        func threeHundred() async throws {
            var settings = ServerSettings()
            settings.arguments = ["--max-connections=700", "--open-files-limit=5000"]
            let software = try await ServerSoftware.find()
            try await withSandbox(.primary(replicas: 0), software: software, settings: settings) { sandbox in
                let (server, _) = try await prepare(sandbox)
                try await server.restart(with: tlsArguments(sandbox))
                let monitor = sandbox.accounts.monitor
                let ways = Dictionary(
                    uniqueKeysWithValues: (0..<300).map { number in
                        // With and without verification, alternately.
                        let mode = number % 2 == 0 ? "{mode: preferred}" : "{mode: verify_identity, ca: ca.pem}"
                        return ("n\(number)", "user: \(monitor.user), timeout: 10s, tls: \(mode)")
                    })
                let logIns = try await server.tlsLogIns()
                let exporter = try await exporter(sandbox, ways)
                func expectAll(_ when: String) async throws {
                    let scrape = try await exporter.scrape(timeout: 10.5)
                    #expect(scrape.all("up").count { $0.value == 1 } == 300, "\(when)")
                    let log = try exporter.output()
                    #expect(scrape.all("node_failure").isEmpty, "\(when): \(log)")
                }
                try await expectAll("from the start")
                #expect(try await server.tlsLogIns() >= logIns + 300)
                try await server.sql("KILL USER \(monitor.user)")
                try await expectAll("after all connections were lost")
                #expect(await exporter.stop() == .exited(0))
            }
        }

        // MARK: -

        /// Authorities `ca` and `other`, and the server certificates, `server` being the one in use.
        private func prepare(_ sandbox: Sandbox) async throws -> (Server, Certificates) {
            let certificates = Certificates(folder: sandbox.folder)
            let names = "IP:127.0.0.1,DNS:localhost"
            try certificates.make("ca")
            try certificates.make("other")
            try certificates.make("good", by: "ca", names: names)
            try certificates.make("wrong-name", by: "ca", names: "DNS:db.example")
            try certificates.make("expired", by: "ca", names: names, days: -1)
            try certificates.make("stranger", by: "other", names: names)
            try certificates.install("good")
            return (try sandbox.server("db1"), certificates)
        }
    }
}

extension Certificates {
    fileprivate func join(_ names: [String], as bundle: String) throws {
        let texts = try names.map { try String(contentsOfFile: "\(folder)/\($0).pem", encoding: .utf8) }
        try texts.joined().write(toFile: "\(folder)/\(bundle).pem", atomically: true, encoding: .utf8)
    }

    /// Makes a folder that contains an authority in the layout of a system's store.
    fileprivate func makeStore(_ name: String, of authority: String, isHashed: Bool, isBundled: Bool) throws {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try FileManager.default.copyItem(atPath: "\(folder)/\(authority).pem", toPath: "\(path)/\(authority).pem")
        if isHashed { try openssl(["rehash", path]) }
        if isBundled {
            try FileManager.default.copyItem(
                atPath: "\(folder)/\(authority).pem", toPath: "\(path)/ca-certificates.crt")
        }
    }

    /// Makes a certificate the one that the server presents.
    fileprivate func install(_ name: String) throws {
        for suffix in ["pem", "key"] {
            let file = try Data(contentsOf: URL(filePath: "\(folder)/\(name).\(suffix)"))
            try file.write(to: URL(filePath: "\(folder)/server.\(suffix)"))
        }
    }
}

extension Server {
    fileprivate func reloadTLS() async throws {
        try await sql(software.flavor == .mariadb ? "FLUSH SSL" : "ALTER INSTANCE RELOAD TLS")
    }

    /// Log-ins over TLS since the server started, or since it reloaded its certificate.
    fileprivate func tlsLogIns() async throws -> UInt64 {
        let row = try #require(try await sql("SHOW GLOBAL STATUS LIKE 'Ssl_finished_accepts'").first)
        return row.unsigned("Value") ?? 0
    }
}
