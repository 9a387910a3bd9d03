import Replication

/// Finds a node by what a replica knows of its source.
///
/// While a replica is connected, what its source told it (UUID, server ID) outweighs the address it was given, since
/// addresses mean different things on different machines: a tunnel, a proxy. While it is not, the address outweighs
/// that: pointed elsewhere with CHANGE MASTER, MariaDB keeps showing the previous source's server ID until it has
/// reached the new one (seen on 10.11).
struct SourceDirectory {
    /// From this round or from memory; nil for a node that did not report its identity.
    private let identities: [ServerIdentity?]
    /// Whether the exporter reaches a node on its own machine.
    private let isLocal: [Bool]
    private var byUUID: [String: Holders] = [:]
    private var byServerID: [UInt32: Holders] = [:]
    private var configured = AddressBook()
    /// By the names that the servers give themselves: less reliable, because containers often all have the same one.
    private var announced = AddressBook()

    /// - Parameter remembered: the identities of nodes that did not report theirs in this round, by name.
    init(_ nodes: [ReplicationSetReport.Node], remembering remembered: [String: ServerIdentity] = [:]) {
        identities = nodes.map { $0.identity ?? remembered[$0.description.name] }
        isLocal = nodes.map(\.description.address.isLocal)
        byServerID.reserveCapacity(nodes.count)
        configured.reserve(nodes.count)
        announced.reserve(nodes.count)
        for (index, node) in nodes.enumerated() {
            configured.add(node.description.address, index)
            for address in node.description.aliases { configured.add(address, index) }
            guard let identity = identities[index] else { continue }
            // Only the writer of an Aurora cluster feeds replicas; its readers have the same UUID.
            if node.report.facts.map(\.isAuroraReader) ?? (identity.instance != nil) { continue }
            if let uuid = identity.serverUUID { byUUID[uuid] = Holders(index, after: byUUID[uuid]) }
            if let id = identity.serverID { byServerID[id] = Holders(index, after: byServerID[id]) }
            guard let port = identity.port else { continue }
            if let host = identity.reportHost, !host.isEmpty { announced.add(.tcp(host: host, port: port), index) }
            if !identity.hostname.isEmpty { announced.add(.tcp(host: identity.hostname, port: port), index) }
        }
    }

    /// The node that feeds a channel of the node at `replica`; nil if none does, or if it cannot be identified.
    func source(of channel: Channel, into replica: Int) -> Int? {
        let source = channel.source
        let address = Address.tcp(host: source.host, port: source.port)
        // Another machine's loopback is not ours.
        let isAddressShared = !address.isLocal || isLocal[replica]
        let configured = isAddressShared ? configured[address] : nil
        if let configured, channel.ioThread != .running { return configured }

        let named = holders(of: source)
        // No node intentionally replicates from itself: a replica with the identity of its source is a second holder of
        // it.
        let isSelfNamed = identities[replica].map { source.isNamed($0) } ?? false
        let others = (named?.count ?? 0) - (isSelfNamed ? 1 : 0)
        if others == 1 { return named?.first(otherThan: replica) }

        guard let addressed = configured ?? (isAddressShared ? announced[address] : nil) else { return nil }
        guard let identity = identities[addressed] else {
            // It did not answer. If several others answered with that identity, they cannot be distinguished.
            return others == 0 ? addressed : nil
        }
        // An identity that two nodes have means nothing without the address.
        if others > 1 { return source.isNamed(identity) ? addressed : nil }
        // No other node has the identity.
        return source.rulesOut(identity) && channel.ioThread == .running ? nil : addressed
    }

    private func holders(of source: Channel.SourceIdentity) -> Holders? {
        if let uuid = source.serverUUID { return byUUID[uuid] }
        return source.serverID.flatMap { byServerID[$0] }
    }
}

/// The nodes that have an identity; only one, unless something is wrong.
private struct Holders {
    private let first: Int
    private let second: Int?
    let count: Int

    init(_ index: Int, after earlier: Holders?) {
        first = earlier?.first ?? index
        second = earlier.map { $0.second ?? index }
        count = 1 + (earlier?.count ?? 0)
    }

    func first(otherThan index: Int) -> Int? { first != index ? first : second }
}

extension ReplicationSetReport.Node {
    /// Nil unless it was reported in this round.
    var identity: ServerIdentity? { report.identity }
}

extension Channel.SourceIdentity {
    /// Whether `server` has the identity by which the replica knows its source.
    func isNamed(_ server: ServerIdentity) -> Bool {
        if let serverUUID { return serverUUID == server.serverUUID }
        return serverID != nil && serverID == server.serverID
    }

    /// Whether the replica knows its source by an identity, and `server` does not have it.
    func rulesOut(_ server: ServerIdentity) -> Bool {
        (serverUUID != nil || serverID != nil) && !isNamed(server)
    }
}

/// Addresses, each of one node. One that several nodes share identifies none of them.
private struct AddressBook {
    private var owners: [Address: Int] = [:]
    private var shared: Set<Address> = []

    mutating func reserve(_ count: Int) { owners.reserveCapacity(count) }

    mutating func add(_ address: Address, _ index: Int) {
        let address = address.canonical
        if let owner = owners[address], owner != index { shared.insert(address) }
        owners[address] = index
    }

    subscript(address: Address) -> Int? {
        let address = address.canonical
        return shared.contains(address) ? nil : owners[address]
    }
}

extension Address {
    /// Whether the address means a different server on every machine.
    fileprivate var isLocal: Bool {
        switch canonical {
        case .tcp(let host, _):
            // The last is ::1 in its one spelling.
            host.utf8.starts(with: "127.".utf8) || host == "localhost" || host == "0:0:0:0:0:0:0:1"
        case .unix: true
        }
    }
}
