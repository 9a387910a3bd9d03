import Replication
import ReplicationTesting

@testable import Topology

/// A replication set that is operated on, as its servers really are and not as the exporter believes them to be. It
/// knows which server the operators mean to write to; the exporter sees only what its rounds show.
struct World {
    struct Link {
        var channel = ""
        /// The name of a server, in the set or outside it.
        var source: String
        var isReceiverOn = true
        var isApplierOn = true
        /// The source's address as given to the replica, if not the node's own.
        var host: String?
        /// Orchestrator's mark of a detached replica.
        var isDetached = false
    }

    struct Server {
        let id: Int
        var isUp = true
        /// SIGSTOP: its connections stay open, but nothing comes over them.
        var isFrozen = false
        /// Only the exporter cannot reach it.
        var isHidden = false
        var isReadOnly: Bool?
        /// The account may not see its replication status.
        var hidesReplication = false
        var startedAt = 0.0
        var links: [Link] = []
        var frozenSince: Double?
        /// By server number: the last transaction of each writer.
        var executed: [Int: Int64] = [:]
        var intending: [String: String] = [:]

        var answersReplicas: Bool { isUp && !isFrozen }
    }

    static let heartbeatPeriod = 10.0

    var names: [String]
    var servers: [String: Server] = [:]
    /// The server that the operators write to.
    var legitimate: String?
    /// Seconds.
    var time = 1000.0
    var memory = SetMemory()
    private let origin = ContinuousClock.now

    init(_ nodes: [(name: String, isReadOnly: Bool?, source: String?)]) {
        names = nodes.map(\.name)
        for (number, node) in nodes.enumerated() {
            servers[node.name] = Server(
                id: number + 1, isReadOnly: node.isReadOnly, links: node.source.map { [Link(source: $0)] } ?? [])
        }
    }

    /// db1 with replicas.
    static func primary(replicas: Int, readOnly: Bool = true) -> World {
        var world = World(
            [("db1", false, nil)] + (2...(replicas + 1)).map { ("db\($0)", readOnly, "db1") })
        world.legitimate = "db1"
        return world
    }

    subscript(name: String) -> Server {
        get { servers[name] ?? Server(id: 0) }
        set { servers[name] = newValue }
    }

    // MARK: - What operators and accidents do

    mutating func crash(_ name: String) { self[name].isUp = false }

    mutating func start(_ name: String, readOnly: Bool) {
        self[name].isUp = true
        self[name].isFrozen = false
        self[name].frozenSince = nil
        self[name].isReadOnly = readOnly
        self[name].startedAt = time
    }

    mutating func freeze(_ name: String) {
        self[name].isFrozen = true
        self[name].frozenSince = time
    }

    mutating func thaw(_ name: String) {
        self[name].isFrozen = false
        self[name].frozenSince = nil
    }

    /// RESET REPLICA ALL, read_only off, and all nodes that are up follow it.
    mutating func promote(_ name: String, repointing: Bool = true) {
        self[name].links = []
        self[name].isReadOnly = false
        legitimate = name
        guard repointing else { return }
        for other in names
        where other != name && self[other].isUp && !self[other].isFrozen && !self[other].links.isEmpty {
            self[other].links = [Link(source: name)]
        }
    }

    /// This many writes on a server, which arrive where replication leads.
    mutating func write(_ name: String, _ count: Int64 = 1) {
        guard self[name].isUp, !self[name].isFrozen, self[name].isReadOnly == false else { return }
        self[name].executed[self[name].id, default: 0] += count
        replicate()
    }

    mutating func replicate() {
        for _ in names {
            for name in names where self[name].isUp && !self[name].isFrozen {
                for link in self[name].links where link.isReceiverOn && link.isApplierOn && !link.isDetached {
                    guard let source = servers[link.source], source.answersReplicas else { continue }
                    self[name].executed.merge(source.executed) { max($0, $1) }
                }
            }
        }
    }

    // MARK: - What the exporter sees

    /// One round of the exporter.
    @discardableResult
    mutating func round(after pause: Double = 1) -> SetFindings {
        time += pause
        replicate()
        return memory.fold(report())
    }

    /// The exporter restarts and remembers nothing.
    mutating func restartExporter() { memory = SetMemory() }

    /// The exporter restarts with a state directory.
    mutating func restartExporterWithState(isRecent: Bool = true) {
        let addresses = Dictionary(
            uniqueKeysWithValues: report().nodes.map { ($0.description.name, $0.description.address) })
        memory = SetMemory(memory.record, isRecent: isRecent, addresses: addresses)
    }

    func report() -> ReplicationSetReport {
        ReplicationSetReport(name: "shop", nodes: names.map(node))
    }

    private func instant(_ seconds: Double) -> ContinuousClock.Instant { origin + .seconds(seconds) }

    private func node(_ name: String) -> ReplicationSetReport.Node {
        let server = self[name]
        let description = NodeDescription(
            name: name, address: .tcp(host: name, port: 3306), intendedSources: server.intending)
        guard server.answersReplicas, !server.isHidden else {
            return .init(description, NodeReport(failure: NodeFailure(reason: .timeout, message: "no answer")))
        }
        var facts = NodeFacts(
            identity: ServerIdentity(
                flavor: .mysql, version: ServerVersion(8, 4, 0), port: 3306, serverID: UInt32(server.id),
                serverUUID: uuidText(server.id)))
        facts.isReadOnly = server.isReadOnly
        facts.readOnlySwitches = server.isReadOnly == true ? ["read_only"] : []
        facts.startTime = server.startedAt
        facts.identityRead = Reading(asked: instant(time), told: instant(time + 0.01))
        facts.binaryLog = BinaryLog(isEnabled: true)
        let executed = server.executed.sorted { $0.key < $1.key }.map { "\($0.key):1-\($0.value)" }
        facts.transactions = .set(executed: gtidSet(executed.joined(separator: ",")), server: nil)
        facts.channels = server.hidesReplication ? nil : server.links.map(channel)
        return .init(description, NodeReport(facts: facts))
    }

    private func channel(_ link: Link) -> Channel {
        let source = servers[link.source]
        let isConnected = link.isReceiverOn && !link.isDetached && source.map { $0.isUp } ?? true
        var channel = Channel(
            name: link.channel,
            source: .init(
                host: link.isDetached ? "//\(link.source)" : link.host ?? link.source, port: 3306,
                serverID: source.map { UInt32($0.id) } ?? 99,
                serverUUID: uuidText(source?.id ?? 99)),
            ioThread: !link.isReceiverOn ? .stopped : isConnected ? .running : .connecting,
            isApplierRunning: link.isApplierOn)
        channel.heartbeatPeriod = Self.heartbeatPeriod
        channel.sourceSilence = source?.frozenSince.map { time - $0 } ?? 0
        channel.secondsBehindSource = 0
        return channel
    }
}
