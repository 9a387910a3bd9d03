import Replication

extension ReplicationGraph {
    /// The nodes from which some filter holds data back: their own, that of a source's binary log, or one further up.
    func filtered(_ nodes: [ReplicationSetReport.Node]) -> Set<Int> {
        var filtered: Set<Int> = []
        for (index, node) in nodes.enumerated() {
            guard let facts = node.report.facts else { continue }
            if facts.channels?.contains(where: { $0.filters.contains { $0.value > 0 } }) == true {
                filtered.insert(index)
            }
            if facts.binaryLog?.filters.contains(where: { $0.value > 0 }) == true {
                filtered.formUnion(replicas[index])
            }
        }
        return filtered.union(descendants(of: Array(filtered)))
    }
}
