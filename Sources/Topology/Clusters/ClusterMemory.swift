internal import Replication

/// What is remembered of a set's clusters from round to round.
struct ClusterMemory: Sendable {
    /// A node's place in the component of a cluster.
    struct Place: Sendable, Equatable {
        let cluster: String
        /// Nil: it was there when the exporter first looked.
        let since: FixedInstant?
    }

    /// The clusters of which some member has been seen at work.
    var known: Set<String> = []
    /// By node.
    var places: [String: Place] = [:]
    /// The nodes that have shown their cluster's view in every round since most of its members last did. What one of them says still
    /// counts while the exporter does not reach the others.
    var trusted: Set<String> = []
    /// The nodes of the component that each cluster had when it was last believed, by name.
    private var believed: [String: Set<String>] = [:]
    /// Its view then.
    private var lastViews: [String: ClusterView] = [:]
    /// The view that was seen as soon as its members' companions were gone, by cluster.
    private var departures: [String: String] = [:]
    /// Nodes that answered, and were in no component, since they last were in one that was believed.
    private var lonely: Set<String> = []
    /// At how far each cluster had got, by name.
    private(set) var looks: [String: ClusterLooks] = [:]
    /// How far it has got by this round, where that is known.
    private(set) var progress: [String: ClusterProgress] = [:]

    /// Adds what a round has seen.
    mutating func look(at clusters: [ClusterFindings], _ nodes: [ReplicationSetReport.Node]) {
        for name in looks.keys where !clusters.contains(where: { $0.name == name }) { looks[name] = nil }
        progress = [:]
        for cluster in clusters {
            guard let component = cluster.component, let progress = ClusterProgress(component, nodes) else { continue }
            self.progress[cluster.name] = progress
            if looks[cluster.name]?.note(progress) == nil { looks[cluster.name] = ClusterLooks(progress) }
        }
    }

    /// Whether what a cluster's component shows may be acted on (`ClusterFindings.isBelieved`).
    func believes(_ cluster: ClusterFindings) -> Bool {
        guard let component = cluster.component, !hasSeceded(cluster), !isOutnumbered(cluster) else { return false }
        return component.isConfirmed || component.nodes.contains(where: trusted.contains)
    }

    /// Whether the component may be one that somebody made of a minority, beside the one that was believed before: it holds at most half
    /// of both, and of the others some are silent or still in an older view, so that they may take writes, or have lost the quorum, so
    /// that they may take them again at any moment. Its nodes were seen without a quorum or as the smaller part of a split, or its view
    /// cannot have come about by members that left one after the other.
    func hasSeceded(_ cluster: ClusterFindings) -> Bool {
        guard let component = cluster.component, let before = believed[cluster.name] else { return false }
        let nodes = Set(component.nodes)
        guard nodes.count * 2 <= before.union(nodes).count,
            !before.subtracting(nodes).isDisjoint(with: cluster.silent + cluster.withoutQuorum + cluster.stale)
        else { return false }
        return nodes.isSubset(of: lonely) || !hasFollowed(component.view, in: cluster.name)
    }

    /// Whether a view may follow the one that was believed last: of the same life of the cluster, and made of more than half of that
    /// one, or with a number for each member that left, or seen as soon as they were gone: those that are cut off are given up only after
    /// some seconds.
    private func hasFollowed(_ view: ClusterView, in cluster: String) -> Bool {
        guard let last = lastViews[cluster], last.id != view.id else { return true }
        guard last.history == view.history else { return false }
        guard let number = view.number, let before = last.number, view.size < last.size else { return true }
        guard number > before else { return false }
        return view.size * 2 > last.size || number - before >= UInt64(last.size - view.size)
            || departures[cluster] == view.id
    }

    /// How long after their last answers members that leave together are missing in the view of the others at most. Galera gives up one
    /// that is cut off after 5 s (evs.suspect_timeout), Group Replication after as many.
    private static let parting = Duration.seconds(3)

