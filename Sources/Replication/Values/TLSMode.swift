/// How strictly TLS is required, in MySQL's terms, without `verify_ca`, which libmariadb does not support. Applies to
/// network connections only: Connector/C 3.4 does not do TLS over a Unix socket.
package enum TLSMode: String, Sendable, CaseIterable {
    /// Never.
    case disabled
    /// If the server offers it; nothing is verified. Protects against eavesdropping, not against impersonation.
    case preferred
    /// A server without TLS is refused; its certificate is not verified.
    case required
    /// The certificate must be signed by a trusted authority and issued for the host's name.
    case verifyIdentity = "verify_identity"
}
