import Collection
import Configuration
import Glibc
import MariaDB
import Replication
import Topology

extension FleetCollector {
    /// Nodes beyond this number share threads.
    private static let maxThreads = 8192

    /// Who asks the nodes of a configuration. Nothing is connected yet.
    /// - Throws: `ThreadError`.
    convenience init(_ configuration: Configuration, environment: [String: String]) throws(MariaDB.ThreadError) {
        var executors: [ThreadExecutor] = []
        for number in 0..<min(configuration.nodes.count, Self.maxThreads) {
            executors.append(try ThreadExecutor(name: "node-\(number)"))
        }
        var next = 0
        var sets: [FleetCollector.Set] = []
        for set in configuration.sets {
            var nodes: [NodeCollector] = []
            for node in set.nodes {
                let executor = executors[next % executors.count]
                next += 1
                nodes.append(
                    NodeCollector(NodeDescription(node), timeout: node.timeout, executor: executor) {
                        () throws(NodeFailure) in try ConnectionOptions(node, environment: environment)
                    })
            }
            sets.append(
                FleetCollector.Set(
                    name: set.name,
                    thresholds: Replication.Thresholds(lag: set.thresholds.lag.seconds, bytes: set.thresholds.bytes),
                    nodes: nodes))
        }
        self.init(sets: sets, followUps: followUps(of:after:))
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
            name: node.name, address: NodeAddress(node.address), aliases: node.aliases.map(NodeAddress.init),
            intendedSources: intended)
    }
}

extension NodeAddress {
    init(_ address: Address) {
        switch address {
        case .tcp(let host, let port): self = .tcp(host: host, port: port)
        case .unix(let path): self = .unix(path: path)
        }
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
        let address: ConnectionOptions.Address =
            switch node.address {
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .unix(let path): .unix(path: path)
            }
        let mode: TLSMode
        switch login.tls.mode {
        case .disabled: mode = .disabled
        case .preferred: mode = .preferred
        case .required: mode = .required
        case .verifyIdentity: mode = .verifyIdentity
        case .verifyCA:
            throw NodeFailure(
                reason: .tls,
                message:
                    "tls.mode verify_ca is not possible with this libmariadb; use verify_identity, which checks more")
        }
        self.init(
            address: address, user: login.user, password: login.password.reveal(), tls: mode,
            certificateAuthority: login.tls.ca, certificate: login.tls.cert, key: login.tls.key)
    }
}
