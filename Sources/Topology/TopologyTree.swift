import Replication

/// The nodes of a set as a forest: each below its source, once for every channel.
package struct TopologyTree: Sendable {
    package struct Branch: Sendable {
        /// Place in `SetFindings.nodes`.
        package var node: Int
        /// The channel that leads here from the branch above; nil at a root, and for a node that is here by its
        /// configuration only.
        package var channel: Int?
        package var branches: [Branch]
        /// The node's own branches stand elsewhere, where it was met first: a ring closes here, or a second channel ends.
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
    /// By source: the nodes below, and by which channel.
    private var below: [[(node: Int, channel: Int?)]]
    private var hasSource: [Bool]
    private var met: Set<Int> = []

    init(_ set: SetFindings) {
        nodes = set.nodes
        below = Array(repeating: [], count: nodes.count)
        hasSource = Array(repeating: false, count: nodes.count)
        var places: [String: Int] = [:]
        for (place, node) in nodes.enumerated() { places[node.description.name] = place }
        for (place, node) in nodes.enumerated() {
            var sources = node.channels.enumerated().compactMap { channel, findings in
                findings.sourceNode.flatMap { places[$0] }.map { (source: $0, channel: Optional(channel)) }
            }
            // A node that says nothing hangs where it is meant to.
            if node.report.facts?.channels == nil {
                let intended = Set(node.description.intendedSources.values)
                sources = intended.sorted().compactMap { places[$0] }.map { ($0, nil) }
            }
            for (source, channel) in sources where source != place {
                below[source].append((place, channel))
                hasSource[place] = true
            }
        }
    }

    mutating func forest() -> [TopologyTree.Branch] {
        var roots = nodes.indices.filter { !hasSource[$0] }.map { branch($0, channel: nil) }
        // What is left has a source and hangs below no root: rings.
        for place in nodes.indices where !met.contains(place) { roots.append(branch(place, channel: nil)) }
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
