package import Replication
package import Topology

/// Members of a cluster as they were recorded in a healthy one, at moments and with progress that a test chooses.
package struct ClusterScene {
    private let start = ContinuousClock.now
    private let state: String
    package var memory = SetMemory()

    package init(_ kind: ClusterMember.Kind) { state = kind == .group ? "gr-healthy" : "galera-healthy" }

    /// Seconds after the first look, by the exporter's clock.
    package func instant(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// A member that was asked at this moment and answered in it.
    /// - Parameter committed: how many transactions, or the number of the last write set.
    package func member(
        _ number: Int, committed: UInt64, at seconds: Double, queue: UInt64 = 0
    ) throws -> ReplicationSetReport.Node {
        var node = try RecordedClusters.node(number, state)
        let read = Reading(asked: instant(seconds), told: instant(seconds))
        node.report.facts?.identityRead = read
        node.report.facts?.channelsRead = read
        node.report.facts?.clusterRead = read
        node.report.facts?.cluster?.lastCommitted = committed
        node.report.facts?.cluster?.applyQueue = queue
        if node.report.facts?.identity.flavor == .mysql {
            node.report.facts?.transactionsRead = read
            node.report.facts?.transactions = .set(
                executed: try GTIDSet(parsing: "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:1-\(committed)"), server: nil)
        }
        return node
    }

    package mutating func fold(_ nodes: ReplicationSetReport.Node...) -> SetFindings {
        memory.fold(ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes))
    }

    /// A round in which the members have got so far, in the order of their numbers.
    package mutating func round(at seconds: Double, _ committed: UInt64...) throws -> SetFindings {
        let nodes = try committed.enumerated().map { try member($0.offset + 1, committed: $0.element, at: seconds) }
        return memory.fold(ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes))
    }
}
