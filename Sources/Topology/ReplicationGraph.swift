package import Replication

/// Which node replicates from which within a set: for each node and channel, the index of the node that is its source.
package struct ReplicationGraph: Sendable {
    /// By node, by channel; nil for a source that is not one of the nodes, or cannot be identified.
    package let sources: [[Int?]]
    /// By node: the nodes that have a channel from it, each once, in order.
    package let replicas: [[Int]]
    /// Groups of nodes each of which replicates, through the others, from itself. A ring of two is one cycle.
    package let cycles: [Set<Int>]

    /// - Parameter remembered: the identities of nodes that did not report theirs in this round, by name.
    package init(_ nodes: [ReplicationSetReport.Node], remembering remembered: [String: ServerIdentity] = [:]) {
        let directory = SourceDirectory(nodes, remembering: remembered)
        self.init(
            sources: nodes.enumerated().map { index, node in
                (node.report.facts?.channels ?? []).map { directory.source(of: $0, into: index) }
            })
    }

    init(sources: [[Int?]]) {
        self.sources = sources
        var replicas = [[Int]](repeating: [], count: sources.count)
        for (index, sources) in sources.enumerated() {
            for source in sources.compactMap(\.self) where replicas[source].last != index {
                replicas[source].append(index)
            }
        }
        self.replicas = replicas
        cycles = CycleSearch(sources).cycles
    }

    /// All nodes above, directly or through others; within a ring also the node itself.
    package func ancestors(of node: Int) -> Set<Int> {
        reached(from: [node]) { sources[$0].compactMap(\.self) }
    }

    /// All nodes below any of `nodes`, directly or through others.
    package func descendants(of nodes: [Int]) -> Set<Int> {
        reached(from: nodes) { replicas[$0] }
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
