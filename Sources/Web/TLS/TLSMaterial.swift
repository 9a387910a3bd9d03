internal import Documents

/// Everything that a TLS context is made from, already read. Equal materials make the same context.
struct TLSMaterial: Equatable, Sendable {
    let options: TLSServerOptions
    let certificate: [UInt8]
    let key: [UInt8]
    let clientAuthority: [UInt8]?

    /// - Throws: which file cannot be read, and why.
    init(_ options: TLSServerOptions) throws(ConfigurationError) {
        self.options = options
        certificate = try options.certificate.bytes()
        key = try options.key.bytes()
        clientAuthority = try options.clientAuthority.map { pem throws(ConfigurationError) in try pem.bytes() }
    }
}
