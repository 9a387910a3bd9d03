internal import Replication

extension SetMemory {
    /// How long a Galera node has to have been in the component before it may be the writer: so that all exporters name the same one,
    /// whichever of them saw it come back first.
    package static let settling = Duration.seconds(30)

    /// A node that is set up as a member of a cluster has not told its state in it, and nothing is known of the cluster yet: that it is
    /// writable means nothing.
    func judge(_ findings: SetFindings, untold name: String) -> WriterFindings {
        let graph = WriterGraph(findings, self)
        var writing = WriterFindings(
            writers: .unknown("\(name) belongs to a cluster, and has not told its state in it yet"))
        writing.incumbents = incumbents
        for name in graph.names { writing.standings[name] = graph.standing(of: name) }
        return writing
    }

    /// Decides which nodes take the writes of a set with clusters: these elect their writers themselves.
    mutating func judgeClusters(_ findings: SetFindings) -> WriterFindings {
        clusters.note(findings.clusters, nodes, incumbents: incumbents)
        let graph = WriterGraph(findings, self)
        let members = Set(findings.clusters.flatMap(\.members))
        var names: [String] = []
        var reasons: [ClusterWriters.Reason] = []
        for cluster in findings.clusters {
            // Nodes that were in another cluster when they last answered say nothing of this one.
            let isGone = cluster.silent.count == cluster.members.count
            if isGone, findings.clusters.contains(where: { $0.component?.isConfirmed == true }) { continue }
            let writers = ClusterWriters(cluster, graph, clusters)
            if let other = names.first, let one = writers.names.first {
                reasons.append(.init(text: "\(other) and \(one) take writes in different clusters", isOpen: true))
            }
            names += writers.names
            if let reason = writers.reason { reasons.append(reason) }
        }
        // A member that replicates from elsewhere gets what is written there.
        var sources: [String] = []
        var withheld: Set<String> = []
        for name in names {
            for tie in graph.ties(of: name) where tie.sources.isEmpty || !tie.sources.allSatisfy(members.contains) {
                let writable = tie.sources.filter { graph.answersWritable($0) }
                let isReadOnly = !tie.sources.isEmpty && tie.sources.allSatisfy { graph.answersReadOnly($0) }
                if writable.isEmpty, !isReadOnly {
                    let source = tie.sources.isEmpty ? tie.channel.address : tie.sources.list
                    reasons.append(
                        .init(
                            text: "\(name) replicates from \(source), which may take the writes"
                                + (tie.sources.isEmpty ? "; if that is intended, declare source: outside" : ""),
                            isOpen: true))
                }
                if isReadOnly {
                    reasons.append(
                        .init(
                            text:
                                "\(name) replicates from \(tie.sources.list), which is read-only: stop the channel if \(name) is to "
                                + "take the writes"))
                    withheld.insert(name)
                }
                sources += writable.filter { !sources.contains($0) }
            }
        }
        // The member with the channel may be silent, or out of office with its channel stopped: what it followed is still the source.
        let mayBeHidden = findings.clusters.contains { !$0.silent.isEmpty }
        let inOffice = graph.incumbents.filter { name in
            members.contains(name) || mayBeHidden || graph.isFollowed(name, byAnyOf: members)
        }
        if sources.isEmpty {
            sources = graph.names.filter { name in
                inOffice.contains(name) && !members.contains(name) && graph.answersWritable(name)
                    && graph.ties(of: name).isEmpty
            }
            // Whoever writes in the cluster now, it is a replica.
            if !sources.isEmpty { reasons = [] }
        }
        // Silence alone ends no office.
        if sources.isEmpty,
            let silent = graph.names.first(where: { name in
                inOffice.contains(name) && !members.contains(name) && graph.isSilentWritable(name)
            })
        {
            reasons.append(
                .init(
                    text:
                        "\(silent), from which the cluster replicates, does not answer, and may take the writes; if it is gone for "
                        + "good, remove the channel (RESET REPLICA ALL)", isOpen: true))
        }
        if sources.count > 1 {
            reasons.append(
                .init(text: "the cluster replicates from \(sources.list), which both take writes", isOpen: true))
        } else if !sources.isEmpty {
            names = sources
        }
        names.removeAll(where: withheld.contains)
        // A replica of anything is no rival.
        let rivals = graph.names.filter { name in
            !members.contains(name) && !names.contains { $0 == name || graph.areOneServer($0, name) }
                && graph.answersWritable(name) && graph.ties(of: name).isEmpty
        }
        // One that comes back restarted, or is seen for the first time, unseats nobody who answers.
        let isInOffice = names.contains { graph.incumbents.contains($0) && graph.answersWritable($0) }
        if let rival = rivals.first(where: { !isInOffice || graph.memory[$0]?.isPromoted == true }) {
            reasons.insert(
                .init(
                    text: "\(rival) is writable and belongs to no cluster: set read_only on it, or take it out of the "
                        + "replication set", isOpen: true), at: 0)
        }
        var writing = WriterFindings(writers: .nodes(names))
        if let reason = reasons.first(where: \.isOpen) {
            writing.writers = .unknown(reason.text)
        } else if names.isEmpty {
            writing.writers = .none(reasons.first?.text ?? "no member takes writes")
        }
        conflicts = [:]
        word = nil
        // A round in which it is not known ends nobody's office.
        incumbents =
            writing.writers.isKnown
            ? Set(writing.writers.names) : inOffice.filter { !graph.answersReadOnly($0) }
        writing.incumbents = incumbents
        if !rivals.isEmpty { writing.besideCluster = Set(names + rivals) }
        for name in graph.names {
            var standing = graph.standing(of: name)
            standing.isWritableReplica =
                !members.contains(name) && graph.answersWritable(name) && !graph.ties(of: name).isEmpty
            if rivals.contains(name) { standing.obstacles = ["\(name) belongs to no cluster"] }
            writing.standings[name] = standing
        }
        return writing
    }
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

