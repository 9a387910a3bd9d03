/// A program that prints a password: a token of a cloud, a secret of Vault.
package struct PasswordCommand: Sendable, Equatable {
    /// The program's path and its arguments, in which `{node}`, `{host}`, `{port}` and `{user}` stand for those of the log-in.
    package let arguments: [String]
    /// How long its answer is used for new connections; a server that denies it is a reason to run it again before.
    package let expiry: Duration
    /// The most time that it may take.
    package let timeout: Duration

    package static let defaultExpiry = Duration.seconds(600)
    package static let defaultTimeout = Duration.seconds(10)

    package init(arguments: [String], expiry: Duration = defaultExpiry, timeout: Duration = defaultTimeout) {
        self.arguments = arguments
        self.expiry = expiry
        self.timeout = timeout
    }

    var program: String { arguments.first ?? "" }

    /// The program's path is taken literally, so that nothing but the configuration chooses what runs.
    func arguments(for login: Placeholders) -> [String] {
        arguments.prefix(1) + arguments.dropFirst().map { login.fill($0) }
    }

    /// What the placeholders stand for.
    struct Placeholders {
        var node: String
        var host: String
        var port: String
        var user: String

        /// In one pass: a value is never searched for further placeholders.
        func fill(_ text: String) -> String {
            var result = ""
            var rest = text[...]
            while let opening = rest.firstIndex(of: "{") {
                result += rest[..<opening]
                rest = rest[opening...]
                let values = [("{node}", node), ("{host}", host), ("{port}", port), ("{user}", user)]
                if let (name, value) = values.first(where: { rest.hasPrefix($0.0) }) {
                    result += value
                    rest = rest.dropFirst(name.count)
                } else {
                    result.append("{")
                    rest = rest.dropFirst()
                }
            }
            return result + rest
        }
    }
}
