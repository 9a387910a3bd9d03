package import Replication

/// One configured server.
package struct Node: Sendable, Equatable {
    /// The label `node`; unique in the whole configuration. Needs no escaping in a URL's path.
    package let name: String
    package let address: Address
    /// Other addresses (always TCP) under which its replicas know this node.
    package let aliases: [Address]
    /// Nil if not configured.
    package let source: IntendedSource?
    /// The channels that may be stopped on purpose.
    package let parkedChannels: [String]
    package let credentials: Credentials
    /// The TLS settings of the configuration; `login` adds those of an option file.
    package let tls: TLSOptions
    /// Whether a server may ask for the password as it is, over a connection on which it has proved its identity.
    package let admitsClearText: Bool
    /// The maximum time that a scrape waits for this node.
    package let timeout: Duration

    static let clearTextNeedsVerification =
        "'cleartext_plugin' needs tls with mode: verify_identity, and an address that is not a socket's; otherwise anyone could ask for the password"

    package init(
        name: String, address: Address, aliases: [Address] = [], source: IntendedSource? = nil,
        parkedChannels: [String] = [], credentials: Credentials = Credentials(), tls: TLSOptions = TLSOptions(),
        admitsClearText: Bool = false, timeout: Duration = .seconds(5)
    ) {
        self.name = name
        self.address = address
        self.aliases = aliases
        self.source = source
        self.parkedChannels = parkedChannels
        self.credentials = credentials
        self.tls = tls
        self.admitsClearText = admitsClearText
        self.timeout = timeout
    }
}

/// Where a node should replicate from. Instead of a node's name, `outside` stands for a source that is not in the set.
package enum IntendedSource: Sendable, Equatable {
    /// `source: db1`: for the default channel and all others.
    case node(String)
    /// `source: {eu: db1, us: db9}`: node names by channel. A name need not be that of a configured node.
    case byChannel([String: String])

    package static let outside = "outside"
}
