/// How far to insist on TLS, in MySQL's words; without its `verify_ca`, which libmariadb cannot do. For the way over a network: a
/// Unix socket has none, and Connector/C 3.4 no TLS on it.
package enum TLSMode: String, Sendable, CaseIterable {
    /// Never.
    case disabled
    /// Where the server offers it; nothing is verified. Protects from listeners, not from an impostor.
    case preferred
    /// A server without TLS is refused; who it is, is not verified.
    case required
    /// The certificate must be signed by a trusted authority, and made out to the host's name.
    case verifyIdentity = "verify_identity"
}
