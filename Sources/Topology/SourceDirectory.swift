import Replication

/// Finds a node by what a replica knows of its source.
///
/// While a replica is connected, what it has been told by its source (UUID, server id) counts more than the address that
/// it was given, since addresses mean different things on different machines: a tunnel, a proxy. While it is not, the
/// address counts more: sent elsewhere with CHANGE MASTER, MariaDB goes on showing the server id of the source before
/// until it has reached the new one (seen on 10.11).
struct SourceDirectory {
    /// By this round or by memory; nil for one that did not tell who it is.
    private let identities: [ServerIdentity?]
    /// The nodes that the exporter reaches on its own machine.
    private let isLocal: [Bool]
    private var byUUID: [String: Holders] = [:]
    private var byServerID: [UInt32: Holders] = [:]
    private var configured = AddressBook()
    /// By the names that the servers give themselves: weaker, for containers are often all called the same.
    private var announced = AddressBook()

    /// - Parameter remembered: of nodes that did not tell in this round, by name.
    init(_ nodes: [ReplicationSetReport.Node], remembering remembered: [String: ServerIdentity] = [:]) {
        identities = nodes.map { $0.identity ?? remembered[$0.description.name] }
        isLocal = nodes.map(\.description.address.isLocal)
        byServerID.reserveCapacity(nodes.count)
        configured.reserve(nodes.count)
        announced.reserve(nodes.count)
        for (place, node) in nodes.enumerated() {
            configured.add(node.description.address, place)
            for address in node.description.aliases { configured.add(address, place) }
            guard let identity = identities[place] else { continue }
            if let uuid = identity.serverUUID { byUUID[uuid] = Holders(place, after: byUUID[uuid]) }
            if let id = identity.serverID { byServerID[id] = Holders(place, after: byServerID[id]) }
            guard let port = identity.port else { continue }
            if let host = identity.reportHost, !host.isEmpty { announced.add(.tcp(host: host, port: port), place) }
            if !identity.hostname.isEmpty { announced.add(.tcp(host: identity.hostname, port: port), place) }
        }
    }

    /// The node that feeds a channel of the node at `replica`; nil if none does, or if it cannot be told.
    func source(of channel: Channel, into replica: Int) -> Int? {
        let source = channel.source
        let address = Address.tcp(host: source.host, port: source.port)
        // Another machine's loopback is not ours.
        let isAddressShared = !address.isLocal || isLocal[replica]
        let configured = isAddressShared ? configured[address] : nil
        if let configured, channel.ioThread != .running { return configured }

        let named = holders(of: source)
        // Nobody replicates from himself on purpose: a replica with the identity of its source is a second holder.
        let isSelfNamed = identities[replica].map { source.isNamed($0) } ?? false
        let others = (named?.count ?? 0) - (isSelfNamed ? 1 : 0)
        if others == 1 { return named?.first(otherThan: replica) }

        guard let addressed = configured ?? (isAddressShared ? announced[address] : nil) else { return nil }
        guard let identity = identities[addressed] else {
            // It did not answer. Who did answer, under the very name, cannot be told apart when there are several.
            return others == 0 ? addressed : nil
        }
        // A name that is there twice tells nothing without the address.
        if others > 1 { return source.isNamed(identity) ? addressed : nil }
        // Nobody else has the name.
        return source.rulesOut(identity) && channel.ioThread == .running ? nil : addressed
    }

    private func holders(of source: Channel.SourceIdentity) -> Holders? {
        if let uuid = source.serverUUID { return byUUID[uuid] }
        return source.serverID.flatMap { byServerID[$0] }
    }
}

/// The nodes that have a name; one, unless something is wrong.
private struct Holders {
    private let first: Int
    private let second: Int?
    let count: Int

    init(_ place: Int, after earlier: Holders?) {
        first = earlier?.first ?? place
        second = earlier.map { $0.second ?? place }
        count = 1 + (earlier?.count ?? 0)
    }

    func first(otherThan place: Int) -> Int? { first != place ? first : second }
}

extension ReplicationSetReport.Node {
    /// Nil unless it told in this round who it is.
    var identity: ServerIdentity? { report.identity }
}

extension Channel.SourceIdentity {
    /// Whether the replica knows its source by a name that `server` has.
    func isNamed(_ server: ServerIdentity) -> Bool {
        if let serverUUID { return serverUUID == server.serverUUID }
        return serverID != nil && serverID == server.serverID
    }

    /// Whether the replica knows its source by a name that `server` has not.
    func rulesOut(_ server: ServerIdentity) -> Bool {
        (serverUUID != nil || serverID != nil) && !isNamed(server)
    }
}

/// Addresses, each of one node. One that several nodes share tells none of them.
private struct AddressBook {
    private var owners: [Address: Int] = [:]
    private var shared: Set<Address> = []

    mutating func reserve(_ count: Int) { owners.reserveCapacity(count) }

    mutating func add(_ address: Address, _ place: Int) {
        let address = address.lowercased
        if let owner = owners[address], owner != place { shared.insert(address) }
        owners[address] = place
    }

    subscript(address: Address) -> Int? {
        let address = address.lowercased
        return shared.contains(address) ? nil : owners[address]
    }
}

extension Address {
    /// Whether the address means another server on every machine.
    fileprivate var isLocal: Bool {
        switch self {
        case .tcp(let host, _):
            host.utf8.starts(with: "127.".utf8) || host == "::1" || host.lowercasedName == "localhost"
        case .unix: true
        }
    }

    /// Host names do not know case.
    fileprivate var lowercased: Address {
        switch self {
        case .tcp(let host, let port): .tcp(host: host.lowercasedName, port: port)
        case .unix: self
        }
    }
}

extension String {
    /// In lower case; itself where it is already, as names of hosts mostly are.
    fileprivate var lowercasedName: String {
        let isLower = utf8.allSatisfy { $0 < 0x80 && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        return isLower ? self : lowercased()
    }
}
