internal import Replication

extension SetMemory {
    /// How long a Galera node has to have been in the component before it may be the writer: so that all exporters name the same one,
    /// whichever of them saw it come back first.
    package static let settling = Duration.seconds(30)

    /// Decides which nodes take the writes of a set with clusters: these elect their writers themselves.
    mutating func judgeClusters(_ findings: SetFindings) -> WriterFindings {
        noteComponents(findings)
        let graph = WriterGraph(findings, self)
        var names: [String] = []
        var reasons: [ClusterWriters.Reason] = []
        for cluster in findings.clusters {
            let writers = ClusterWriters(cluster, graph, inSince: componentSince)
            if let other = names.first, let one = writers.names.first {
                reasons.append(.init(text: "\(other) and \(one) take writes in different clusters", isOpen: true))
            }
            names += writers.names
            if let reason = writers.reason { reasons.append(reason) }
        }
        let members = Set(findings.clusters.flatMap(\.members))
        let free = graph.names.filter { name in
            !members.contains(name) && graph.answersWritable(name) && !graph.followsAny(of: members, name)
        }
        // A source from which members replicate takes the writes in their place.
        let sources = free.filter { source in members.contains { graph.followsAny(of: [source], $0) } }
        let rivals = free.filter { !sources.contains($0) }
        if !sources.isEmpty { (names, reasons) = (sources, []) }
        var writing = WriterFindings(writers: .nodes(names))
        if let rival = rivals.first {
            writing.writers = .unknown(
                "\(rival) is writable and belongs to no cluster: set read_only on it, or take it out of the replication set"
            )
        } else if let reason = reasons.first(where: \.isOpen) {
            writing.writers = .unknown(reason.text)
        } else if names.isEmpty {
            writing.writers = .none(reasons.first?.text ?? "no member takes writes")
        }
        conflicts = [:]
        word = nil
        incumbents = Set(writing.writers.names)
        writing.incumbents = incumbents
        for name in graph.names {
            var standing = graph.standing(of: name)
            if !writing.writers.names.contains(name), rivals.contains(name) {
                standing.obstacles = ["\(name) belongs to no cluster"]
            }
            writing.standings[name] = standing
        }
        return writing
    }

    /// Since when each node has been in its cluster's component. Those that were in it when the exporter first saw it have been so for
    /// long, as far as it matters.
    private mutating func noteComponents(_ findings: SetFindings) {
        var since: [String: ComponentMembership] = [:]
        for cluster in findings.clusters {
            guard let component = cluster.component else { continue }
            let isFirst = !componentSince.values.contains { $0.cluster == cluster.name }
            for name in cluster.members {
                let isListed = nodes[name]?.cluster.map { member in
                    component.view.members.contains { $0.id == member.id }
                }
                guard component.nodes.contains(name) || isListed == true else { continue }
                since[name] =
                    componentSince[name]
                    ?? ComponentMembership(
                        cluster: cluster.name,
                        since: isFirst ? nil : nodes[name]?.read.map { FixedInstant($0.told) })
            }
        }
        // Without a component nobody has left it.
        for (name, membership) in componentSince where since[name] == nil {
            let cluster = findings.clusters.first { $0.name == membership.cluster }
            if cluster != nil, cluster?.component == nil { since[name] = membership }
        }
        componentSince = since
    }
}

/// A node's place in the component of a cluster.
struct ComponentMembership: Sendable, Equatable {
    let cluster: String
    /// Nil: it was there when the exporter first looked.
    let since: FixedInstant?
}

/// The writers of one cluster.
private struct ClusterWriters {
    struct Reason {
        let text: String
        /// It is not known that nobody takes writes.
        var isOpen = false
    }

    var names: [String] = []
    var reason: Reason?

    init(_ cluster: ClusterFindings, _ graph: WriterGraph, inSince since: [String: ComponentMembership]) {
        guard let component = cluster.component else {
            reason = Self.withoutComponent(cluster, graph)
            return
        }
        let open = component.nodes.filter { name in
            graph.answersWritable(name) && graph.memory[name]?.cluster?.isReady == true
        }
        switch cluster.kind {
        case .group:
            guard cluster.arePrimariesAgreed != false else {
                reason = Reason(text: "the members of the group do not agree on the primary", isOpen: true)
                return
            }
            names = cluster.primaries.filter(open.contains)
            if names.isEmpty {
                let primaries = component.view.members.filter(\.isPrimary).map(\.address)
                reason =
                    cluster.primaries.isEmpty
                    ? Reason(text: "the group's primary, \(primaries.list), does not answer", isOpen: true)
                    : Reason(text: "\(cluster.primaries.list), the group's primary, takes no writes")
            }
        case .galera:
            let settled = open.filter { name in
                graph.memory[name]?.cluster?.state == .online && graph.hasSettled(name, since[name])
            }
            names = Array(settled.prefix(1))
            if names.isEmpty {
                reason = Reason(text: "no member of the component is synced, ready and writable for long enough")
            }
        }
    }

    private static func withoutComponent(_ cluster: ClusterFindings, _ graph: WriterGraph) -> Reason {
        if cluster.isSplit {
            let halves = cluster.components.map(\.nodes.list).joined(separator: "; and ")
            return Reason(text: "the cluster is split: \(halves)", isOpen: true)
        }
        let silent = cluster.members.filter { !graph.answering.contains($0) }
        // Members that do not answer may be the component.
        if silent.count * 2 >= cluster.members.count {
            return Reason(text: "no member that answers is in a component; \(silent.list) may be", isOpen: true)
        }
        return Reason(text: "the cluster has no quorum: no member commits")
    }
}

extension WriterGraph {
    /// Whether a node replicates from any of these, as far as was last seen.
    fileprivate func followsAny(of members: Set<String>, _ name: String) -> Bool {
        (memory[name]?.channels ?? []).contains { channel in
            !channel.isParked && channel.sourceNode.map(members.contains) == true
        }
    }

    fileprivate func hasSettled(_ name: String, _ membership: ComponentMembership?) -> Bool {
        guard let membership else { return false }
        guard let since = membership.since?.instant else { return true }
        return memory[name]?.read.map { since.duration(to: $0.told) >= SetMemory.settling } ?? false
    }
}
