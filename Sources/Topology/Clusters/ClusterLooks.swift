import Replication

/// How far a cluster's component had got each time its members were asked: where a source has the end of its binary log, a cluster
/// has what any of its members has committed.
struct ClusterLooks: Sendable {
    enum Extent: Sendable {
        /// Galera: the sequence number of the last write set. All members give it the same.
        case writeSet(UInt64)
        /// Group Replication: what any member has executed.
        case transactions(GTIDSet)
    }

    private var series: Looks<Extent>
    /// The cluster's life: after a new bootstrap, the looks begin again.
    private let history: String

    init(_ progress: ClusterProgress) {
        series = Looks(progress.look)
        history = progress.history
    }

    mutating func note(_ progress: ClusterProgress) {
        guard progress.history == history else {
            self = ClusterLooks(progress)
            return
        }
        guard let newest = series.all.last?.content, let extent = progress.look.content.order(after: newest) else {
            return
        }
        switch extent {
        case .same: series.confirm(by: progress.look)
        case .later:
            series.append(progress.look)
            series.thin(limit: progress.look.content.limitOfLooks)
        // Whoever had more is gone. The others have received it, and show it when they have applied it; once nothing waits to be
        // applied, nobody has it.
        case .earlier: if progress.isDrained { self = ClusterLooks(progress) }
        }
    }

    /// Between what the age of the oldest transaction must lie that the cluster has and the member does not; nil if not known.
    func bounds(of member: NodeFacts) -> LagBounds? {
        guard let own = ClusterProgress.extent(of: member) else { return nil }
        let looks = series.all
        // Each look shows what those before it do.
        var (low, high) = (0, looks.count)
        while low < high {
            let middle = low + (high - low) / 2
            guard let has = own.extent.has(looks[middle].content) else { return nil }
            if has { low = middle + 1 } else { high = middle }
        }
        return series.bounds(applied: low, lacking: low < looks.count ? low : nil, own.read)
    }
}

/// How far a component has got in one round, if all its members have told.
struct ClusterProgress {
    let look: Looks<ClusterLooks.Extent>.Look
    fileprivate let history: String
    /// No member has anything left to apply.
    fileprivate let isDrained: Bool

    /// Nil if a member is missing in the round: what only that one has committed would not show. Nor would what is only received
    /// yet, if all have something to apply, as when the writer has just died.
    init?(_ component: ClusterFindings.Component, _ nodes: [ReplicationSetReport.Node]) {
        // Those that are being given the data have nothing of their own.
        let joiners = nodes.count {
            $0.report.facts?.cluster?.state == .joining && $0.report.facts?.cluster?.view?.id == component.view.id
        }
        guard component.isConfirmed, component.voices + joiners >= component.view.holders else { return nil }
        let names = Set(component.nodes)
        var extents: [(extent: ClusterLooks.Extent, read: Reading)] = []
        var isDrained = true
        var hasApplied = false
        for node in nodes where names.contains(node.description.name) {
            guard let facts = node.report.facts, let extent = Self.extent(of: facts) else { return nil }
            extents.append(extent)
            if facts.cluster?.applyQueue != 0 { isDrained = false }
            // MySQL 5.7 does not tell.
            if facts.cluster?.applyQueue ?? 0 == 0 { hasApplied = true }
        }
        guard hasApplied, var all = extents.first?.extent else { return nil }
        for other in extents.dropFirst() {
            guard let union = all.union(other.extent) else { return nil }
            all = union
        }
        // The first whose answer showed it all; if none did, all that answered did together.
        let told = extents.map { FixedInstant($0.read.told) }
        let whole = zip(extents, told).filter { $0.0.extent.has(all) == true }.map(\.1)
        guard let shown = whole.min() ?? told.max(), let asked = extents.map({ FixedInstant($0.read.asked) }).min()
        else { return nil }
        look = .init(all, shown: shown, confirmed: asked)
        history = component.view.history
        self.isDrained = isDrained
    }

    /// What the component has and `member` has not; nil if not known.
    func missing(in member: NodeFacts) -> UInt64? {
        Self.extent(of: member).flatMap { look.content.missing(in: $0.extent) }
    }

    /// How far a member has got, by its own word.
    static func extent(of member: NodeFacts) -> (extent: ClusterLooks.Extent, read: Reading)? {
        switch member.cluster?.kind {
        case .galera:
            guard let number = member.cluster?.lastCommitted, let read = member.clusterRead else { return nil }
            return (.writeSet(number), read)
        case .group:
            guard case .set(let executed, _) = member.transactions, let read = member.transactionsRead else {
                return nil
            }
            return (.transactions(executed), read)
        // The instances share one volume.
        case .aurora, nil: return nil
        }
    }
}

extension ClusterLooks.Extent {
    enum Order { case earlier, same, later }

    /// Nil if the two cannot be compared.
    func order(after other: Self) -> Order? {
        guard let has = has(other) else { return nil }
        if !has { return .earlier }
        return other.has(self) == true ? .same : .later
    }

    func has(_ other: Self) -> Bool? { other.missing(in: self).map { $0 == 0 } }

    /// How much of this `other` lacks; nil if the two cannot be compared.
    func missing(in other: Self) -> UInt64? {
        switch (self, other) {
        case (.writeSet(let all), .writeSet(let own)): all > own ? all - own : 0
        case (.transactions(let all), .transactions(let own)): all.subtracting(own).count
        default: nil
        }
    }

    func union(_ other: Self) -> Self? {
        switch (self, other) {
        case (.writeSet(let one), .writeSet(let two)): .writeSet(max(one, two))
        case (.transactions(let one), .transactions(let two)): .transactions(one.union(two))
        default: nil
        }
    }

    var limitOfLooks: Int {
        switch self {
        case .writeSet: LogLooks.limit
        case .transactions(let set): TransactionHistory.set(executed: set, server: nil).limitOfLooks
        }
    }
}
