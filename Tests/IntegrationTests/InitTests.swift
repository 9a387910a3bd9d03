import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("The command init")
    struct InitTests {
        /// Makes a configuration of what a server reports, with an administrator's account, and has an exporter use it.
        private func roundTrip(
            _ sandbox: Sandbox, asking name: String, _ body: (String, Scrape) throws -> Void
        ) async throws {
            let server = try sandbox.server(name)
            let (account, grants) = ("chief@'127.0.0.1'", "ON *.* TO chief@'127.0.0.1'")
            for server in sandbox.servers {
                try await server.withoutBinlog("CREATE USER IF NOT EXISTS \(account) IDENTIFIED BY 'p'")
                try await server.withoutBinlog("GRANT ALL \(grants)")
            }
            let environment = [
                "MYSQL_REPLICATION_EXPORTER_USER": "chief", "MYSQL_REPLICATION_EXPORTER_PASSWORD": "p",
            ]
            let run = try await sandbox.run(
                "init", "--node", "127.0.0.1:\(server.port)", "--account", sandbox.accounts.monitor.user, "--set",
                "demo",
                environment: environment)
            #expect(run.status == .exited(0) && run.errors.isEmpty, "\(run.errors)")
            let path = "\(sandbox.folder)/init.yml"
            try run.output.write(toFile: path, atomically: true, encoding: .utf8)
            let unfinished = try await sandbox.run("--config.check", "--config.file", path)
            // The password is still missing, which may be systemd's affair.
            #expect(unfinished.status == .exited(0) && unfinished.output.contains("configuration is valid"))
            try (sandbox.accounts.monitor.password + "\n").write(
                toFile: "\(sandbox.folder)/mysql-password", atomically: true, encoding: .utf8)
            let checked = try await sandbox.run("--config.check", "--config.file", path)
            #expect(checked.status == .exited(0) && !checked.output.contains("warning"), "\(checked.output)")
            let exporter = try await RunningExporter.start(path, in: sandbox)
            let scrape = try await exporter.scrape()
            try body(run.output, scrape)
            #expect(await exporter.stop() == .exited(0))
        }

        @Test("in the middle of a chain, finds source and replica", arguments: try await Matrix.flavors.value)
        func chain(software: ServerSoftware) async throws {
            try await withSandbox(.chain(of: 3), software: software) { sandbox in
                try await sandbox.catchUp()
                try await roundTrip(sandbox, asking: "db2") { text, scrape in
                    #expect(scrape.all("up").map(\.value) == [1, 1, 1], "\(text)\(scrape.text)")
                    #expect(scrape.all("check").filter { $0.labels["check"] == "source" }.map(\.value) == [1, 1])
                    #expect(text.contains("# Whether 127.0.0.1 replicates, too, is not known here"))
                    #expect(text.contains("# GRANT") || text.contains("GRANT SLAVE MONITOR"))
                    #expect(text.contains("#   - job_name: mysql-replication"))
                    #expect(!text.contains("not among these nodes"))
                }
            }
        }

        @Test("in a ring, finds that its source is its replica", arguments: try await Matrix.flavors.value)
        func ring(software: ServerSoftware) async throws {
            try await withSandbox(.ring, software: software) { sandbox in
                try await sandbox.catchUp()
                try await roundTrip(sandbox, asking: "db1") { text, scrape in
                    #expect(scrape.all("up").map(\.value) == [1, 1], "\(text)\(scrape.text)")
                    #expect(scrape.all("check").filter { $0.labels["check"] == "source" }.map(\.value) == [1, 1])
                }
            }
        }

        @Test("with the exporter's own grants, says what it may not ask", arguments: try await Matrix.flavors.value)
        func refused(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                try await sandbox.catchUp()
                let monitor = sandbox.accounts.monitor
                let password = "\(sandbox.folder)/pw"
                try monitor.password.write(toFile: password, atomically: true, encoding: .utf8)
                let run = try await sandbox.run(
                    "init", "--node", "first=127.0.0.1:\(try sandbox.server("db1").port)", "--user", monitor.user,
                    "--password-file", password)
                #expect(run.status == .exited(0), "\(run.errors)")
                #expect(run.output.contains("      - name: first\n"))
                #expect(run.output.contains("# Its registered replicas are not known: Access denied"), "\(run.output)")
                #expect(run.output.contains("1 connected replica is not among these nodes"))
                #expect(!run.output.contains(monitor.password))

                let unnamed = try await sandbox.run("init", "--node", "127.0.0.1:1")
                #expect(unnamed.status == .exited(2) && unnamed.output.isEmpty)
                #expect(unnamed.errors.hasPrefix("no account to ask with; give --user NAME"), "\(unnamed.errors)")

                let down = try await sandbox.run(
                    "init", "--node", "127.0.0.1:1", "--user", "x", "--password-file", password)
                #expect(down.status == .exited(1) && down.output.isEmpty)
                #expect(down.errors == "connecting to 127.0.0.1:1: Connection refused (error 2002)\n")

                let wrong = try await sandbox.run(
                    "init", "--node", "127.0.0.1:\(try sandbox.server("db1").port)", "--user", "x", "--password-file",
                    password)
                #expect(wrong.status == .exited(1) && wrong.output.isEmpty)
                #expect(wrong.errors.contains("Access denied"), "\(wrong.errors)")

                let missing = try await sandbox.run(
                    "init", "--node", "127.0.0.1:1", "--user", "x", "--password-file", "/nope")
                #expect(missing.status == .exited(2) && missing.output.isEmpty)
                #expect(missing.errors == "--password-file: /nope: No such file or directory\n")
            }
        }

        @Test("Enter at the prompt is no password, with which root logs in by the socket")
        func withoutPassword() async throws {
            try await withSandbox(.primary(replicas: 1), software: try await ServerSoftware.find("mariadb")) {
                sandbox in
                try await sandbox.catchUp()
                let socket = try sandbox.server("db1").socketPath
                let (typed, shown, printed) = (
                    "\(sandbox.folder)/typed", "\(sandbox.folder)/shown", "\(sandbox.folder)/printed"
                )
                try #require(mkfifo(typed, 0o600) == 0)
                // Opened for both, it waits for no reader, and does not end before the program does.
                let keyboard = open(typed, O_RDWR | O_CLOEXEC)
                try #require(keyboard >= 0)
                defer { close(keyboard) }
                let command = "'\(try Products.exporter)' init --user root --node 'first=unix:\(socket)' >'\(printed)'"
                let process = try ChildProcess.start(
                    [
                        "/bin/sh", "-c",
                        "exec timeout --foreground 60 script --quiet --return --command \"$1\" /dev/null <'\(typed)'",
                        "sh", command,
                    ], environment: ChildProcess.neutralEnvironment, group: sandbox.processGroup, output: shown)
                // What is typed before is not read.
                try await eventually("it asks") {
                    try String(contentsOfFile: shown, encoding: .utf8).contains("Password for root (Enter for none): ")
                }
                #expect(write(keyboard, "\n", 1) == 1)
                let status = await process.ended()
                let text = try String(contentsOfFile: printed, encoding: .utf8)
                let screen = try String(contentsOfFile: shown, encoding: .utf8)
                #expect(status == .exited(0), "\(screen)")
                #expect(text.contains("- name: first\n") && text.contains("source: first\n"), "\(text)")
            }
        }
    }
}
