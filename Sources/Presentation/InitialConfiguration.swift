import Configuration
import Replication

/// A first configuration file, made of what one server reports; with the statements for its account and the job for Prometheus
/// as comments. Names from the server can end neither a comment nor a scalar, nor control a terminal.
package struct InitialConfiguration {
    private let discovery: Discovery
    private let setName: String
    private let user: String
    private let grants: String
    private let target: String

    /// - Parameters:
    ///   - setName: of the replication set.
    ///   - user: the exporter's account.
    ///   - grants: the script that makes it.
    ///   - target: where Prometheus finds the exporter, `host:port`.
    package init(_ discovery: Discovery, setName: String, user: String, grants: String, target: String) {
        self.discovery = discovery
        self.setName = setName
        self.user = user
        self.grants = grants
        self.target = target
    }

    /// Where the package's service finds the password, and where commands do.
    private static let passwordFiles = [
        "/run/credentials/mysql-replication-exporter.service/mysql-password", "mysql-password",
    ]

    package var text: String {
        let (nodes, gaps) = discovery.resolved()
        let identity = discovery.facts.identity
        var lines = [
            comment("Made by `mysql-replication-exporter init` from what \(nodes[0].address) reported, a"),
            comment(
                "\(identity.flavor.title) \(identity.version). No other server was asked: check the names and addresses."
            ),
            "",
            "defaults:",
            "  user: \(yamlScalar(user))",
            comment(
                "The first that can be opened: systemd's copy for the service, and the original, beside this file.",
                indented: 2),
            "  password_file:",
        ]
        lines += Self.passwordFiles.map { "    - \(yamlScalar($0))" }
        lines += ["", "replication_sets:", "  - name: \(yamlScalar(setName))", "    nodes:"]
        for node in nodes {
            lines.append("      - name: \(yamlScalar(node.name))")
            lines.append("        address: \(yamlScalar(node.address.description))")
            lines += source(node)
        }
        lines += gaps.flatMap { remarks($0, on: nodes[0].name) }.map { comment($0, indented: 6) }
        let followed = nodes.dropFirst().filter { $0.source == nil }.map(\.name)
        if !followed.isEmpty {
            lines += [
                "Whether \(followed.joined(separator: ", ")) replicates, too, is not known here: run init on it.",
                "If it does, give it a source, or `source: outside` for a server that is not to be monitored.",
            ].map { comment($0, indented: 6) }
        }
        lines += [
            "",
            comment(
                "--- The account, for the primary: mysql-replication-exporter grants --config.file … --password-file …"),
        ]
        lines += grants.split(separator: "\n", omittingEmptySubsequences: false).map { comment(String($0)) }
        lines += ["", comment("--- For prometheus.yml:")]
        lines += [
            "scrape_configs:", "  - job_name: mysql-replication",
            "    static_configs: [{targets: [\(yamlScalar(target))]}]",
        ].map { comment($0) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func source(_ node: Discovery.Node) -> [String] {
        switch node.source {
        case nil: return []
        case .node(let name): return ["        source: \(yamlScalar(name))"]
        case .byChannel(let names):
            let sources = names.sorted { $0.key < $1.key }.map { "          \(key($0.key)): \(yamlScalar($0.value))" }
            return ["        source:"] + sources
        }
    }

    /// A channel's name may be anything, and as a key it must be one even where it looks like a null or a number.
    private func key(_ name: String) -> String {
        let scalar = yamlScalar(name)
        return scalar.hasPrefix("\"") ? scalar : "\"\(scalar)\""
    }

    private func remarks(_ gap: Discovery.Gap, on own: String) -> [String] {
        switch gap {
        case .reader(let host, let name):
            return [
                "A replica reads from \(host); the port on which it listens is not known:",
                "- name: \(yamlScalar(name))",
                "  address: \(yamlScalar(Address.tcp(host: host, port: Address.defaultPort).description))",
                "  source: \(yamlScalar(own))",
            ]
        case .unnamedReplicas(let count):
            return [
                count == 1
                    ? "1 connected replica is not among these nodes. Add it by its address."
                    : "\(count) connected replicas are not among these nodes. Add them by their addresses."
            ]
        case .noAddress(let whose): return ["Not an address that can be used here: \(whose)"]
        case .refusal(let text): return [text]
        }
    }

    private func comment(_ text: String, indented depth: Int = 0) -> String {
        let line = text.printable
        if line.isEmpty { return "#" }
        return String(repeating: " ", count: depth) + "# " + (line.count > 400 ? line.prefix(400) + "…" : line)
    }
}
