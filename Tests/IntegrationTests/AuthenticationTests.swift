import Foundation
import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("Authentication")
    struct AuthenticationTests {
        @Test("MariaDB: native password, ed25519 and unix_socket, with TLS and without")
        func mariaDB() async throws {
            let software = try await ServerSoftware.find("mariadb")
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let server = try sandbox.server("db1")
                let password = sandbox.accounts.monitor.password
                for statement in [
                    "INSTALL SONAME 'auth_ed25519'",
                    "CREATE USER native@'127.0.0.1' IDENTIFIED VIA mysql_native_password USING PASSWORD('\(password)')",
                    "CREATE USER ed25519@'127.0.0.1' IDENTIFIED VIA ed25519 USING PASSWORD('\(password)')",
                    "CREATE USER either@'127.0.0.1' IDENTIFIED VIA ed25519 USING PASSWORD('not this') "
                        + "OR mysql_native_password USING PASSWORD('\(password)')",
                    "GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO native@'127.0.0.1'",
                    "GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO ed25519@'127.0.0.1'",
                    "GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO either@'127.0.0.1'",
                ] { try await server.sql(statement) }
                // An account named after the system user; the sandbox's own if the tests run as root.
                if geteuid() == 0 { try await server.sql("ALTER USER root@localhost IDENTIFIED VIA unix_socket") }
                let certificates = Certificates(folder: sandbox.folder)
                try certificates.make("ca")
                try certificates.make("server", by: "ca", names: "IP:127.0.0.1")
                try await server.restart(with: tlsArguments(sandbox))
                let up = try await nodesUp(
                    sandbox,
                    [
                        "native": "user: native, tls: {mode: disabled}",
                        "native-tls": "user: native, tls: {mode: verify_identity, ca: ca.pem}",
                        "ed25519": "user: ed25519, tls: {mode: disabled}",
                        "ed25519-tls": "user: ed25519, tls: {mode: required}",
                        "either": "user: either, tls: {mode: required}",
                        "wrong": "user: nobody",
                        "socket": "user: root, address: \"unix:\(server.socketPath)\"",
                    ])
                let names: Set = ["native", "native-tls", "ed25519", "ed25519-tls", "either"]
                #expect(up == (geteuid() == 0 ? names.union(["socket"]) : names))
            }
        }

        @Test("Many concurrent logins that need a plugin which is not loaded yet all succeed")
        func pluginAtOnce() async throws {
            let software = try await ServerSoftware.find()
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let server = try sandbox.server("db1")
                let password = sandbox.accounts.monitor.password
                for statement in [
                    "INSTALL SONAME 'auth_ed25519'",
                    "CREATE USER ed25519@'127.0.0.1' IDENTIFIED VIA ed25519 USING PASSWORD('\(password)')",
                    "GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO ed25519@'127.0.0.1'",
                ] { try await server.sql(statement) }
                let ways = Dictionary(
                    uniqueKeysWithValues: (0..<40).map { ("n\($0)", "user: ed25519, tls: {mode: disabled}") })
                for _ in 0..<5 {
                    // A new process has not loaded it.
                    #expect(try await nodesUp(sandbox, ways) == Set(ways.keys))
                }
            }
        }

        @Test("MySQL 9: caching_sha2_password over TLS, by RSA and from the server's cache; auth_socket")
        func mySQL() async throws {
            for software in try await Matrix.all.value where software.flavor == .mysql {
                try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                    let server = try sandbox.server("db1")
                    for statement in [
                        "INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'",
                        "CREATE USER local@localhost IDENTIFIED WITH auth_socket AS 'root'",
                        "GRANT REPLICATION CLIENT ON *.* TO local@localhost",
                    ] { try await server.sql(statement) }
                    let account = "user: \(sandbox.accounts.monitor.user)"
                    let plain = ["node": "\(account), tls: {mode: disabled}"]
                    let encrypted = ["node": "\(account), tls: {mode: required}"]
                    // Nothing in the cache: the server requires the password itself, encrypted with its RSA key.
                    try await server.sql("FLUSH PRIVILEGES")
                    #expect(try await nodesUp(sandbox, plain) == ["node"])
                    // From the cache by now.
                    #expect(try await nodesUp(sandbox, plain) == ["node"])
                    #expect(try await nodesUp(sandbox, encrypted) == ["node"])
                    try await server.sql("FLUSH PRIVILEGES")
                    #expect(try await nodesUp(sandbox, encrypted) == ["node"])
                    #expect(
                        try await nodesUp(
                            sandbox,
                            [
                                "local": "user: local, address: \"unix:\(server.socketPath)\"",
                                "wrong": "user: nobody",
                            ]) == (geteuid() == 0 ? ["local"] : []))

                    // Without TLS on the server, a client that prefers it uses the RSA key as well.
                    try await server.restart(with: ["--tls-version="])
                    #expect(try await nodesUp(sandbox, ["node": account]) == ["node"])
                    #expect(try await nodesUp(sandbox, encrypted) == [])
                }
            }
        }

        @Test("a missing client plugin is named, together with where it was looked for")
        func missingPlugin() async throws {
            for software in try await Matrix.all.value where software.flavor == .mysql {
                try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                    let exporter = try await exporter(
                        sandbox,
                        [
                            "node":
                                "user: \(sandbox.accounts.monitor.user)"
                        ],
                        environment: ["MARIADB_PLUGIN_DIR": sandbox.folder])
                    let scrape = try await exporter.scrape()
                    #expect(scrape.value("node_failure", "node", ["reason": "authentication"]) == 1)
                    #expect(await exporter.stop() == .exited(0))
                    let log = try exporter.output()
                    #expect(log.contains("\(sandbox.folder)/caching_sha2_password.so"), "\(log)")
                }
            }
        }

        // MARK: -

        private func nodesUp(_ sandbox: Sandbox, _ settings: [String: String]) async throws -> Set<String> {
            let exporter = try await exporter(sandbox, settings)
            let scrape = try await exporter.scrape()
            #expect(await exporter.stop() == .exited(0))
            return Set(scrape.all("up").filter { $0.value == 1 }.compactMap { $0.labels["node"] })
        }
    }
}