    /// Notes a view in which those that are missing answered, as members, a moment ago.
    private mutating func noteDeparture(from cluster: ClusterFindings, _ nodes: [String: NodeMemory]) {
        guard let component = cluster.component, let before = believed[cluster.name],
            lastViews[cluster.name]?.id != component.view.id, departures[cluster.name] != component.view.id
        else { return }
        let missing = before.subtracting(component.nodes)
        guard !missing.isEmpty, missing.isSubset(of: cluster.silent),
            let asked = component.nodes.compactMap({ nodes[$0]?.read.map { FixedInstant($0.asked) } }).min()?.instant
        else { return }
        let areJustGone = missing.allSatisfy { name in
            guard let node = nodes[name], node.cluster?.isOperating == true, let read = node.read else { return false }
            return read.told.duration(to: asked) <= Self.parting
        }
        if areJustGone { departures[cluster.name] = component.view.id }
    }

    /// Whether at the first look as many members have lost their quorum as are in the component: which of them were the cluster
    /// before is not known then, and those may find each other again.
    func isOutnumbered(_ cluster: ClusterFindings) -> Bool {
        guard let component = cluster.component, believed[cluster.name] == nil else { return false }
        return cluster.withoutQuorum.count >= component.nodes.count
    }

    private mutating func noteBelief(in cluster: ClusterFindings) {
        if let component = cluster.component, believes(cluster) {
            // One that does not answer now has not left.
            let silent = (believed[cluster.name] ?? []).intersection(cluster.silent)
            believed[cluster.name] = silent.union(component.nodes)
            lonely.subtract(component.nodes)
            lastViews[cluster.name] = component.view
        } else if cluster.isSplit || !cluster.otherParts.isEmpty {
            // Which part somebody made of a minority shows now, and perhaps not later.
            let before = believed[cluster.name] ?? []
            for part in cluster.components where before.intersection(part.nodes).count * 2 <= before.count {
                lonely.formUnion(part.nodes)
            }
        }
        let outside = Set(cluster.members).subtracting(cluster.silent).subtracting(cluster.components.flatMap(\.nodes))
        lonely.formUnion(outside.subtracting(cluster.stale))
    }

    /// The nodes that may have been in the component for long when the exporter looks for the first time.
    private func settled(
        among nodes: [String], _ memory: [String: NodeMemory], _ incumbents: Set<String>
    ) -> Set<String> {
        // Without a record, nothing is known of any.
        if incumbents.isDisjoint(with: nodes) { return Set(nodes) }
        // One that comes before the writer in the order may have come back just before this process began; so may the writer itself.
        let unbroken = nodes.filter { memory[$0]?.predatesProcess == true }
        if unbroken.isEmpty { return incumbents }
        let writers = incumbents.intersection(unbroken)
        return writers.isEmpty ? Set(unbroken) : writers
    }

    /// - Parameter incumbents: the nodes that last took the writes: an earlier process may have noted them.
    mutating func note(
        _ clusters: [ClusterFindings], _ nodes: [String: NodeMemory], incumbents: Set<String>
    ) {
        var places: [String: Place] = [:]
        var trusted: Set<String> = []
        for cluster in clusters {
            if !cluster.components.isEmpty { known.insert(cluster.name) }
            noteDeparture(from: cluster, nodes)
            noteBelief(in: cluster)
            guard let component = cluster.component else {
                // Without a component nobody has left it.
                for (name, place) in self.places where place.cluster == cluster.name { places[name] = place }
                continue
            }
            trusted.formUnion(
                component.isConfirmed ? component.nodes : component.nodes.filter(self.trusted.contains))
            let isFirst = !self.places.values.contains { $0.cluster == cluster.name }
            let settled = settled(among: component.nodes, nodes, incumbents)
            for name in cluster.members {
                // One that does not answer the exporter is still in the view of the others.
                let isListed =
                    cluster.silent.contains(name)
                    && component.view.members.contains { $0.id == nodes[name]?.cluster?.id }
                // One that has been silent all along may have died before it was listed.
                guard component.nodes.contains(name) || isListed && self.places[name] != nil else { continue }
                places[name] =
                    self.places[name]
                    ?? Place(
                        cluster: cluster.name,
                        since: isFirst && settled.contains(name) ? nil : nodes[name]?.read.map { FixedInstant($0.told) }
                    )
            }
        }
        for name in believed.keys where !clusters.contains(where: { $0.name == name }) {
            believed[name] = nil
            lastViews[name] = nil
            departures[name] = nil
        }
        for (name, nodes) in believed {
            believed[name] = nodes.intersection(clusters.first { $0.name == name }?.members ?? [])
        }
        self.places = places
        self.trusted = trusted
    }
}
