import Foundation
import Sandbox
import Testing

extension SandboxSuite {
    @Suite("Nothing is left")
    struct CleanUpTests {
        @Test("after a sandbox ends, whether or not its body throws", arguments: try await SoftwareUnderTest.all.value)
        func inProcess(software: ServerSoftware) async throws {
            struct Failure: Error {}
            var folder = ""
            await #expect(throws: Failure.self) {
                try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                    folder = sandbox.folder
                    #expect(try !processes(mentioning: folder).isEmpty)
                    try await sandbox.server("db2").freeze()
                    throw Failure()
                }
            }
            #expect(folder.contains("/sandbox-"))
            #expect(!FileManager.default.fileExists(atPath: folder))
            #expect(try processes(mentioning: folder).isEmpty)
        }

        @Test("of the command when a server does not come up; its log says why")
        func failedStart() async throws {
            let command = try RunningCommand(["primary", "--server-option=--no-such-option"])
            #expect(await command.process.ended() == .exited(1))
            #expect(try command.output().contains("unknown option '--no-such-option'"))
            #expect(try command.leftFolders().isEmpty)
        }

        /// Even after SIGKILL, by the warden: then not at once, but without any help. One server is frozen, as it could
        /// not respond to a polite request.
        @Test("of the command after a signal", arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL])
        func signalled(signal: Int32) async throws {
            let command = try RunningCommand(["primary", "--replicas", "1", "--write-load", "50"])
            let configuration = try await command.configuration()
            let folder = URL(fileURLWithPath: configuration).deletingLastPathComponent().path
            try command.type("freeze db1")
            try await command.waitForOutput("freeze db1: done")
            #expect(try !processes(mentioning: folder).isEmpty)

            command.process.signal(signal)
            let status = await command.process.ended()
            if signal == SIGKILL {
                #expect(status == .killed(signal: SIGKILL))
                try await eventually("the warden to clean up", deadline: .now + .seconds(30)) {
                    () throws(SandboxError) in
                    isGone(folder)
                }
            } else {
                #expect(status == .exited(0))
                #expect(isGone(folder))
            }
        }

        @Test("of the command if interrupted while its servers start")
        func interruptedStart() async throws {
            let command = try RunningCommand(["chain"])
            try await command.waitForOutput("starting")
            command.process.signal(SIGINT)
            #expect(await command.process.ended() == .exited(0))
            #expect(try command.leftFolders().isEmpty)
        }

        @Test("of a program that the command runs; its exit code is the command's")
        func program() async throws {
            let command = try RunningCommand(["ring", "--", "sh", "-c", "grep -c address: \"$SANDBOX_CONFIG\"; exit 7"])
            let configuration = try await command.configuration()
            #expect(await command.process.ended() == .exited(7))
            #expect(try command.output().hasSuffix("\n2\n"))
            #expect(isGone(URL(fileURLWithPath: configuration).deletingLastPathComponent().path))
        }
    }
}

/// `replication-sandbox` as a process.
private final class RunningCommand {
    let process: ChildProcess
    private let input = Pipe()
    /// The command's temporary folder, so that other sandboxes are not mistaken for its own.
    private let folder: URL
    private let log: String

    init(_ arguments: [String]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString.prefix(8))")
        log = folder.path + ".log"
        // User mysql must be able to traverse it.
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        var environment = ProcessInfo.processInfo.environment
        environment["TMPDIR"] = folder.path
        // Built next to the test program.
        let built = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        process = try ChildProcess.start(
            [built.appendingPathComponent("replication-sandbox").path] + arguments, environment: environment, group: 0,
            output: log, input: input.fileHandleForReading.fileDescriptor)
    }

    deinit {
        process.signal(SIGKILL)
        try? FileManager.default.removeItem(at: folder)
        try? FileManager.default.removeItem(atPath: log)
    }

    func leftFolders() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path) }

    func output() throws -> String { try String(contentsOfFile: log, encoding: .utf8) }

    func type(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8)) }

    func waitForOutput(_ text: String) async throws {
        try await eventually("the command to print \(text)", deadline: .now + .seconds(60)) { () throws(SandboxError) in
            let output = (try? output()) ?? ""
            if process.hasEnded, !output.contains(text) {
                throw .ended(what: "replication-sandbox", status: await process.ended(), log: output)
            }
            return output.contains(text)
        }
    }

    /// The path of the configuration that it wrote, once everything runs.
    func configuration() async throws -> String {
        let label = "exporter configuration: "
        try await waitForOutput(label)
        let line = try output().split(separator: "\n").first { $0.hasPrefix(label) }
        return String(try #require(line).dropFirst(label.count))
    }
}

private func isGone(_ folder: String) -> Bool {
    !FileManager.default.fileExists(atPath: folder) && ((try? processes(mentioning: folder).isEmpty) ?? false)
}

/// The processes whose command line or working directory is in the folder.
private func processes(mentioning folder: String) throws -> [String] {
    let name = URL(fileURLWithPath: folder).lastPathComponent
    return try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { entry in
        guard Int32(entry) != nil else { return false }
        // Empty for a process that has ended meanwhile.
        let commandLine = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") ?? Data()
        return String(decoding: commandLine, as: UTF8.self).contains(name)
    }
}
