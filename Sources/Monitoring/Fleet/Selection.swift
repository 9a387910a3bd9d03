package import Configuration
internal import Documents
internal import Replication

/// Which part of the fleet a request asks for: `?replication_set=`, `?node=`.
package struct Selection: Sendable, Equatable {
    package var sets: Set<String>
    package var nodes: Set<String>

    package static let all = Selection()

    package init(sets: Set<String> = [], nodes: Set<String> = []) {
        self.sets = sets
        self.nodes = nodes
    }

    /// The same, with the address of a configured node (or one of its aliases) replaced by its name: programs that know
    /// mysqld_exporter ask for `host:port`. A name takes precedence. What is not configured stays as it is: no request can make
    /// the exporter connect to another host.
    package func named(in configuration: Configuration) -> Selection {
        Selection(sets: sets, nodes: Set(nodes.map { Self.name(of: $0, in: configuration) ?? $0 }))
    }

    private static func name(of target: String, in configuration: Configuration) -> String? {
        guard configuration.node(named: target) == nil else { return nil }
        let address: Address
        do throws(Quantity.Malformed) { address = try Address(target).canonical } catch { return nil }
        for set in configuration.sets {
            if let node = set.nodes.first(where: { ([$0.address] + $0.aliases).contains { $0.canonical == address } }) {
                return node.name
            }
        }
        return nil
    }

    /// What is asked for but not configured.
    package func unknown(in configuration: Configuration) -> [String] {
        sets.filter { configuration.set(named: $0) == nil }.sorted().map { "replication set \($0.debugDescription)" }
            + nodes.filter { configuration.node(named: $0) == nil }.sorted().map { "node \($0.debugDescription)" }
    }

    /// Whether a set, or one of its nodes, is asked for.
    package func touches(_ set: String, _ configuration: Configuration) -> Bool {
        if self == .all || sets.contains(set) { return true }
        return nodes.contains { configuration.node(named: $0)?.set.name == set }
    }

    /// The selected nodes of a set; nil for all of them and the set's own series.
    package func nodes(in set: String) -> Set<String>? {
        self == .all || sets.contains(set) ? nil : nodes
    }
}
