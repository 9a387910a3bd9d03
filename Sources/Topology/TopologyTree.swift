import Replication

/// The nodes of a set as a forest: each below its source, once for every channel.
package struct TopologyTree: Sendable {
    package struct Branch: Sendable {
        /// Index in `SetFindings.nodes`.
        package var node: Int
        /// The channel that leads here from the branch above; nil for a root, and for a node placed here only by its
        /// configuration.
        package var channel: Int?
        package var branches: [Branch]
        /// The node's own branches are elsewhere, where it was first met: a ring closes here, or a second channel ends.
        package var isRepeated: Bool
    }

    package var roots: [Branch]

    package init(_ set: SetFindings) {
        var builder = Builder(set)
        roots = builder.forest()
    }
}

private struct Builder {
    private let nodes: [NodeFindings]
    /// By source: the nodes below it, and the channel of each.
    private var below: [[(node: Int, channel: Int?)]]
    private var hasSource: [Bool]
    private var met: Set<Int> = []

    init(_ set: SetFindings) {
        nodes = set.nodes
        below = Array(repeating: [], count: nodes.count)
        hasSource = Array(repeating: false, count: nodes.count)
        var indices: [String: Int] = [:]
        for (index, node) in nodes.enumerated() { indices[node.description.name] = index }
        for (index, node) in nodes.enumerated() {
            var sources = node.channels.enumerated().compactMap { channel, findings in
                findings.sourceNode.flatMap { indices[$0] }.map { (source: $0, channel: Optional(channel)) }
            }
            // A node that reports no channels is placed below its intended source.
            if node.report.facts?.channels == nil {
                let intended = Set(node.description.intendedSources.values)
                sources = intended.sorted().compactMap { indices[$0] }.map { ($0, nil) }
            }
            for (source, channel) in sources where source != index {
                below[source].append((index, channel))
                hasSource[index] = true
            }
        }
    }

    mutating func forest() -> [TopologyTree.Branch] {
        var roots = nodes.indices.filter { !hasSource[$0] }.map { branch($0, channel: nil) }
        // The rest have a source but are below no root: rings.
        for index in nodes.indices where !met.contains(index) { roots.append(branch(index, channel: nil)) }
        return roots
    }

    private mutating func branch(_ node: Int, channel: Int?) -> TopologyTree.Branch {
        guard met.insert(node).inserted else {
            return TopologyTree.Branch(node: node, channel: channel, branches: [], isRepeated: true)
        }
        let branches = below[node].map { branch($0.node, channel: $0.channel) }
        return TopologyTree.Branch(node: node, channel: channel, branches: branches, isRepeated: false)
    }
}
