package import Replication

/// Who replicates from whom within a set: for each node and channel, the place of the node that is its source.
package struct ReplicationGraph: Sendable {
    /// By node, by channel; nil for a source that is not one of the nodes, or cannot be told.
    package let sources: [[Int?]]

    package init(_ nodes: [ReplicationSetReport.Node]) {
        let directory = Directory(nodes)
        sources = nodes.map { node in
            (node.report.facts?.channels ?? []).map { directory.source(of: $0) }
        }
    }

    /// The nodes that have a channel from `node`.
    package func replicas(of node: Int) -> [Int] {
        sources.indices.filter { sources[$0].contains(node) }
    }

    /// All nodes above, directly or through others; within a ring the node itself too.
    package func ancestors(of node: Int) -> Set<Int> {
        var found: Set<Int> = []
        var pending = sources[node].compactMap(\.self)
        while let next = pending.popLast() {
            if found.insert(next).inserted { pending += sources[next].compactMap(\.self) }
        }
        return found
    }

    /// Groups of nodes of which each replicates, in the end, from itself. A ring of two is one cycle.
    package var cycles: [Set<Int>] {
        let ancestors = sources.indices.map { self.ancestors(of: $0) }
        var cycles: [Set<Int>] = []
        for node in sources.indices where ancestors[node].contains(node) {
            let cycle = Set(ancestors[node].filter { ancestors[$0].contains(node) })
            if !cycles.contains(cycle) { cycles.append(cycle) }
        }
        return cycles
    }
}

/// Finds a node by what a replica knows of its source.
private struct Directory {
    private var byUUID: [String: Int] = [:]
    private var byServerID: [UInt32: [Int]] = [:]
    private var byAddress: [NodeAddress: Int] = [:]
    private let nodes: [ReplicationSetReport.Node]

    init(_ nodes: [ReplicationSetReport.Node]) {
        self.nodes = nodes
        for (place, node) in nodes.enumerated() {
            for address in node.addresses where byAddress[address] == nil { byAddress[address] = place }
            guard let identity = node.report.facts?.identity else { continue }
            if let uuid = identity.serverUUID { byUUID[uuid] = place }
            if let id = identity.serverID { byServerID[id, default: []].append(place) }
        }
    }

    func source(of channel: Channel) -> Int? {
        if let uuid = channel.source.serverUUID, let place = byUUID[uuid] { return place }
        let address = NodeAddress.tcp(host: channel.source.host.lowercased(), port: channel.source.port)
        let addressed = byAddress[address]

        guard let id = channel.source.serverID else { return addressed }
        let identified = byServerID[id] ?? []
        // A number that is there twice tells nothing without the address.
        if identified.count == 1 { return identified[0] }
        if identified.count > 1 { return addressed.flatMap { identified.contains($0) ? $0 : nil } }

        // Nobody says to have this number. A node that did not answer may; one that answered with another number is
        // another server behind the same address (a tunnel, a loopback), unless the replica's knowledge is of old.
        guard let addressed else { return nil }
        let knowsItsNumber = nodes[addressed].report.facts?.identity.serverID != nil
        return knowsItsNumber && channel.ioThread == .running ? nil : addressed
    }
}

extension ReplicationSetReport.Node {
    /// Every address under which a replica may know the node.
    fileprivate var addresses: [NodeAddress] {
        var addresses = ([description.address] + description.aliases).map(\.lowercased)
        if let identity = report.facts?.identity, let port = identity.port {
            for host in [identity.reportHost, identity.hostname] {
                if let host, !host.isEmpty { addresses.append(.tcp(host: host.lowercased(), port: port)) }
            }
        }
        return addresses
    }
}

extension NodeAddress {
    /// Host names do not know case.
    fileprivate var lowercased: NodeAddress {
        switch self {
        case .tcp(let host, let port): .tcp(host: host.lowercased(), port: port)
        case .unix: self
        }
    }
}
