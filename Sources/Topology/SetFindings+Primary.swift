import Replication

/// Which node of a set takes its writes, or why nobody can say.
package enum Primary: Sendable, Equatable {
    /// By name.
    case node(String)
    /// A sentence for people: logs, pages, a load balancer's reason.
    case unknown(String)

    package var name: String? {
        if case .node(let name) = self { name } else { nil }
    }
}

extension SetFindings {
    /// The one node that may be written to: alone in being writable, and replicating from no node of the set that could be
    /// the one instead. Whoever writes, or sends others to write, goes by this; so it says no rather than guess.
    ///
    /// Nodes that do not answer are no candidates, and do not stand in the way of one: after a failover the old primary is
    /// often just that. But a writable replica whose own source is silent is not promoted by that silence.
    package var primary: Primary {
        let writable = nodes.filter(\.isWritable)
        guard let candidate = writable.first else {
            let open = nodes.filter { !$0.isReadOnly }.map(\.description.name)
            return .unknown(
                open.isEmpty
                    ? "every node is read-only" : "no node is known to be writable; nothing is told by \(open.list)")
        }
        guard writable.count == 1 else {
            return .unknown("\(writable.map(\.description.name).list) are writable; set read_only on all but one")
        }
        for source in candidate.channels.compactMap(\.sourceNode) where source != candidate.description.name {
            guard let node = nodes.first(where: { $0.description.name == source }), node.report.isUp else {
                return .unknown(
                    "\(candidate.description.name) is writable, and replicates from \(source), which is silent")
            }
            guard node.isReadOnly else {
                return .unknown(
                    "\(candidate.description.name) replicates from \(source), which does not tell whether it is read-only"
                )
            }
        }
        return .node(candidate.description.name)
    }
}

extension NodeFindings {
    /// It answered, and takes writes from ordinary accounts.
    package var isWritable: Bool { report.isUp && report.facts?.isReadOnly == false }

    /// It answered, and takes none. A node that does not tell is neither this nor writable.
    package var isReadOnly: Bool { report.isUp && report.facts?.isReadOnly == true }
}

extension [String] {
    /// `db1 and db2`, `db1, db2 and db3`.
    fileprivate var list: String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " and " + last
    }
}
