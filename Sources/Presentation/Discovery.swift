internal import Configuration
package import Replication

/// What one server reports of the replication set that it belongs to. Every text in it is the server's: untrusted.
package struct Discovery: Sendable {
    /// A replica that has registered with the server (SHOW REPLICAS).
    package struct Replica: Sendable, Equatable {
        package let serverID: UInt32?
        /// Its report_host; empty if it has none.
        package let host: String
        package let port: UInt16?

        package init(serverID: UInt32?, host: String, port: UInt16?) {
            self.serverID = serverID
            self.host = host
            self.port = port
        }
    }

    /// A server of the set.
    struct Node: Equatable {
        let name: String
        let address: Address
        var serverID: UInt32?
        var source: IntendedSource?
    }

    /// Where the server was asked, as the user wrote it.
    package let address: Address
    /// The name that the user gave it.
    package let name: String?
    package let facts: NodeFacts
    package let replicas: [Replica]
    /// The hosts from which replicas read the binary log; their connections do not show the ports that they listen on.
    package let readers: [String]
    /// What the server refused to tell, in words.
    package let refusals: [String]

    package init(
        address: Address, name: String?, facts: NodeFacts, replicas: [Replica], readers: [String], refusals: [String]
    ) {
        self.address = address
        self.name = name
        self.facts = facts
        self.replicas = replicas
        self.readers = readers
        self.refusals = refusals
    }
}

extension Discovery {
    /// What the configuration cannot know, for its comments.
    enum Gap: Equatable {
        /// A host from which a replica reads, on an unknown port.
        case reader(host: String, name: String)
        /// So many connected replicas are not among the nodes.
        case unnamedReplicas(Int)
        /// A source or replica whose address is none that a configuration may have.
        case noAddress(String)
        case refusal(String)
    }

    /// The nodes, the server itself first, and what is not known.
    func resolved() -> (nodes: [Node], gaps: [Gap]) {
        var gaps: [Gap] = []
        var names = Names()
        let own = names.new(name ?? facts.identity.hostname, otherwise: "db1")
        var nodes = [Node(name: own, address: address, serverID: facts.identity.serverID)]
        var byChannel: [String: String] = [:]
        for channel in facts.channels ?? [] where !channel.source.isDetached {
            let source = channel.source
            guard let address = Self.address(source.host, source.port) else {
                gaps.append(.noAddress("a source: \(source)"))
                continue
            }
            if let known = nodes.firstIndex(where: { $0.isSame(address, source.serverID) }) {
                byChannel[channel.name] = nodes[known].name
            } else if nodes.contains(where: { $0.address.isSame(as: address) }) {
                gaps.append(.noAddress("a source with another server's address: \(source)"))
            } else {
                let name = names.new(source.host, otherwise: "source")
                nodes.append(Node(name: name, address: address, serverID: source.serverID))
                byChannel[channel.name] = name
            }
        }
        if byChannel.count == 1, let source = byChannel[""] {
            nodes[0].source = .node(source)
        } else if !byChannel.isEmpty {
            nodes[0].source = .byChannel(byChannel)
        }
        var placed = 0
        for replica in replicas {
            let address = Self.address(replica.host, replica.port ?? Address.defaultPort)
            if let known = nodes.firstIndex(where: { $0.isSame(address, replica.serverID) }) {
                // The server's own source replicates from it in turn: a ring.
                if known > 0 { nodes[known].source = .node(own) }
                placed += 1
            } else if let address, !nodes.contains(where: { $0.address.isSame(as: address) }) {
                let name = names.new(replica.host, otherwise: "replica")
                nodes.append(
                    Node(name: name, address: address, serverID: replica.serverID, source: .node(own)))
                placed += 1
            } else if !replica.host.isEmpty {
                gaps.append(.noAddress("a replica: \(replica.host)"))
            }
        }
        let connected = max(facts.connectedReplicas ?? 0, readers.count, replicas.count)
        if connected > placed {
            let hosts = nodes.map(\.address.host)
            var seen: Set<String> = []
            for host in readers
            where !hosts.contains(host) && seen.insert(host).inserted && Self.address(host, Address.defaultPort) != nil
            {
                gaps.append(.reader(host: host, name: names.new(host, otherwise: "replica")))
            }
            gaps.append(.unnamedReplicas(connected - placed))
        }
        return (nodes, gaps + refusals.map(Gap.refusal))
    }

    /// Nil for a host that no configuration may have.
    private static func address(_ host: String, _ port: UInt16) -> Address? {
        let address = Address.tcp(host: host, port: port)
        return (try? Address(address.description)) == address ? address : nil
    }
}

extension Discovery.Node {
    fileprivate func isSame(_ address: Address?, _ serverID: UInt32?) -> Bool {
        if let serverID, serverID > 0, let own = self.serverID { return serverID == own }
        return address?.isSame(as: self.address) == true
    }
}

extension Address {
    fileprivate var host: String {
        switch self {
        case .tcp(let host, _): host
        case .unix: ""
        }
    }
}

/// Makes names for nodes from what servers call themselves.
private struct Names {
    private var taken: Set<String> = [IntendedSource.outside]

    /// - Parameter text: a host name or an address, or anything else.
    mutating func new(_ text: String, otherwise: String) -> String {
        let isAddress = text.utf8.allSatisfy { (0x30...0x3A).contains($0) || $0 == UInt8(ascii: ".") }
        let short = isAddress ? Substring(text) : text.prefix { $0 != "." }
        var base = String(
            short.unicodeScalars.prefix(64).map { scalar -> Character in
                let isAllowed = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                return isAllowed || scalar == "-" || scalar == "_" || scalar == "." ? Character(scalar) : "-"
            })
        if !base.contains(where: { $0.isLetter || $0.isNumber }) { base = otherwise }
        var name = base
        var number = 2
        while !taken.insert(name).inserted {
            name = "\(base)-\(number)"
            number += 1
        }
        return name
    }
}
