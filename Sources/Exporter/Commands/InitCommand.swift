import ArgumentParser
import Configuration
import Documents
import MariaDB
import Monitoring
import Presentation
import Replication
import Topology

/// Makes a first configuration of what one server reports. Connects to no other server.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Asks one server for its source and its replicas, and prints a first configuration file.",
        discussion: """
            Connects only to the server that is named. What the server does not tell is a comment in the file, and so are the \
            statements for the exporter's account, and the job for Prometheus.

            The account that is asked with needs what an administrator has: to list replicas, a server wants REPLICATION \
            SLAVE (MySQL) or REPLICATION MASTER ADMIN and PROCESS (MariaDB). What it refuses is left out.

            For a server and an administrator whose password is asked for:
              mysql-replication-exporter init --node 10.0.0.1:3306 \\
                --user root > exporter.yml

            On the server itself, for an administrator who logs in by the socket, without a password (press Enter):
              sudo mysql-replication-exporter init --user root \\
                --node unix:/run/mysqld/mysqld.sock > exporter.yml

            The exit code is 1 if the server does not answer, or refuses the account.
            """)

    @Option(help: ArgumentHelp("The server to ask.", valueName: "[NAME=]HOST:PORT"))
    var node: String

    @Option(
        help: """
            The account to ask with; by default, account and password are taken from MYSQL_REPLICATION_EXPORTER_USER and \
            MYSQL_REPLICATION_EXPORTER_PASSWORD.
            """)
    var user: String?

    @Option(
        help: ArgumentHelp(
            "The file with the password of --user; without it, the password is asked for, and may be empty.",
            valueName: "file"),
        completion: .file())
    var passwordFile: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("The name of the replication set.", valueName: "name"))
    var setName = "main"

    @Option(help: ArgumentHelp("The exporter's account in the configuration.", valueName: "name"))
    var account = "exporter"

    @Option(help: ArgumentHelp("The host the exporter connects from, as in 'user'@'host'.", valueName: "host"))
    var from = "%"

    @Option(help: ArgumentHelp("How long to wait for the server.", valueName: "seconds"))
    var timeout = 10.0

    func validate() throws {
        guard timeout > 0, timeout <= 3600 else {
            throw ValidationError("--timeout must be between 0 and 3600 seconds.")
        }
        if passwordFile != nil, user == nil { throw ValidationError("--password-file needs --user.") }
        for name in [account, from]
        where name.unicodeScalars.contains(where: \.isControlling) || !GrantStatements.fitsComments(name) {
            throw ValidationError("The name \(name.debugDescription) contains a control character, or /* or */.")
        }
    }

    func run() async throws {
        let text: String
        do {
            text = try await configuration(try asking())
        } catch let error as ConfigurationError {
            error.explain()
            throw ExitCode(2)
        } catch {
            StandardError.print((error as? NodeFailure)?.message.printable ?? "\(error)")
            throw ExitCode.failure
        }
        print(text, terminator: "")
    }

    /// The node to ask, and the environment with the account to ask with.
    private func asking() throws(ConfigurationError) -> (set: ReplicationSet, environment: [String: String]) {
        var environment = ProcessEnvironment.variables
        if let user {
            environment[EnvironmentName.user] = user
            environment[EnvironmentName.password] = try password(of: user).reveal()
        }
        guard environment[EnvironmentName.user] != nil else {
            throw ConfigurationError(
                Problem(
                    file: "",
                    message: "no account to ask with; give --user NAME, or set \(EnvironmentName.user) and "
                        + "\(EnvironmentName.password)"))
        }
        let flag = node.contains("=") ? node : "\(Self.unnamed)=\(node)"
        let configuration = try Configuration.nodes(fromFlags: [flag], environment: environment)
        return (configuration.sets[0], environment)
    }

    /// Empty for an account without one, such as one that logs in by the server's socket.
    private func password(of user: String) throws(ConfigurationError) -> Secret {
        do {
            if let passwordFile { return try Secret(passwordFile: passwordFile) }
            return try PasswordPrompt.ask("Password for \(user.printable) (Enter for none): ", mayBeEmpty: true)
        } catch {
            throw ConfigurationError(
                Problem(
                    file: passwordFile == nil ? "--user" : "--password-file", message: Self.message(for: error)))
        }
    }

    /// The name under which a server is asked to which the user gave none.
    private static let unnamed = "node"

    /// - Throws: `NodeFailure` if the server does not answer, or refuses the account.
    private func configuration(
        _ asking: (set: ReplicationSet, environment: [String: String])
    ) async throws -> String {
        let found = try await discover(asking.set.nodes[0], asking)
        let grants = GrantStatements(
            [.init(user: account, connections: ConnectionCount().limit(exporters: 2))], host: from
        ).text
        let text = InitialConfiguration(
            found, setName: setName, user: account, grants: grants, target: "\(ProcessEnvironment.hostName):19104"
        ).text
        // Whatever the server calls things, what is printed is a valid configuration, or nothing is.
        _ = try Configuration.parse(text, file: "--node", environment: [:])
        return text
    }

    private func discover(
        _ node: Node, _ asking: (set: ReplicationSet, environment: [String: String])
    ) async throws -> Discovery {
        let findings = try await OneRound.findings(
            Configuration(sets: [asking.set]), timeout: .seconds(timeout), environment: asking.environment)
        let report = findings.first?.nodes.first?.report
        guard let report, let facts = report.facts, facts.identity.serverID != nil else {
            throw report?.failure ?? NodeFailure(reason: .query, message: "\(node.address) did not answer")
        }
        let environment = asking.environment
        let session = Session(node: node.name) { () throws(NodeFailure) in
            try ConnectionOptions(node, environment: environment)
        }
        var refusals = report.failure.map { ["Its own source is not known: \($0.message)"] } ?? []
        func ask(_ statement: String, for what: String) async -> ResultTable? {
            do throws(MySQLError) {
                return try await session.run([statement], deadline: .now + .seconds(timeout)).first
            } catch {
                refusals.append("\(what) not known: \(error.words)")
                return nil
            }
        }
        let statements = DiscoveryStatements(facts.identity)
        let replicas = await ask(statements.replicas, for: "Its registered replicas are")
        let readers = await ask(statements.readers, for: "Where its binary log is read from is")
        await session.close()
        return Discovery(
            address: node.address, name: self.node.contains("=") ? node.name : nil, facts: facts,
            replicas: replicas.map(DiscoveryStatements.replicas) ?? [],
            readers: readers.map(statements.readers) ?? [], refusals: refusals)
    }
}

