import ArgumentParser
import Configuration
import Documents
import Glibc
import Logging
import Monitoring
import Presentation
import Replication
import Threads
import Topology

/// One round over the fleet, for a terminal.
struct TopologyCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case tree, json }

    static let configuration = CommandConfiguration(
        commandName: "topology",
        abstract: "Queries every node once and draws which node replicates from which.",
        discussion: """
            Draws each replication set as a tree, with the state, lag and byte delta of its nodes.

            Without a configuration file:
              mysql-replication-exporter topology --node db1=10.0.0.1:3306 \\
                --node db2=10.0.0.2:3306

            The exit code is 0 if at least one node is up, otherwise 1.
            """)

    @OptionGroup var source: ConfigurationOptions

    @Option(help: "Output format.")
    var format = Format.tree

    @Option(help: ArgumentHelp("How long to wait for the nodes.", valueName: "seconds"))
    var timeout = 10.0

    func validate() throws {
        guard timeout > 0, timeout <= 3600 else {
            throw ValidationError("--timeout must be between 0 and 3600 seconds.")
        }
    }

    func run() async throws {
        let configuration = try source.loadOrExplain().configuration
        // A single look does not show how old what a running replica lacks is.
        let findings = try await OneRound.findings(configuration, timeout: .seconds(timeout)) { findings in
            findings.flatMap(\.nodes).flatMap(\.channels).contains {
                $0.lag == nil && !$0.isStopped && !$0.isParked && $0.sourceNode != nil
            }
        }
        switch format {
        case .tree:
            let isTerminal = isatty(STDOUT_FILENO) == 1 && ProcessEnvironment.variables["NO_COLOR", default: ""].isEmpty
            print(TreeText(isColoured: isTerminal).text(findings), terminator: "")
        case .json: print(TopologyJSON.json(findings).text)
        }
        if !findings.contains(where: { $0.nodes.contains(where: \.report.isUp) }) { throw ExitCode.failure }
    }
}

/// A single round, for a command that ends afterwards; or two.
enum OneRound {
    /// How long after the first look a second one is taken.
    private static let pause = Duration.seconds(1)

    /// - Parameter isDoubtful: whether another look may settle something that the first leaves open.
    /// - Throws: `ThreadError`.
    static func findings(
        _ configuration: Configuration, timeout: Duration, environment: [String: String] = ProcessEnvironment.variables,
        again isDoubtful: ([SetFindings]) -> Bool = { _ in false }
    ) async throws -> [SetFindings] {
        _ = ProcessEnvironment.raiseOpenFileLimit()
        let quiet = Logger(label: "round") { _ in SwiftLogNoOpLogHandler() }
        let fleet = try Fleet(
            configuration, environment: environment, keeping: .nothing, isOneShot: true, logger: quiet)
        let deadline = ContinuousClock.now + timeout
        var findings = await fleet.findings(deadline: deadline)
        if isDoubtful(findings), .now + pause < deadline {
            try await Task.sleep(for: pause)
            findings = await fleet.findings(deadline: deadline)
        }
        await fleet.close()
        return findings
    }
}

extension ConfigurationOptions {
    /// Reads the configuration; prints its problems to standard error, one per line.
    func loadOrExplain(exitCode: Int32 = 2) throws -> (configuration: Configuration, warnings: [Warning]) {
        do throws(ConfigurationError) {
            return try load()
        } catch {
            error.explain()
            throw ExitCode(exitCode)
        }
    }
}

extension ConfigurationError {
    /// Prints the problems to standard error, one per line.
    func explain() {
        var text = "\(self)\n"
        text.withUTF8 { bytes in _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }
}
