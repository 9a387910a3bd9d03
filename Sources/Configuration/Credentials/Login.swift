package import Documents

/// What a connection needs to log in, as of the moment it was read.
package struct Login: Sendable, Equatable {
    package let user: String
    /// Empty if no level has one: accounts may log in by socket or certificate.
    package let password: Secret
    package let tls: TLSOptions
}

extension Node {
    /// Reads the password, and the option file if there is one, again. Called for each new connection.
    ///
    /// `tls` of the configuration takes precedence over the option file's `ssl-*`, whatever its level.
    /// - Parameter environment: the process's environment, for the account's variables, `${NAME}` and HOME.
    package func login(environment: [String: String]) throws(ConfigurationError) -> Login {
        let (login, optionFile) = try credentials.gather(environment)
        return Login(
            user: login.user, password: login.password, tls: optionFile.map { tls.over($0.tls) } ?? tls)
    }
}

extension Credentials {
    /// Reads user and password again. Called for each new connection.
    /// - Parameter environment: the process's environment, for the account's variables, `${NAME}` and HOME.
    /// - Throws: what could not be read and why, with the position in the configuration that names it; never the contents.
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
        // Only the nearest option file is read: a farther one is overridden like any other key.
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
    /// Far more than any server accepts as a password: a larger file is something else.
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
            throw origin.error("\(name): it is not UTF-8 text")
        }
        if let last = text.last, isLineEnd(last) { text.removeLast() }
        guard !text.isEmpty else { throw origin.error("\(name): it is empty") }
        guard !text.contains(where: isLineEnd) else {
            throw origin.error("\(name): it has more than one line; it must contain only the password")
        }
        return Secret(text)
    }
}
