import Replication
import ReplicationTesting
import Testing
import Topology
import Traffic

@Suite("The failover answer for two members of a cluster")
struct FailoverInClusterTests {
    private let policy = FailoverPolicy(
        preferred: "db1", standby: "db2", table: TableName(database: "p", table: "t"))

    private func decision(_ nodes: ReplicationSetReport.Node..., before: [ReplicationSetReport.Node] = [])
        -> FailoverDecision
    {
        var memory = SetMemory()
        if !before.isEmpty {
            _ = memory.fold(ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: before))
        }
        return policy.decide(
            in: memory.fold(ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes)))
    }

    @Test("is the one that takes the cluster's writes")
    func healthy() throws {
        let nodes = try RecordedClusters.nodes("galera-healthy")
        let healthy = decision(nodes[0], nodes[1], nodes[2])
        #expect(healthy.answer == .preferred && healthy.isOrdinary)
        let without = decision(silent("db1"), nodes[1], nodes[2], before: nodes)
        #expect(without.answer == .standby && without.cause == .preferredFailed)
        #expect(without.reason.hasPrefix("db1 cannot be reached or queried") && without.reason.contains("db2 takes"))
    }

    @Test("is neither when no component may be acted on, or another node takes the writes")
    func neither() throws {
        let nodes = try RecordedClusters.nodes("galera-healthy")
        let alone = decision(nodes[0], silent("db2"), silent("db3"))
        #expect(alone.answer == nil && alone.cause == .notChecked)
        #expect(alone.reason == "too few members confirm db1's view of its cluster")
        let third = decision(silent("db1"), silent("db2"), nodes[2], before: nodes)
        #expect(third.answer == nil)
    }
}
