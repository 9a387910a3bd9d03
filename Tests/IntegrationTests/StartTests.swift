import Foundation
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    /// What cannot work is an error at the start, with the exit code on which the unit does not start it again.
    @Suite("Errors at the start")
    struct StartTests {
        private func inFolder(_ body: (String) async throws -> Void) async throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "start-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try await body(folder)
        }

        private func write(_ settings: String, in folder: String) throws -> String {
            let path = "\(folder)/exporter.yml"
            try
                "defaults: {user: u, timeout: 500ms}\nreplication_sets: [{name: s, nodes: [{name: db1, address: \"127.0.0.1:1\", \(settings)}]}]\n"
                .write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }

        @Test(
            "a password or certificate file that cannot be read is reported by --config.check, and by the start",
            arguments: [
                ("password_file: nowhere", "password_file 'FOLDER/nowhere': No such file or directory"),
                (
                    "password_file: [nowhere, neither]",
                    "password_file 'FOLDER/nowhere': No such file or directory; 'FOLDER/neither': No such file or directory"
                ),
                (
                    "password: p, tls: {mode: verify_identity, ca: /nope.pem}",
                    "tls.ca '/nope.pem': No such file or directory"
                ),
                (
                    "password: p, tls: {mode: required, cert: c.pem, key: k.pem}",
                    "tls.key 'FOLDER/k.pem': No such file or directory"
                ),
            ])
        func unreadable(settings: String, problem: String) async throws {
            try await inFolder { folder in
                let path = try write(settings, in: folder)
                for arguments in [["--config.check"], ["--web.listen-address", "127.0.0.1:0"]] {
                    let run = try await ProgramRun.result(arguments + ["--config.file", path], in: folder)
                    #expect(run.status == .exited(2), "\(arguments)")
                    #expect(run.errors.contains(problem.replacing("FOLDER", with: folder)), "\(run.errors)")
                    #expect(!run.output.contains("valid"))
                }
            }
        }

        @Test("outside of the service, its credentials are not there: that is a warning, and the next file counts")
        func credentials() async throws {
            try await inFolder { folder in
                let file = "/run/credentials/mysql-replication-exporter.service/mysql-password"
                let path = try write("password_file: [\(file), mysql-password]", in: folder)
                let run = try await ProgramRun.result(["--config.check", "--config.file", path], in: folder)
                #expect(run.status == .exited(0))
                #expect(run.output.contains("warning: ") && run.output.contains("(outside of the service)"))
                try "p\n".write(toFile: "\(folder)/mysql-password", atomically: true, encoding: .utf8)
                let good = try await ProgramRun.result(["--config.check", "--config.file", path], in: folder)
                #expect(good.status == .exited(0))
                #expect(good.output == "configuration is valid: 1 node in 1 replication set\n")
            }
        }

        @Test("check calls a missing file unknown, and a server that refuses connections critical")
        func check() async throws {
            try await inFolder { folder in
                let none = try await ProgramRun.result(["check", "--config.file", "\(folder)/none.yml"], in: folder)
                #expect(none.status == .exited(3))
                #expect(
                    none.output
                        == "REPLICATION UNKNOWN - \(folder)/none.yml: cannot be read: No such file or directory\n")
                let path = try write("password_file: nowhere", in: folder)
                let locked = try await ProgramRun.result(["check", "--config.file", path], in: folder)
                #expect(locked.status == .exited(3))
                #expect(locked.output.hasPrefix("REPLICATION UNKNOWN - db1: configuration: "), "\(locked.output)")
                let down = try await ProgramRun.result(
                    ["check", "--config.file", try write("password: p", in: folder)], in: folder)
                #expect(down.status == .exited(2))
                #expect(
                    down.output
                        == "REPLICATION CRITICAL - db1: connect: connecting to 127.0.0.1:1: Connection refused (error 2002)\n"
                )
            }
        }

        @Test("commands say what is missing: a set, its failover rule; topology fails if no node is up")
        func commands() async throws {
            try await inFolder { folder in
                let path = try write("password: p", in: folder)
                let wrong = try await ProgramRun.result(["failover-check", "shop", "--config.file", path], in: folder)
                #expect(wrong.status == .exited(2) && wrong.output.isEmpty)
                #expect(wrong.errors == "no replication set is named \"shop\"; configured sets: s\n")
                let ruleless = try await ProgramRun.result(["failover-check", "s", "--config.file", path], in: folder)
                #expect(ruleless.status == .exited(2) && ruleless.output.isEmpty)
                #expect(ruleless.errors.hasPrefix("replication set \"s\" has no failover rule: add failover: "))
                #expect(!ruleless.errors.contains("Usage"))
                let topology = try await ProgramRun.result(["topology", "--config.file", path], in: folder)
                #expect(topology.status == .exited(1) && topology.output.contains("0 of 1 node up"))
            }
        }

        @Test("systemd is told when it listens")
        func readiness() async throws {
            try await withSandbox(.primary(replicas: 0), software: try await ServerSoftware.find("mariadb")) {
                sandbox in
                let path = "\(sandbox.folder)/notify"
                let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
                defer { close(descriptor) }
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
                let isBound = withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                    }
                }
                try #require(isBound)
                let exporter = try await RunningExporter.start(
                    [
                        "--config.file", try sandbox.writeExporterConfiguration(), "--agent.listen-address",
                        "127.0.0.1:0",
                    ],
                    in: sandbox, environment: ["NOTIFY_SOCKET": path])
                var buffer = [UInt8](repeating: 0, count: 64)
                try await eventually("it says so") {
                    recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)) == 7
                }
                #expect(String(decoding: buffer.prefix(7), as: UTF8.self) == "READY=1")
                #expect(await exporter.stop() == .exited(0))
            }
        }
    }
}
