import Checksums
import Configuration
import Exposition
import FaultServer
import Foundation
import Logging
import MariaDB
import Metrics
import Replication
import ReplicationTesting
import Synchronization
import Topology
import Traffic

@testable import Configuration
@testable import Exporter
@testable import Monitoring

/// A way through the exporter that asks servers, and believes some of what they say.
enum ProbePath: String, CaseIterable, Sendable {
    case round, heartbeat, sentinel, failover, checksum
}

/// One case: a path, a scene for it, and what becomes of the servers' replies. The same for the same seed, but for what depends on
/// how often a server is asked.
struct ProbeCase: Sendable {
    let seed: UInt64
    let path: ProbePath
    private let servers: PretendSet
    private let change: ReplyChange?
    private let sparesRounds: Bool
    private let choices: Choices
    private let traffic = StatementRecord()

    /// What else differs from case to case.
    private struct Choices: Sendable {
        var readsHeartbeat: Bool
        var readsChecksums: Bool
        var resumes: Bool
        var isCompatible: Bool
    }

    /// What was sent to the servers.
    private final class StatementRecord: Sendable {
        let counts = Mutex<[String: Int]>([:])
        let unquoted = Mutex<[String]>([])
    }

    /// - Parameter isHostile: false for servers that behave.
    init(
        seed: UInt64, path: ProbePath? = nil, isHostile: Bool = true, fixtures: [ServerPair],
        adjusting: (inout PretendSet.Scene) -> Void = { _ in }
    ) {
        self.seed = seed
        var random = SeededGenerator(seed: seed)
        let drawn = ProbePath.allCases[random.below(ProbePath.allCases.count)]
        self.path = path ?? drawn
        // Behind a filter nothing is compared.
        let fixtures =
            self.path == .checksum ? fixtures.filter { !$0.primary.isFiltered && !$0.replicas[0].isFiltered } : fixtures
        let pair = fixtures[random.below(fixtures.count)]
        let replicas = self.path == .round ? pair.replicas : Array(pair.replicas.prefix(1))
        let names = HostileValues.names.shuffled(using: &random)
        var scene = PretendSet.Scene(
            areBothWritable: self.path == .failover, hasTables: random.below(3) > 0,
            lastCheck: PretendSet.LastCheckLayout.allCases[random.below(3)], keys: random.below(8),
            earlierChunks: random.below(2) * 3, differs: random.below(3) == 0, hasTextKey: random.below(2) == 0,
            names: names)
        choices = Choices(
            readsHeartbeat: random.below(2) == 0, readsChecksums: random.below(2) == 0, resumes: random.below(3) == 0,
            isCompatible: random.below(2) == 0)
        adjusting(&scene)
        servers = PretendSet(scene, primary: pair.primary, replica: replicas[random.below(replicas.count)])
        change = isHostile ? ReplyChange(seed: seed) : nil
        // Most sets of which the round makes no sense have no primary, and so nothing for a probe to do.
        sparesRounds = self.path != .round && random.below(3) > 0
    }

    /// Statements that held a server's words outside of quotes.
    var unquoted: [String] { traffic.unquoted.withLock { $0 } }

    // MARK: - Servers

    func script(of server: PretendSet.Server) -> Script {
        Script(
            greeting: { _ in Step.welcome(version: servers.version(of: server)) },
            answer: { query in
                if Marker.isUnquoted(in: query.text) { traffic.unquoted.withLock { $0.append(query.text) } }
                return query.steps { reply(to: $0, by: server) }
            })
    }

    private func reply(to statement: String, by server: PretendSet.Server) -> Reply {
        // Up to what differs from one time to the next.
        let kind = String(statement.prefix { !$0.isNumber && $0 != "`" && $0 != "'" })
        let number = traffic.counts.withLock { counts in
            counts["\(server) \(kind)", default: 0] += 1
            return counts["\(server) \(kind)"] ?? 0
        }
        let reply = servers.reply(to: statement, by: server)
        if sparesRounds, servers.isOfRound(statement) { return reply }
        return change?.changed(reply, kind: kind, server: server.rawValue, number: number) ?? reply
    }

    // MARK: - The exporter

    /// Nodes at these ports.
    func configuration(ports: [UInt16]) throws -> Configuration {
        let nodes = try ports.enumerated().map { place, port in
            Node(
                name: "db\(place + 1)", address: try Address("127.0.0.1:\(port)"),
                source: place > 0 ? .node("db1") : nil,
                tls: TLSOptions(mode: .disabled), timeout: .seconds(10))
        }
        let heartbeat = TableName(database: "p", table: "heartbeat")
        let set = ReplicationSet(
            name: "shop", nodes: nodes,
            heartbeat: path == .heartbeat
                ? Heartbeat(table: heartbeat, interval: .milliseconds(5), write: true)
                : path == .round && choices.readsHeartbeat ? Heartbeat(table: heartbeat) : nil,
            sentinel: path == .sentinel
                ? Sentinel(table: TableName(database: "p", table: "sentinel"), interval: .milliseconds(80)) : nil,
            failover: path == .failover
                ? FailoverPolicy(
                    preferred: "db2", standby: "db1", table: TableName(database: "p", table: "lastcheck"),
                    maxLag: .milliseconds(20)) : nil,
            checksums: path == .checksum || choices.readsChecksums ? ChecksumTable() : nil)
        return Configuration(
            sets: [set],
            metrics: MetricsOptions(
                compatibility: choices.isCompatible ? [.mysqldExporter] : [], workers: true, gtidDomains: true))
    }

