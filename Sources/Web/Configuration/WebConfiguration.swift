/// The protection of the listener: the file of `--web.config.file`, in the format of Prometheus' exporter-toolkit.
///
/// It does not contain the certificates and keys of files: `PEM` says where they come from.
package struct WebConfiguration: Sendable, Equatable {
    /// A header field added to every response.
    package struct ResponseHeader: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// A bucket of `burst` tokens, one for each request; a token is added every `interval`.
    package struct RateLimit: Sendable, Equatable {
        package let interval: Duration
        package let burst: Int
    }

    /// Nil: plain HTTP.
    package let tls: TLSServerOptions?
    package let headers: [ResponseHeader]
    /// The users that are let in, by name. Empty: no password is required.
    package let users: [String: BcryptHash]
    /// Nil: no limit.
    package let rateLimit: RateLimit?

    /// The files that it names, without the one that it was read from.
    package var referencedFiles: [String] {
        [tls?.certificate, tls?.key, tls?.clientAuthority].compactMap { $0?.path }
    }
}

/// `tls_server_config` of the file.
package struct TLSServerOptions: Sendable, Equatable {
    /// What is required of clients, in Go's words.
    package enum ClientAuthentication: String, Sendable, CaseIterable {
        case notAsked = "NoClientCert"
        /// A certificate may be presented; its signature does not matter.
        case request = "RequestClientCert"
        /// A certificate must be presented; its signature does not matter.
        case requireAny = "RequireAnyClientCert"
        /// A certificate may be presented, and must then be signed by a trusted authority.
        case verifyIfGiven = "VerifyClientCertIfGiven"
        case requireAndVerify = "RequireAndVerifyClientCert"
    }

    package enum Version: String, Sendable, CaseIterable, Comparable {
        case tls10 = "TLS10"
        case tls11 = "TLS11"
        case tls12 = "TLS12"
        case tls13 = "TLS13"

        package static func < (left: Version, right: Version) -> Bool { left.rawValue < right.rawValue }
    }

    /// The server's certificate, with the intermediate ones up to the authority.
    package let certificate: PEM
    package let key: PEM
    package let clientAuthentication: ClientAuthentication
    /// The authorities that may sign clients' certificates; nil for the system's.
    package let clientAuthority: PEM?
    /// Names (DNS, e-mail, IP address, URI), one of which a client's certificate must have. Nil: any name will do.
    package let allowedNames: [String]?
    package let minimumVersion: Version
    package let maximumVersion: Version
    /// For TLS 1.2 and older, where they can be selected. Empty: the library's.
    package let cipherSuites: [CipherSuite]
    /// In the order of preference. Empty: the library's.
    package let curves: [EllipticCurve]
}
