package import Replication

/// What the members of a cluster say, laid side by side.
///
/// In every fault some member says that all is well: one that was frozen, or cut off, still shows the last view it had. Of views of one
/// history that share a member, only the newest counts; members that show an older one are stale. Views that share none, or whose
/// numbers cannot be compared, may be parts of a split.
package struct ClusterFindings: Sendable, Equatable {
    /// Members that operate with the same view.
    package struct Component: Sendable, Equatable {
        package var view: ClusterView
        /// The nodes that show it, in the order of the configuration.
        package var nodes: [String]
        /// How many members these are: one may be configured under two names.
        package var voices: Int
        /// More than half of its members have answered with this view. Otherwise it rests on the word of few, as when only the
        /// exporter has lost the others.
        package var isConfirmed: Bool
    }

    package var kind: ClusterMember.Kind
    /// The group's or the cluster's name.
    package var name: String
    /// Those that are not outdated by another: one in a healthy cluster, none without quorum, several in a split.
    package var components: [Component]
    /// Silent nodes that operated when they last answered, with a view of which no member is in a component: they may be another part.
    package var otherParts: [String] = []
    /// Nodes that operate by their own word, with a view that a newer one has replaced.
    package var stale: [String]
    /// The configured nodes that belong to the cluster, in the order of the configuration.
    package var members: [String]
    /// By what members are called in views, as far as that is known.
    package var nodesByID: [String: String] = [:]
    /// Those of `members` that have not told their state in this round.
    package var silent: [String]
    /// Members that answer and have lost their quorum without having left: they take no writes now, and may find each other again,
    /// and go on, at any moment.
    var withoutQuorum: [String]
    /// How many nodes of the set have never answered: they may be members as well.
    var unseen = 0
    /// Those of `members` that are not in the component.
    package var missing: [String]
    /// Members of the component that are not configured, by the address that it shows.
    package var unknown: [String]
    /// The nodes that have the role PRIMARY in the component, by their own word; Aurora's writer. For Galera, all in the component.
    package var primaries: [String]
    /// The members of the component agree on that; Aurora: so does what each says of itself. Nil for Galera.
    package var arePrimariesAgreed: Bool?
    /// What the component shows may be acted on: most of its members have confirmed it, now or in a round since which some of them
    /// have shown it in each. Otherwise it rests on the word of few, which may be outdated.
    package var isBelieved = false
    /// How many more members the component can lose at once and keep its quorum; nil without a component.
    package var failuresTolerated: Int?

    /// The one that counts; nil without quorum, and in a split.
    package var component: Component? { isSplit || !otherParts.isEmpty ? nil : components.first }
    /// More nodes with one view than that has members are parts, too: their views do not list them.
    package var isSplit: Bool { components.count > 1 || components.contains { $0.voices > $0.view.size } }
    /// Silent nodes may be another part, beside those that answer.
    package var mayHaveSilentPart: Bool { !isSplit && !components.isEmpty && !otherParts.isEmpty }
    /// Several members take writes at the same time, as intended.
    package var isMultiWriter: Bool { kind == .galera || primaries.count > 1 }

    package func isInComponent(_ node: String) -> Bool { component?.nodes.contains(node) == true }
}

extension ClusterFindings {
    /// The clusters to which nodes of a set belong, in the order of the configuration.
    /// - Parameters:
    ///   - remembered: what nodes said when they last told it, by name.
    ///   - known: the clusters of which some member has been seen at work. A group that was set up and never started is none.
    static func all(
        in nodes: [ReplicationSetReport.Node], remembering remembered: [String: NodeMemory], known: Set<String>
    ) -> [ClusterFindings] {
        var names: [String] = []
        var groups: [String: [Witness]] = [:]
        for node in nodes {
            let name = node.description.name
            let facts = node.report.facts
            let told = facts?.cluster
            // One that answers and does not say what it is in its cluster now is as silent as one that does not answer.
            let isMember = node.identity == nil || facts?.clusterSettings != nil || facts?.isClusterUnknown == true
            guard
                let member = told ?? (isMember ? remembered[name]?.cluster : nil)
                    ?? facts?.clusterSettings.map({
                        ClusterMember(kind: $0.kind, cluster: $0.cluster, id: "", state: .outside)
                    }),
                !member.cluster.isEmpty
            else { continue }
            if groups[member.cluster] == nil { names.append(member.cluster) }
            groups[member.cluster, default: []].append(
                Witness(
                    node: name, member: member, isAnswering: told != nil,
                    acceptsWrites: node.identity == nil ? nil : facts?.isAuroraReader == false))
        }
        // A node that has never told is recognised by the address at which the others see it.
        for node in nodes where node.identity == nil && remembered[node.description.name]?.cluster == nil {
            let addresses = Set(([node.description.address] + node.description.aliases).map(\.description))
            for name in names {
                let views = (groups[name] ?? []).compactMap(\.member.view)
                let labels = groups[name]?.first?.member.kind == .aurora ? node.description.instanceNames : []
                guard
                    let listed = views.lazy.flatMap(\.members).first(where: {
                        addresses.contains($0.address) || labels.contains($0.address)
                    }), let kind = groups[name]?.first?.member.kind
                else { continue }
                let member = ClusterMember(kind: kind, cluster: name, id: listed.id, state: .outside)
                groups[name, default: []].append(
                    Witness(node: node.description.name, member: member, isAnswering: false))
                break
            }
        }
        return names.compactMap { name in
            guard let witnesses = groups[name]?.inOrder(of: nodes), let first = witnesses.first else { return nil }
            if first.member.kind == .aurora { return ClusterFindings(aurora: name, witnesses) }
            let isAtWork = first.member.kind == .galera || known.contains(name)
            let members = Set(witnesses.map(\.node))
            let unseen = nodes.count { node in
                node.identity == nil && !members.contains(node.description.name)
                    && remembered[node.description.name]?.isRecorded ?? true
            }
            return isAtWork || witnesses.contains { $0.member.state != .outside }
                ? ClusterFindings(name, first.member.kind, witnesses, unseen: unseen) : nil
        }
    }

