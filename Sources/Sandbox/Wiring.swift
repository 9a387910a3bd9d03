/// Which servers a sandbox has, and which of them replicates from which. Servers are named db1, db2, …
package struct Wiring: Sendable {
    /// One replication stream of a node.
    package struct Link: Sendable, Equatable {
        /// "" for the default channel.
        package var channel: String
        /// A node's name.
        package var source: String

        package init(from source: String, channel: String = "") {
            self.source = source
            self.channel = channel
        }
    }

    package struct Node: Sendable {
        package var name: String
        package var links: [Link]
        /// Takes writes from clients; other nodes run with read_only.
        package var isWritable: Bool
        /// Further options of the server program, such as `--sync-binlog=1`; they win over the sandbox's own.
        package var arguments: [String] = []

        package init(_ name: String, links: [Link] = [], isWritable: Bool = false) {
            self.name = name
            self.links = links
            self.isWritable = isWritable
        }
    }

    /// A source comes before its replicas, except in a ring.
    package var nodes: [Node]
    /// All nodes are members of one cluster.
    package var cluster: ClusterKind?

    package init(_ nodes: [Node], cluster: ClusterKind? = nil) {
        self.nodes = nodes
        self.cluster = cluster
    }

    /// db1, db2, …: the members of a cluster, which decides itself which of them take writes.
    package static func cluster(_ kind: ClusterKind, members: Int = 3) -> Wiring {
        Wiring(
            (1...max(1, members)).map { Node("db\($0)", isWritable: kind == .galera || $0 == 1) }, cluster: kind)
    }

    /// db1 with replicas db2, db3, …
    package static func primary(replicas: Int = 2) -> Wiring {
        let primary = Node("db1", isWritable: true)
        return Wiring([primary] + (0..<max(0, replicas)).map { Node("db\($0 + 2)", links: [Link(from: "db1")]) })
    }

    /// db1 ← db2 ← db3 …: every node but the first replicates from the one before.
    package static func chain(of count: Int = 3) -> Wiring {
        Wiring(
            (1...max(1, count)).map { number in
                number == 1
                    ? Node("db1", isWritable: true) : Node("db\(number)", links: [Link(from: "db\(number - 1)")])
            })
    }

    /// db1 ⇄ db2, both writable.
    package static var ring: Wiring {
        Wiring([
            Node("db1", links: [Link(from: "db2")], isWritable: true),
            Node("db2", links: [Link(from: "db1")], isWritable: true),
        ])
    }

    /// Primaries db1, db2, … and one replica of all of them; its channels are named after the primaries.
    package static func multiSource(sources: Int = 2) -> Wiring {
        let sources = (1...max(1, sources)).map { Node("db\($0)", isWritable: true) }
        let links = sources.map { Link(from: $0.name, channel: $0.name) }
        return Wiring(sources + [Node("db\(sources.count + 1)", links: links)])
    }

    func node(_ name: String) -> Node? { nodes.first { $0.name == name } }

    /// The node itself if it is writable, otherwise the nearest one upstream that is: where a write has to go to reach
    /// it.
    func writableNode(above name: String) -> Node? {
        var seen: Set<String> = []
        var next = node(name)
        while let node = next, seen.insert(node.name).inserted {
            if node.isWritable { return node }
            next = node.links.first.flatMap { self.node($0.source) }
        }
        return nil
    }

    /// - Throws: `SandboxError.wiring` for a duplicate name or a missing source.
    func validate() throws(SandboxError) {
        guard !nodes.isEmpty else { throw .wiring("a sandbox needs at least one node") }
        guard Set(nodes.map(\.name)).count == nodes.count else { throw .wiring("two nodes have the same name") }
        for node in nodes {
            for link in node.links where self.node(link.source) == nil {
                throw .wiring("\(node.name) replicates from \(link.source), which is not in the wiring")
            }
        }
    }
}

/// How all servers of a sandbox are run.
package struct ServerSettings: Sendable {
    /// Replication by GTID rather than by file and position.
    package var usesGTID = true
    /// MariaDB's gtid_strict_mode.
    package var isGTIDStrict = false
    /// Seconds between the heartbeats of an idle source.
    package var heartbeatPeriod = 1
    /// Further options for every server; those of a node win over them.
    package var arguments: [String] = []

    package init() {}
}