    /// Goes along the path to its end.
    /// - Returns: what became of it, in a word, and what is wrong.
    func run(ports: [UInt16], state: String) async throws -> (outcome: String, problems: [String]) {
        let configuration = try configuration(ports: ports)
        let log = CapturedLog(level: .info)
        let keeping = Keeping(
            .keeper(try StateKeeper(StateDirectory(state, name: "fuzz", logger: log.logger))), checker: "fuzz")
        let fleet = try Fleet(
            configuration, environment: [EnvironmentName.user: "exporter", EnvironmentName.password: "secret"],
            keeping: keeping, logger: log.logger)
        let probes = ProbeTasks()
        var pages = PageProblems()
        let outcome: String
        switch path {
        case .round: outcome = "asked"
        case .heartbeat, .sentinel:
            probes.run(fleet.probes)
            outcome = await log.firstWord()
            // A few more beats.
            if outcome == "working" { try? await Task.sleep(for: .milliseconds(path == .heartbeat ? 30 : 5)) }
        case .failover:
            var answers: [String] = []
            for _ in 0..<3 {
                guard let (policy, decision) = await fleet.failover("shop") else { continue }
                answers.append(decision.answer.map { "\($0.rawValue)" } ?? "none")
                pages.check(policy, decision)
            }
            outcome = answers.last ?? "none"
        case .checksum: outcome = await compare(fleet, configuration, &pages)
        }
        // The second round is by what is remembered of the first.
        _ = await fleet.findings(deadline: .now + .seconds(10))
        let findings = await fleet.findings(deadline: .now + .seconds(10))
        pages.check(fleet.families(of: findings, .all).all)
        pages.check(findings)
        if path == .round { try await askAsBalancer(fleet, log.logger, &pages) }
        await probes.end()
        await fleet.close()
        await fleet.flush()
        pages.check(log.printed)
        pages.check(stateAt: "\(state)/shop.state")
        return (outcome, pages.problems)
    }

    private func askAsBalancer(_ fleet: Fleet, _ logger: Logger, _ pages: inout PageProblems) async throws {
        let checks = NodeChecks(try OperatorDesk(directory: nil, logger: logger))
        for node in ["db1", "db2"] {
            for check in NodeCheck.allCases {
                guard let question = try? NodeQuestion(node: node, check: check),
                    let answer = await checks.answer(question, fleet)
                else { continue }
                pages.check(answer, of: node, check)
            }
        }
    }

    private func compare(_ fleet: Fleet, _ configuration: Configuration, _ pages: inout PageProblems) async
        -> String
    {
        var options = ChecksumOptions()
        options.chunkSeconds = 0
        options.chunkRows = 100
        options.patience = .milliseconds(20)
        options.resumes = choices.resumes
        let progress = Mutex(ChecksumProgressText())
        let task = Task { [options] in
            try await ChecksumRun.compare(
                table: TableName(database: "percona", table: "checksums"), options: options,
                look: { await fleet.findings(deadline: .now + .seconds(10)).first },
                connect: { name throws(NodeFailure) in
                    guard case .tcp(let host, let port)? = configuration.node(named: name)?.node.address else {
                        throw NodeFailure(reason: .query, message: "no such node")
                    }
                    return ConnectionOptions(
                        address: .tcp(host: host, port: port), user: "exporter", password: "secret", tls: .disabled)
                },
                tell: { event in
                    progress.withLock { text in
                        _ = text.note(event)
                        _ = text.bar(width: 30)
                    }
                })
        }
        // It pauses for a busy server and waits for a replica that says it is late for as long as they say so: somebody will
        // press Control-C. Servers that behave let it end.
        let isHostile = change != nil
        let impatience = Task {
            try await Task.sleep(for: isHostile ? .milliseconds(700) : .seconds(10))
            task.cancel()
        }
        defer { impatience.cancel() }
        switch await task.result {
        case .success(let report):
            pages.check(report)
            return report.isInterrupted ? "interrupted" : "\(report.status)"
        case .failure: return "refused"
        }
    }
}

extension CapturedLog {
    /// As the exporter would print it.
    fileprivate var printed: [String] {
        entries.map { entry in
            let pairs = [("msg", entry.message)] + entry.metadata.map { ($0.key, LineLogHandler.text($0.value)) }
            return LineLogHandler(logLevel: .info, format: .logfmt).line(pairs)
        }
    }

    /// What a probe said first: that it is working or idle.
    fileprivate func firstWord() async -> String {
        for await entry in arrivals where entry.message.hasPrefix("probe ") {
            return String(entry.message.dropFirst("probe ".count))
        }
        return "nothing"
    }
}

/// The recordings of one release.
struct ServerPair: Sendable {
    let name: String
    let primary: Recording
    /// A healthy one first.
    let replicas: [Recording]

    static func all() throws -> [ServerPair] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures").resolvingSymlinksInPath()
        let releases = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try releases.compactMap { release in
            let folder = folder.appendingPathComponent(release)
            let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter {
                $0.hasSuffix(".json")
            }.sorted()
            guard files.contains("primary.json"), files.contains("replica.json") else { return nil }
            func recording(_ file: String) throws -> Recording {
                try JSONDecoder().decode(Recording.self, from: Data(contentsOf: folder.appendingPathComponent(file)))
            }
            let others = files.filter { $0 != "primary.json" && $0 != "replica.json" }
            return ServerPair(
                name: release, primary: try recording("primary.json"),
                replicas: try (["replica.json"] + others).map(recording))
        }
    }
}

extension Recording {
    /// Of a server that leaves out part of what it writes or gets.
    fileprivate var isFiltered: Bool {
        results.contains { result in
            let filters = (result.columns ?? []).enumerated().filter { _, name in
                name.hasPrefix("Replicate_") || name.hasPrefix("Binlog_")
            }.map(\.offset)
            return result.rows?.contains { row in filters.contains { row[$0]?.isEmpty == false } } == true
        }
    }
}
