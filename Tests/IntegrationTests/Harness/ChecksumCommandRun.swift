import Foundation
import MariaDB
import ReplicationTesting
import Sandbox

/// A run of `checksum` against a sandbox.
final class ChecksumCommandRun: Sendable {
    struct Result {
        let status: ExitStatus
        /// Standard output and standard error.
        let output: String

        /// What `--format json` printed.
        var report: Report {
            get throws {
                guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix("{") }) else {
                    throw Failure("no JSON in: \(output)")
                }
                return try JSONDecoder().decode(Report.self, from: Data(line.utf8))
            }
        }
    }

    struct Report: Decodable {
        struct Difference: Decodable, Equatable {
            let chunk: Int
            let range: String
            let rows_on_source: Int
            let rows_on_replica: Int
        }
        struct Replica: Decodable {
            let node: String
            let answer: String
            let differences: [Difference]?
            let reason: String?
        }
        struct Table: Decodable {
            let database: String
            let table: String
            let outcome: String
            let reason: String?
            let chunks: Int?
            let rows: Int?
            let earlier_run: Bool?
            let replicas: [Replica]?

            func replica(_ node: String) -> Replica? { replicas?.first { $0.node == node } }
        }
        let status: String
        let interrupted: Bool
        let tables: [Table]

        func table(_ name: String) -> Table? { tables.first { "\($0.database).\($0.table)" == name } }
    }

    let process: ChildProcess
    private let log: String

    /// - Parameters:
    ///   - arguments: after `checksum demo`.
    ///   - isLetIn: whether to grant the account what it needs; otherwise it keeps only what it has.
    ///   - configuration: a configuration file; then the account already has what it needs.
    static func start(
        _ arguments: [String] = [], isLetIn: Bool = false, configuration: String? = nil, in sandbox: Sandbox
    ) async throws -> ChecksumCommandRun {
        let written =
            if let configuration { configuration } else {
                isLetIn ? try sandbox.writeExporterConfiguration() : try await sandbox.letCheckerIn()
            }
        let log = "\(sandbox.folder)/checksum-\(UUID().uuidString).log"
        let process = try ChildProcess.start(
            [
                try Products.exporter, "checksum", "demo", "--config.file", written,
                "--format", "json",
            ] + arguments, environment: ChildProcess.neutralEnvironment, group: sandbox.processGroup, output: log)
        return ChecksumCommandRun(process: process, log: log)
    }

    /// Runs it to completion.
    static func result(
        _ arguments: [String] = [], isLetIn: Bool = false, configuration: String? = nil, in sandbox: Sandbox
    ) async throws -> Result {
        try await start(arguments, isLetIn: isLetIn, configuration: configuration, in: sandbox).ended()
    }

    private init(process: ChildProcess, log: String) {
        self.process = process
        self.log = log
    }

    deinit { process.signal(SIGKILL) }

    var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    func ended() async throws -> Result {
        let status = await process.ended()
        return Result(status: status, output: output)
    }

    /// Waits until it has compared this many chunks of a table.
    func compares(chunks: Int, of table: String, on primary: Server, within time: Duration = .seconds(30)) async throws
    {
        let statement = "SELECT COUNT(master_crc) AS n FROM percona.checksums WHERE tbl = '\(table)'"
        try await eventually("\(chunks) chunks of \(table): \(output)", within: time, every: .milliseconds(10)) {
            // The table is created at the beginning of the first run.
            let compared = (try? await primary.sql(statement))?.first?.unsigned("n") ?? 0
            if compared >= chunks { return true }
            if process.hasEnded { throw Failure("it ended: \(output)") }
            return false
        }
    }

    /// Waits until it has printed something.
    func says(_ text: String, within time: Duration = .seconds(30)) async throws {
        try await eventually("\(text) in: \(output)", within: time) {
            // Ended first: what it printed last is looked at after that.
            let hasEnded = process.hasEnded
            if output.contains(text) { return true }
            if hasEnded { throw Failure("it ended without \(text) in: \(output)") }
            return false
        }
    }
}

extension Sandbox {
    /// Gives the monitor account the grants of docs/checksums.md, on every server separately.
    /// - Returns: the configuration's path.
    func letCheckerIn() async throws -> String {
        let account = "'\(accounts.monitor.user)'@'127.0.0.1'"
        for server in servers {
            for grant in Self.checkerGrants[software.flavor] ?? [] {
                try await server.withoutBinlog("GRANT \(grant) TO \(account)")
            }
        }
        return try writeExporterConfiguration()
    }

    private static let checkerGrants: [ServerSoftware.Flavor: [String]] = [
        .mariadb: [
            "SLAVE MONITOR, BINLOG MONITOR, BINLOG ADMIN, SELECT ON *.*",
            "SELECT, INSERT, UPDATE, DELETE, CREATE ON percona.*",
        ],
        .mysql: [
            "REPLICATION CLIENT, SESSION_VARIABLES_ADMIN, SELECT ON *.*",
            "SELECT, INSERT, UPDATE, DELETE, CREATE ON percona.*",
        ],
    ]
}
