package import Replication

/// Which node replicates from which within a set: for each node and channel, the index of the node that is its source.
package struct ReplicationGraph: Sendable {
    /// By node, by channel; nil for a source that is not one of the nodes, or cannot be identified.
    package let sources: NodeLists<Int?>
    /// By node: the nodes that have a channel from it, each once, in order.
    package let replicas: NodeLists<Int>
    /// Groups of nodes each of which replicates, through the others, from itself. A ring of two is one cycle.
    package let cycles: [Set<Int>]

    /// - Parameter remembered: the identities of nodes that did not report theirs in this round, by name.
    package init(_ nodes: [ReplicationSetReport.Node], remembering remembered: [String: ServerIdentity] = [:]) {
        let directory = SourceDirectory(nodes, remembering: remembered)
        var sources = NodeLists<Int?>(reserving: nodes.count)
        for (index, node) in nodes.enumerated() {
            sources.append((node.report.facts?.channels ?? []).lazy.map { directory.source(of: $0, into: index) })
        }
        self.init(sources: sources)
    }

    init(sources: NodeLists<Int?>) {
        self.sources = sources
        replicas = NodeLists(inverting: sources)
        cycles = CycleSearch(sources).cycles
    }

    /// All nodes above, directly or through others; within a ring also the node itself.
    package func ancestors(of node: Int) -> Set<Int> {
        reached(from: [node]) { sources[$0].compactMap(\.self) }
    }

    /// All nodes below any of `nodes`, directly or through others.
    package func descendants(of nodes: [Int]) -> Set<Int> {
        reached(from: nodes) { Array(replicas[$0]) }
    }

    private func reached(from nodes: [Int], _ next: (Int) -> [Int]) -> Set<Int> {
        var found: Set<Int> = []
        var pending = nodes.flatMap(next)
        while let node = pending.popLast() {
            if found.insert(node).inserted { pending += next(node) }
        }
        return found
    }
}
