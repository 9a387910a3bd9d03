package import Documents
internal import Glibc
internal import Replication

/// What a connection needs to log in, as of the moment it was read.
package struct Login: Sendable, Equatable {
    package let user: String
    /// Empty if no level has one: accounts may log in by socket or certificate.
    package let password: Secret
    package let tls: TLSOptions
    /// Of the password, if a command has printed it.
    package let issue: PasswordCommands.Issue?
}

extension Node {
    /// Reads the password, and the option file if there is one, again. Called for each new connection.
    ///
    /// `tls` of the configuration takes precedence over the option file's `ssl-*`, whatever its level.
    /// - Parameter environment: the process's environment, for the account's variables, `${NAME}` and HOME.
    /// - Parameter commands: runs `password_command`, unless its last answer still counts. The calling thread is blocked meanwhile, for
    ///   most of the node's timeout at most.
    package func login(
        environment: [String: String], commands: PasswordCommands = .shared
    ) throws(ConfigurationError) -> Login {
        let found = try credentials.gather(environment)
        var password = found.password ?? Secret("")
        var issue: PasswordCommands.Issue?
        if let (command, origin) = found.command {
            do throws(CommandRun.Failure) {
                let answer = try commands.password(
                    from: command, placeholders(user: found.user), environment: environment,
                    patience: timeout * 0.8)
                (password, issue) = (answer.password, answer.issue)
            } catch {
                throw origin.error("password_command \(shown(path: command.program)): \(error.reason)")
            }
        }
        let tls = encryption(found)
        if admitsClearText, tls.mode != .verifyIdentity {
            // An option file may have weakened what the configuration was checked for.
            throw ConfigurationError(Problem(file: "", message: Self.clearTextNeedsVerification))
        }
        return Login(user: found.user, password: password, tls: tls, issue: issue)
    }

    /// Everything that `login` needs, but without running a command: its program is looked at only.
    func checkLogin(environment: [String: String]) throws(ConfigurationError) -> TLSOptions {
        let found = try credentials.gather(environment)
        if let (command, origin) = found.command, access(command.program, X_OK) != 0 {
            throw origin.error(
                "password_command \(shown(path: command.program)): \(TextFile.Failure(errno: errno).reason)")
        }
        return encryption(found)
    }

    /// The configuration's settings, completed by those of an option file.
    private func encryption(_ found: Credentials.Found) -> TLSOptions {
        found.optionFile.map { tls.over($0.tls) } ?? tls
    }

    private func placeholders(user: String) -> PasswordCommand.Placeholders {
        switch address {
        case .tcp(let host, let port): .init(node: name, host: host, port: "\(port)", user: user)
        case .unix: .init(node: name, host: "localhost", port: "", user: user)
        }
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
        let found = try gather(environment)
        return (found.user, found.password ?? Secret(""))
    }

    /// What the levels have to say. Instead of a password there may be a command to run for it.
    fileprivate struct Found {
        var user: String
        var password: Secret?
        var command: (PasswordCommand, Origin)?
        var optionFile: OptionFile?
    }

    fileprivate func gather(_ environment: [String: String]) throws(ConfigurationError) -> Found {
        var user: String?
        var password: Secret?
        var command: (PasswordCommand, Origin)?
        // Only the nearest option file is read: a farther one is overridden like any other key.
        var optionFile: OptionFile?

        func take(_ level: Level) throws(ConfigurationError) {
            if case .optionFile(let path) = level.password, optionFile == nil {
                let file = try OptionFile(path: path, home: environment["HOME"], origin: level.origin)
                optionFile = file
                user = user ?? level.user ?? file.user
                if command == nil { password = password ?? file.password }
                return
            }
            user = user ?? level.user
            guard password == nil, command == nil, let source = level.password else { return }
            if case .command(let wanted) = source {
                command = (wanted, level.origin)
            } else {
                password = try source.read(environment, origin: level.origin)
            }
        }

        if let node { try take(node) }
        if let set { try take(set) }
        user = user ?? EnvironmentName.value(EnvironmentName.user, in: environment)
        if password == nil, command == nil {
            password = EnvironmentName.value(EnvironmentName.password, in: environment).map { Secret($0) }
        }
        if let defaults { try take(defaults) }

        guard let user else { throw ConfigurationError(Problem(file: "", message: Self.missingUser)) }
        return Found(user: user, password: password, command: command, optionFile: optionFile)
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
        case .optionFile, .command:
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
        let bytes: [UInt8]
        do {
            bytes = try TextFile(path: path, limit: Self.limit).bytes
        } catch {
            throw PasswordFileFailure(
                reason: error.reason, isUnopened: [ENOENT, EACCES, ENOTDIR, EPERM].contains(error.code))
        }
        do throws(PasswordText.Fault) { self = try PasswordText(bytes).secret } catch {
            throw PasswordFileFailure(reason: "it \(error.reason)")
        }
    }
}
