import Exposition
import Replication
import Topology

extension Families {
    mutating func add(_ set: SetFindings, _ labels: LabelBlock) {
        let replicas = set.nodes.filter(\.isReplica)
        add(.setNodes, labels, set.nodes.count)
        add(.setNodesUp, labels, set.nodes.count { $0.report.isUp })
        add(.setWritableNodes, labels, set.nodes.count { $0.report.isUp && $0.report.facts?.isReadOnly == false })
        add(.setUnfilteredReplicas, labels, replicas.count { $0.isUnfiltered })
        add(.setCrashSafeReplicas, labels, replicas.count { $0.report.facts?.durability[.replicationState] == true })
        add(
            .setUnknownSources, labels,
            replicas.reduce(0) { count, replica in
                count + replica.channels.count { $0.sourceNode == nil && !$0.channel.source.isDetached }
            })
        add(.setCycles, labels, set.cycles.count)
        add(.setDuplicateServerIDs, labels, set.duplicateServerIDs.count)
        add(.setDuplicateServerUUIDs, labels, set.duplicateServerUUIDs.count)
        switch set.writing.writers {
        case .nodes(let names): add(.setWriters, labels, names.count)
        case .none: add(.setWriters, labels, 0)
        case .outside, .unknown: break
        }
        add(.setWriterKnown, labels, set.writing.writers.isKnown)
        add(.setRivals, labels, set.rivals.count)
        add(.setLagThreshold, labels, set.thresholds.lag.seconds)
        add(.setBytesThreshold, labels, set.thresholds.bytes)
        for cluster in set.clusters { add(cluster, ofSet: set.name) }
    }
}
