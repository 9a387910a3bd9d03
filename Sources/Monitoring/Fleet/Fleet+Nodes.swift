internal import Collection
package import Configuration
internal import Documents
package import MariaDB
package import Replication

extension Configuration {
    /// The names of the nodes that an earlier configuration has with identical settings, in whatever set: address, account, TLS,
    /// timeout and source, and the extra queries. Thresholds belong to the set; changing them costs no node its connection.
    package func nodes(unchangedSince earlier: Configuration?) -> Set<String> {
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

    /// What a set's nodes are asked in addition to the usual.
    func extras(of set: ReplicationSet) -> NodeExtras {
        NodeExtras(
            keepsStatusRows: metrics.isMysqldExporterCompatible,
            checksumTable: set.checksums?.table.quoted,
            heartbeatTable: set.heartbeat?.table.quoted)
    }
}

extension NodeDescription {
    package init(_ node: Node) {
        let intended: [String: String] =
            switch node.source {
            case .node(let name): ["": name]
            case .byChannel(let names): names
            case nil: [:]
            }
        self.init(
            name: node.name, address: node.address, aliases: node.aliases, intendedSources: intended,
            parkedChannels: Set(node.parkedChannels))
    }
}

extension ConnectionOptions {
    /// Reads the credentials each time: passwords change.
    package init(_ node: Node, environment: [String: String]) throws(NodeFailure) {
        let login: Login
        do throws(ConfigurationError) {
            login = try node.login(environment: environment)
        } catch {
            throw NodeFailure(reason: .configuration, message: error.description)
        }
        self.init(
            address: node.address, user: login.user, password: login.password.reveal(), tls: login.tls.mode,
            certificateAuthority: login.tls.ca, certificate: login.tls.cert, key: login.tls.key)
        admitsClearText = node.admitsClearText
        if let issue = login.issue { isWorthAnother = { PasswordCommands.shared.isWorthAnother(after: issue) } }
    }
}
