import Replication

extension ClusterFindings {
    /// An Aurora cluster. Its instances hold no vote: the volume admits one writer. What has to be found is which one that is, as the
    /// instances' rows differ for a while around a failover. An instance counts while a fresh row of its own list names it; the writer
    /// is the one that all lists name by their newest claim, that answers, and that accepts writes by its own word, alone among all.
    init(aurora name: String, _ witnesses: [Witness]) {
        self.init(name: name, kind: .aurora, members: witnesses.map(\.node))
        silent = witnesses.filter { !$0.isAnswering }.map(\.node)
        nodesByID = Dictionary(
            witnesses.filter { !$0.member.id.isEmpty }.map { ($0.member.id, $0.node) },
            uniquingKeysWith: { first, _ in first })
        missing = members
        // One instance behind two names may be either.
        var holders: [String: Int] = [:]
        for witness in witnesses where witness.isAnswering { holders[witness.member.id, default: 0] += 1 }
        let inside = witnesses.filter { $0.isOperating && holders[$0.member.id] == 1 }
        if inside.isEmpty { return }

        // One that does not list itself may still be right about the writer.
        let others = witnesses.filter { $0.isAnswering && !$0.isOperating }.compactMap(\.member.instances.writer)
        let named = Set(inside.map { $0.member.instances.writer } + others)
        let claiming = witnesses.filter { $0.acceptsWrites == true }
        let writer =
            claiming.count == 1
            ? claiming.first { $0.isAnswering && named == [$0.member.id] && $0.member.isPrimary == true } : nil
        arePrimariesAgreed = named.count == 1 && (writer != nil || claiming.isEmpty)
        let rows = inside.flatMap(\.member.instances).fresh
        let view = ClusterView(
            id: rows.map(\.id).joined(separator: " "), history: name, number: nil, size: rows.count,
            members: rows.map {
                ClusterView.Member(id: $0.id, address: $0.id, state: .online, isPrimary: named == [$0.id])
            })
        components = [
            Component(
                view: view, nodes: inside.map(\.node), voices: inside.count,
                isConfirmed: writer != nil && inside.count * 2 > rows.count)
        ]
        let nodes = Set(inside.map(\.node))
        missing = members.filter { !nodes.contains($0) }
        unknown = view.members.filter { nodesByID[$0.id] == nil }.map(\.address)
        if let writer, nodes.contains(writer.node) { primaries = [writer.node] }
    }
}

extension ClusterFindings {
    /// How late a reader shows the volume, by the writer's row of it; nil unless the writer answers, and says so.
    func storageLag(of member: ClusterMember, _ nodes: [ReplicationSetReport.Node]) -> Lag? {
        guard kind == .aurora, primaries.count == 1,
            let writer = nodes.first(where: { $0.description.name == primaries[0] })?.report.facts?.cluster,
            let told = writer.instances.fresh.first(where: { $0.id == member.id })?.bounds,
            // Its own list may be older, and is believed where it is worse.
            let own = member.instances.fresh.first(where: { $0.id == member.id })?.bounds
        else { return nil }
        let (least, most) = (max(told.lowerBound, own.lowerBound), max(told.upperBound, own.upperBound))
        var lag = Lag(seconds: least, method: .storage)
        lag.error = most - least
        lag.limiting = most
        return lag
    }
}

extension NodeDescription {
    /// What its instance is called if its addresses are endpoints of instances.
    var instanceNames: Set<String> {
        let names = ([address] + aliases).compactMap { address -> String? in
            if case .instance(let name) = address.amazonEndpoint { name } else { nil }
        }
        return Set(names)
    }
}
