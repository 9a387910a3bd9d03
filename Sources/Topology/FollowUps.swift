package import Replication

/// What is worth asking again before the findings of a set are drawn, by node name.
package func followUps(of report: ReplicationSetReport) -> [String: Set<FollowUp>] {
    let graph = ReplicationGraph(report.nodes)
    let search = ErrantSearch(report, graph, writers: [])
    var asks = report.nodes.viewsInFlight
    func ask(_ index: Int, _ question: FollowUp) {
        asks[report.nodes[index].description.name, default: []].insert(question)
    }
    for (index, node) in report.nodes.enumerated() {
        for (channel, source) in zip(node.report.facts?.channels ?? [], graph.sources[index]) {
            guard let source else { continue }
            let comparison = PositionComparison(channel, of: node, source: report.nodes[source])
            if comparison.needsIndex { ask(source, .binlogIndex) }
            if comparison.needsPurged { ask(source, .purged) }
            if comparison.isDoubtful {
                ask(source, .binaryLog)
                // After the end of the log, so that a replica that has them all has read up to there.
                ask(source, .transactions)
            }
            if comparison.isLeadDoubtful { ask(source, .transactions) }
        }
        let above = search.toAskAgain(about: index)
        if above.isEmpty { continue }
        for other in above { ask(other, .transactions) }
        // One of them is the writer.
        for (other, node) in report.nodes.enumerated()
        where other != index && node.report.facts?.isReadOnly == false {
            ask(other, .transactions)
        }
    }
    return asks
}

extension [ReplicationSetReport.Node] {
    /// The members of clusters whose members do not show the same view.
    fileprivate var viewsInFlight: [String: Set<FollowUp>] {
        var asks: [String: Set<FollowUp>] = [:]
        for node in self {
            guard let member = node.report.facts?.cluster, member.isOperating else { continue }
            let isAgreed = allSatisfy { other in
                guard let theirs = other.report.facts?.cluster, theirs.cluster == member.cluster, theirs.isOperating
                else {
                    return true
                }
                return theirs.view?.id == member.view?.id
            }
            if !isAgreed { asks[node.description.name] = [.cluster] }
        }
        return asks
    }
}
