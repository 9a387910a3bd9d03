import ArgumentParser
import Collection
import Configuration
import Documents
import Glibc
import MariaDB
import Presentation
import Replication

/// Prints what a DBA has to run before the exporter can connect. Does not connect to any server.
struct GrantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grants",
        abstract: "Prints the SQL script that makes the exporter's accounts, with their privileges and tables.",
        discussion: """
            Run the script on the primary only: accounts, grants and tables replicate. It fits every supported server, and \
            does not connect to any by itself. With a configuration file, it includes what the probes of the file need.

            For a configuration file, and an exporter on any host of a network:
              mysql-replication-exporter grants --config.file exporter.yml \\
                --from 10.0.170.% --password-file mysql-password | mariadb -h db1
            """)

    @Option(
        name: .customLong("config.file"),
        help: ArgumentHelp("Read the accounts and probes from this configuration file (YAML).", valueName: "file"),
        completion: .file(extensions: ["yml", "yaml"]))
    var file: String?

    @Option(
        help: "The account's name; without this option and without a file, exporter (with --checksum, checksum).")
    var user: String?

    @Option(help: ArgumentHelp("The host the exporter connects from, as in 'user'@'host'.", valueName: "host"))
    var from = "%"

    @Flag(help: "Ask for the password of each account, and put it in the script. Without it, new accounts are locked.")
    var askPassword = false

    @Option(
        help: ArgumentHelp(
            "Put the password that this file contains in the script; for a single account.", valueName: "file"),
        completion: .file())
    var passwordFile: String?

    @Flag(help: "For running it on each server, not on the primary alone: nothing is written to the binary log.")
    var eachServer = false

    @Option(
        help: ArgumentHelp(
            "The managed service that runs the servers: rds, aurora, azure or cloudsql.", valueName: "service"))
    var service: Service = .unmanaged

    @Flag(
        help: """
            The account of the command checksum: it may read every table, so it should not be the exporter's own.
            """)
    var checksum = false

    @Option(
        help: ArgumentHelp(
            """
            How many exporters monitor the same servers. MAX_USER_CONNECTIONS allows for all of them, one more that is \
            replacing another, and the other commands.
            """, valueName: "number"))
    var exporters = 2

    func validate() throws {
        guard (1...100).contains(exporters) else { throw ValidationError("--exporters must be between 1 and 100.") }
        if eachServer, service != .unmanaged {
            throw ValidationError("--each-server needs a privilege that managed services give nobody (sql_log_bin).")
        }
        if file != nil, user != nil { throw ValidationError("Use --config.file or --user, not both.") }
        if askPassword, passwordFile != nil {
            throw ValidationError("Use --ask-password or --password-file, not both.")
        }
    }

    func run() throws {
        var accounts = try file.map(configuredAccounts) ?? [unconfiguredAccount]
        for name in accounts.map(\.user) + [from]
        where name.unicodeScalars.contains(where: \.isControlling) || !GrantStatements.fitsComments(name) {
            throw ValidationError(
                """
                The name \(name.debugDescription) contains a control character, or /* or */; specify the account: \
                --user NAME.
                """)
        }
        try addPasswords(to: &accounts)
        // In a pipe, nobody sees the script's own comment on it.
        let locked = accounts.filter { $0.password == nil }.map(\.user)
        if !locked.isEmpty, isatty(STDOUT_FILENO) != 1 { StandardError.print(Self.note(locked)) }
        print(
            GrantStatements(
                accounts, host: from, for: checksum ? .checksum : .monitoring, onEachServer: eachServer,
                service: service
            ).text, terminator: "")
    }

    private static func note(_ locked: [String]) -> String {
        "grants: no password was given: unless it exists already, \(locked.joined(separator: ", ")) is locked until "
            + "ALTER USER ... IDENTIFIED BY '...' ACCOUNT UNLOCK (see --ask-password and --password-file)"
    }

    private var unconfiguredAccount: GrantStatements.Account {
        checksum
            ? .init(
                user: user ?? "checksum", tables: [.checksums(writing: ChecksumTable().table)],
                connections: ConnectionCount.checksumAccount)
            : .init(user: user ?? "exporter", connections: ConnectionCount().limit(exporters: exporters))
    }

    /// The accounts in the order of the file, each once, with the grants for the probes of its nodes' sets.
    private func configuredAccounts(_ file: String) throws -> [GrantStatements.Account] {
        let environment = ProcessEnvironment.variables
        do throws(ConfigurationError) {
            var accounts: [GrantStatements.Account] = []
            for set in try Configuration.load(path: file, environment: environment).configuration.sets {
                for node in set.nodes {
                    let user = try node.user(environment: environment)
                    let index = accounts.firstIndex { $0.user == user } ?? accounts.endIndex
                    let connections =
                        checksum ? ConnectionCount.checksumAccount : ConnectionCount(set).limit(exporters: exporters)
                    if index == accounts.endIndex { accounts.append(.init(user: user, connections: connections)) }
                    // A server is in only one set, so the larger number is enough.
                    accounts[index].connections = max(accounts[index].connections, connections)
                    let tables =
                        checksum
                        ? [.checksums(writing: (set.checksums ?? ChecksumTable()).table)] : TableGrant.of(set)
                    for grant in tables where !accounts[index].tables.contains(grant) {
                        accounts[index].tables.append(grant)
                    }
                }
            }
            return accounts
        } catch {
            throw ValidationError("\(error)\nTo print the grants nevertheless, specify the account: --user NAME.")
        }
    }

    private func addPasswords(to accounts: inout [GrantStatements.Account]) throws {
        if let passwordFile {
            guard accounts.count == 1 else {
                let names = accounts.map(\.user).joined(separator: ", ")
                throw ValidationError("--password-file is for one account, not \(accounts.count): \(names).")
            }
            do throws(ConfigurationError) {
                accounts[0].password = try Secret(passwordFile: passwordFile)
            } catch {
                throw ValidationError("--password-file: \(error)")
            }
        } else if askPassword {
            for index in accounts.indices {
                accounts[index].password = try PasswordPrompt.ask("Password for \(accounts[index].user): ")
            }
        }
        for account in accounts {
            guard let password = account.password, !GrantStatements.canWrite(password) else { continue }
            throw ValidationError(
                """
                The password of \(account.user) contains a backslash or a character that is not printable ASCII: what \
                that means in SQL depends on the session. Print the script without passwords.
                """)
        }
    }
}

extension Service: ExpressibleByArgument {
    package init?(argument: String) { self.init(rawValue: argument) }
}
