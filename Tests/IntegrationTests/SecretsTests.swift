import Foundation
import Sandbox
import Testing

extension IntegrationSuite {
    /// Whatever the process prints or serves, and whatever goes wrong: none of its passwords appears in it.
    @Suite("Secrets")
    struct SecretsTests {
        /// Every way to supply a password, correctly or not, and the part of each that no escaping changes.
        private struct Given {
            let literal = "literal-\(Self.core())\"\\'<&> ü"
            let wrongLiteral = "wrong-\(Self.core())"
            let file = "file-\(Self.core()) "
            let variable = "variable-\(Self.core())"
            let optionFile = "option-\(Self.core())"
            let account = "account-\(Self.core())"
            let misplaced = "misplaced-\(Self.core())"

            static func core() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }

            var all: [String] { [literal, wrongLiteral, file, variable, optionFile, account, misplaced] }
            var cores: [String] {
                all.map { $0.split { !$0.isASCII || !$0.isLetter && !$0.isNumber }[1] }.map(String.init)
            }
        }

        @Test("are in no page, log line, argument or error text, at any level", arguments: ["logfmt", "json"])
        func nowhere(format: String) async throws {
            let given = Given()
            let software = try await ServerSoftware.find("mariadb")
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let server = try sandbox.server("db1")
                for (user, password) in [
                    ("literal", given.literal), ("file", given.file), ("variable", given.variable),
                    ("optional", given.optionFile), ("account", given.account),
                ] {
                    let quoted = password.replacing("\\", with: "\\\\").replacing("'", with: "''")
                    try await server.sql("CREATE USER \(user)@'127.0.0.1' IDENTIFIED BY '\(quoted)'")
                    try await server.sql("GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO \(user)@'127.0.0.1'")
                }
                let (good, broken) = try write(given, in: sandbox, port: server.port)
                let environment = [
                    "SECRET_OF_NODE": given.variable, "MYSQL_REPLICATION_EXPORTER_USER": "account",
                    "MYSQL_REPLICATION_EXPORTER_PASSWORD": given.account,
                ]

                let exporter = try await RunningExporter.start(
                    ["--config.file", good, "--web.enable-lifecycle", "--log.level", "debug", "--log.format", format],
                    in: sandbox, environment: environment)
                var texts: [(String, String)] = []
                let scrape = try await exporter.scrape()
                texts.append(("/metrics", scrape.text))
                // All of them are in use; otherwise there would be nothing to keep secret.
                for node in ["literal", "file", "variable", "optional", "account"] {
                    #expect(scrape.value("up", node) == 1, "\(node)")
                }
                for node in ["wrong", "no-tls", "nobody"] { #expect(scrape.value("up", node) == 0, "\(node)") }
                for path in [
                    "/", "/sd", "/topology.json", "/config", "/-/healthy", "/-/ready", "/nothing", "/probe",
                    "/probe?target=wrong", "/probe?target=literal", "/metrics?node=no-tls", "/metrics?node=nobody9",
                    "/topology.html", "/nodes/literal/primary", "/nodes/wrong/health", "/nodes/no-tls/replica",
                    "/failover/literal",
                ] {
                    texts.append((path, try await exporter.get(path).body))
                }
                let openMetrics = ["Accept": "application/openmetrics-text; version=1.0.0"]
                texts.append(("OpenMetrics", try await exporter.get("/metrics", headers: openMetrics).body))

                let kept = try String(contentsOfFile: good, encoding: .utf8)
                for (index, text) in broken.enumerated() {
                    try text.write(toFile: good, atomically: true, encoding: .utf8)
                    let refused = try await exporter.get("/-/reload", method: "POST")
                    #expect(refused.status == 500, "\(index)")
                    texts.append(("a broken file, \(index)", refused.body))
                }
                try kept.write(toFile: good, atomically: true, encoding: .utf8)
                #expect(try await exporter.get("/-/reload", method: "POST").status == 200)
                texts.append(("/config after a reload", try await exporter.get("/config").body))
                let arguments = try Data(contentsOf: URL(filePath: "/proc/\(exporter.process.pid)/cmdline"))
                texts.append(("ps", String(decoding: arguments, as: UTF8.self)))
                #expect(await exporter.stop() == .exited(0))
                texts.append(("the log", try exporter.output()))

                for command in [
                    ["topology"], ["topology", "--format", "json"], ["check"], ["check", "--format", "json"],
                    ["grants"], ["--config.check"], ["checksum", "literal"], ["checksum", "wrong"],
                    ["failover-check", "wrong"],
                ] {
                    texts.append(
                        (
                            command.joined(separator: " "),
                            try await output(
                                command + ["--config.file", good], environment, in: sandbox)
                        ))
                }
                for (index, text) in broken.enumerated() {
                    try text.write(toFile: good, atomically: true, encoding: .utf8)
                    texts.append(
                        (
                            "--config.check \(index)",
                            try await output(
                                ["--config.check", "--config.file", good], environment, in: sandbox)
                        ))
                }

                for (source, text) in texts {
                    #expect(!text.isEmpty, "\(source)")
                    for core in given.cores where text.contains(core) { Issue.record("\(source) holds \(core)") }
                }
                if format == "json" { try expectJSON(try exporter.output()) }
            }
        }

