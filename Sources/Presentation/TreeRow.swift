import Replication
import Topology

/// A line of a replication set drawn as a tree: a node as it is reached by one channel, or a channel from outside.
struct TreeRow {
    /// What a line draws in front of the node, for each level above it.
    enum Guide {
        /// Nothing comes below any more; the level goes on; this node, and more to come; this node, the last.
        case blank, passing, branch, last
    }

    var node: NodeFindings
    /// The channel that leads here; nil at a root, and for a node that is here by its configuration only.
    var channel: ChannelFindings?
    var guides: [Guide]
    /// Lines below this one hang from it.
    var hasBranches: Bool
    /// The node itself stands elsewhere: a ring closes here, or this is a further channel.
    var isRepeated = false
    /// The channel's source is no other node of the set; the line belongs to the node above it.
    var isFromOutside = false

    /// What is wrong here. A node's own troubles are told where it stands, once.
    var troubles: [Trouble] {
        (isRepeated || isFromOutside ? [] : node.troubles) + (channel?.troubles ?? [])
    }

    static func rows(of set: SetFindings) -> [TreeRow] {
        var rows: [TreeRow] = []
        for root in TopologyTree(set).roots { append(root, of: set, [], &rows) }
        return rows
    }

    private static func append(
        _ branch: TopologyTree.Branch, of set: SetFindings, _ guides: [Guide], _ rows: inout [TreeRow]
    ) {
        let node = set.nodes[branch.node]
        let outside = branch.isRepeated ? [] : set.channelsFromOutside(of: node)
        let isEmpty = branch.branches.isEmpty && outside.isEmpty
        rows.append(
            TreeRow(
                node: node, channel: branch.channel.map { node.channels[$0] }, guides: guides, hasBranches: !isEmpty,
                isRepeated: branch.isRepeated))
        // What was the way to this node goes on beside its own branches, or ends with it.
        let inner = guides.map { $0 == .branch || $0 == .passing ? Guide.passing : .blank }
        for (place, channel) in outside.enumerated() {
            let isLast = branch.branches.isEmpty && place == outside.count - 1
            rows.append(
                TreeRow(
                    node: node, channel: channel, guides: inner + [isLast ? .last : .branch], hasBranches: false,
                    isFromOutside: true))
        }
        for (place, child) in branch.branches.enumerated() {
            append(child, of: set, inner + [place == branch.branches.count - 1 ? .last : .branch], &rows)
        }
    }
}

extension SetFindings {
    /// The channels that lie on no branch of the tree: their source is not configured in this set, or is the node itself.
    func channelsFromOutside(of node: NodeFindings) -> [ChannelFindings] {
        node.channels.filter { channel in
            channel.sourceNode == node.description.name || !nodes.contains { $0.description.name == channel.sourceNode }
        }
    }
}
