import Replication

extension SetFindings {
    /// By node: the channels through which what is written on `writer` reaches it, directly or through others. Nodes
    /// that nothing of it reaches are left out, and so are those that do not report their channels.
    package func channels(leadingFrom writer: String) -> [String: [ChannelFindings]] {
        var sources: [String: [String]] = [:]
        for node in nodes { sources[node.description.name] = node.channels.compactMap(\.sourceNode) }
        /// Whether the writer is this node, or above it.
        func comesThrough(_ name: String) -> Bool {
            var seen: Set<String> = []
            var pending = [name]
            while let next = pending.popLast() {
                if next == writer { return true }
                if seen.insert(next).inserted { pending += sources[next] ?? [] }
            }
            return false
        }
        var leading: [String: [ChannelFindings]] = [:]
        for node in nodes where node.description.name != writer {
            let channels = node.channels.filter { $0.sourceNode.map(comesThrough) ?? false }
            if !channels.isEmpty { leading[node.description.name] = channels }
        }
        return leading
    }
}
