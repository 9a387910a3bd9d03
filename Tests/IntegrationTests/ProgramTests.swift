import Foundation
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("The program")
    struct ProgramTests {
        private static let software = Task { try await ServerSoftware.find("mariadb") }

        @Test("takes its password from a file, the environment or an option file, and never shows it")
        func credentials() async throws {
            try await withSandbox(.primary(replicas: 0), software: try await Self.software.value) { sandbox in
                let server = try sandbox.server("db1")
                let monitor = sandbox.accounts.monitor
                let optionFile = "\(sandbox.folder)/my.cnf"
                try "[client]\nuser=\(monitor.user)\npassword='\(monitor.password)'\n".write(
                    toFile: optionFile, atomically: true, encoding: .utf8)
                let configuration = "\(sandbox.folder)/option-file.yml"
                try """
                defaults: {option_file: "\(optionFile)"}
                replication_sets: [{name: s, nodes: [{name: db1, address: "127.0.0.1:\(server.port)"}]}]
                """.write(toFile: configuration, atomically: true, encoding: .utf8)

                let fromFile = ["--config.file", try sandbox.writeExporterConfiguration()]
                let account = [
                    "MYSQL_REPLICATION_EXPORTER_USER": monitor.user,
                    "MYSQL_REPLICATION_EXPORTER_PASSWORD": monitor.password,
                ]
                let runs: [([String], [String: String])] = [
                    (fromFile, [:]), (["--node", "db1=127.0.0.1:\(server.port)"], account),
                    (["--config.file", configuration], [:]),
                ]
                for (arguments, environment) in runs {
                    let exporter = try await RunningExporter.start(
                        arguments + ["--log.level", "debug"], in: sandbox, environment: environment)
                    let scrape = try await exporter.scrape()
                    #expect(scrape.value("up", "db1") == 1, "\(arguments)")
                    let page = try await exporter.get("/").body
                    #expect(await exporter.stop() == .exited(0))
                    for text in [scrape.text, page, try exporter.output()] {
                        #expect(!text.contains(monitor.password))
                    }
                }
            }
        }

        @Test("SIGTERM ends it at once, also while reloads wait for a pipe in which nothing arrives")
        func hangingReload() async throws {
            try await withSandbox(.primary(replicas: 0), software: try await Self.software.value) { sandbox in
                let path = try sandbox.writeExporterConfiguration()
                let exporter = try await RunningExporter.start(
                    ["--config.file", path, "--web.enable-lifecycle"], in: sandbox)
                #expect(try await exporter.scrape().value("up", "db1") == 1)
                try #require(unlink(path) == 0 && mkfifo(path, 0o600) == 0)
                exporter.process.signal(SIGHUP)
                var writer: Int32 = -1
                try await eventually("it reads the pipe", every: .milliseconds(10)) {
                    writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
                    return writer >= 0
                }
                defer { close(writer) }
                exporter.process.signal(SIGHUP)
                async let answer = exporter.get("/-/reload", method: "POST")
                // Served meanwhile.
                #expect(try await exporter.scrape().value("up", "db1") == 1)
                let started = ContinuousClock.now
                #expect(await exporter.stop() == .exited(0))
                #expect(started.duration(to: .now) < .seconds(5))
                _ = try? await answer
            }
        }

        @Test("a wrong password is reported as such, without showing it")
        func wrongPassword() async throws {
            try await withSandbox(.primary(replicas: 0), software: try await Self.software.value) { sandbox in
                let server = try sandbox.server("db1")
                let exporter = try await RunningExporter.start(
                    ["--node", "db1=127.0.0.1:\(server.port)"], in: sandbox,
                    environment: [
                        "MYSQL_REPLICATION_EXPORTER_USER": sandbox.accounts.monitor.user,
                        "MYSQL_REPLICATION_EXPORTER_PASSWORD": "not-the-password",
                    ])
                let scrape = try await exporter.scrape()
                #expect(scrape.value("node_failure", "db1", ["reason": "authentication"]) == 1)
                #expect(scrape.value("up", "db1") == 0)
                #expect(await exporter.stop() == .exited(0))
                let output = try exporter.output()
                #expect(output.contains("reason=authentication"))
                #expect(!output.contains("not-the-password"))
            }
        }

        @Test("exits cleanly on SIGTERM and SIGINT", arguments: [SIGTERM, SIGINT])
        func signals(signal: Int32) async throws {
            try await withSandbox(.primary(replicas: 0), software: try await Self.software.value) { sandbox in
                let exporter = try await RunningExporter.start(try sandbox.writeExporterConfiguration(), in: sandbox)
                try await exporter.scrape()
                exporter.process.signal(signal)
                #expect(await exporter.process.ended() == .exited(0))
                #expect(try exporter.output().contains("msg=stopped"))
            }
        }

        @Test("serves what its interface promises")
        func endpoints() async throws {
            try await withExporter(of: .primary(replicas: 1), software: try await Self.software.value) { _, exporter in
                for path in ["/", "/-/healthy", "/-/ready", "/metrics"] {
                    let answer = try await exporter.get(path)
                    #expect(answer.status == 200, "\(path)")
                    let head = try await exporter.get(path, method: "HEAD")
                    #expect(head.status == 200 && head.body.isEmpty, "HEAD \(path)")
                }
                #expect(try await exporter.get("/nothing").status == 404)
                let refused = try await exporter.get("/metrics", method: "POST")
                #expect(refused.status == 405)
                #expect(refused.header("Allow")?.contains("GET") == true)

                let text = try await exporter.get("/metrics").header("Content-Type")
                #expect(text == "text/plain; version=0.0.4; charset=utf-8")
                let openMetrics = try await exporter.get(
                    "/metrics", headers: ["Accept": "application/openmetrics-text; version=1.0.0"])
                #expect(
                    openMetrics.header("Content-Type")
                        == "application/openmetrics-text; version=1.0.0; charset=utf-8")
                #expect(openMetrics.body.hasSuffix("# EOF\n"))

                let one = try await exporter.scrape("/metrics?node=db2")
                #expect(one.value("up", "db2") == 1 && one.all("up", "db1").isEmpty && one.all("set_nodes").isEmpty)
                #expect(one.value("apply_delta_bytes", "db2") != nil)  // its source was still asked
                let set = try await exporter.scrape("/metrics?replication_set=demo")
                #expect(set.all("up").count == 2)
                let unknown = try await exporter.get("/metrics?node=db9")
                #expect(unknown.status == 400 && unknown.body.contains("\"db9\""))

                let counted = try await exporter.scrape().samples.filter {
                    $0.name == "mysql_replication_exporter_http_requests_total"
                }
                func count(_ route: String, _ code: String) -> Double? {
                    counted.first { $0.labels["route"] == route && $0.labels["code"] == code }?.value
                }
                #expect(count("unknown", "404") == 1 && count("/metrics", "405") == 1 && count("/-/ready", "200") == 2)
            }
        }

        @Test("checks a configuration, and reports everything that is wrong with it")
        func configurationCheck() async throws {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("check-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appendingPathComponent("exporter.yml").path
            let output = folder.appendingPathComponent("output").path
            func check(_ text: String) async throws -> (Int32, String) {
                try text.write(toFile: file, atomically: true, encoding: .utf8)
                try? FileManager.default.removeItem(atPath: output)
                let process = try ChildProcess.start(
                    [try Products.path("mysql-replication-exporter"), "--config.file", file, "--config.check"],
                    group: 0,
                    output: output)
                return (await process.ended().shellCode, try String(contentsOfFile: output, encoding: .utf8))
            }
            let good = try await check(
                "replication_sets: [{name: s, nodes: [{name: db1, address: h, user: u, password: p}]}]\n")
            #expect(good.0 == 0)
            #expect(good.1.hasSuffix("configuration is valid: 1 node in 1 replication set\n"))
            let bad = try await check(
                """
                replication_sets:
                  - name: s
                    nodes:
                      - {name: db1, adress: h, user: u}
                      - {name: db1, address: "h:99999", user: u, timeout: soon}
                """)
            #expect(bad.0 == 2)
            let lines = bad.1.split(separator: "\n")
            #expect(lines.count >= 4)
            #expect(lines.allSatisfy { $0.hasPrefix("\(file):4:") || $0.hasPrefix("\(file):5:") })
            #expect(bad.1.contains("did you mean 'address'?"))
        }

        @Test("an address in use is an error that says which")
        func addressInUse() async throws {
            try await withSandbox(.primary(replicas: 0), software: try await Self.software.value) { sandbox in
                let configuration = try sandbox.writeExporterConfiguration()
                let first = try await RunningExporter.start(configuration, in: sandbox)
                let log = "\(sandbox.folder)/second.log"
                let second = try ChildProcess.start(
                    [
                        try Products.path("mysql-replication-exporter"), "--config.file", configuration,
                        "--web.listen-address", "127.0.0.1:\(first.port)",
                    ], group: sandbox.processGroup, output: log)
                #expect(await second.ended() == .exited(1))
                #expect(try String(contentsOfFile: log, encoding: .utf8).contains("127.0.0.1:\(first.port)"))
                #expect(await first.stop() == .exited(0))
            }
        }
    }
}
