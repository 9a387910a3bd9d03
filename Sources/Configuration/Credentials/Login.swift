package import Documents
internal import Glibc

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

extension Node {
    /// The account alone. Reads no password, and the option file only if no nearer level has a user.
    package func user(environment: [String: String]) throws(ConfigurationError) -> String {
        try credentials.user(environment)
    }
}

extension Credentials {
    fileprivate func user(_ environment: [String: String]) throws(ConfigurationError) -> String {
        func user(_ level: Level?) throws(ConfigurationError) -> String? {
            guard let level else { return nil }
            if let user = level.user { return user }
            guard case .optionFile(let path) = level.password else { return nil }
            return try OptionFile(path: path, home: environment["HOME"], origin: level.origin).user
        }
        if let user = try user(node) { return user }
        if let user = try user(set) { return user }
        if let user = EnvironmentName.value(EnvironmentName.user, in: environment) { return user }
        if let user = try user(defaults) { return user }
        throw ConfigurationError(Problem(file: "", message: Self.missingUser))
    }

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
        password = password ?? EnvironmentName.value(EnvironmentName.password, in: environment).map { Secret($0) }
        if let defaults { try take(defaults) }

        guard let user else { throw ConfigurationError(Problem(file: "", message: Self.missingUser)) }
        return ((user, password ?? Secret("")), optionFile)
    }
}

extension Credentials.PasswordSource {
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
        case .files(let paths):
            return try Self.password(files: paths, origin: origin)
        case .optionFile:
            return nil
        }
    }

    /// A file that is not there or may not be opened leaves the choice to the next one; one with wrong contents does not.
    private static func password(files paths: [String], origin: Origin) throws(ConfigurationError) -> Secret {
        var reasons: [String] = []
        for path in paths {
            do throws(PasswordFileFailure) {
                return try Secret(contentsOf: path)
            } catch {
                reasons.append("\(shown(path: path)): \(error.reason)")
                if !error.isUnopened { break }
            }
        }
        throw origin.error("password_file \(reasons.joined(separator: "; "))")
    }
}

private struct PasswordFileFailure: Error {
    let reason: String
    /// Whether the file is not there, or may not be opened.
    var isUnopened = false
}

extension Secret {
    /// Far more than any server accepts as a password: a larger file is something else.
    private static let limit = 16 * 1024

    /// The only line of a file that an option names.
    package init(passwordFile path: String) throws(ConfigurationError) {
        do throws(PasswordFileFailure) {
            try self.init(contentsOf: path)
        } catch {
            throw ConfigurationError(Problem(file: path, message: error.reason))
        }
    }

    fileprivate init(contentsOf path: String) throws(PasswordFileFailure) {
        var text: String
        do {
            text = try decodeText(TextFile(path: path, limit: Self.limit).bytes)
        } catch let failure as TextFile.Failure {
            throw PasswordFileFailure(
                reason: failure.reason, isUnopened: [ENOENT, EACCES, ENOTDIR, EPERM].contains(failure.code))
        } catch {
            throw PasswordFileFailure(reason: "it is not UTF-8 text")
        }
        if let last = text.last, isLineEnd(last) { text.removeLast() }
        guard !text.isEmpty else { throw PasswordFileFailure(reason: "it is empty") }
        guard !text.contains(where: isLineEnd) else {
            throw PasswordFileFailure(reason: "it has more than one line; it must contain only the password")
        }
        self.init(text)
    }
}
