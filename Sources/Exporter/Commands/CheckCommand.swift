import ArgumentParser
import Collection
import Configuration
import Documents
import Presentation
import Replication
import Topology
import Traffic

/// A plugin for Nagios and similar systems: one line, and an exit code. (Monitoring Plugins Development Guidelines.)
struct CheckCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case nagios, plain, json }

    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract:
            "Queries every node once and reports the health of replication: exit 0 ok, 1 warning, 2 critical, 3 unknown.",
        discussion: """
            A plugin for Nagios, Icinga and similar systems: prints one line with performance data.

            To check two replicas:
              mysql-replication-exporter check --config.file exporter.yml \\
                --max-lag 5m db2 db3

            The status is unknown for a named node that does not replicate, unless it is writable and no limit is given; for a \
            node that cannot be checked against a limit; and if a password or certificate file cannot be read, the server \
            refuses the password, or the account lacks a privilege. The line names at most five problems, the worst first. The performance data has the lag and \
            the bytes behind of every channel, with the set's threshold as the warning and --max-lag and --max-bytes as the \
            critical value; of very many channels, only the worst lag and counts.
            """)

    @OptionGroup var source: ConfigurationOptions

    @Argument(help: ArgumentHelp("The nodes to check; all of them if none is named.", valueName: "node"))
    var nodeNames: [String] = []

    @Option(
        help: ArgumentHelp(
            "Lag above this is critical, for example 30s; without it, lag above the set's threshold is a warning.",
            valueName: "duration"))
    var maxLag: String?

    @Option(
        help: ArgumentHelp(
            "More bytes behind than this is critical, for example 100MB; without it, more than the set's threshold is a warning.",
            valueName: "size"))
    var maxBytes: String?

    @Option(help: "Output format; plain is nagios without the performance data.")
    var format = Format.nagios

    @Option(help: ArgumentHelp("How long to wait for the nodes.", valueName: "seconds"))
    var timeout = 10.0

    func validate() throws {
        guard timeout > 0, timeout <= 3600 else {
            throw ValidationError("--timeout must be between 0 and 3600 seconds.")
        }
        _ = try limits()
    }

    func run() async throws {
        let unknown = Verdict.Status.unknown.exitCode
        let configuration: Configuration
        do throws(ConfigurationError) {
            configuration = try source.load().configuration
        } catch {
            // A plugin is heard on standard output only.
            print("REPLICATION UNKNOWN - \(Verdict.oneLine(error.problems.map(\.description).joined(separator: "; ")))")
            throw ExitCode(unknown)
        }
        if let unknownName = nodeNames.first(where: { configuration.node(named: $0) == nil }) {
            print("REPLICATION UNKNOWN - no node is named \(unknownName.debugDescription)")
            throw ExitCode(unknown)
        }
        let limits = try limits()
        // A single look does not show how old what a replica lacks is.
        let findings = try await OneRound.findings(configuration, timeout: .seconds(timeout)) { findings in
            findings.flatMap(\.nodes).contains(where: \.hasOpenLag)
        }
        let verdict = Verdict(findings, judging: naming, limits: limits)
        switch format {
        case .nagios: print(verdict.pluginLine)
        case .plain: print(verdict.summary)
        case .json: print(verdict.json.text)
        }
        if verdict.status != .ok { throw ExitCode(verdict.status.exitCode) }
    }

    private var naming: Verdict.Naming {
        nodeNames.isEmpty ? source.nodes.isEmpty ? .sets : .servers : .nodes(Set(nodeNames))
    }

    static func isMeant(by arguments: ArraySlice<String>) -> Bool {
        arguments.first == configuration.commandName
    }

    /// Why there is no verdict; nil for an error that is an exit code already, and for help. Any other error must become
    /// UNKNOWN, because a plugin's exit codes are those of its verdict.
    static func explanation(of error: any Error) -> String? {
        guard !(error is ExitCode), exitCode(for: error) != .success else { return nil }
        return "REPLICATION UNKNOWN - \(Verdict.oneLine(message(for: error)))"
    }

    private func limits() throws -> Verdict.Limits {
        Verdict.Limits(
            lag: try maxLag.map { try optionValue("--max-lag", $0, Quantity.duration) }?.seconds,
            bytes: try maxBytes.map { try optionValue("--max-bytes", $0, Quantity.bytes) })
    }
}
