package import Replication

extension TLSMode {
    /// Why a mode that MySQL has is not supported here. Continues a sentence that begins with the key.
    static func refusal(_ word: String) -> String? {
        word == "verify_ca"
            ? "verify_ca is not supported by libmariadb; use verify_identity, which is stricter" : nil
    }
}

/// How to encrypt a connection.
package struct TLSOptions: Sendable, Equatable {
    /// Nil if not configured, which matters when levels are merged.
    var givenMode: TLSMode?
    /// Path of the trusted certificate authorities (PEM); nil for the system's.
    package var ca: String?
    /// Path of the client's certificate (PEM).
    package var cert: String?
    /// Path of the certificate's private key (PEM). May be nil beside a `cert` from an option file, whose file holds both.
    package var key: String?

    /// `preferred` if not configured.
    package var mode: TLSMode { givenMode ?? .preferred }

    package init(mode: TLSMode? = nil, ca: String? = nil, cert: String? = nil, key: String? = nil) {
        givenMode = mode
        self.ca = ca
        self.cert = cert
        self.key = key
    }

    /// These options, completed by those of a farther level.
    ///
    /// Certificate and key go together: a pair is never combined from two levels.
    func over(_ farther: TLSOptions) -> TLSOptions {
        let pair = cert == nil && key == nil ? farther : self
        return TLSOptions(
            mode: givenMode ?? farther.givenMode, ca: ca ?? farther.ca, cert: pair.cert, key: pair.key)
    }
}
