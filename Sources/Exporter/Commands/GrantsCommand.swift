import ArgumentParser
import Collection
import Configuration

/// What a DBA has to type before the exporter may look. Asks no server.
struct GrantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grants",
        abstract: "Prints the GRANT statements for the accounts that the exporter uses, by server and version.",
        discussion: """
            Nothing is connected to. Take the part for your servers, choose a password, and run it on the source: \
            accounts replicate.
            """)

    @Option(
        name: .customLong("config.file"),
        help: "Take the user names from this configuration file (YAML).")
    var file: String?

    @Option(help: "The account's name; without it and without a file, exporter.")
    var user: String?

    @Option(help: ArgumentHelp("Where the exporter connects from, as in 'user'@'host'.", valueName: "host"))
    var from = "%"

    func validate() throws {
        if file != nil, user != nil { throw ValidationError("Use --config.file or --user, not both.") }
    }

    func run() throws {
        let users = try file.map(configuredUsers) ?? [user ?? "exporter"]
        print(GrantStatements.text(users: users, host: from), terminator: "")
    }

    /// In the order of the file, each once.
    private func configuredUsers(_ file: String) throws -> [String] {
        let environment = ProcessEnvironment.variables
        do throws(ConfigurationError) {
            let nodes = try Configuration.load(path: file, environment: environment).configuration.nodes
            var users: [String] = []
            for node in nodes {
                let user = try node.login(environment: environment).user
                if !users.contains(user) { users.append(user) }
            }
            return users
        } catch {
            throw ValidationError("\(error)\nWithout what is missing, name the account: --user NAME.")
        }
    }
}
