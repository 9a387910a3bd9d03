package import Documents

/// The environment variables that set the account without any file.
package enum EnvironmentName {
    package static let user = "MYSQL_REPLICATION_EXPORTER_USER"
    package static let password = "MYSQL_REPLICATION_EXPORTER_PASSWORD"

    /// A variable's value. An empty one counts as unset: `PASSWORD=` is how a compose file leaves it out.
    static func value(_ name: String, in environment: [String: String]) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// Where a node's account comes from. The passwords themselves are read at each `Node.login`, because they are rotated.
///
/// Nearest first: the node, its replication set, the environment (`EnvironmentName`), `defaults` of the file. User and
/// password are looked up separately; on the same level, `user` takes precedence over the user of `option_file`.
package struct Credentials: Sendable, Equatable {
    /// Where a password comes from.
    package enum PasswordSource: Sendable, Equatable {
        /// Written in the configuration file.
        case literal(Secret)
        /// `${NAME}`: that environment variable.
        case environment(String)
        /// The only line of the first of these files that can be opened.
        case files(paths: [String])
        /// An option file's client groups, which may give a user and TLS settings as well.
        case optionFile(path: String)
        /// The only line that a program prints.
        case command(PasswordCommand)
    }

    /// The account settings of one level of the configuration.
    struct Level: Sendable, Equatable {
        var user: String?
        var password: PasswordSource?
        var origin: Origin
    }

    let node: Level?
    let set: Level?
    let defaults: Level?

    /// From the environment alone, as for `--node`.
    package init() {
        self.init(node: nil, set: nil, defaults: nil)
    }

    init(node: Level?, set: Level?, defaults: Level?) {
        self.node = node
        self.set = set
        self.defaults = defaults
    }

    /// The levels that the file has, nearest first.
    var levels: [Level] { [node, set, defaults].compactMap(\.self) }

    /// Whether some level has a user, or an option file that may have one.
    func mayHaveUser(environment: [String: String]) -> Bool {
        EnvironmentName.value(EnvironmentName.user, in: environment) != nil
            || levels.contains { level in
                if case .optionFile = level.password { return true }
                return level.user != nil
            }
    }

    static let missingUser =
        "no user to connect with; set 'user' in the configuration file's defaults, or \(EnvironmentName.user)"
}
