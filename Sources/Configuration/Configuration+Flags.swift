package import Documents
internal import Replication

extension Configuration {
    /// The set that holds the nodes of the `--node` flags.
    package static let flagSetName = "default"

    /// A configuration without a file: one set, with the account from the environment alone.
    /// - Parameters:
    ///   - flags: the values of `--node`, each `NAME=ADDRESS`.
    ///   - environment: the process's environment, which holds the account's variables.
    /// - Throws: everything that is wrong, in the order of the flags.
    package static func nodes(
        fromFlags flags: [String], environment: [String: String]
    ) throws(ConfigurationError) -> Configuration {
        var problems: [Problem] = []
        var nodes: [Node] = []
        func problem(_ message: String) {
            problems.append(Problem(file: "--node", message: message))
        }
        for flag in flags {
            let parts = flag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                // It may be an address with a password written into it.
                let text = flag.contains("@") ? "" : ", not \(shown(flag))"
                problem("must be NAME=HOST:PORT\(text)")
                continue
            }
            if let reason = nameProblem(parts[0]) {
                problem("the name \(reason)")
                continue
            }
            do {
                let node = Node(name: parts[0], address: try Address(parts[1]))
                if nodes.contains(where: { $0.name == node.name }) {
                    problem("the name \(shown(node.name)) is given twice")
                } else if let same = nodes.first(where: { $0.address.isSame(as: node.address) }) {
                    problem("\(shown(node.name)) has the same address as \(shown(same.name))")
                }
                nodes.append(node)
            } catch {
                problem("the address of \(shown(parts[0])) \(error.description)")
            }
        }
        if flags.isEmpty { problem("no node is given") }
        if EnvironmentName.value(EnvironmentName.user, in: environment) == nil {
            problem("no user to connect with; set \(EnvironmentName.user), or use a configuration file")
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return Configuration(sets: [ReplicationSet(name: flagSetName, nodes: nodes)])
    }
}
