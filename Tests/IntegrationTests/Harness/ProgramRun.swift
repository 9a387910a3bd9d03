import Foundation
import ReplicationTesting
import Sandbox

/// The program as a command that ends by itself.
struct ProgramRun {
    let status: ExitStatus
    let output: String
    let errors: String

    /// - Parameters:
    ///   - environment: added to a neutral one.
    ///   - folder: where its output is kept meanwhile.
    static func result(
        _ arguments: [String], environment: [String: String] = [:], in folder: String, group: pid_t = 0
    ) async throws -> ProgramRun {
        let name = "\(folder)/run-\(UUID().uuidString)"
        let environment = ChildProcess.neutralEnvironment.merging(environment) { $1 }
        // A shell tells the two streams apart, and a program that should have ended is ended.
        let process = try ChildProcess.start(
            ["/bin/sh", "-c", "exec timeout 60 \"$@\" 2>'\(name).errors'", "sh", try Products.exporter] + arguments,
            environment: environment, group: group, output: "\(name).output")
        let status = await process.ended()
        return ProgramRun(
            status: status, output: try String(contentsOfFile: "\(name).output", encoding: .utf8),
            errors: try String(contentsOfFile: "\(name).errors", encoding: .utf8))
    }
}

extension Sandbox {
    /// Runs the program to its end.
    func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> ProgramRun {
        try await ProgramRun.result(arguments, environment: environment, in: folder, group: processGroup)
    }

    /// Runs a script as an administrator, with the program that a DBA would use.
    /// - Returns: what it printed: nothing, if all is well.
    func execute(_ script: String, on server: Server) async throws -> String {
        let path = "\(folder)/script-\(UUID().uuidString).sql"
        try script.write(toFile: path, atomically: true, encoding: .utf8)
        return try await shell(
            "mariadb --no-defaults -uroot -S '\(server.socketPath)' < '\(path)'", in: folder, of: self)
    }

    /// A configuration for an account of its own, with all nodes.
    func configuration(_ name: String, user: String, password: String, keys: [String] = []) throws -> String {
        try (password + "\n").write(toFile: "\(folder)/\(user).password", atomically: true, encoding: .utf8)
        let nodes = servers.map { "      - {name: \($0.name), address: \"127.0.0.1:\($0.port)\"}" }
        let lines =
            ["defaults: {user: \(user), password_file: \(user).password, timeout: 3s}", "replication_sets:"]
            + ["  - name: demo", "    nodes:"] + nodes + keys.map { "    \($0)" }
        let path = "\(folder)/\(name)"
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