    struct Witness {
        let node: String
        let member: ClusterMember
        let isAnswering: Bool
        /// Aurora: by what it says of itself in this round, whatever else it tells; nil if it is silent.
        var acceptsWrites: Bool?

        var isOperating: Bool { isAnswering && member.isOperating }
    }

    /// Of which nothing else is known.
    init(name: String, kind: ClusterMember.Kind, members: [String]) {
        self.kind = kind
        self.name = name
        self.members = members
        (components, stale, silent, withoutQuorum, missing, unknown, primaries) = ([], [], [], [], [], [], [])
    }

    /// - Parameter unseen: how many nodes of the set have never answered, so that they may be members as well.
    private init(_ name: String, _ kind: ClusterMember.Kind, _ witnesses: [Witness], unseen: Int) {
        self.init(name: name, kind: kind, members: witnesses.map(\.node))
        silent = witnesses.filter { !$0.isAnswering }.map(\.node)
        withoutQuorum = witnesses.filter { $0.isAnswering && $0.member.hasLostQuorum }.map(\.node)
        nodesByID = Dictionary(witnesses.map { ($0.member.id, $0.node) }, uniquingKeysWith: { first, _ in first })
        var views: [ClusterView] = []
        for case let view? in witnesses.filter(\.isOperating).map(\.member.view) {
            guard let known = views.firstIndex(where: { $0.isSame(as: view) }) else {
                views.append(view)
                continue
            }
            if view.size > views[known].size { views[known] = view }
        }
        self.unseen = unseen
        // What a member that is silent now has shown before replaces an older view as well; but not once most of those that it listed
        // show another one: numbers begin again when a cluster is bootstrapped.
        let silentViews = witnesses.filter { !$0.isAnswering && $0.member.isOperating }.compactMap(\.member.view)
        let newer =
            views
            + silentViews.filter { old in
                !views.contains { view in
                    let movedOn = Set(
                        witnesses.filter { $0.isOperating && $0.member.view?.isSame(as: view) == true }.map(\.member.id)
                    )
                    return old.members.count { movedOn.contains($0.id) } * 2 > old.size
                }
            }
        let current = views.filter { view in !newer.contains { $0.replaces(view) } }
        components = current.map { view in
            let nodes = witnesses.filter { $0.isOperating && $0.member.view?.isSame(as: view) == true }
            let voices = Set(nodes.map(\.member.id)).count
            return Component(
                view: view, nodes: nodes.map(\.node), voices: voices,
                isConfirmed: voices * 2 > view.size && voices > unseen)
        }
        otherParts = witnesses.filter { witness in
            guard !witness.isAnswering, witness.member.isOperating, let view = witness.member.view else { return false }
            // Views that list no members cannot be compared.
            guard !current.isEmpty, !view.members.isEmpty, current.allSatisfy({ !$0.members.isEmpty }) else {
                return false
            }
            return !current.contains { $0.sharesMembers(with: view) || $0.lists(witness) }
        }.map(\.node)
        stale = witnesses.filter { witness in
            witness.isOperating && !current.contains { witness.member.view?.isSame(as: $0) == true }
        }.map(\.node)
        missing = members
        guard let component else { return }
        missing = members.filter { !component.nodes.contains($0) }
        unknown = component.view.members.filter { nodesByID[$0.id] == nil }.map(\.address)
        let inside = witnesses.filter { component.nodes.contains($0.node) }
        switch kind {
        case .group:
            // Roles change while the view stays the same: every member has its own word on them.
            let words = inside.compactMap { witness in
                witness.member.view.map { view in view.members.filter(\.isPrimary).map(\.id) }
            }
            arePrimariesAgreed = Set(words).count <= 1
            primaries = inside.filter { $0.member.isPrimary == true }.map(\.node)
            let reachable = inside.compactMap { $0.member.view?.count(.online, .recovering) }.min() ?? 0
            failuresTolerated = max(0, reachable - component.view.size / 2 - 1)
        case .galera, .aurora:
            primaries = inside.map(\.node)
            failuresTolerated = max(0, (component.view.size - 1) / 2)
        }
    }
}

extension [ClusterFindings.Witness] {
    /// In the order of the configuration.
    fileprivate func inOrder(of nodes: [ReplicationSetReport.Node]) -> Self {
        nodes.compactMap { node in first { $0.node == node.description.name } }
    }
}

extension ClusterView {
    fileprivate func lists(_ witness: ClusterFindings.Witness) -> Bool {
        members.contains { $0.id == witness.member.id }
    }

    /// Whether the two are one view. A member tells the parts of its view one after the other: in the middle of a change, size and
    /// addresses may be those of different views.
    fileprivate func isSame(as other: ClusterView) -> Bool {
        id == other.id
            || number != nil && number == other.number && history == other.history && sharesMembers(with: other)
    }

    /// Whether this view came later, for at least one member of the other.
    fileprivate func replaces(_ other: ClusterView) -> Bool {
        guard history == other.history, let number, let its = other.number, sharesMembers(with: other) else {
            return false
        }
        return number > its
    }
}
