internal import Replication
package import Topology

extension SetFindings {
    /// Whether a node may have a kind of traffic. What is not known counts as no.
    ///
    /// - Parameters:
    ///   - limits: for replicas.
    ///   - allowsDonors: for `member`.
    ///   - gate: the node's own, for these limits.
    ///   - now: see `TotalLags`.
    package func verdict(
        on name: String, _ check: NodeCheck, within limits: ReplicaLimits, allowingDonors allowsDonors: Bool = false,
        gate: inout LagGate,
        at now: ContinuousClock.Instant? = nil
    ) -> NodeVerdict {
        guard let node = node(named: name) else {
            return .refused("no node is named \(name)")
        }
        guard node.report.isUp else {
            _ = gate.lets(through: nil)
            let reason = node.report.failure?.reason.rawValue
            return .refused("\(name) is not up" + (reason.map { " (\($0))" } ?? ""))
        }
        switch check {
        case .health: return .passed("\(name) is up")
        case .primary: return isPrimary(name)
        case .member: return isMember(node, allowsDonors)
        case .readOnly where writers.contains(name): return .passed("\(name) is the primary")
        case .readOnly, .replica: return isReplica(node, within: limits, gate: &gate, at: now)
        }
    }

    private func isMember(_ node: NodeFindings, _ allowsDonors: Bool) -> NodeVerdict {
        let name = node.description.name
        guard let cluster = cluster(of: name) else { return .refused("\(name) belongs to no cluster") }
        if let obstacle = obstacleInCluster(of: node, cluster, allowsDonors: allowsDonors) { return .refused(obstacle) }
        return .passed("\(name) is in its cluster's component")
    }

    private func isPrimary(_ name: String) -> NodeVerdict {
        if writers.contains(name) { return .passed("\(name) is the primary") }
        if let other = writers.first, writers.count == 1 { return .refused("\(other) is the primary") }
        switch primary {
        case .node(let other): return .refused("\(other) is the primary")
        case .unknown where !writers.isEmpty: return .refused("\(writers.joined(separator: ", ")) take the writes")
        case .unknown(let why): return .refused("no primary: \(why)")
        }
    }

    private func isReplica(
        _ node: NodeFindings, within limits: ReplicaLimits, gate: inout LagGate, at now: ContinuousClock.Instant?
    ) -> NodeVerdict {
        let name = node.description.name
        if writers.contains(name) { return .refused("\(name) is the primary") }
        if let reason = reasonAgainstReads(of: node) {
            _ = gate.lets(through: nil)
            return .refused(reason)
        }
        let staleness: Staleness
        do throws(UnknownStaleness) {
            var lags = TotalLags(self, at: now)
            staleness = try lags.staleness(of: node)
        } catch {
            _ = gate.lets(through: nil)
            return .refused(error.reason)
        }
        let load = staleness.load(of: limits)
        let isPassed = gate.lets(through: load)
        guard let load else {
            let unit = limits.bytes != nil && staleness.bytes == nil ? "bytes" : "transactions"
            return .refused("\(name): it is not known how many \(unit) it is behind")
        }
        let measure = "\(name) is \(staleness.text) behind"
        if isPassed { return NodeVerdict(isPassed: true, reason: measure, load: load) }
        // Between the two limits, the node has to reach the lower one.
        return .refused("\(measure); the limit is \(load > 1 ? limits : limits.lowered)")
    }
}

extension SetFindings {
    /// Why a node gets no reads, however little it is behind.
    private func reasonAgainstReads(of node: NodeFindings) -> String? {
        let name = node.description.name
        if node.report.facts?.readOnlySwitches.contains("offline_mode") == true { return "\(name) is in offline_mode" }
        // If two nodes take writes, every replica lacks what one of them wrote.
        if writers.isEmpty, let conflict = writing.conflicts.first(where: { $0.winner == nil }) {
            return "\(conflict.nodes.joined(separator: " and ")) both take writes"
        }
        if let cluster = cluster(of: name) { return obstacleInCluster(of: node, cluster) }
        if node.isReadOnly || writing.standings[name]?.isWritableReplica == true { return nil }
        return node.isWritable
            ? "\(name) is writable but not the primary" : "it is not known whether \(name) is read-only"
    }
}

extension Staleness {
    fileprivate var text: String {
        "\(lag.text) s" + (bytes.map { " and \($0) B" } ?? transactions.map { " and \($0) transactions" } ?? "")
    }
}

extension ReplicaLimits: CustomStringConvertible {
    package var description: String {
        "\(lag.text) s" + (bytes.map { " and \($0) B" } ?? "") + (transactions.map { " and \($0) transactions" } ?? "")
    }

    fileprivate var lowered: ReplicaLimits {
        func lowered(_ limit: UInt64?) -> UInt64? { limit.map { UInt64(Double($0) * LagGate.lowerMark) } }
        return ReplicaLimits(
            lag: lag * LagGate.lowerMark, bytes: lowered(bytes), transactions: lowered(transactions))
    }
}
