package import Replication

/// Where a server is, who asks, and how the way there is protected.
package struct ConnectionOptions: Sendable {
    /// Asked before each connection is made, since passwords change; throws what keeps the node down.
    package typealias Source = @Sendable () throws(NodeFailure) -> ConnectionOptions

    /// Whether the connection is to be encrypted.
    var wantsTLS: Bool {
        if case .unix = address { return false }
        return tls != .disabled
    }

    var wish: LogInGuard.Wish {
        guard wantsTLS else { return .plain }
        return tls == .preferred ? .tlsPreferred : .tls
    }

    package var address: Address
    package var user: String
    package var password: String
    package var tls: TLSMode
    /// PEM files; nil for none, which for the authorities means the system's. They count in `verifyIdentity` only.
    package var certificateAuthority: String?
    package var certificate: String?
    package var key: String?
    /// Whether the statements of a batch travel in one packet. Only for statements without names that a server supplies: where
    /// this is off, the server refuses a packet with more than one statement, whatever a name holds.
    package var sendsBatches = false

    package init(
        address: Address, user: String, password: String, tls: TLSMode = .disabled, certificateAuthority: String? = nil,
        certificate: String? = nil, key: String? = nil
    ) {
        self.address = address
        self.user = user
        self.password = password
        self.tls = tls
        self.certificateAuthority = certificateAuthority
        self.certificate = certificate
        self.key = key
    }
}

/// Bounds on what a server may make this process hold, whatever it sends.
enum ReplyLimit {
    /// All that one call reads: a batch's results with the descriptions of their columns.
    static let bytes = 16 << 20
    /// More than this is rare. Bytes.
    static let usual = 1 << 20
    /// What all calls under way may read together beyond the usual: one that reads more takes it from here. So a crowd of servers
    /// that send without end has no more memory than a few of them.
    static let shared = 64 << 20
    /// A log-in, or what comes before the rows of a result. libmariadb holds up to some twenty times as much (a description of a
    /// column without a name is eight bytes on the wire). A replica's status has some sixty columns of some sixty bytes.
    static let description = 64 << 10
    /// One packet: a length prefix of 4 GB must not become an allocation. Bytes.
    static let packet = UInt(bytes)
}
