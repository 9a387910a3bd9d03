internal import Documents
import NIOCore
import NIOSSL

/// The terms of TLS connections: certificate, versions, and what is required of clients.
final class TLSTerms: Sendable {
    private let context: NIOSSLContext
    private let authentication: TLSServerOptions.ClientAuthentication
    /// Names, one of which a client's certificate must have; nil if any will do.
    private let allowedNames: [String]?

    /// - Throws: which certificate or key cannot be used, and why.
    init(_ material: TLSMaterial) throws(ConfigurationError) {
        let options = material.options
        let chain = try Self.certificates(material.certificate, options.certificate)
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: material.key, format: .pem)
        } catch {
            throw options.key.problem("contains no PEM private key that can be used without a passphrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = TLSVersion(options.minimumVersion)
        configuration.maximumTLSVersion = TLSVersion(options.maximumVersion)
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        if !options.curves.isEmpty { configuration.curves = options.curves.map { NIOTLSCurve(rawValue: $0.code) } }
        Self.choose(options.cipherSuites, &configuration)
        switch options.clientAuthentication {
        case .notAsked: configuration.certificateVerification = .none
        case .request, .verifyIfGiven: configuration.certificateVerification = .optionalVerification
        case .requireAny, .requireAndVerify: configuration.certificateVerification = .noHostnameVerification
        }
        if let authority = options.clientAuthority, let bytes = material.clientAuthority {
            configuration.trustRoots = .certificates(try Self.certificates(bytes, authority))
            configuration.sendCANameList = true
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch NIOSSLError.failedToLoadPrivateKey {
            throw options.key.problem("does not belong to the certificate")
        } catch {
            throw options.certificate.problem("cannot be used for TLS: \(error)")
        }
        authentication = options.clientAuthentication
        allowedNames = options.allowedNames
    }

    /// TLS for one connection.
    func makeHandler() -> NIOSSLServerHandler {
        let names = allowedNames
        switch authentication {
        case .request, .requireAny:
            // The signature does not matter: a certificate is refused only because of its names.
            return NIOSSLServerHandler(context: context) { chain, promise in
                promise.succeed(chain.first.isAllowed(names) ? .certificateVerified : .failed)
            }
        case .requireAndVerify where names != nil:
            return ._makeSSLServerHandler(context: context) { certificate, channel in
                Optional(certificate).isAllowed(names)
                    ? channel.eventLoop.makeSucceededVoidFuture()
                    : channel.eventLoop.makeFailedFuture(CertificateNotAllowed())
            }
        case .notAsked, .verifyIfGiven, .requireAndVerify:
            return NIOSSLServerHandler(context: context)
        }
    }

    private static func certificates(_ bytes: [UInt8], _ pem: PEM) throws(ConfigurationError) -> [NIOSSLCertificate] {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
        } catch {
            throw pem.problem("contains no PEM certificate")
        }
        guard !certificates.isEmpty else { throw pem.problem("contains no PEM certificate") }
        return certificates
    }

    /// Suites can be selected for TLS 1.2 and older. A list with only those of TLS 1.3 rules out the older versions.
    private static func choose(_ suites: [CipherSuite], _ configuration: inout TLSConfiguration) {
        guard !suites.isEmpty else { return }
        let older = suites.filter { !$0.isOfTLS13 }
        if older.isEmpty {
            configuration.minimumTLSVersion = .tlsv13
        } else {
            configuration.cipherSuiteValues = older.map { NIOTLSCipher(rawValue: $0.code) }
        }
    }
}

/// A client's certificate is valid, but has none of the names in `client_allowed_sans`.
struct CertificateNotAllowed: Error, CustomStringConvertible {
    var description: String { "the client's certificate has none of the names in client_allowed_sans" }
}

extension TLSVersion {
    fileprivate init(_ version: TLSServerOptions.Version) {
        switch version {
        case .tls10: self = .tlsv1
        case .tls11: self = .tlsv11
        case .tls12: self = .tlsv12
        case .tls13: self = .tlsv13
        }
    }
}
