/// Aurora: one instance of a cluster as an instance lists it, a row of `information_schema.replica_host_status`.
///
/// Rows lie in ways that have cost others their data: after a failover the old writer's row still says MASTER_SESSION_ID, instances that
/// were deleted stay, with a lag of 900,000 ms, and so do those of a cluster's clone; and an instance that is late shows old rows.
/// So a row counts only while it is fresh, and the newest decides. (Amazon Aurora User Guide: information_schema tables.)
package struct AuroraInstance: Sendable, Hashable {
    /// The name of the instance.
    package var id: String
    /// By its session, it is the writer.
    package var isWriter: Bool
    /// Seconds by which it shows the volume late, as the row has it.
    package var lag: Double?
    /// Seconds since the row was written; nil if that cannot be read.
    package var age: Double?
    package var isCurrent: Bool?

    package init(id: String, isWriter: Bool, lag: Double?, age: Double?, isCurrent: Bool?) {
        self.id = id
        self.isWriter = isWriter
        self.lag = lag
        self.age = age
        self.isCurrent = isCurrent
    }

    /// Rows are written about once a second.
    private static let longestAge = 30.0
    /// What the row of a deleted instance ends at, and no instance in use reaches: it restarts before.
    private static let absurdLag = 900.0

    package var isFresh: Bool { age.map { (0...Self.longestAge).contains($0) } ?? false }

    /// Between what its lag now must lie; nil if the row does not show it.
    package var bounds: ClosedRange<Double>? {
        guard isFresh, isCurrent == true, let age, let lag, lag >= 0, lag < Self.absurdLag else { return nil }
        return lag...(lag + age)
    }
}

extension AuroraInstance {
    fileprivate func isWorse(than other: AuroraInstance) -> Bool {
        bounds.map { $0.upperBound } ?? .infinity > other.bounds.map { $0.upperBound } ?? .infinity
    }
}

extension [AuroraInstance] {
    /// The newest row of each instance, of those that count.
    package var fresh: [AuroraInstance] {
        var newest: [String: AuroraInstance] = [:]
        for row in self where row.isFresh && !row.id.isEmpty {
            guard let known = newest[row.id] else {
                newest[row.id] = row
                continue
            }
            let (age, other) = (row.age ?? .infinity, known.age ?? .infinity)
            // Of two that are as new, the worse.
            if age < other || age == other && row.isWorse(than: known) { newest[row.id] = row }
        }
        return newest.values.sorted { $0.id < $1.id }
    }

    /// The name of the writer: after a failover the former one's row may still claim it, so the newest counts. Nil if none does, or if
    /// two are as new.
    package var writer: String? {
        let claims = filter { $0.isWriter && $0.isFresh && !$0.id.isEmpty }
        guard let newest = claims.compactMap(\.age).min() else { return nil }
        let ids = Set(claims.lazy.filter { $0.age == newest }.map(\.id))
        return ids.count == 1 ? ids.first : nil
    }
}

extension ClusterMember {
    /// An instance of Aurora: it takes part while a fresh row names it.
    /// - Parameters:
    ///   - name: its own; nil if not known.
    ///   - isWriter: it accepts writes (`innodb_read_only` is off); nil if not known.
    package init(aurora rows: [AuroraInstance], named name: String?, of cluster: String, isWriter: Bool?) {
        let fresh = rows.fresh
        let isListed = fresh.contains { $0.id == name }
        self.init(kind: .aurora, cluster: cluster, id: name ?? "", state: isListed ? .online : .outside)
        instances = rows
        isPrimary = isWriter
        isReady = isListed
        // The volume keeps writers from each other, not a vote of the instances.
        hasQuorum = isListed
        if isListed {
            let writer = rows.writer
            view = ClusterView(
                id: (fresh.map(\.id) + [writer ?? ""]).joined(separator: " "), history: cluster, number: nil,
                size: fresh.count,
                members: fresh.map {
                    ClusterView.Member(id: $0.id, address: $0.id, state: .online, isPrimary: $0.id == writer)
                })
        }
    }
}
