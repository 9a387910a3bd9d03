import ArgumentParser
import Collection
import Configuration
import Documents
import Presentation

/// Prints what a DBA has to run before the exporter can connect. Does not connect to any server.
struct GrantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grants",
        abstract: "Prints the GRANT statements for the accounts that the exporter uses, by server and version.",
        discussion: """
            Does not connect to any server. Take the section for your servers, choose a password, and run it on the primary: \
            accounts replicate. With a configuration file, the grants for its probes are included.

            For a configuration file, and an exporter on any host of a network:
              mysql-replication-exporter grants --config.file exporter.yml --from 10.0.170.%
            """)

    @Option(
        name: .customLong("config.file"),
        help: ArgumentHelp("Read the accounts and probes from this configuration file (YAML).", valueName: "file"),
        completion: .file(extensions: ["yml", "yaml"]))
    var file: String?

    @Option(help: "The account's name; without this option and without a file, exporter.")
    var user: String?

    @Option(help: ArgumentHelp("The host the exporter connects from, as in 'user'@'host'.", valueName: "host"))
    var from = "%"

    @Option(
        help: ArgumentHelp(
            """
            How many exporters monitor the same servers. MAX_USER_CONNECTIONS allows for all of them, one more that is \
            replacing another, and the other commands.
            """, valueName: "number"))
    var exporters = 2

    func validate() throws {
        guard (1...100).contains(exporters) else { throw ValidationError("--exporters must be between 1 and 100.") }
        if file != nil, user != nil { throw ValidationError("Use --config.file or --user, not both.") }
    }

    func run() throws {
        let accounts =
            try file.map(configuredAccounts)
            ?? [
                GrantStatements.Account(
                    user: user ?? "exporter", connections: ConnectionCount().limit(exporters: exporters))
            ]
        for name in accounts.map(\.user) + [from] where name.unicodeScalars.contains(where: \.isControlling) {
            throw ValidationError(
                "The name \(name.debugDescription) contains a control character; specify the account: --user NAME.")
        }
        print(GrantStatements.text(accounts, host: from), terminator: "")
    }

    /// The accounts in the order of the file, each once, with the grants for the probes of its nodes' sets.
    private func configuredAccounts(_ file: String) throws -> [GrantStatements.Account] {
        let environment = ProcessEnvironment.variables
        do throws(ConfigurationError) {
            var accounts: [GrantStatements.Account] = []
            for set in try Configuration.load(path: file, environment: environment).configuration.sets {
                for node in set.nodes {
                    let user = try node.login(environment: environment).user
                    let index = accounts.firstIndex { $0.user == user } ?? accounts.endIndex
                    let connections = ConnectionCount(set).limit(exporters: exporters)
                    if index == accounts.endIndex { accounts.append(.init(user: user, connections: connections)) }
                    // A server is in only one set, so the larger number is enough.
                    accounts[index].connections = max(accounts[index].connections, connections)
                    for grant in ProbeGrant.of(set) where !accounts[index].probes.contains(grant) {
                        accounts[index].probes.append(grant)
                    }
                }
            }
            return accounts
        } catch {
            throw ValidationError("\(error)\nTo print the grants nevertheless, specify the account: --user NAME.")
        }
    }
}
