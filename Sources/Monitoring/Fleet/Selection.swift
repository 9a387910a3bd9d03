package import Configuration

/// Which part of the fleet a request asks for: `?replication_set=`, `?node=`.
package struct Selection: Sendable, Equatable {
    package var sets: Set<String>
    package var nodes: Set<String>

    package static let all = Selection()

    package init(sets: Set<String> = [], nodes: Set<String> = []) {
        self.sets = sets
        self.nodes = nodes
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
