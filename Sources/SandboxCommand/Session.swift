import ArgumentParser
import Foundation
import Sandbox
import UnixSignals

/// One run of the command: starts the servers, waits for a signal or the end of the program, and removes everything.
struct Session {
    private let wiring: Wiring
    private let options: CommonOptions

    init(_ wiring: Wiring, _ options: CommonOptions) {
        self.wiring = wiring
        self.options = options
    }

    func run() async throws {
        // Trapped before anything is started, so that a signal never skips the clean-up.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let code = try await withThrowingTaskGroup(of: Int32?.self) { group in
            group.addTask {
                for await _ in signals { return 0 }
                return nil
            }
            group.addTask { try await serve() }
            defer { group.cancelAll() }
            while let code = try await group.next() {
                if let code { return code }
            }
            return 0
        }
        if code != 0 { throw ExitCode(code) }
    }

    /// - Returns: the program's exit code.
    private func serve() async throws -> Int32 {
        let software = try await ServerSoftware.find(options.software ?? "mariadb")
        say("starting \(wiring.nodes.count) servers of \(software.series) (\(software.version))")
        return try await withSandbox(wiring, software: software, settings: options.settings) { sandbox in
            let configuration = try sandbox.writeExporterConfiguration()
            for server in sandbox.servers { say(await describe(server)) }
            say("exporter configuration: \(configuration)")
            return try await withThrowingTaskGroup(of: Int32?.self) { group in
                for server in sandbox.servers where server.node.isWritable && options.writeLoad > 0 {
                    group.addTask {
                        await WriteLoad(on: server, rate: options.writeLoad).run { say("write load: \($0)") }
                        return nil
                    }
                }
                group.addTask {
                    await FaultConsole(sandbox).run()
                    return nil
                }
                group.addTask {
                    if options.program.isEmpty {
                        // Until cancelled: by a signal.
                        try await Task.sleep(for: .seconds(Int64(Int32.max)))
                        return 0
                    }
                    return try await runProgram(in: sandbox, configuration: configuration)
                }
                let outcome = await Self.firstCode(of: &group)
                // Before waiting for the rest of the group: what hangs on a frozen server continues once that is gone.
                group.cancelAll()
                await sandbox.stop()
                return try outcome.get()
            }
        }
    }

    /// The exit code of the first task that returns one, or its error.
    private static func firstCode(
        of group: inout ThrowingTaskGroup<Int32?, any Error>
    ) async -> Result<Int32, any Error> {
        do {
            while let code = try await group.next() {
                if let code { return .success(code) }
            }
            return .success(0)
        } catch {
            return .failure(error)
        }
    }

    private func describe(_ server: Server) async -> String {
        let sources = server.node.links.map { $0.channel.isEmpty ? $0.source : "\($0.source) (channel \($0.channel))" }
        let roles =
            (server.node.isWritable ? ["primary"] : [])
            + (sources.isEmpty ? [] : ["replica of \(sources.joined(separator: ", "))"])
        return "\(server.name)  127.0.0.1:\(server.port)  \(roles.joined(separator: ", "))  socket \(server.socketPath)"
    }

    /// Starts the program in the servers' process group, so that it never outlives them, and ends it when this task is
    /// cancelled.
    private func runProgram(in sandbox: Sandbox, configuration: String) async throws -> Int32 {
        var environment = ReplicationSandbox.environment
        environment["SANDBOX_CONFIG"] = configuration
        let child = try ChildProcess.start(
            options.program, environment: environment, group: sandbox.processGroup, output: nil)
        let status = await withTaskCancellationHandler {
            await child.ended()
        } onCancel: {
            child.signal(SIGTERM)
            // A program that ignores SIGTERM must not keep the servers running.
            Task {
                try await Task.sleep(for: .seconds(5))
                child.signal(SIGKILL)
            }
        }
        return status.shellCode
    }
}

/// Writes one line to standard output, unbuffered.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}
