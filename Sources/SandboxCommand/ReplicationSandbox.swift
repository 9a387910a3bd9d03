import ArgumentParser
import Foundation
import MariaDB
import Sandbox

@main
struct ReplicationSandbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replication-sandbox",
        abstract: "Real MariaDB or MySQL servers on loopback that replicate from each other, and break on demand.",
        discussion: """
            The servers live in a temporary folder and are removed when the command ends, however it ends. While it runs, it \
            takes fault commands on standard input: type help.
            """,
        subcommands: [
            PrimaryCommand.self, ChainCommand.self, RingCommand.self, MultiSourceCommand.self, GroupCommand.self,
            GaleraCommand.self, RecordCommand.self,
        ],
        defaultSubcommand: PrimaryCommand.self)

    /// The original environment, for programs that are started here.
    static let environment = ProcessInfo.processInfo.environment

    static func main() async {
        // Has to happen while there are no other threads.
        _ = environment
        ClientLibrary.settleEnvironment()
        await main(nil)
    }
}

/// The options common to all wirings.
struct CommonOptions: ParsableArguments {
    @Option(
        help: """
            mariadb (the default; of a group: mysql-9), mysql (this machine's own), or a root of scripts/server-root.sh: \
            mariadb-11.8, mysql-9.
            """)
    var software: String?

    @Option(help: "Rows per second to write on every writable server.")
    var writeLoad = 0

    @Flag(inversion: .prefixedNo, help: "Replicate by GTID rather than by file and position.")
    var gtid = true

    @Flag(help: "MariaDB: gtid_strict_mode.")
    var gtidStrict = false

    @Option(help: "One more option of the server program, such as --server-option=--sync-binlog=1. Repeatable.")
    var serverOption: [String] = []

    @Argument(
        parsing: .postTerminator,
        help: """
            After --: a program to start once the servers run, with SANDBOX_CONFIG naming the exporter's configuration. \
            The sandbox ends with it and returns its exit code.
            """)
    var program: [String] = []

    func validate() throws {
        guard (0...100_000).contains(writeLoad) else {
            throw ValidationError("--write-load takes 0 to 100000 rows per second.")
        }
    }

    var settings: ServerSettings {
        var settings = ServerSettings()
        settings.usesGTID = gtid
        settings.isGTIDStrict = gtidStrict
        settings.arguments = serverOption
        return settings
    }
}

struct PrimaryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "primary", abstract: "db1 with replicas db2, db3, … (the default)")

    @Option(help: "Number of replicas.")
    var replicas = 2
    @OptionGroup var options: CommonOptions

    func validate() throws { try require(replicas, in: 0...50, "--replicas") }
    func run() async throws { try await Session(.primary(replicas: replicas), options).run() }
}

struct ChainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain", abstract: "db1 ← db2 ← db3 …: each replicates from the one before.")

    @Option(help: "Number of servers.")
    var servers = 3
    @OptionGroup var options: CommonOptions

    func validate() throws { try require(servers, in: 1...50, "--servers") }
    func run() async throws { try await Session(.chain(of: servers), options).run() }
}

struct RingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ring", abstract: "db1 ⇄ db2, both writable.")

    @OptionGroup var options: CommonOptions

    func run() async throws { try await Session(.ring, options).run() }
}

struct MultiSourceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "multi-source", abstract: "Primaries db1, db2, … and one replica of all of them.")

    @Option(help: "Number of primaries.")
    var sources = 2
    @OptionGroup var options: CommonOptions

    func validate() throws { try require(sources, in: 1...9, "--sources") }
    func run() async throws { try await Session(.multiSource(sources: sources), options).run() }
}

/// The options of clusters.
struct ClusterOptions: ParsableArguments {
    @Option(help: "Number of members.")
    var members = 3
    @OptionGroup var common: CommonOptions

    func validate() throws { try require(members, in: 1...9, "--members") }

    func run(_ kind: ClusterKind) async throws {
        var options = common
        // Each kind of server has one kind of cluster.
        let isMySQL = options.software.map { $0.hasPrefix("mysql") }
        if kind == .group, isMySQL == false { throw ValidationError("MariaDB has no groups: --software mysql-9") }
        if kind == .galera, isMySQL == true { throw ValidationError("MySQL has no Galera: --software mariadb") }
        options.software = options.software ?? (kind == .group ? "mysql-9" : nil)
        try await Session(.cluster(kind, members: members), options).run()
    }
}

struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "db1, db2, …: the members of a MySQL group, with a single primary.")

    @OptionGroup var options: ClusterOptions

    func run() async throws { try await options.run(.group) }
}

struct GaleraCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "galera", abstract: "db1, db2, …: the nodes of a Galera cluster.")

    @OptionGroup var options: ClusterOptions

    func run() async throws { try await options.run(.galera) }
}

private func require(_ count: Int, in range: ClosedRange<Int>, _ option: String) throws {
    guard range.contains(count) else {
        throw ValidationError("\(option) takes \(range.lowerBound) to \(range.upperBound).")
    }
}
