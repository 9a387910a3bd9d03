import Replication

extension ClusterFindings {
    /// What concerns the cluster as a whole.
    var troubles: [Trouble] {
        var troubles: [Trouble] = []
        let what = kind == .group ? "the group" : "the cluster \(name)"
        if isSplit {
            let halves = components.map(\.nodes.list).joined(separator: "; and ")
            troubles.append(Trouble(.clusterSplit, "\(what) is split, and each part takes writes: \(halves)"))
        } else if !otherParts.isEmpty {
            troubles.append(
                Trouble(
                    .clusterSplit,
                    "\(what) may be split: \(otherParts.list) last showed a part without those that answer now"))
        } else if components.isEmpty, kind == .aurora {
            troubles.append(
                Trouble(
                    .clusterWithoutQuorum,
                    "no instance of \(what) that answers finds itself in information_schema.replica_host_status"))
        } else if components.isEmpty {
            troubles.append(
                Trouble(
                    .clusterWithoutQuorum,
                    "no member of \(what) that answers belongs to a majority: "
                        + (kind == .group ? "commits wait" : "statements are refused")))
        }
        if arePrimariesAgreed == false {
            troubles.append(
                Trouble(
                    .primariesDisagree,
                    kind == .aurora
                        ? "the instances of \(what) name different writers, or another one accepts writes"
                        : "the members of \(what) name different primaries"))
        }
        return troubles
    }
}

extension SetFindings {
    /// What concerns a member beside its channels and its server.
    package func clusterTroubles(of node: NodeFindings) -> [Trouble] {
        let name = node.description.name
        guard let member = node.report.facts?.cluster, let cluster = cluster(of: name), cluster.component != nil,
            !cluster.isInComponent(name)
        else { return [] }
        if member.state == .joining, let recovery = node.member?.applier, recovery.ioError.isError {
            return [
                Trouble(
                    .receiverFailing,
                    "joins its cluster, and gets nothing from its donor, \(recovery.source)\(recovery.ioError.suffix)")
            ]
        }
        let what =
            switch member.state {
            // On its way.
            case .joining: nil as String?
            case .failed: "has failed as a member of its cluster"
            case .outside where member.kind == .aurora:
                "is not listed in its own information_schema.replica_host_status now"
            case .online where member.kind == .aurora:
                "is one instance behind several names: configure it once"
            case .outside: "is a member of no cluster now"
            case .online, .donor, .desynced:
                cluster.stale.contains(name)
                    ? "shows a view of its cluster that has been replaced: it was cut off, or has been frozen"
                    : "is cut off from its cluster"
            }
        // A Galera node refuses them, but not one that has been frozen and does not know it yet.
        let accepts = node.isWritable && (member.kind != .galera || member.isReady)
        let writable = accepts ? ", and may accept writes that the cluster does not get" : ""
        return what.map { [Trouble(.memberOutside, $0 + writable)] } ?? []
    }
}
