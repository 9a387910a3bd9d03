internal import Documents
internal import Replication

/// The checks that need all nodes of a replication set.
struct SetChecks {
    let report: Report
    let nodes: [PlacedNode]

    func run() {
        checkAddresses()
        let names = nodes.map(\.name)
        let known = Set(names)
        for node in nodes { checkSources(of: node, names: names, known: known) }
    }

    /// Replicas are matched to their sources by address, so an address may belong to one node only.
    private func checkAddresses() {
        var owners: [Address: String] = [:]
        func claim(_ address: Address, for name: String, at position: Position) {
            if let owner = owners[address.canonical] {
                report.problem(
                    position,
                    owner == name
                        ? "\(shown(address.description)) is already an address of this node"
                        : "\(shown(address.description)) is already an address of node \(shown(owner))")
            } else {
                owners[address.canonical] = name
            }
        }
        for placed in nodes {
            guard let address = placed.node?.address else { continue }
            claim(address, for: placed.name, at: placed.addressAt)
            if let what = address.sharedEndpoint {
                report.warning(
                    placed.addressAt,
                    "the address of node \(shown(placed.name)) is \(what), which leads now to this server and now to that one; "
                        + "configure each instance by its own endpoint")
            }
        }
        for placed in nodes {
            for (alias, at) in zip(placed.node?.aliases ?? [], placed.aliasPlaces) {
                claim(alias, for: placed.name, at: at)
            }
        }
    }

    private func checkSources(of placed: PlacedNode, names: [String], known: Set<String>) {
        for source in placed.sources {
            if source.name == placed.name {
                report.problem(source.at, "'source' of node \(shown(placed.name)) is the node itself")
                continue
            }
            guard !known.contains(source.name), source.name != IntendedSource.outside else { continue }
            func similarName() -> String? {
                suggestion(for: source.name, among: names.lazy.filter { $0 != placed.name })
            }
            if placed.hasScalarSource {
                report.problem(
                    source.at, "'source' is not a node of this replication set: \(shown(source.name))",
                    suggestion: similarName())
            } else {
                // A channel often comes from a server outside, which the exporter has no access to.
                report.warning(
                    source.at,
                    "the source of channel \(shown(source.channel)) is not a node of this replication set: "
                        + "\(shown(source.name)); it cannot be checked whether the channel replicates from it",
                    suggestion: similarName())
            }
        }
    }
}

extension Address {
    /// What kind of endpoint of Amazon's services it is, if not that of one instance.
    fileprivate var sharedEndpoint: String? {
        switch amazonEndpoint {
        case .reader: "a reader endpoint"
        case .custom: "a custom endpoint"
        case .cluster: "a cluster endpoint"
        case .proxy: "an endpoint of RDS Proxy"
        case .global: "an endpoint of a global database"
        case .instance, nil: nil
        }
    }
}
