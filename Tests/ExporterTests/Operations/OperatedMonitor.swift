import Configuration
import Foundation
import Logging
import Operations
import Replication
import Topology
import Traffic

@testable import Configuration
@testable import Exporter
@testable import Monitoring

/// The program without its listener, on the servers of an operated set: collectors, memory, balancer checks and probes.
final class OperatedMonitor {
    private let configuration: Configuration
    private let checks: NodeChecks
    private let states: String
    private var fleet: Fleet
    private var probes = ProbeTasks()
    private static let environment = [
        "MYSQL_REPLICATION_EXPORTER_USER": "exporter", "MYSQL_REPLICATION_EXPORTER_PASSWORD": "secret",
    ]
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// - Parameter intended: whether the configuration says which node replicates from which.
    init(
        _ set: OperatedSet, on servers: OperatedServers, intended: Bool, hasProbes: Bool = true,
        timeout: Duration = .milliseconds(400)
    ) async throws {
        let nodes = try set.names.map { name in
            Node(
                name: name, address: try Address("127.0.0.1:\(servers.port(name))"),
                source: intended && name != "db1" ? .node("db1") : nil, tls: TLSOptions(mode: .disabled),
                timeout: timeout)
        }
        configuration = Configuration(sets: [
            ReplicationSet(
                name: "shop", nodes: nodes,
                heartbeat: !hasProbes
                    ? nil
                    : Heartbeat(
                        table: TableName(database: "replication_probe", table: "heartbeat"),
                        interval: .milliseconds(20), write: true),
                sentinel: !hasProbes
                    ? nil
                    : Sentinel(
                        table: TableName(database: "replication_probe", table: "sentinel"), interval: .milliseconds(100)
                    ))
        ])
        states = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)").path
        checks = NodeChecks(try OperatorDesk(directory: nil, logger: Self.logger))
        fleet = try Self.fleet(configuration, states, keepsState: false)
        probes.run(fleet.probes)
    }

    private static func fleet(_ configuration: Configuration, _ states: String, keepsState: Bool) throws -> Fleet {
        if !keepsState { try? FileManager.default.removeItem(atPath: states) }
        try FileManager.default.createDirectory(atPath: states, withIntermediateDirectories: true)
        return try Fleet(
            configuration, environment: environment,
            keeping: Keeping(
                .keeper(try StateKeeper(StateDirectory(states, name: "test", logger: logger))), checker: "test"),
            logger: logger)
    }

    func restart(keepsState: Bool) async throws {
        await close()
        fleet = try Self.fleet(configuration, states, keepsState: keepsState)
        probes.run(fleet.probes)
    }

    func close() async {
        await probes.end()
        await fleet.close()
        await fleet.flush()
    }

    func end() async {
        await close()
        try? FileManager.default.removeItem(atPath: states)
    }

    /// The findings of a scrape.
    func round() async throws -> SetFindings {
        guard let set = await fleet.findings(deadline: .now + .seconds(1)).first else { throw NothingFound() }
        return set
    }

    /// The findings of a scrape that leaves no node the time to answer.
    func hurriedRound() async { _ = await fleet.findings(deadline: .now + .microseconds(100)) }

    struct NothingFound: Error {}

    /// The findings that the probes use.
    var view: SetView? { get async { await fleet["shop"]?.newest(renewing: .seconds(60)) } }

    struct Check: Sendable {
        let status: Int
        let reason: String
        /// The nodes that answered in the round behind it.
        let answering: Set<String>
    }

    /// The answers to a balancer, by node.
    func check() async throws -> [String: Check] {
        var checks: [String: Check] = [:]
        for node in configuration.nodes {
            let question = try NodeQuestion(node: node.name, check: .primary)
            guard let answer = await self.checks.answer(question, fleet) else { continue }
            let reply = CheckReply(answer.verdict, answer.operators.state, of: node.name)
            let standings = answer.findings?.writing.standings ?? [:]
            checks[node.name] = Check(
                status: reply.status, reason: reply.reason,
                answering: Set(standings.filter(\.value.isAnswering).keys))
        }
        return checks
    }
}
