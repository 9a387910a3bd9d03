import Replication
import Topology

/// What the members of a cluster say of each other, where they do not all say the same.
struct ClusterOpinions {
    struct Row {
        /// The node that says it.
        let node: String
        /// One word for each of `members`.
        let words: [String]
    }

    /// Who is spoken of: nodes by name, others by the address that views show.
    let members: [String]
    let rows: [Row]

    /// Nil if the members agree, and all are in order.
    init?(_ cluster: ClusterFindings, in set: SetFindings) {
        let views: [(node: String, member: ClusterMember)] = cluster.members.compactMap { name in
            set.node(named: name)?.report.facts?.cluster.map { (name, $0) }
        }
        let names = cluster.nodesByID
        var columns = cluster.members
        for (_, member) in views {
            for other in member.view?.members ?? [] where names[other.id] == nil && !columns.contains(other.address) {
                columns.append(other.address)
            }
        }
        members = columns
        rows = views.map { node, member in
            var words: [String: String] = [:]
            for other in member.view?.members ?? [] {
                words[names[other.id] ?? other.address] = other.state.rawValue + (other.isPrimary ? ", primary" : "")
            }
            let isUnlisted = member.view?.members.isEmpty ?? true
            return Row(
                node: node,
                words: columns.map { column in
                    if column == node, member.view == nil { return member.state.rawValue }
                    return words[column] ?? (isUnlisted ? "?" : "–")
                })
        }
        let isAgreed = Set(rows.map(\.words)).count <= 1 && cluster.silent.isEmpty
        let isOrdinary = rows.allSatisfy { $0.words.allSatisfy { $0.hasPrefix("online") } }
        guard rows.count > 0, members.count <= Self.widest, !(isAgreed && isOrdinary) else { return nil }
    }

    /// More columns would not fit.
    private static let widest = 12
}

extension ClusterFindings {
    /// `Group Replication`, or Galera or Aurora and the cluster's name.
    var title: String {
        switch kind {
        case .group: "Group Replication"
        case .galera: "Galera cluster \(name)"
        case .aurora: "Aurora cluster \(name)"
        }
    }

    /// How it is, in short parts.
    var facts: [String] {
        var facts: [String] = []
        if isSplit {
            facts.append("split into \(components.count) parts")
        } else if let component {
            facts.append("\(component.nodes.count) of \(Amount.count(members.count, "member")) in the component")
            if !component.isConfirmed { facts.append("by the word of few") }
            if let failuresTolerated {
                facts.append(
                    failuresTolerated == 0
                        ? "tolerates no failure" : "tolerates \(Amount.count(failuresTolerated, "failure"))")
            }
            if !unknown.isEmpty { facts.append("not configured: \(unknown.joined(separator: ", "))") }
        } else {
            facts.append("no quorum")
        }
        return facts
    }
}
