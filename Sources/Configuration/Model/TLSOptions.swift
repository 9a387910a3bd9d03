package import Replication

extension TLSMode {
    /// Why a word that MySQL knows is no mode here. Continues a sentence that begins with the key.
    static func refusal(_ word: String) -> String? {
        word == "verify_ca"
            ? "verify_ca is not possible with libmariadb; use verify_identity, which checks more" : nil
    }
}

/// How to encrypt a connection.
package struct TLSOptions: Sendable, Equatable {
    /// Nil where the user did not say: the difference counts when levels are laid over one another.
    var givenMode: TLSMode?
    /// Path of the trusted authorities (PEM); nil for the system's.
    package var ca: String?
    /// Path of the client's certificate (PEM).
    package var cert: String?
    /// Path of the certificate's private key (PEM). Nil beside a `cert` of an option file that holds both.
    package var key: String?

    /// `preferred` where the user did not say.
    package var mode: TLSMode { givenMode ?? .preferred }

    package init(mode: TLSMode? = nil, ca: String? = nil, cert: String? = nil, key: String? = nil) {
        givenMode = mode
        self.ca = ca
        self.cert = cert
        self.key = key
    }

    /// These options, and for what they leave open the others'.
    ///
    /// Certificate and key go together: a pair is never made of two levels' halves.
    func over(_ farther: TLSOptions) -> TLSOptions {
        let pair = cert == nil && key == nil ? farther : self
        return TLSOptions(
            mode: givenMode ?? farther.givenMode, ca: ca ?? farther.ca, cert: pair.cert, key: pair.key)
    }
}
