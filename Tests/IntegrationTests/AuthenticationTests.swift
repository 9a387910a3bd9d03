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

        @Test(
            "PAM: a password is sent as it is where that is configured and the server has proved who it is, and nowhere else"
        )
        func clearText() async throws {
            // PAM reads its rules from one place only.
            let service = "mysql-replication-exporter-test-\(getpid())"
            guard geteuid() == 0 else {
                print("!!! not root: log-ins through PAM are NOT tested")
                return
            }
            let software = try await ServerSoftware.find("mariadb")
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let server = try sandbox.server("db1")
                let certificates = Certificates(folder: sandbox.folder)
                try certificates.make("ca")
                try certificates.make("other-ca")
                try certificates.make("server", by: "ca", names: "IP:127.0.0.1")
                // Compares what it is given with the password; a NUL ends it.
                let asked = "\(sandbox.folder)/asked"
                let check = "\(sandbox.folder)/check"
                try """
                #!/bin/sh
                given=$(tr -d '\\000')
                echo asked >>\(asked)
                test "$given" = '\(sandbox.accounts.monitor.password)'

                """.write(toFile: check, atomically: true, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: check)
                try "".write(toFile: asked, atomically: true, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: asked)
                try """
                auth required pam_exec.so expose_authtok quiet \(check)
                account required pam_permit.so

                """.write(toFile: "/etc/pam.d/\(service)", atomically: true, encoding: .utf8)
                defer { try? FileManager.default.removeItem(atPath: "/etc/pam.d/\(service)") }
                try await server.restart(
                    with: tlsArguments(sandbox) + [
                        "--plugin-load-add=auth_pam_v1", "--loose-pam-use-cleartext-plugin=ON",
                    ])
                for statement in [
                    "CREATE USER pam@'127.0.0.1' IDENTIFIED VIA pam USING '\(service)'",
                    "GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO pam@'127.0.0.1'",
                ] { try await server.sql(statement) }

                let verified = "tls: {mode: verify_identity, ca: ca.pem}"
                let without = try await nodesUp(
                    sandbox,
                    [
                        "without": "user: pam, \(verified)",
                        "stranger": "user: pam, cleartext_plugin: true, tls: {mode: verify_identity, ca: other-ca.pem}",
                    ])
                #expect(without == [])
                #expect(try String(contentsOfFile: asked, encoding: .utf8) == "")
                let with = try await nodesUp(
                    sandbox, ["with": "user: pam, cleartext_plugin: true, \(verified)"])
                #expect(with == ["with"])
                #expect(try String(contentsOfFile: asked, encoding: .utf8).hasPrefix("asked\n"))
            }
        }

        @Test("A command's password is rotated under a running exporter, and appears in no log")
        func rotation() async throws {
            for software in try await Matrix.all.value {
                try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                    let server = try sandbox.server("db1")
                    let account = "'\(sandbox.accounts.monitor.user)'@'127.0.0.1'"
                    let script = "\(sandbox.folder)/token"
                    let printed = "\(sandbox.folder)/current"
                    try """
                    #!/bin/sh
                    echo run >>\(sandbox.folder)/runs
                    echo "$SSL_CERT_FILE$SSL_CERT_DIR" >>\(sandbox.folder)/authorities
                    cat \(printed) >&2
                    cat \(printed)

                    """.write(toFile: script, atomically: true, encoding: .utf8)
                    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
                    let passwords = ["first-T0ken!x", "second-T0ken!x"]
                    func rotate(_ password: String) async throws {
                        try password.write(toFile: printed, atomically: true, encoding: .utf8)
                        try await server.sql("ALTER USER \(account) IDENTIFIED BY '\(password)'")
                    }
                    try await rotate(passwords[0])
                    let path = try sandbox.writeExporterConfiguration()
                    let text = try String(contentsOfFile: path, encoding: .utf8)
                    let file = try #require(text.split(separator: "\n").first { $0.contains("password_file") })
                    try text.replacing(file, with: "  password_command: [\(script), \"{host}\"]").write(
                        toFile: path, atomically: true, encoding: .utf8)
                    let exporter = try await RunningExporter.start(path, in: sandbox)
                    try await exporter.scrape(until: "it is up") { $0.value("up", "db1") == 1 }
                    try await rotate(passwords[1])
                    // The connection that stands goes on; one that is made anew needs the new password.
                    #expect(try await exporter.scrape().value("up", "db1") == 1)
                    try await server.restart()
                    try await exporter.scrape(until: "it has the new password", within: .seconds(60)) {
                        $0.value("up", "db1") == 1
                    }
                    #expect(await exporter.stop() == .exited(0))
                    // One that fails, and what it prints.
                    try "#!/bin/sh\necho \(passwords[1]); echo \(passwords[1]) >&2; exit 7\n".write(
                        toFile: script, atomically: false, encoding: .utf8)
                    let other = try await RunningExporter.start(path, in: sandbox)
                    try await other.scrape(until: "it has no password") {
                        $0.value("node_failure", "db1", ["reason": "configuration"]) == 1
                    }
                    #expect(await other.stop() == .exited(0))
                    let log = try exporter.output() + other.output()
                    #expect(log.contains("it ended with status 7"), "\(log)")
                    for password in passwords { #expect(!log.contains(password), "\(log)") }
                    let runs = try String(contentsOfFile: "\(sandbox.folder)/runs", encoding: .utf8)
                    #expect(runs.split(separator: "\n").count == 2, "\(runs)")
                    // The exporter reads the system's authorities in its own way; a command is to find them as usual.
                    #expect(try String(contentsOfFile: "\(sandbox.folder)/authorities", encoding: .utf8) == "\n\n")
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
