import ArgumentParser
import Foundation
import Logging
import ReplicationTesting
import Testing
import Traffic

@testable import Exporter

@Suite("The options of agent checks")
struct AgentOptionsTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("agent-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test("Without them, there is no listener, and operator states are kept in memory")
    func none() async throws {
        let options = try AgentOptions.parse([])
        #expect(options.listenAddresses.isEmpty && options.stateDirectory == nil)
        let log = CapturedLog()
        let checks = try options.nodeChecks(isLifecycleEnabled: true, log.logger)
        #expect(log.entries.isEmpty)
        try await checks.operators.set(.drain, of: "db1")
        #expect(await checks.operators.state(of: "db1").state == .drain)
    }

    @Test("The address option may be repeated, and may be a socket")
    func addresses() throws {
        let options = try AgentOptions.parse([
            "--agent.listen-address", ":9105", "--agent.listen-address=unix:/run/agent.sock",
        ])
        #expect(options.listenAddresses == [":9105", "unix:/run/agent.sock"])
    }

    @Test("An invalid address is refused before anything starts", arguments: ["9105", "a:b", "a:70000", "unix:"])
    func wrongAddress(text: String) throws {
        let error = try #require(
            #expect(throws: (any Error).self) {
                try AgentOptions.parse(["--agent.listen-address", ":9105", "--agent.listen-address=\(text)"])
            })
        #expect(AgentOptions.message(for: error).hasPrefix("--agent.listen-address: "))
    }

    @Test("The directory must exist and be a directory")
    func directory() async throws {
        try await withFolder { folder in
            try Data().write(to: URL(filePath: "\(folder)/file"))
            #expect(try AgentOptions.parse(["--agent.state-directory", folder]).stateDirectory == folder)
            for path in ["\(folder)/none", "\(folder)/file"] {
                let error = try #require(
                    #expect(throws: (any Error).self) {
                        try AgentOptions.parse(["--agent.state-directory", path])
                    })
                #expect(AgentOptions.message(for: error) == "--agent.state-directory: \(path) is not a directory.")
            }
        }
    }

    @Test("Operator states are written to the directory")
    func states() async throws {
        try await withFolder { folder in
            let options = try AgentOptions.parse(["--agent.state-directory", folder])
            let checks = try options.nodeChecks(isLifecycleEnabled: true, CapturedLog().logger)
            // On a busy machine the directory may seem to hang.
            try await eventually("the state is written") {
                (try? await checks.operators.set(.maintenance, of: "db1")) != nil
            }
            #expect(try String(contentsOfFile: "\(folder)/db1", encoding: .utf8) == "maint\n")
        }
    }

    @Test(
        "If states can be posted and agents ask, a warning says that a restart forgets them",
        arguments: [true, false], [true, false])
    func forgetful(isLifecycleEnabled: Bool, hasDirectory: Bool) async throws {
        try await withFolder { folder in
            let options = try AgentOptions.parse(
                ["--agent.listen-address=:9105"] + (hasDirectory ? ["--agent.state-directory", folder] : []))
            let log = CapturedLog()
            _ = try options.nodeChecks(isLifecycleEnabled: isLifecycleEnabled, log.logger)
            #expect(log.entries.count == (isLifecycleEnabled && !hasDirectory ? 1 : 0))
            #expect(log.entries.allSatisfy { $0.level == .warning })
        }
    }
}
