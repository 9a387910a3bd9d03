package import Replication

/// A server's address, the account to log in with, and how the connection is protected.
package struct ConnectionOptions: Sendable {
    /// Called before each connection is made, since passwords change; throws the reason why the node is down.
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

    /// The plugins by which a server may ask for the password.
    var plugins: String {
        guard admitsClearText, tls == .verifyIdentity, wantsTLS else { return allowedPlugins }
        return allowedPlugins + ",mysql_clear_password"
    }

    package var address: Address
    package var user: String
    package var password: String
    package var tls: TLSMode
    /// PEM files; nil for none, which for the authorities means the system's. The authorities matter in `verifyIdentity` only.
    package var certificateAuthority: String?
    package var certificate: String?
    package var key: String?
    /// Whether the statements of a batch are sent in one packet. Only for statements that contain no names supplied by a server:
    /// with this off, the server refuses a packet with more than one statement, whatever a name contains.
    package var sendsBatches = false

    /// Whether the server may ask for the password as it is (`mysql_clear_password`): only in `verifyIdentity`, and never over a
    /// socket's path, whatever is set here.
    package var admitsClearText = false
    /// Called after the server has denied this log-in; true if options asked for now may be other ones. Nil if not.
    package var isWorthAnother: (@Sendable () -> Bool)?

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
    /// Everything that one call reads: a batch's results with the descriptions of their columns.
    static let bytes = 16 << 20
    /// What each call may read without borrowing from `shared`; more is rare. Bytes.
    static let usual = 1 << 20
    /// What all running calls may read together beyond `usual`. So many servers that send without end take no more memory than
    /// a few.
    static let shared = 64 << 20
    /// A log-in, or what comes before the rows of a result. libmariadb needs up to about twenty times as much memory (the
    /// description of a column without a name is eight bytes on the wire). A replica's status has about sixty columns of about
    /// sixty bytes each.
    static let description = 64 << 10
    /// One packet: a length prefix of 4 GB must not become an allocation. Bytes.
    static let packet = UInt(bytes)
}
