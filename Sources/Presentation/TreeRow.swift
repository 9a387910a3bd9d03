import Replication
import Topology

/// A row of a replication set drawn as a tree: a node as reached through one channel, or a channel from outside.
struct TreeRow {
    /// What is drawn in front of the node, for each level above it.
    enum Guide {
        /// In this order: the level has ended; it continues below; this node, with siblings below; this node, the last.
        case blank, passing, branch, last
    }

    var node: NodeFindings
    /// The channel that leads here; nil at a root, and for a node placed here only by its configuration.
    var channel: ChannelFindings?
    var guides: [Guide]
    /// Whether rows below branch off this one.
    var hasBranches: Bool
    /// The node has its own row elsewhere: a ring closes here, or this is an additional channel.
    var isRepeated = false
    /// The channel's source is not another node of the set; the row belongs to the node above it.
    var isFromOutside = false

    /// What is wrong here. A node's own troubles are listed only in its own row.
    var troubles: [Trouble] {
        (isRepeated || isFromOutside ? [] : node.troubles) + (channel?.troubles ?? [])
    }

    static func rows(of set: SetFindings) -> [TreeRow] {
        var rows: [TreeRow] = []
        for root in TopologyTree(set).roots { append(root, of: set, [], &rows) }
        return rows
    }

    /// The rows of one node, outside of their tree.
    static func rows(of node: String, _ channel: String?, among rows: [TreeRow]) -> [TreeRow] {
        let own = rows.filter { $0.node.description.name == node }
        let wanted = own.filter { $0.channel?.channel.name == channel }
        var shown = channel == nil || wanted.isEmpty ? own : wanted
        for index in shown.indices {
            shown[index].guides = []
            shown[index].hasBranches = false
        }
        // Whichever comes first is the row of the node itself.
        if !shown.isEmpty { shown[0].isRepeated = false }
        return shown
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
        // The line that leads to this node continues beside its branches, or ends here.
        let inner = guides.map { $0 == .branch || $0 == .passing ? Guide.passing : .blank }
        for (index, channel) in outside.enumerated() {
            let isLast = branch.branches.isEmpty && index == outside.count - 1
            rows.append(
                TreeRow(
                    node: node, channel: channel, guides: inner + [isLast ? .last : .branch], hasBranches: false,
                    isFromOutside: true))
        }
        for (index, child) in branch.branches.enumerated() {
            append(child, of: set, inner + [index == branch.branches.count - 1 ? .last : .branch], &rows)
        }
    }
}

extension SetFindings {
    /// The channels that are not branches of the tree: their source is not configured in this set, or is the node itself.
    func channelsFromOutside(of node: NodeFindings) -> [ChannelFindings] {
        node.channels.filter { channel in
            channel.sourceNode == node.description.name || !nodes.contains { $0.description.name == channel.sourceNode }
        }
    }
}
