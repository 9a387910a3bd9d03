internal import Replication
internal import Topology

extension SetFindings {
    /// How far a member of a cluster is behind the others of its component. Nil for a node that belongs to no cluster, and for a
    /// member that receives the set's writes through a channel of its own.
    func memberStaleness(of node: NodeFindings) throws(UnknownStaleness) -> Staleness? {
        let name = node.description.name
        guard let cluster = cluster(of: name) else { return nil }
        if let obstacle = obstacleInCluster(of: node, cluster) { throw UnknownStaleness(reason: obstacle) }
        guard let component = cluster.component else {
            throw UnknownStaleness(reason: "\(name) is in no component of its cluster")
        }
        if writers.isEmpty {
            // As while a group elects its primary: what the component has is all there is, if nobody else takes writes.
            let others = nodes.contains {
                $0.isWritable && $0.channels.isEmpty && !cluster.members.contains($0.description.name)
            }
            let receives = nodes.contains { !$0.channels.isEmpty && cluster.members.contains($0.description.name) }
            if others || receives { throw UnknownStaleness(reason: "\(name) follows no known primary") }
        } else if !writers.contains(where: component.nodes.contains), !node.channels.isEmpty {
            return nil
        }
        guard let lag = node.member?.lag?.limiting else {
            throw UnknownStaleness(
                reason: "\(name): the lag is not known"
                    + (component.voices < component.view.holders
                        ? ", since not all members of its cluster answer or are configured" : ""))
        }
        let missing = node.member?.missing
        return Staleness(lag: lag, bytes: missing == 0 ? 0 : nil, transactions: missing)
    }

    /// The member through which the writes come that are not taken in the cluster itself; nil if there is none.
    func inbound(to node: NodeFindings) -> NodeFindings? {
        guard let component = cluster(of: node.description.name)?.component, !writers.isEmpty,
            !writers.contains(where: component.nodes.contains)
        else { return nil }
        return nodes.first { !$0.channels.isEmpty && component.nodes.contains($0.description.name) }
    }

    /// Why a member of a cluster is not to be used; nil if it is in order.
    /// - Parameter allowsDonors: one that feeds a joiner, or is out of step on purpose, may be used as well.
    func obstacleInCluster(
        of node: NodeFindings, _ cluster: ClusterFindings, allowsDonors: Bool = false
    ) -> String? {
        let name = node.description.name
        guard let member = node.report.facts?.cluster, let findings = node.member else {
            return "\(name) does not tell its state in its cluster"
        }
        guard findings.isInComponent else {
            return cluster.isSplit || !cluster.otherParts.isEmpty
                ? "the cluster is split, or may be"
                : "\(name) is not in its cluster's component (\(member.state.rawValue))"
        }
        guard cluster.isBelieved else { return "too few members confirm \(name)'s view of its cluster" }
        if node.report.facts?.readOnlySwitches.contains("offline_mode") == true {
            return "\(name) is in offline_mode"
        }
        switch member.state {
        case .online: break
        case .donor, .desynced:
            if !allowsDonors { return "\(name) may fall behind its cluster (\(member.state.rawValue))" }
        case .joining, .failed, .outside: return "\(name) is not in step with its cluster (\(member.state.rawValue))"
        }
        return member.isReady ? nil : "\(name) executes no statements now (not ready)"
    }
}
