import ArgumentParser
import Collection
import Configuration
import Documents
import Presentation
import Replication
import Topology

/// A plugin for Nagios and its kin: one line, and an exit code. (Monitoring Plugins Development Guidelines.)
struct CheckCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case nagios, plain, json }

    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract:
            "Asks every node once and says whether replication is well: exit 0 ok, 1 warning, 2 critical, 3 unknown.",
        discussion: """
            For Nagios, Icinga and their kin: one line, with performance data.

            As a check of two replicas:
              mysql-replication-exporter check --config.file exporter.yml db2 db3 --max-lag 5m

            A node that is named and replicates from nobody is unknown, unless it is writable and no limit is given. So is one \
            whose limit cannot be judged.
            """)

    @OptionGroup var source: ConfigurationOptions

    @Argument(help: ArgumentHelp("The nodes to judge; all of them if none is named.", valueName: "node"))
    var nodeNames: [String] = []

    @Option(
        help: ArgumentHelp(
            "More lag than this is critical, such as 30s; by default the set's threshold is a warning.",
            valueName: "duration"))
    var maxLag: String?

    @Option(
        help: ArgumentHelp(
            "More bytes behind than this is critical, such as 100MB; by default the set's threshold is a warning.",
            valueName: "size"))
    var maxBytes: String?

    @Option(help: "How the verdict is written; plain is nagios without performance data.")
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
        let configuration = try source.loadOrExplain(exitCode: unknown).configuration
        if let stranger = nodeNames.first(where: { configuration.node(named: $0) == nil }) {
            print("REPLICATION UNKNOWN - no node is named \(stranger.debugDescription)")
            throw ExitCode(unknown)
        }
        let findings = try await OneRound.findings(configuration, timeout: .seconds(timeout))
        let verdict = Verdict(findings, judging: naming, limits: try limits())
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

    /// Why there is no verdict; nil for an error that is an exit code already, and for help. A plugin's exit codes are
    /// the verdict's: whatever else goes wrong is unknown.
    static func explanation(of error: any Error) -> String? {
        guard !(error is ExitCode), exitCode(for: error) != .success else { return nil }
        return "REPLICATION UNKNOWN - \(Verdict.oneLine(message(for: error)))"
    }

    private func limits() throws -> Verdict.Limits {
        do {
            return Verdict.Limits(
                lag: try maxLag.map { try Quantity.duration($0) }?.seconds,
                bytes: try maxBytes.map { try Quantity.bytes($0) })
        } catch {
            throw ValidationError("--max-lag and --max-bytes: \(error)")
        }
    }
}
