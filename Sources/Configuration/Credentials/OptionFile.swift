package import Documents
internal import Replication

/// The client part of an option file such as `~/.my.cnf`, as MariaDB's own programs read it.
///
/// Groups `client`, `client-server` and `client-mariadb`; later lines win. Only the account and the TLS options are used.
/// Options for other programs, those that an exporter must not take from a file (`local-infile`, `plugin-dir`,
/// `init-command`), and the address, which is the node's own (`host`, `port`, `socket`), are ignored, whatever their values.
package struct OptionFile: Sendable, Equatable {
    package private(set) var user: String?
    package private(set) var password: Secret?
    package private(set) var tls = TLSOptions()

    /// - Parameters:
    ///   - home: the directory that a leading `~/` of an included path stands for.
    ///   - origin: the position in the configuration that names the file, for messages about the file as a whole.
    init(path: String, home: String?, origin: Origin) throws(ConfigurationError) {
        var lines = OptionFileLines(home: home, origin: origin)
        try lines.read(path)
        for option in lines.options { try apply(option) }
    }

    /// An option by its canonical name; `value` is nil for one without `=`.
    struct Option: Equatable {
        var name: String
        var value: String?
        var file: String
        var line: Int
    }

    private mutating func apply(_ option: Option) throws(ConfigurationError) {
        switch option.name {
        case "user": user = try option.required
        case "password": password = option.value.map { Secret($0) }
        // Empty is the same as absent, as for MariaDB's own programs.
        case "ssl-ca": tls.ca = try option.path
        case "ssl-cert": tls.cert = try option.path
        case "ssl-key": tls.key = try option.path
        case "ssl-mode":
            let word = try option.required.lowercased()
            if let reason = TLSMode.refusal(word) { throw option.error(reason) }
            guard let mode = TLSMode(rawValue: word) else {
                throw option.error("must be one of disabled, preferred, required, verify_identity")
            }
            tls.givenMode = mode
        case "ssl": try setEncryption(option.truth)
        case "skip-ssl", "disable-ssl": try setEncryption(!option.truth)
        case "ssl-verify-server-cert": try setVerification(option.truth)
        case "skip-ssl-verify-server-cert", "disable-ssl-verify-server-cert": try setVerification(!option.truth)
        default: break
        }
    }

    /// The library takes `ssl` for a wish and carries on without encryption. Here, asking for encryption requires it.
    private mutating func setEncryption(_ on: Bool) {
        if !on {
            tls.givenMode = .disabled
        } else if tls.givenMode != .verifyIdentity {
            tls.givenMode = .required
        }
    }

    private mutating func setVerification(_ on: Bool) {
        if on {
            tls.givenMode = .verifyIdentity
        } else if tls.givenMode == .verifyIdentity {
            tls.givenMode = .required
        }
    }
}

extension OptionFile.Option {
    func error(_ message: String) -> ConfigurationError {
        ConfigurationError(Problem(file: file, line: line, message: "option '\(name)' \(message)"))
    }

    /// Nil if it is empty.
    var path: String? {
        get throws(ConfigurationError) {
            guard let value else { throw error("needs a value") }
            return value.isEmpty ? nil : value
        }
    }

    var required: String {
        get throws(ConfigurationError) {
            guard let value, !value.isEmpty else { throw error("needs a value") }
            return value
        }
    }

    var truth: Bool {
        get throws(ConfigurationError) {
            switch value?.lowercased() {
            case nil, "1", "on", "true": return true
            case "0", "off", "false": return false
            default: throw error("must be 1 or 0")
            }
        }
    }
}
