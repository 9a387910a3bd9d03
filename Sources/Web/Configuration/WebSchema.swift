package import Documents

/// Every key of the file of `--web.config.file`, as exporter-toolkit documents it.
enum WebSchema {
    static let tls = Key.nested("tls_server_config", "dictionary", "TLS. Without it the listener speaks plain HTTP.")
    static let http = Key.nested("http_server_config", "dictionary", "HTTP settings, such as response headers.")
    static let users = Key.nested(
        "basic_auth_users", "dictionary of bcrypt hashes by user",
        "Users allowed in, with their password hashes. If empty, no password is required.")
    static let rateLimit = Key.nested(
        "rate_limit", "dictionary", "Limits the rate of requests, for all clients together.")
    static let root = SchemaSection(
        "", "the file", "The keys at the top level. The file may be empty.",
        [tls.row, http.row, users.row, rateLimit.row])

    static let certificateFile = Key.text(
        "cert_file", as: "path", "The server's certificate (PEM), followed by any intermediate certificates.")
    static let certificate = Key.text("cert", as: "PEM", "The same, inline.")
    static let keyFile = Key.text("key_file", as: "path", "The certificate's private key (PEM).")
    static let key = Key.text("key", as: "PEM", "The same, inline.")
    static let clientAuthorityFile = Key.text(
        "client_ca_file", as: "path",
        "The authorities trusted to sign client certificates (PEM); by default the system's.")
    static let clientAuthority = Key.text("client_ca", as: "PEM", "The same, inline.")
    static let clientAuthentication = Key<TLSServerOptions.ClientAuthentication>.choice(
        "client_auth_type", default: .notAsked,
        "Whether a client certificate is requested, required and verified.",
        synonyms: ["RequireClientCert": .requireAny])
    static let allowedNames = Key.nested(
        "client_allowed_sans", "list of text",
        "Names (DNS, e-mail, IP address, URI), one of which must be in the client's certificate.")
    static let minimumVersion = Key<TLSServerOptions.Version>.choice(
        "min_version", default: .tls12, "The oldest TLS version accepted.")
    static let maximumVersion = Key<TLSServerOptions.Version>.choice(
        "max_version", default: .tls13, "The newest TLS version accepted.")
    static let cipherSuites = Key.nested(
        "cipher_suites", "list of Go's names", text: "the library's",
        "Cipher suites for TLS 1.2 and older; those of TLS 1.3 cannot be configured.")
    static let curves = Key.nested(
        "curve_preferences", "list of Go's names", text: "the library's",
        "Curves for the key exchange, in order of preference.")
    static let prefersServerCipherSuites = Key.truth(
        "prefer_server_cipher_suites", default: true,
        "Accepted but has no effect, as in exporters built with Go 1.17 or later.")
    static let tlsSection = SchemaSection(
        "tls_server_config", "tls_server_config",
        "TLS. Certificate and key are required, each in a file or inline.",
        [
            certificateFile.row, certificate.row, keyFile.row, key.row, clientAuthentication.row,
            clientAuthorityFile.row, clientAuthority.row, allowedNames.row, minimumVersion.row, maximumVersion.row,
            cipherSuites.row, curves.row, prefersServerCipherSuites.row,
        ])

    static let http2 = Key.truth(
        "http2", default: true, "Accepted but has no effect: the listener speaks HTTP/1.1, with TLS as well.")
    static let headers = Key.nested("headers", "dictionary", "Header fields added to every response.")
    static let httpSection = SchemaSection(
        "http_server_config", "http_server_config", "HTTP settings, such as response headers.",
        [http2.row, headers.row])

    static let contentSecurityPolicy = Key.responseHeader(
        "Content-Security-Policy", "What pages may load; the exporter's own pages keep theirs.")
    static let frameOptions = Key.responseHeader(
        "X-Frame-Options", only: ["deny", "sameorigin"], "Whether pages may be shown in a frame.")
    static let contentTypeOptions = Key.responseHeader(
        "X-Content-Type-Options", only: ["nosniff"], "Keeps browsers from guessing the content type.")
    static let xssProtection = Key.responseHeader("X-XSS-Protection", "For old browsers.")
    static let strictTransportSecurity = Key.responseHeader(
        "Strict-Transport-Security", "Makes browsers use HTTPS only, for the whole host: use with care.")
    static let headerKeys = [
        contentSecurityPolicy, frameOptions, contentTypeOptions, xssProtection, strictTransportSecurity,
    ]
    static let headersSection = SchemaSection(
        "http_server_config.headers", "headers", "Header fields added to every response; no others can be set.",
        headerKeys.map(\.row))

    static let interval = Key.pause("interval", "One more request is allowed per interval; 0 means no limit.")
    static let burst = Key.count("burst", "The number of requests answered in a burst before the limit applies.")
    static let rateLimitSection = SchemaSection(
        "rate_limit", "rate_limit",
        "Limits the rate of requests, for all clients together; requests over the limit get 429.",
        [interval.row, burst.row])

    static let sections = [root, tlsSection, httpSection, headersSection, rateLimitSection]
}

extension Key where Value == String {
    /// - Parameter choices: the permitted values; if empty, any text is permitted, and empty text omits the field.
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
                throw Malformed("must consist of printable ASCII characters on one line")
            }
            return text
        }
    }
}

extension WebConfiguration {
    /// Every dictionary of the file and its keys: the table that the reader itself uses.
    package static var schema: [SchemaSection] { WebSchema.sections }
}
