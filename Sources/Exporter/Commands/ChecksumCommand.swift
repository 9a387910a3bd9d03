import ArgumentParser
import Checksums
import Collection
import Configuration
import Documents
import Glibc
import Logging
import MariaDB
import Monitoring
import Presentation
import Replication
import Topology
import UnixSignals

/// Compares the data of a primary and its replicas.
struct ChecksumCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    static let configuration = CommandConfiguration(
        commandName: "checksum",
        abstract:
            "Compares the tables of a replication set's primary with those of its replicas, while they are in use.",
        discussion: """
            Writes only to the set's checksum table (checksums: in the configuration; percona.checksums by default), in \
            pt-table-checksum's layout. docs/checksums.md describes how it works, what it refuses to do, and which grants it \
            needs.

            Exit codes: 0 everything is equal; 1 everything compared is equal, but some tables were not compared; 2 there are \
            differences; 3 unknown.
            """)

    @OptionGroup var source: ConfigurationOptions

    @Argument(help: "The replication set.")
    var set: String

    @Option(help: ArgumentHelp("Compare only these tables.", valueName: "database.table,..."))
    var tables: String?

    @Flag(help: "Continue where the last run stopped.")
    var resume = false

    @Option(help: ArgumentHelp("Do not compare this node; repeatable.", valueName: "node"))
    var without: [String] = []

    @Option(help: "Target time per chunk; 0 keeps all chunks at --chunk-size rows.")
    var chunkTime = "500ms"

    @Option(help: "Rows in the first chunk; later chunks adapt to --chunk-time.")
    var chunkSize = 1000

    @Option(help: "Pause while a replica lags by more than this.")
    var maxLag = "1s"

    @Option(help: "Pause while the primary has more running threads than this.")
    var maxThreads: UInt64 = 25

    @Option(help: "How long to wait at the end for the replicas to apply the last chunk.")
    var patience = "1m"

    @Option(help: "Output format.")
    var format = Format.text

    func validate() throws { _ = try options() }

    func run() async throws {
        let unknown = ChecksumReport.Status.unknown.exitCode
        let configuration = try source.loadOrExplain(exitCode: unknown).configuration
        guard let set = configuration.set(named: set) else {
            let names = configuration.sets.map(\.name).joined(separator: ", ")
            StandardError.print("no replication set is named \(set.debugDescription); configured sets: \(names)")
            throw ExitCode(unknown)
        }
        let progress = ChecksumProgress(isTerminal: isatty(STDERR_FILENO) == 1)
        do {
            let report = try await Self.compare(set, of: configuration, try options(), progress)
            progress.end()
            print(
                format == .json
                    ? ChecksumText.json(report).text : ChecksumText.text(report, resume: resumeLine), terminator: "\n")
            if report.status != .equal { throw ExitCode(report.status.exitCode) }
        } catch let refusal as ChecksumRefusal {
            progress.end()
            StandardError.print("nothing was compared:")
            for reason in refusal.reasons { StandardError.print("  " + reason.printable) }
            throw ExitCode(unknown)
        }
    }

    /// Compares until everything is done or a signal requests the end.
    private static func compare(
        _ set: ReplicationSet, of configuration: Configuration, _ options: ChecksumOptions,
        _ progress: ChecksumProgress
    ) async throws -> ChecksumReport {
        _ = ProcessEnvironment.raiseOpenFileLimit()
        let environment = ProcessEnvironment.variables
        let quiet = Logger(label: "checksum") { _ in SwiftLogNoOpLogHandler() }
        let fleet = try Fleet(configuration, environment: environment, keeping: .nothing, logger: quiet)
        let table = (set.checksums ?? ChecksumTable()).table
        let run = Task {
            try await ChecksumRun.compare(
                table: table, options: options,
                look: {
                    // A run that is asked to end brings its chunk to its end, and looks at the set for that.
                    await Task {
                        await fleet.findings(of: Selection(sets: [set.name]), deadline: .now + .seconds(10)).first
                    }.value
                },
                connect: { name throws(NodeFailure) in try set.connectionOptions(of: name, environment) },
                tell: { progress.note($0) })
        }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let watch = Task {
            var isRequested = false
            for await _ in signals {
                // The first signal lets the current chunk finish, the second ends the process at once.
                if isRequested {
                    ProcessEnd.skipTeardown()
                    Glibc.exit(ChecksumReport.Status.unknown.exitCode)
                }
                isRequested = true
                run.cancel()
            }
        }
        defer { watch.cancel() }
        let result = await run.result
        await fleet.close()
        return try result.get()
    }

    private var resumeLine: String { "run it again with --resume to continue" }

    private func options() throws -> ChecksumOptions {
        var options = ChecksumOptions()
        options.tables = try tables.map { text in
            try text.split(separator: ",", omittingEmptySubsequences: false).map {
                try optionValue("--tables", String($0), Self.name)
            }
        }
        options.chunkSeconds = try optionValue("--chunk-time", chunkTime, Quantity.duration).seconds
        options.maxLag = try optionValue("--max-lag", maxLag, Quantity.duration).seconds
        options.patience = try optionValue("--patience", patience, Quantity.duration)
        guard (1...1_000_000).contains(chunkSize) else {
            throw ValidationError("--chunk-size must be 1 to 1000000.")
        }
        options.resumes = resume
        options.leftOut = Set(without)
        options.chunkRows = chunkSize
        options.maxThreads = maxThreads
        return options
    }

    private static func name(_ text: String) throws -> TableName {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw Malformed("must be a list of database.table, not \(text.debugDescription)")
        }
        return TableName(database: parts[0], table: parts[1])
    }

    private struct Malformed: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}

extension ReplicationSet {
    fileprivate func connectionOptions(of name: String, _ environment: [String: String]) throws(NodeFailure)
        -> ConnectionOptions
    {
        guard let node = node(named: name) else {
            throw NodeFailure(reason: .query, message: "no node is named \(name)")
        }
        return try ConnectionOptions(node, environment: environment)
    }
}

extension ChecksumReport.Status {
    var exitCode: Int32 { Int32(rawValue) }
}
