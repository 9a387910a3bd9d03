internal import Exposition
package import Replication
package import Topology
internal import Traffic

extension Families {
    /// Everything that is known of a replication set.
    package mutating func add(_ set: SetFindings, _ options: MetricsOptions = MetricsOptions()) {
        let setLabels: LabelBlock = ["replication_set": set.name]
        add(set.nodes, of: set, setLabels, options)
        for sentinel in set.probes.sentinel { add(sentinel, in: setLabels) }
        addOverall(set, setLabels)
        if let failover = set.probes.failover { add(failover, setLabels) }
    }

    /// What concerns the set as a whole.
    private mutating func addOverall(_ set: SetFindings, _ setLabels: LabelBlock) {
        add(set, setLabels)
        add(set.probes.working, in: setLabels)
    }

    /// Some nodes of a set.
    /// - Parameter withSet: also add what concerns the set as a whole. Otherwise none of that is added, since the nodes
    ///   present could be mistaken for the whole set.
    package mutating func add(
        _ set: SetFindings, only names: Set<String>, withSet: Bool = false,
        _ options: MetricsOptions = MetricsOptions()
    ) {
        let setLabels: LabelBlock = ["replication_set": set.name]
        add(set.nodes.filter { names.contains($0.description.name) }, of: set, setLabels, options)
        for sentinel in set.probes.sentinel where names.contains(sentinel.node) { add(sentinel, in: setLabels) }
        if withSet { addOverall(set, setLabels) }
        if let failover = set.probes.failover { add(failover, only: names, setLabels) }
    }

    private mutating func add(
        _ nodes: [NodeFindings], of set: SetFindings, _ setLabels: LabelBlock, _ options: MetricsOptions
    ) {
        var totalLags = TotalLags(set)
        for node in nodes {
            let nodeLabels = setLabels.appending("node", node.description.name)
            add(node, nodeLabels)
            add(.nodeTotalLag, nodeLabels, totalLags.seconds(of: node))
            if let member = node.report.facts?.cluster {
                let name = node.description.name
                add(member, of: name, in: set.cluster(of: name), nodeLabels)
            }
            if let member = node.member { add(member, nodeLabels.appending("channel", member.channel), options) }
            if set.writing.writers.isKnown {
                add(.nodeWriter, nodeLabels, set.writers.contains(node.description.name))
            }
            if options.isMysqldExporterCompatible { addMysqldExporterSeries(node, nodeLabels) }
            for channel in node.absentChannels {
                add(.check, nodeLabels.appending("channel", channel), false, extra: checkLabels[.source])
            }
            // No server intentionally gives two channels the same name.
            for channel in node.channels.firstOfEach(\.channel.name) {
                add(channel, nodeLabels.appending("channel", channel.channel.name), options)
            }
        }
    }
}
