import Sandbox

/// Nodes that are really just two servers: a source and its replica, each listening at many loopback addresses. One
/// node in ten is the source, and the others of its replication set replicate from it.
struct LoopbackFleet {
    struct Node {
        let name: String
        let host: String
        let port: UInt16
        /// Nil for the source itself.
        let source: String?

        var address: String { "\(host):\(port)" }
    }

    let nodes: [Node]
    let account: Accounts.Account
    /// `tls.mode` of the configuration.
    var tlsMode = "disabled"

    init(size: Int, source: UInt16, replica: UInt16, account: Accounts.Account) {
        self.account = account
        nodes = (0..<size).map { number in
            let set = number / Self.setSize
            let isSource = number % Self.setSize == 0 && size > 1
            return Node(
                name: "db\(number)", host: "127.0.\(number / 250 + 1).\(number % 250 + 1)",
                port: isSource ? source : replica, source: isSource || size == 1 ? nil : "db\(set * Self.setSize)")
        }
    }

    private init(nodes: [Node], account: Accounts.Account) {
        self.nodes = nodes
        self.account = account
    }

    /// The same fleet, with some of the nodes at another port.
    func silencing(_ isSilent: (Int) -> Bool, at port: UInt16) -> LoopbackFleet {
        let nodes = nodes.enumerated().map { number, node in
            isSilent(number) ? Node(name: node.name, host: node.host, port: port, source: node.source) : node
        }
        return LoopbackFleet(nodes: nodes, account: account)
    }

    private static let setSize = 10

    /// The exporter's configuration.
    func configuration(passwordFile: String) -> String {
        var text = """
            defaults: {user: \(account.user), password_file: "\(passwordFile)", timeout: 10s, tls: {mode: \(tlsMode)}}
            replication_sets:

            """
        for (number, node) in nodes.enumerated() {
            if number % Self.setSize == 0 { text += "  - name: set\(number / Self.setSize)\n    nodes:\n" }
            let source = node.source.map { ", source: \($0)" } ?? ""
            text += "      - {name: \(node.name), address: \"\(node.address)\"\(source)}\n"
        }
        return text
    }

    /// What floor.c reads.
    var targets: String {
        let hasReplicas = Set(nodes.compactMap(\.source))
        return nodes.map { "\($0.host) \($0.port) \(hasReplicas.contains($0.name) ? 1 : 0)\n" }.joined()
    }
}
