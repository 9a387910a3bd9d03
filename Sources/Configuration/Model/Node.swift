package import Replication

/// One configured server.
package struct Node: Sendable, Equatable {
    /// The label `node`; unique in the whole configuration. Needs no escaping in a URL's path.
    package let name: String
    package let address: Address
    /// Other addresses (always TCP) under which its replicas know this node.
    package let aliases: [Address]
    /// Nil when the user did not say.
    package let source: IntendedSource?
    package let credentials: Credentials
    /// As the configuration says; `login` adds what an option file says.
    package let tls: TLSOptions
    /// This node's share of a scrape, at most.
    package let timeout: Duration

    package init(
        name: String, address: Address, aliases: [Address] = [], source: IntendedSource? = nil,
        credentials: Credentials = Credentials(), tls: TLSOptions = TLSOptions(), timeout: Duration = .seconds(5)
    ) {
        self.name = name
        self.address = address
        self.aliases = aliases
        self.source = source
        self.credentials = credentials
        self.tls = tls
        self.timeout = timeout
    }
}

/// Where a node should replicate from. In place of a node's name, `outside` stands for a source that is none of the set's.
package enum IntendedSource: Sendable, Equatable {
    /// `source: db1`: of the default channel, and of any other.
    case node(String)
    /// `source: {eu: db1, us: db9}`: node names by channel. A name may be that of no configured node.
    case byChannel([String: String])

    package static let outside = "outside"
}
