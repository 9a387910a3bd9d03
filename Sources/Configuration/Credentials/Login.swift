package import Documents

/// What a connection needs to be let in, as it stands at this moment.
package struct Login: Sendable, Equatable {
    package let user: String
    /// Empty when no level gives one: accounts may log in by socket or certificate.
    package let password: Secret
    package let tls: TLSOptions
}

extension Node {
    /// Reads the password, and the option file if there is one, anew. For each connect.
    ///
    /// `tls` of the configuration goes before the option file's `ssl-*`, at whatever level it stands.
    /// - Parameter environment: of the process; for the account's variables, `${NAME}` and HOME.
    package func login(environment: [String: String]) throws(ConfigurationError) -> Login {
        let (login, optionFile) = try credentials.gather(environment)
        return Login(
            user: login.user, password: login.password, tls: optionFile.map { tls.over($0.tls) } ?? tls)
    }
}

extension Credentials {
    /// Reads user and password anew. For each connect.
    /// - Parameter environment: of the process; for the account's variables, `${NAME}` and HOME.
    /// - Throws: what could not be read and why, with the place in the configuration that names it; never contents.
    package func resolve(
        environment: [String: String]
    ) throws(ConfigurationError) -> (user: String, password: Secret) {
        try gather(environment).login
    }

    fileprivate func gather(
        _ environment: [String: String]
    ) throws(ConfigurationError) -> (login: (user: String, password: Secret), optionFile: OptionFile?) {
        var user: String?
        var password: Secret?
        // One option file is read, the nearest: a farther one is overridden like any other key.
        var optionFile: OptionFile?

        func take(_ level: Level) throws(ConfigurationError) {
            if case .optionFile(let path) = level.password, optionFile == nil {
                let file = try OptionFile(path: path, home: environment["HOME"], origin: level.origin)
                optionFile = file
                user = user ?? level.user ?? file.user
                password = password ?? file.password
                return
            }
            user = user ?? level.user
            if password == nil, let source = level.password {
                password = try source.read(environment, origin: level.origin)
            }
        }

        if let node { try take(node) }
        if let set { try take(set) }
        user = user ?? EnvironmentName.value(EnvironmentName.user, in: environment)
        password = password ?? EnvironmentName.value(EnvironmentName.password, in: environment).map(Secret.init)
        if let defaults { try take(defaults) }

        guard let user else { throw ConfigurationError(Problem(file: "", message: Self.missingUser)) }
        return ((user, password ?? Secret("")), optionFile)
    }
}

extension Credentials.PasswordSource {
    /// Far more than any server takes for a password: what is larger is another file.
    private static let limit = 16 * 1024

    fileprivate func read(
        _ environment: [String: String], origin: Origin
    ) throws(ConfigurationError) -> Secret? {
        switch self {
        case .literal(let secret):
            return secret
        case .environment(let name):
            guard let value = EnvironmentName.value(name, in: environment) else {
                throw origin.error("'password' needs the environment variable \(name), which is not set")
            }
            return Secret(value)
        case .file(let path):
            return try Self.password(file: path, origin: origin)
        case .optionFile:
            return nil
        }
    }

    private static func password(file path: String, origin: Origin) throws(ConfigurationError) -> Secret {
        let name = "password_file \(shown(path: path))"
        var text: String
        do {
            text = try decodeText(TextFile(path: path, limit: limit).bytes)
        } catch let failure as TextFile.Failure {
            throw origin.error("\(name): \(failure.reason)")
        } catch {
            throw origin.error("\(name): it is not text in UTF-8")
        }
        if let last = text.last, isLineEnd(last) { text.removeLast() }
        guard !text.isEmpty else { throw origin.error("\(name): it is empty") }
        guard !text.contains(where: isLineEnd) else {
            throw origin.error("\(name): it holds more than one line; it must hold nothing but the password")
        }
        return Secret(text)
    }
}
