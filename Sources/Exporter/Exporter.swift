import ArgumentParser
import Glibc
import MariaDB
import Presentation

/// The program. Its subcommands share the options of `ConfigurationOptions`.
@main
struct Exporter: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mysql-replication-exporter",
        abstract: "Exports the state of MySQL and MariaDB replication to Prometheus.",
        usage: """
            mysql-replication-exporter --config.file <file> [<options>]
            mysql-replication-exporter --node <name>=<host>:<port> ... [<options>]
            mysql-replication-exporter <subcommand> ...
            """,
        discussion: """
            Queries every configured server on every scrape, compares their answers with each other, and serves the result \
            at /metrics.

            Try it with one server:
              export MYSQL_REPLICATION_EXPORTER_USER=exporter
              read -rs MYSQL_REPLICATION_EXPORTER_PASSWORD
              export MYSQL_REPLICATION_EXPORTER_PASSWORD
              mysql-replication-exporter --node db1=127.0.0.1:3306
            """,
        version: BuildVersion.statement,
        subcommands: [
            Serve.self, TopologyCommand.self, CheckCommand.self, FailoverCheckCommand.self, ChecksumCommand.self,
            GrantsCommand.self, InitCommand.self, RulesCommand.self,
        ],
        defaultSubcommand: Serve.self)

    static func main() async {
        // Before it is changed for this process: password commands get the environment that the user has set.
        _ = ProcessEnvironment.variables
        // Whoever started this process may ignore it; then no command's end could be seen (waitpid(2)).
        signal(SIGCHLD, SIG_DFL)
        // Must run before there are other threads.
        ClientLibrary.settleEnvironment()
        let arguments = CommandLine.arguments.dropFirst()
        if RootHelp.isAsked(arguments) {
            print(RootHelp.text())
            return
        }
        if let shell = RootCompletion.shell(askedFor: arguments) {
            print(RootCompletion.script(for: shell), terminator: "")
            return
        }
        do {
            var command = try parsed(Array(arguments))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            ProcessEnd.skipTeardown()
        } catch {
            ProcessEnd.skipTeardown()
            if CheckCommand.isMeant(by: arguments), let line = CheckCommand.explanation(of: error) {
                print(line)
                exit(withError: ExitCode(Verdict.Status.unknown.exitCode))
            }
            exit(withError: error)
        }
    }

    /// Without a subcommand, tries `serve` first: with all subcommands, the parser takes twice the time. Everything else,
    /// including errors, is left to the root command.
    static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        if arguments.first?.hasPrefix("--") == true, let serve = try? Serve.parse(arguments) { return serve }
        do {
            return try parseAsRoot(arguments)
        } catch {
            // An option that does not exist may be the reason for whatever else is missing.
            if exitCode(for: error) != .success, let unknown = UnknownArgument.error(in: arguments) { throw unknown }
            throw error
        }
    }
}
