package import Replication

/// What the members of a cluster say, laid side by side.
///
/// In every fault some member says that all is well: one that was frozen, or cut off, still shows the last view it had. Of views that
/// share a member, only the newest counts; members that show an older one are stale. Views that share none are halves of a split.
package struct ClusterFindings: Sendable, Equatable {
    /// Members that operate with the same view.
    package struct Component: Sendable, Equatable {
        package var view: ClusterView
        /// The nodes that show it, in the order of the configuration.
        package var nodes: [String]
        /// More than half of its members have answered with this view. Otherwise it rests on the word of few, as when only the
        /// exporter has lost the others.
        package var isConfirmed: Bool
    }

    package var kind: ClusterMember.Kind
    /// The group's or the cluster's name.
    package var name: String
    /// Those that are not outdated by another: one in a healthy cluster, none without quorum, several in a split.
    package var components: [Component]
    /// Nodes that operate by their own word, with a view that a newer one has replaced.
    package var stale: [String]
    /// The configured nodes that belong to the cluster, in the order of the configuration.
    package var members: [String]
    /// Those of `members` that are not in the component.
    package var missing: [String]
    /// Members of the component that are not configured, by the address that it shows.
    package var unknown: [String]
    /// The nodes that have the role PRIMARY in the component, by its view. For Galera, those that may take writes.
    package var primaries: [String]
    /// The members of the component agree on that. Nil for Galera.
    package var arePrimariesAgreed: Bool?
    /// How many more members the component can lose at once and keep its quorum; nil without a component.
    package var failuresTolerated: Int?

    /// The one that counts; nil without quorum, and in a split.
    package var component: Component? { components.count == 1 ? components.first : nil }
    package var isSplit: Bool { components.count > 1 }
    /// Several members take writes at the same time, as intended.
    package var isMultiWriter: Bool { kind == .galera || primaries.count > 1 }

    package func isInComponent(_ node: String) -> Bool { component?.nodes.contains(node) == true }
}

extension ClusterFindings {
    /// The clusters to which nodes of a set belong, in the order of the configuration.
    /// - Parameter remembered: silent nodes belong to the cluster that they named when they last answered.
    static func all(
        in nodes: [ReplicationSetReport.Node], remembering remembered: [String: NodeMemory]
    ) -> [ClusterFindings] {
        var names: [String] = []
        var groups: [String: [Witness]] = [:]
        for node in nodes {
            let name = node.description.name
            let told = node.report.facts?.cluster
            guard let member = told ?? (node.identity == nil ? remembered[name]?.cluster : nil) else { continue }
            if groups[member.cluster] == nil { names.append(member.cluster) }
            groups[member.cluster, default: []].append(
                Witness(node: name, member: member, isAnswering: told != nil))
        }
        return names.compactMap { name in groups[name].map { ClusterFindings(name, $0) } }
    }

    fileprivate struct Witness {
        let node: String
        let member: ClusterMember
        let isAnswering: Bool

        var isOperating: Bool { isAnswering && member.isOperating }
    }

    private init(_ name: String, _ witnesses: [Witness]) {
        kind = witnesses[0].member.kind
        self.name = name
        members = witnesses.map(\.node)
        var views: [ClusterView] = []
        for case let view? in witnesses.filter(\.isOperating).map(\.member.view)
        where !views.contains(where: { $0.id == view.id }) {
            views.append(view)
        }
        let current = views.filter { view in !views.contains { $0.replaces(view) } }
        components = current.map { view in
            let nodes = witnesses.filter { $0.isOperating && $0.member.view?.id == view.id }
            return Component(
                view: view, nodes: nodes.map(\.node), isConfirmed: nodes.count * 2 > view.size)
        }
        stale = witnesses.filter { witness in
            witness.isOperating && !current.contains { $0.id == witness.member.view?.id }
        }.map(\.node)
        missing = members
        unknown = []
        primaries = []
        guard let component else { return }
        missing = members.filter { !component.nodes.contains($0) }
        let ids = Dictionary(witnesses.map { ($0.member.id, $0.node) }, uniquingKeysWith: { first, _ in first })
        unknown = component.view.members.filter { ids[$0.id] == nil }.map(\.address)
        let inside = witnesses.filter { component.nodes.contains($0.node) }
        switch kind {
        case .group:
            // States and roles in a view change while its number stays the same: every member has its own word on them.
            let words = inside.compactMap { witness in
                witness.member.view.map { view in view.members.filter(\.isPrimary).map(\.id) }
            }
            arePrimariesAgreed = Set(words).count <= 1
            // The role that a node gives itself: a view that is a moment old may still name the one before.
            primaries = inside.filter { $0.member.isPrimary == true }.map(\.node)
            let reachable = inside.compactMap { $0.member.view?.count(.online, .recovering) }.min() ?? 0
            failuresTolerated = max(0, reachable - component.view.size / 2 - 1)
        case .galera:
            primaries = inside.map(\.node)
            failuresTolerated = max(0, (component.view.size - 1) / 2)
        }
    }
}

extension ClusterView {
    /// Whether this view came later, for at least one member of the other.
    fileprivate func replaces(_ other: ClusterView) -> Bool {
        guard let number, let its = other.number, mayShareMembers(with: other) else { return false }
        return number > its
    }
}
