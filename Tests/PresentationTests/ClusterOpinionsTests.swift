import Replication
import ReplicationTesting
import Testing
import Topology

@testable import Presentation

@Suite("What members say of each other")
struct ClusterOpinionsTests {
    private static func set(_ nodes: [ReplicationSetReport.Node]) -> SetFindings {
        SetFindings(ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes))
    }

    @Test("Nothing is shown while all agree, and are in order", arguments: ["gr-healthy", "galera-healthy"])
    func healthy(_ state: String) throws {
        let set = Self.set(try RecordedClusters.nodes(state))
        let cluster = try #require(set.clusters.first)
        #expect(ClusterOpinions(cluster, in: set) == nil)
        #expect(cluster.facts == ["3 of 3 members in the component", "tolerates 1 failure"])
    }

    @Test("In a partition the old primary sees itself, and the others each other")
    func partition() throws {
        let set = Self.set(try RecordedClusters.nodes("gr-partition-minority-primary"))
        let cluster = try #require(set.clusters.first)
        let opinions = try #require(ClusterOpinions(cluster, in: set))
        let old = try #require(cluster.missing.first)
        let column = try #require(opinions.members.firstIndex(of: old))
        #expect(opinions.members == ["db1", "db2", "db3"])
        for row in opinions.rows {
            #expect(row.words[column] == (row.node == old ? "online, primary" : "–"))
            if row.node == old { #expect(row.words.count { $0 == "unreachable" } == 2) }
        }
        #expect(cluster.facts == ["2 of 3 members in the component", "tolerates no failure"])
        let text = TreeText(isColoured: false).text([set])
        #expect(text.contains("Group Replication: 2 of 3 members in the component"))
        #expect(text.contains("unreachable"))
    }

    @Test("A split, and a cluster without quorum, are called that")
    func faults() throws {
        let split = Self.set(try RecordedClusters.nodes("galera-split-brain"))
        #expect(split.clusters.first?.facts == ["split into 2 parts"])
        let none = Self.set(try RecordedClusters.nodes("galera-last-survivor-non-primary"))
        #expect(none.clusters.first?.facts == ["no quorum"])
    }
}
