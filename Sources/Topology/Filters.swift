import Replication

extension ReplicationGraph {
    /// The nodes from which some filter holds data back: their own, that of a source's binary log, or one further up.
    func filtered(_ nodes: [ReplicationSetReport.Node]) -> Set<Int> {
        var filtered: Set<Int> = []
        for (index, node) in nodes.enumerated() {
            guard let facts = node.report.facts else { continue }
            if facts.channels?.contains(where: { $0.isFiltered }) == true {
                filtered.insert(index)
            }
            if facts.binaryLog?.filters.contains(where: { $0.value > 0 }) == true {
                filtered.formUnion(replicas[index])
            }
        }
        return filtered.union(descendants(of: Array(filtered)))
    }
}

extension Channel {
    /// Some filter holds back what users have written.
    fileprivate var isFiltered: Bool {
        filters.contains { filter, entries in entries > (filter == .ignoreTable ? vendorFilters : 0) }
    }
}
