package import Replication

/// What is worth asking again before the findings of a set are drawn, by node name.
/// - Parameter previous: the transactions that each node had in the previous round, by node name.
package func followUps(
    of report: ReplicationSetReport, after previous: [String: TransactionHistory] = [:]
) -> [String: Set<FollowUp>] {
    let graph = ReplicationGraph(report.nodes)
    var asks: [String: Set<FollowUp>] = [:]
    for (index, node) in report.nodes.enumerated() {
        for (channel, source) in zip(node.report.facts?.channels ?? [], graph.sources[index]) {
            guard let source, let log = report.nodes[source].report.facts?.binaryLog, let end = log.end else {
                continue
            }
            if channel.readPosition?.file ?? end.file != end.file
                || channel.executedPosition?.file ?? end.file != end.file
            {
                asks[report.nodes[source].description.name, default: []].insert(.binlogIndex)
            }
        }
        if let search = ErrantSearch(index, report.nodes, graph),
            search.isSuspicious || search.isAhead(since: previous[node.description.name])
        {
            for source in graph.sources[index].compactMap(\.self) {
                asks[report.nodes[source].description.name, default: []].insert(.transactions)
            }
        }
    }
    return asks
}
