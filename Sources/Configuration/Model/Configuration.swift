package import Replication

/// A configuration that has been checked as a whole: the replication sets with their nodes, and what to export.
///
/// Every default has been filled in. It holds no passwords other than literal ones; `Credentials` says where they come from.
package struct Configuration: Sendable, Equatable {
    /// In the order of the file; at least one, each with at least one node. Names are unique.
    package let sets: [ReplicationSet]
    package let metrics: MetricsOptions

    package init(sets: [ReplicationSet], metrics: MetricsOptions = MetricsOptions()) {
        self.sets = sets
        self.metrics = metrics
    }

    /// Every node of every set, in the order of the file.
    package var nodes: [Node] { sets.flatMap(\.nodes) }

    /// The set of that name.
    package func set(named name: String) -> ReplicationSet? {
        sets.first { $0.name == name }
    }

    /// The node of that name, and its set. Node names are unique in the whole configuration.
    package func node(named name: String) -> (set: ReplicationSet, node: Node)? {
        for set in sets {
            if let node = set.node(named: name) { return (set, node) }
        }
        return nil
    }
}
