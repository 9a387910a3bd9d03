import Collection
import Configuration
import Documents
import Glibc
import MariaDB
import Replication
import Threads
import Topology

extension FleetCollector {
    /// Nodes beyond this number share threads.
    private static let maxThreads = 8192

    /// Who asks the nodes of a configuration. Nothing is connected yet.
    /// - Parameter predecessor: what ran until now: nodes that did not change keep their collectors, and so their
    ///   connections.
    /// - Throws: `ThreadError`; then no thread is left behind.
    convenience init(
        _ configuration: Configuration, environment: [String: String],
        replacing predecessor: (fleet: FleetCollector, configuration: Configuration)? = nil
    ) throws(ThreadError) {
        let kept = predecessor?.fleet.collectors(of: configuration.nodes(unchangedSince: predecessor?.configuration))
        let keptCount = kept?.count ?? 0
        let threads = try SessionThread.start(
            for: configuration.nodes.count - keptCount, limit: max(1, Self.maxThreads - keptCount)
        ) { "node-\($0)" }
        var next = 0
        var sets: [FleetCollector.Set] = []
        for set in configuration.sets {
            var nodes: [NodeCollector] = []
            for node in set.nodes {
                if let collector = kept?[node.name] {
                    nodes.append(collector)
                    continue
                }
                let thread = threads[next % threads.count]
                next += 1
                nodes.append(
                    NodeCollector(
                        NodeDescription(node), timeout: node.timeout, on: thread,
                        extras: configuration.extras(of: set)
                    ) { () throws(NodeFailure) in try ConnectionOptions(node, environment: environment) })
            }
            sets.append(
                FleetCollector.Set(
                    name: set.name,
                    thresholds: set.thresholds,
                    nodes: nodes))
        }
        self.init(sets: sets, followUps: followUps(of:after:), replacing: predecessor?.fleet)
    }

    private func collectors(of names: Swift.Set<String>) -> [String: NodeCollector] {
        var collectors: [String: NodeCollector] = [:]
        for collector in sets.flatMap(\.nodes) where names.contains(collector.description.name) {
            collectors[collector.description.name] = collector
        }
        return collectors
    }
}

extension Configuration {
    /// The names of the nodes that an earlier configuration has in the very same words, in whatever set: address,
    /// account, TLS, timeout and source, and what is asked of it beside the usual. Thresholds are the set's, and cost no
    /// node its connection.
    func nodes(unchangedSince earlier: Configuration?) -> Set<String> {
        guard let earlier else { return [] }
        var known: [String: (node: Node, extras: NodeExtras)] = [:]
        for set in earlier.sets {
            for node in set.nodes { known[node.name] = (node, earlier.extras(of: set)) }
        }
        var unchanged: Set<String> = []
        for set in sets {
            for node in set.nodes {
                guard let before = known[node.name], before.node == node, before.extras == extras(of: set) else {
                    continue
                }
                unchanged.insert(node.name)
            }
        }
        return unchanged
    }

    /// What is asked of a set's nodes beside the usual.
    fileprivate func extras(of set: ReplicationSet) -> NodeExtras {
        NodeExtras(
            keepsStatusRows: metrics.isMysqldExporterCompatible,
            checksumTable: set.checksums?.table.quoted,
            heartbeatTable: set.heartbeat?.table.quoted)
    }
}

extension NodeDescription {
    init(_ node: Node) {
        let intended: [String: String] =
            switch node.source {
            case .node(let name): ["": name]
            case .byChannel(let names): names
            case nil: [:]
            }
        self.init(
            name: node.name, address: node.address, aliases: node.aliases, intendedSources: intended)
    }
}

extension ConnectionOptions {
    /// Reads the credentials anew: passwords change.
    init(_ node: Node, environment: [String: String]) throws(NodeFailure) {
        let login: Login
        do throws(ConfigurationError) {
            login = try node.login(environment: environment)
        } catch {
            throw NodeFailure(reason: .authentication, message: error.description)
        }
        self.init(
            address: node.address, user: login.user, password: login.password.reveal(), tls: login.tls.mode,
            certificateAuthority: login.tls.ca, certificate: login.tls.cert, key: login.tls.key)
    }
}