        /// Each line is an object of strings, according to an independent parser.
        private func expectJSON(_ log: String) throws {
            let lines = log.split(separator: "\n")
            #expect(lines.count > 5)
            for line in lines {
                let fields = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
                #expect(fields["ts"]?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(line)")
                #expect(["debug", "info", "notice", "warning", "error"].contains(fields["level"]), "\(line)")
                #expect(fields["msg"]?.isEmpty == false, "\(line)")
            }
        }

        /// A valid configuration, and broken ones that contain passwords in wrong places.
        private func write(_ given: Given, in sandbox: Sandbox, port: UInt16) throws -> (path: String, broken: [String])
        {
            func file(_ name: String, _ text: String) throws -> String {
                let path = "\(sandbox.folder)/\(name)"
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                return path
            }
            let password = try file("node.password", given.file + "\n")
            let options = try file("node.cnf", "[client]\nuser=optional\npassword=\"\(given.optionFile)\"\n")
            func yaml(_ text: String) -> String {
                "'\(text.replacing("'", with: "''"))'"
            }
            func set(_ name: String, _ settings: String, address: String? = nil) -> String {
                let address = address ?? "127.0.0.1:\(port)"
                return "  - {name: \(name), nodes: [{name: \(name), address: \"\(address)\", \(settings)}]}\n"
            }
            let sets =
                set("literal", "user: literal, password: \(yaml(given.literal))")
                + set("wrong", "user: literal, password: \(yaml(given.wrongLiteral))")
                + set("no-tls", "user: literal, password: \(yaml(given.literal)), tls: {mode: required}")
                + set("file", "user: file, password_file: \"\(password)\"")
                + set("variable", "user: variable, password: \"${SECRET_OF_NODE}\"")
                + set("optional", "option_file: \"\(options)\"") + set("account", "timeout: 4s")
                + set("nobody", "user: x, password: \(yaml(given.misplaced))", address: "127.0.0.1:1")
            let good = "replication_sets:\n" + sets
            let secret = given.misplaced
            return (
                try file("secrets.yml", good),
                [
                    good + "  - {name: x, nodes: [{name: x, address: h, user: u, pasword: \(secret)}]}\n",
                    good + "  - {name: x, nodes: [{name: x, address: h, user: u, password: [\(secret)]}]}\n",
                    good + "  - {name: x, nodes: [{name: x, address: h, user: u, password: {a: \(secret)}}]}\n",
                    good + "  - {name: x, nodes: [{name: x, address: h, user: u, password: \(secret), password: b}]}\n",
                    good + "  - {name: x, nodes: [{name: x, address: h, user: u, password: \"\(secret)]}\n",
                    good + "  - {name: x, nodes: [{name: x, address: h, user: u, password: \(secret): x}]}\n",
                    good
                        + "  - {name: x, password: \(secret), password_file: /none, nodes: [{name: x, address: h, user: u}]}\n",
                    good + "  - {name: x, nodes: [{name: x, address: h, user: u, password: &a \(secret)}]}\n",
                ]
            )
        }

        private func output(
            _ arguments: [String], _ environment: [String: String], in sandbox: Sandbox
        ) async throws -> String {
            let log = "\(sandbox.folder)/command-\(UUID().uuidString).log"
            let process = try ChildProcess.start(
                [try Products.path("mysql-replication-exporter")] + arguments,
                environment: ChildProcess.neutralEnvironment.merging(environment) { $1 }, group: sandbox.processGroup,
                output: log)
            await process.ended()
            return try String(contentsOfFile: log, encoding: .utf8)
        }
    }
}
