import Exposition
import Replication
import Topology

private let states = OneHot<ClusterMember.State>("state")
private let views = OneHot<ClusterView.Member.State>("state")
private let cloneStages = OneHot<CloneProgress.Stage>("stage")
private let causes = OneHot<ClusterMember.ConflictCause>("cause")

extension Families {
    /// - Parameter cluster: the one to which the node belongs.
    mutating func add(_ member: ClusterMember, of node: String, in cluster: ClusterFindings?, _ labels: LabelBlock) {
        add(
            .clusterInfo, labels, 1,
            extra: ["kind": member.kind.rawValue, "cluster_name": member.cluster, "member": member.id])
        add(.clusterMemberState, labels, oneOf: states, member.state)
        add(.clusterReady, labels, member.isReady)
        // Aurora's instances hold no vote.
        if member.kind != .aurora { add(.clusterQuorum, labels, member.hasQuorum) }
        add(.clusterInComponent, labels, cluster?.isInComponent(node))
        add(.clusterPrimary, labels, member.isPrimary)
        add(.clusterViewNumber, labels, member.view?.number)
        add(.clusterViewSize, labels, member.view?.size)
        // Galera's view has no states.
        if let view = member.view, member.kind == .group {
            for (state, label) in views.labels { add(.clusterViewMembers, labels, view.count(state), extra: label) }
        }
        add(.clusterApplyQueue, labels, member.applyQueue)
        add(.clusterCertifyQueue, labels, member.certifyQueue)
        for (cause, label) in causes.labels { add(.clusterConflicts, labels, member.conflicts[cause], extra: label) }
        add(.clusterPaused, labels, member.pausedSeconds)
        add(.clusterPauseRequested, labels, member.requestsPause)
        add(.clusterHistory, labels, member.history)
        if let clone = member.clone {
            add(.clusterCloneStage, labels, oneOf: cloneStages, clone.stage)
            add(.clusterCloneCopied, labels, clone.copied)
            add(.clusterCloneEstimated, labels, clone.estimated)
        }
    }

    mutating func add(_ cluster: ClusterFindings, ofSet name: String) {
        // Not "cluster": many give that label to their targets, to tell apart what they monitor.
        let labels: LabelBlock = ["replication_set": name, "cluster_name": cluster.name]
        // What last showed another part may still be one.
        add(.setClusterComponents, labels, cluster.components.count + (cluster.mayHaveSilentPart ? 1 : 0))
        add(.setClusterConfirmed, labels, cluster.component.map { _ in cluster.isBelieved })
        add(.setClusterMembers, labels, cluster.members.count)
        add(.setClusterMembersMissing, labels, cluster.missing.count)
        add(.setClusterUnknownMembers, labels, cluster.component.map { _ in cluster.unknown.count })
        add(.setClusterFailuresTolerated, labels, cluster.failuresTolerated)
        add(.setClusterPrimariesAgreed, labels, cluster.arePrimariesAgreed)
        add(.setClusterMultiWriter, labels, cluster.isMultiWriter)
    }
}

extension ClusterMember {
    /// How many write sets a joiner may lack and still be given only these.
    fileprivate var history: UInt64? {
        guard let lastCommitted, let oldestKept, lastCommitted >= oldestKept else { return nil }
        return lastCommitted - oldestKept
    }
}