    init(_ cluster: ClusterFindings, _ graph: WriterGraph, _ memory: ClusterMemory) {
        guard let component = cluster.component else {
            reason = Self.withoutComponent(cluster)
            return
        }
        guard !memory.hasSeceded(cluster) else {
            let others = (cluster.silent + cluster.withoutQuorum + cluster.stale).list
            reason = Reason(
                text: "\(component.nodes.list) lost the quorum and then became a component of its own; "
                    + "\(others) may be another one; stop those that are not to come back, and take them out of "
                    + "the replication set",
                isOpen: true)
            return
        }
        guard !memory.isOutnumbered(cluster) else {
            reason = Reason(
                text:
                    "\(component.nodes.list) may have been made a component of its own; \(cluster.withoutQuorum.list) "
                    + "lost the quorum and may be the cluster again at any moment; stop those that are not to come back",
                isOpen: true)
            return
        }
        guard memory.believes(cluster) else {
            reason = Reason(
                text: "only \(component.nodes.list) of \(component.view.size) members "
                    + (component.nodes.count == 1 ? "shows its view" : "show their view")
                    + " of the cluster: that may be outdated, and the others do not answer or are not configured",
                isOpen: true)
            return
        }
        let open = component.nodes.filter { name in
            graph.answersWritable(name) && graph.memory[name]?.cluster?.isReady == true
        }
        switch cluster.kind {
        case .group, .aurora:
            guard cluster.arePrimariesAgreed != false else {
                let text =
                    cluster.kind == .group
                    ? "the members of the group do not agree on the primary"
                    : "the instances of the Aurora cluster do not agree on the writer"
                reason = Reason(text: text, isOpen: true)
                return
            }
            names = cluster.primaries.filter(open.contains)
            if cluster.kind == .aurora, !component.isConfirmed, !names.allSatisfy(graph.incumbents.contains) {
                reason = Reason(
                    text:
                        "too few instances of the Aurora cluster answer to confirm that \(names.list) is its writer now",
                    isOpen: true)
                names = []
                return
            }
            if names.isEmpty { reason = Self.withoutPrimary(cluster, component) }
        case .galera:
            let online = open.filter { graph.memory[$0]?.cluster?.state == .online }
            let settled = online.filter { graph.hasSettled($0, memory.places[$0]) }
            // Rather the writer that feeds another now, or one that has just come back, than none.
            let incumbent = open.first(where: graph.incumbents.contains)
            names = Array((settled.first ?? incumbent ?? online.first ?? open.first).map { [$0] } ?? [])
            if names.isEmpty { reason = Reason(text: "no node of the cluster is ready and writable") }
        }
    }

    private static func withoutPrimary(_ cluster: ClusterFindings, _ component: ClusterFindings.Component) -> Reason {
        let (whose, what) = cluster.kind == .group ? ("the group", "primary") : ("the Aurora cluster", "writer")
        if let primary = cluster.primaries.first {
            return Reason(text: "\(primary), \(whose)'s \(what), takes no writes now")
        }
        guard let primary = component.view.members.first(where: \.isPrimary) else {
            return Reason(text: "\(whose) has no \(what) now", isOpen: true)
        }
        return Reason(
            text: cluster.unknown.contains(primary.address)
                ? "\(whose)'s \(what), \(primary.address), is not configured"
                : "\(whose)'s \(what), \(primary.address), does not answer, or is being replaced", isOpen: true)
    }

    private static func withoutComponent(_ cluster: ClusterFindings) -> Reason {
        if cluster.isSplit {
            let halves = cluster.components.map(\.nodes.list).joined(separator: "; and ")
            return Reason(text: "the cluster is split: \(halves)", isOpen: true)
        }
        if !cluster.otherParts.isEmpty {
            let parts = cluster.components.map(\.nodes.list).joined(separator: "; and ")
            return Reason(
                text: "the cluster may be split: \(parts) answer, and \(cluster.otherParts.list) last belonged to "
                    + "another part; take nodes that are gone for good out of the replication set", isOpen: true)
        }
        if !cluster.silent.isEmpty {
            return Reason(
                text: "no member that answers is in a component; \(cluster.silent.list) may be", isOpen: true)
        }
        return Reason(
            text: "no configured member of the cluster is in a component with quorum"
                + (cluster.unseen > 0 ? ", as far as they have answered yet" : ""), isOpen: cluster.unseen > 0)
    }
}

extension WriterGraph {
    /// Whether some member has a channel that leads to a node, though it may be stopped.
    fileprivate func isFollowed(_ name: String, byAnyOf members: Set<String>) -> Bool {
        members.contains { member in
            memory[member]?.channels?.contains { !$0.isParked && $0.sourceNode == name } == true
        }
    }

    fileprivate func isSilentWritable(_ name: String) -> Bool {
        !answering.contains(name) && memory[name]?.writability == .writable
    }

    fileprivate func hasSettled(_ name: String, _ place: ClusterMemory.Place?) -> Bool {
        guard let place else { return false }
        guard let since = place.since?.instant else { return true }
        return memory[name]?.read.map { since.duration(to: $0.told) >= SetMemory.settling } ?? false
    }
}
