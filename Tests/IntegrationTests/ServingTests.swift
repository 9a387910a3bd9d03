import Foundation
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// Does what docs/web.md shows.
    @Suite("Serving with TLS and passwords")
    struct ServingTests {
        private static let software = Task { try await ServerSoftware.find("mariadb") }

        @Test("the guide's commands print what it says, file after file, without a restart")
        func guide() async throws {
            try await withSandbox(.primary(replicas: 1), software: try await Self.software.value) { sandbox in
                let guide = try Guide("web.md")
                let folder = try makeFolder(sandbox)
                var exporter: RunningExporter?
                var done: [Guide.Block] = []
                for block in guide.blocks {
                    switch block {
                    case .file(let name, let text):
                        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
                        if exporter == nil { exporter = try await start(folder, sandbox) }
                        done.append(block)
                    case .console(let commands):
                        var answers: [(command: String, output: String)] = []
                        for (command, output) in commands {
                            let answer = try await shell(command, in: folder, of: sandbox)
                                .replacing(/Date: .*/, with: "Date: …").replacing(
                                    /127\.0\.0\.1:\d+/, with: "10.0.170.10:3306")
                            if !isRecording { #expect(answer == output, "\(command)") }
                            answers.append((command, answer))
                        }
                        done.append(.console(answers))
                    case .other: done.append(block)
                    }
                }
                if isRecording { try guide.write(done) }
                #expect(await exporter?.stop() == .exited(0))
                let log = try #require(try exporter?.output())
                #expect(log.contains("server.kye") && !log.contains("sesame") && !log.contains("$2y$"))
            }
        }

        @Test("Prometheus scrapes in each of the three ways that the guide shows, encrypted and with a password")
        func prometheus() async throws {
            try await withSandbox(.primary(replicas: 1), software: try await Self.software.value) { sandbox in
                let folder = try makeFolder(sandbox)
                var ways: [String] = []
                for block in try Guide("web.md").blocks {
                    switch block {
                    // Each is whole.
                    case .file("prometheus.yml", let text): ways.append(text)
                    // The last file of a name is the valid one that requires certificates.
                    case .file(let name, let text):
                        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
                    case .console(let commands):
                        for (command, _) in commands where command.hasPrefix("openssl") {
                            _ = try await shell(command, in: folder, of: sandbox)
                        }
                    case .other: break
                    }
                }
                #expect(ways.count == 3)
                try "sesame".write(toFile: "\(folder)/sesame.txt", atomically: true, encoding: .utf8)
                let exporter = try await start(folder, sandbox)
                let own = "localhost:\(exporter.port)"
                for (way, instances) in zip(ways, [[own], [own, "db1", "db2"], [own, "db1", "db2"]]) {
                    try way.write(toFile: "\(folder)/prometheus.yml", atomically: true, encoding: .utf8)
                    try await scrape(folder, sandbox, exporter.port, instances)
                }
                #expect(await exporter.stop() == .exited(0))
            }
        }

        /// - Parameter instances: what the guide's file scrapes.
        private func scrape(
            _ folder: String, _ sandbox: Sandbox, _ port: Int, _ instances: [String]
        ) async throws {
            let prometheus = try await RunningPrometheus.start(
                folder, sandbox,
                jobs: """
                      - job_name: without-certificate
                        scheme: https
                        tls_config: {ca_file: server.crt}
                        basic_auth: {username: alice, password_file: sesame.txt}
                        static_configs: [{targets: ["localhost:19104"]}]
                      - job_name: without-password
                        scheme: https
                        tls_config: {ca_file: server.crt, cert_file: client.crt, key_file: client.key}
                        static_configs: [{targets: ["localhost:19104"]}]
                    """, exporterPort: port)
            let targets = try await prometheus.targets { targets in
                targets.count == instances.count + 2 && targets.allSatisfy { $0.health != "unknown" }
            }
            let up = targets.filter { $0.health == "up" }.map {
                "\($0.labels["job"] ?? "") \($0.labels["instance"] ?? "")"
            }
            #expect(Set(up) == Set(instances.map { "mysql-replication \($0)" }), "\(targets)")
            let errors = Dictionary(targets.map { ($0.labels["job"] ?? "", $0.lastError) }) { first, _ in first }
            #expect(errors["without-password"]?.contains("401 Unauthorized") == true, "\(errors)")
            #expect(errors["without-certificate"]?.contains("certificate required") == true, "\(errors)")

            // The samples have arrived, each node's once.
            let samples = try await prometheus.query("mysql_replication_up") { $0.count == 2 }
            #expect(samples.allSatisfy { $0.value == 1 && $0.labels["job"] == "mysql-replication" })
            let places = Set(samples.map { "\($0.labels["instance"] ?? "") \($0.labels["node"] ?? "")" })
            let own = instances[0]
            #expect(places == (instances.count == 1 ? ["\(own) db1", "\(own) db2"] : ["db1 db1", "db2 db2"]))
            // Only OpenMetrics includes units: this Prometheus asks for it first.
            #expect(try await prometheus.unit(of: "mysql_replication_lag_seconds") == "seconds")
            prometheus.process.signal(SIGTERM)
            await prometheus.process.ended()
            // The next one is to see only its own samples.
            try FileManager.default.removeItem(atPath: "\(folder)/tsdb")
        }

        @Test("a socket passed by the service manager is served")
        func activated() async throws {
            try await withSandbox(.primary(replicas: 0), software: try await Self.software.value) { sandbox in
                let folder = try makeFolder(sandbox)
                // As systemd does: listening on descriptors 3 and 4, which have names, with the process's own ID in the
                // environment.
                let launcher = """
                    import os, socket, sys
                    listening = [socket.socket() for _ in range(2)]
                    for s in listening: s.bind(("127.0.0.1", 0)); s.listen(8)
                    for number, s in enumerate([os.dup(s.fileno()) for s in listening]): os.dup2(s, 20 + number)
                    for number in range(2): os.dup2(20 + number, 3 + number, inheritable=True)
                    os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="agent:exporter.socket")
                    os.execv(sys.argv[1], sys.argv[1:])
                    """
                try launcher.write(toFile: "\(folder)/launch.py", atomically: true, encoding: .utf8)
                let exporter = try await RunningExporter.start(
                    [
                        "--config.file", try sandbox.writeExporterConfiguration(), "--web.systemd-socket",
                        "--agent.systemd-socket",
                    ], in: sandbox, launcher: ["python3", "\(folder)/launch.py"])
                #expect(try await exporter.scrape().value("up", "db1") == 1)
                let agent = try await exporter.agentPort()
                #expect(try LoopbackSocket.ask("db1/primary\n", port: agent) == "up 100%\n")
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test(
            "systemd's own launcher starts it at the first connection",
            .enabled(
                if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-socket-activate"),
                "systemd-socket-activate is not installed here: NOT started by it (Debian: systemd)"))
        func systemdSocketActivate() async throws {
            try await withSandbox(.primary(replicas: 0), software: try await Self.software.value) { sandbox in
                let folder = try makeFolder(sandbox)
                let socket = "\(folder)/exporter.sock"
                let launcher = try ChildProcess.start(
                    [
                        "/usr/bin/systemd-socket-activate", "-l", socket,
                        try Products.path("mysql-replication-exporter"),
                        "--config.file", try sandbox.writeExporterConfiguration(), "--web.systemd-socket",
                    ], group: sandbox.processGroup, output: "\(folder)/activate.log")
                defer { launcher.signal(SIGKILL) }
                try await eventually("systemd-socket-activate listens", every: .milliseconds(10)) {
                    FileManager.default.fileExists(atPath: socket)
                }
                let answer = try await shell(
                    "curl -s --unix-socket \(socket) http://localhost/-/healthy", in: folder, of: sandbox)
                #expect(answer == "mysql-replication-exporter is healthy.\n")
                launcher.signal(SIGTERM)
                #expect(await launcher.ended() == .exited(0))
            }
        }

        @Test("--config.check reads the web configuration as well, and reports what is wrong with either file")
        func check() async throws {
            try await withSandbox(.primary(replicas: 0), software: try await Self.software.value) { sandbox in
                let folder = try makeFolder(sandbox)
                let (good, program) = (
                    try sandbox.writeExporterConfiguration(), try Products.path("mysql-replication-exporter")
                )
                try "rate_limit: {interval: 1s}".write(toFile: "\(folder)/web.yml", atomically: true, encoding: .utf8)
                try "nodes: []".write(toFile: "\(folder)/bad.yml", atomically: true, encoding: .utf8)
                let check = "\(program) --config.check --web.config.file web.yml --config.file"
                let problem = "web.yml:1:13: 'rate_limit' with a 'burst' of 0 would refuse every request\n"
                #expect(try await shell("\(check) \(good); echo $?", in: folder, of: sandbox) == problem + "2\n")
                let both = try await shell("\(check) bad.yml; echo $?", in: folder, of: sandbox)
                #expect(both.hasPrefix(problem + "bad.yml:1:1: ") && both.hasSuffix("\n2\n"))
                try "".write(toFile: "\(folder)/web.yml", atomically: true, encoding: .utf8)
                #expect(
                    try await shell("\(check) \(good); echo $?", in: folder, of: sandbox)
                        == "configuration is valid: 1 node in 1 replication set\n0\n")
            }
        }

        @Test("with a low limit on open files, idle connections still lock no client out, not even of the agent")
        func fewDescriptors() async throws {
            try await withSandbox(.primary(replicas: 0), software: try await Self.software.value) { sandbox in
                let exporter = try await RunningExporter.start(
                    [
                        "--config.file", try sandbox.writeExporterConfiguration(),
                        "--agent.listen-address", "127.0.0.1:0",
                    ], in: sandbox, launcher: ["prlimit", "--nofile=128"])
                let port = try await exporter.agentPort()
                let idle = try (0..<400).map { number in
                    try LoopbackSocket.silent(port: number.isMultiple(of: 2) ? exporter.port : port)
                }
                defer { for socket in idle { close(socket) } }
                #expect(try await exporter.scrape().value("up", "db1") == 1)
                #expect(try LoopbackSocket.ask("db1\n", port: port) == "up 100%\n")
                #expect(await exporter.stop() == .exited(0))
            }
        }

        // MARK: -

        private var isRecording: Bool { ProcessInfo.processInfo.environment["RECORD"] == "1" }

        private func makeFolder(_ sandbox: Sandbox) throws -> String {
            let folder = "\(sandbox.folder)/serving"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            return folder
        }

        /// The exporter with `web.yml`; curl finds it where the guide says it is.
        private func start(_ folder: String, _ sandbox: Sandbox) async throws -> RunningExporter {
            let exporter = try await RunningExporter.start(
                ["--config.file", try sandbox.writeExporterConfiguration(), "--web.config.file", "\(folder)/web.yml"],
                in: sandbox)
            try "connect-to = \"localhost:19104:127.0.0.1:\(exporter.port)\"\n"
                .write(toFile: "\(folder)/.curlrc", atomically: true, encoding: .utf8)
            return exporter
        }
    }
}