/// The statements that show who replicates from a server (manuals: SHOW REPLICAS, SHOW SLAVE HOSTS, SHOW PROCESSLIST).
struct DiscoveryStatements {
    let replicas: String
    let readers: String
    private let isPortAppended: Bool

    init(_ identity: ServerIdentity) {
        isPortAppended = identity.flavor == .mariadb
        switch identity.flavor {
        case .mariadb:
            replicas = "SHOW SLAVE HOSTS"
            readers = "SELECT HOST AS host FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'"
        case .mysql:
            replicas = identity.version < ServerVersion(8, 0, 22) ? "SHOW SLAVE HOSTS" : "SHOW REPLICAS"
            readers = """
                SELECT PROCESSLIST_HOST AS host FROM performance_schema.threads WHERE PROCESSLIST_COMMAND LIKE 'Binlog Dump%'
                """
        }
    }

    static func replicas(_ table: ResultTable) -> [Discovery.Replica] {
        table.rows.map { row in
            Discovery.Replica(
                serverID: row.unsigned32("Server_id") ?? row.unsigned32("Server_Id"), host: row.text("Host") ?? "",
                port: row.unsigned("Port").flatMap { UInt16(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 })
        }
    }

    /// Hosts, without the port of the connection, which MariaDB appends.
    func readers(_ table: ResultTable) -> [String] {
        table.rows.compactMap { row in
            guard let host = row.text("host"), !host.isEmpty else { return nil }
            guard isPortAppended, let colon = host.lastIndex(of: ":"), !host[host.index(after: colon)...].isEmpty,
                host[host.index(after: colon)...].utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else { return host }
            return String(host[..<colon])
        }
    }
}
