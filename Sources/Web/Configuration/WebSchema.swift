package import Documents

/// Every key of the file of `--web.config.file`, once, as exporter-toolkit documents them.
enum WebSchema {
    static let tls = Key.nested("tls_server_config", "dictionary", "TLS. Without it the listener speaks plain HTTP.")
    static let http = Key.nested("http_server_config", "dictionary", "What is sent with every response.")
    static let users = Key.nested(
        "basic_auth_users", "dictionary of bcrypt hashes by user", "Who is let in. Everybody, where nobody is named.")
    static let rateLimit = Key.nested(
        "rate_limit", "dictionary", "How many requests are answered, all clients together.")
    static let root = SchemaSection(
        "", "the file", "The file itself. It may be empty.", [tls.row, http.row, users.row, rateLimit.row])

    static let certificateFile = Key.text(
        "cert_file", as: "path", "The server's certificate (PEM), followed by those that lead to its authority.")
    static let certificate = Key.text("cert", as: "PEM", "The same, written here.")
    static let keyFile = Key.text("key_file", as: "path", "The certificate's private key (PEM).")
    static let key = Key.text("key", as: "PEM", "The same, written here.")
    static let clientAuthorityFile = Key.text(
        "client_ca_file", as: "path", "Who may sign clients' certificates (PEM); the system's authorities when absent.")
    static let clientAuthority = Key.text("client_ca", as: "PEM", "The same, written here.")
    static let clientAuthentication = Key<TLSServerOptions.ClientAuthentication>.choice(
        "client_auth_type", default: .notAsked,
        "Whether clients are asked for a certificate, and whether it is verified.",
        synonyms: ["RequireClientCert": .requireAny])
    static let allowedNames = Key.nested(
        "client_allowed_sans", "list of text",
        "The names (DNS, e-mail, IP address, URI) of which a client's certificate must hold one.")
    static let minimumVersion = Key<TLSServerOptions.Version>.choice(
        "min_version", default: .tls12, "The oldest version that is spoken.")
    static let maximumVersion = Key<TLSServerOptions.Version>.choice(
        "max_version", default: .tls13, "The newest version that is spoken.")
    static let cipherSuites = Key.nested(
        "cipher_suites", "list of Go's names", text: "the library's",
        "For TLS 1.2 and older; those of TLS 1.3 cannot be chosen among.")
    static let curves = Key.nested(
        "curve_preferences", "list of Go's names", text: "the library's",
        "For the key exchange, in the order of preference.")
    static let prefersServerCipherSuites = Key.truth(
        "prefer_server_cipher_suites", default: true,
        "Accepted and, as in exporters built with Go 1.17 or later, without effect.")
    static let tlsSection = SchemaSection(
        "tls_server_config", "tls_server_config",
        "TLS. Certificate and key are required, each in a file or written here.",
        [
            certificateFile.row, certificate.row, keyFile.row, key.row, clientAuthentication.row,
            clientAuthorityFile.row, clientAuthority.row, allowedNames.row, minimumVersion.row, maximumVersion.row,
            cipherSuites.row, curves.row, prefersServerCipherSuites.row,
        ])

    static let http2 = Key.truth(
        "http2", default: true, "Accepted and without effect: HTTP/1.1 is spoken, with TLS as well.")
    static let headers = Key.nested("headers", "dictionary", "Fields of every response.")
    static let httpSection = SchemaSection(
        "http_server_config", "http_server_config", "What is sent with every response.", [http2.row, headers.row])

    static let contentSecurityPolicy = Key.responseHeader(
        "Content-Security-Policy", "What pages may load; pages of this program keep their own.")
    static let frameOptions = Key.responseHeader(
        "X-Frame-Options", only: ["deny", "sameorigin"], "Who may show pages in a frame.")
    static let contentTypeOptions = Key.responseHeader(
        "X-Content-Type-Options", only: ["nosniff"], "Keeps browsers from guessing.")
    static let xssProtection = Key.responseHeader("X-XSS-Protection", "For browsers of old.")
    static let strictTransportSecurity = Key.responseHeader(
        "Strict-Transport-Security", "Keeps browsers from plain HTTP, for the whole host: use with care.")
    static let headerKeys = [
        contentSecurityPolicy, frameOptions, contentTypeOptions, xssProtection, strictTransportSecurity,
    ]
    static let headersSection = SchemaSection(
        "http_server_config.headers", "headers", "Fields of every response; no others can be set.",
        headerKeys.map(\.row))

    static let interval = Key.pause("interval", "The time in which one more request is allowed; 0 for no limit.")
    static let burst = Key.count("burst", "How many requests are answered at once before the limit holds.")
    static let rateLimitSection = SchemaSection(
        "rate_limit", "rate_limit", "How many requests are answered, all clients together; others are told 429.",
        [interval.row, burst.row])

    static let sections = [root, tlsSection, httpSection, headersSection, rateLimitSection]
}

extension Key where Value == String {
    /// - Parameter choices: what the value must be one of; empty: any text, and none leaves the field out.
    fileprivate static func responseHeader(_ name: String, only choices: [String] = [], _ documentation: String) -> Key
    {
        let type = choices.isEmpty ? "text" : choices.joined(separator: ", ")
        return Key(name, type, documentation) { value throws(Malformed) in
            guard case .text(let text, _) = value.content else { throw Malformed("must be text, not \(value.kind)") }
            guard choices.isEmpty || choices.contains(text) else {
                throw Malformed(
                    "must be one of \(choices.joined(separator: ", ")), not \(shown(text))",
                    suggestion: suggestion(for: text, among: choices))
            }
            guard text.unicodeScalars.allSatisfy({ (0x20...0x7E).contains($0.value) }) else {
                throw Malformed("must be of printable ASCII characters, on one line")
            }
            return text
        }
    }
}

extension WebConfiguration {
    /// Every dictionary of the file and its keys: the table that the reader itself goes by.
    package static var schema: [SchemaSection] { WebSchema.sections }
}
