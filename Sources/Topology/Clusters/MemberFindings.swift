package import Replication

/// A member of a cluster as one that receives what the others commit: what a replica's channel is to its source, a membership is to
/// the cluster's component.
package struct MemberFindings: Sendable {
    /// The name under which it is told beside channels. A server has no channel of this name.
    package var channel: String
    package var isInComponent: Bool
    /// Applies what others commit. The only primary of a group has nothing to apply.
    package var isReceiver: Bool
    /// What members of the component have committed and this one has not; nil outside.
    package var missing: UInt64?
    /// Received, and not applied yet.
    package var unapplied: UInt64?
    /// Group Replication: transactions of its own that the group does not have, for which it cannot join again; nil if not known.
    package var errant: UInt64?
    package var lag: Lag?
    /// `transfer`, `apply` and `lag`; an Aurora reader applies nothing. A check whose result cannot be known is absent.
    package var checks: Answers<Check> = [:]
    /// Group Replication: what the tables of channels tell of the applier; of the one that applies what a joiner is given, meanwhile.
    package var applier: Channel?
}

extension MemberFindings {
    /// Nil unless the node says of itself that it belongs to a cluster.
    /// - Parameters:
    ///   - index: in `nodes`.
    ///   - heartbeat: its lag by a heartbeat table.
    init?(
        _ index: Int, in nodes: [ReplicationSetReport.Node], _ cluster: ClusterFindings?, _ looks: ClusterLooks?,
        _ progress: ClusterProgress?, heartbeat: Double?, _ thresholds: Thresholds
    ) {
        let node = nodes[index]
        guard let cluster, let facts = node.report.facts, let member = facts.cluster else { return nil }
        channel = Self.channelName(member.kind, besides: node.report.facts?.channels ?? [])
        isInComponent = cluster.isInComponent(node.description.name)
        isReceiver = member.isPrimary != true || cluster.isMultiWriter
        let isJoining = member.state == .joining
        unapplied = isInComponent ? member.applyQueue : nil
        applier = facts.groupChannels.first { $0.name == (isJoining ? Channel.groupRecovery : Channel.groupApplier) }
        applier?.correctTimes(by: facts.clockDifference(to: Self.primary(of: cluster, nodes)))
        checks[.transfer] = isInComponent
        if member.state == .failed || applier?.applierError?.number ?? 0 > 0 {
            checks[.apply] = false
        } else if isInComponent, member.kind != .aurora {
            checks[.apply] = true
        }
        guard let component = cluster.component else { return }
        if !isInComponent { errant = Self.errant(facts, outside: component, nodes) }
        guard isInComponent || isJoining && member.view?.id == component.view.id else { return }
        missing = progress?.missing(in: facts)
        guard isReceiver else { return }
        lag =
            cluster.storageLag(of: member, nodes)
            ?? Lag(applier?.applierTimes?.applyingAge, heartbeat: heartbeat, looks?.bounds(of: facts))
        if isInComponent { checks[.lag] = lag?.check(thresholds) }
    }

    private static func channelName(_ kind: ClusterMember.Kind, besides channels: [Channel]) -> String {
        var name = kind == .group ? Channel.groupApplier : kind.rawValue
        while channels.contains(where: { $0.name.lowercased() == name }) { name += "_" }
        return name
    }

    private static func primary(of cluster: ClusterFindings, _ nodes: [ReplicationSetReport.Node]) -> NodeFacts? {
        guard cluster.kind == .group, cluster.primaries.count == 1 else { return nil }
        return nodes.first { $0.description.name == cluster.primaries[0] }?.report.facts
    }

    /// What it wrote itself while it was in no group: that has its own UUID, and not the group's name.
    private static func errant(
        _ facts: NodeFacts, outside component: ClusterFindings.Component, _ nodes: [ReplicationSetReport.Node]
    ) -> UInt64? {
        guard component.isConfirmed, case .set(let executed, let server?) = facts.transactions,
            facts.cluster?.kind == .group
        else { return nil }
        let names = Set(component.nodes)
        var lacking = executed.subtracting(executed.excluding([server]))
        for node in nodes where names.contains(node.description.name) {
            guard case .set(let theirs, _) = node.report.facts?.transactions else { return nil }
            lacking = lacking.subtracting(theirs)
        }
        return lacking.count
    }
}

extension Lag {
    /// - Parameter applyingAge: of the transaction that is being applied.
    fileprivate init?(_ applyingAge: Double?, heartbeat: Double?, _ bounds: LagBounds?) {
        // Without an upper bound, nothing that was seen of the cluster is applied here yet.
        guard let bounds, let upper = bounds.upper else { return nil }
        let reported =
            heartbeat.map { Lag(seconds: $0, method: .heartbeat) }
            ?? applyingAge.flatMap { $0.isFinite ? Lag(seconds: $0, method: .applierTimestamps) : nil }
        guard let reported else {
            self.init(seconds: bounds.lower, method: .observed)
            error = upper - bounds.lower
            limiting = upper
            return
        }
        self.init(seconds: bounds.clamp(reported.seconds), method: reported.method)
        error = max(seconds - bounds.lower, upper - seconds)
    }

    /// Between what it is known to be and what it may be, there is no answer.
    fileprivate func check(_ thresholds: Thresholds) -> Bool? {
        if seconds > thresholds.lag.seconds { return false }
        return limiting.flatMap { $0 <= thresholds.lag.seconds ? true : nil }
    }
}

extension ChannelFindings {
    /// What a member that is not in its cluster any more has is not what the cluster has: its replicas follow nothing.
    mutating func judgeMember(in set: SetFindings) {
        guard let name = sourceNode, let cluster = set.cluster(of: name), cluster.component != nil,
            !cluster.isInComponent(name), !cluster.silent.contains(name)
        else { return }
        isSourceOutside = true
        lag = nil
        distance = GTIDDistance()
        readDelta = nil
        applyDelta = nil
        checks[.lag] = nil
    }
}
