import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("Follow-up questions")
struct FollowUpTests {
    @Test(
        "A source is asked for its files when a replica reads or applies another file than the source writes",
        arguments: [
            ("bin.000005:10", "bin.000005:10", false), ("bin.000005:10", "bin.000004:10", true),
            ("bin.000004:10", "bin.000004:10", true), ("bin.000006:10", "bin.000005:10", true),
            ("old.000005:10", "old.000005:10", true),
        ])
    func index(read: String, executed: String, expected: Bool) {
        let asks = followUps(
            of: ReplicationSetReport(
                node("db1", id: 1, binlog: "bin.000005:500"),
                node(
                    "db2", id: 2,
                    from: channel(id: 1, read: BinlogCoordinate(read), executed: BinlogCoordinate(executed)))))
        #expect((asks["db1"]?.contains(.binlogIndex) ?? false) == expected)
        #expect(asks.keys.allSatisfy { $0 == "db1" })
    }

    @Test("Nothing is asked about a source that is unknown, down, or has reported no position")
    func nobody() {
        let replica = node("db2", id: 2, from: channel(from: "db1:3306", id: 1, read: "bin.000004:10"))
        for source in [silent("db1"), node("db1", id: 1), node("db5", id: 5)] {
            #expect(followUps(of: ReplicationSetReport(source, replica)) == [:])
        }
    }

    @Test("Members are asked for their views again where these differ, and not where one is out or silent")
    func views() throws {
        func asked(_ nodes: (Int, String?)...) throws -> Set<String> {
            let report = ReplicationSetReport(
                name: "shop", thresholds: Thresholds(),
                nodes: try nodes.map { number, state in
                    try state.map { try RecordedClusters.node(number, $0) } ?? silent("db\(number)")
                })
            return Set(followUps(of: report).filter { $0.value.contains(.cluster) }.keys)
        }
        #expect(try asked((1, "gr-healthy"), (2, "gr-healthy"), (3, "gr-healthy")) == [])
        #expect(try asked((1, "galera-healthy"), (2, "galera-healthy"), (3, nil)) == [])
        #expect(try asked((2, "gr-expelled-seen"), (1, "gr-restarted-offline")) == [])
        #expect(try asked((2, "gr-expelled-seen"), (3, "gr-after-cont")) == ["db2", "db3"])
        let after = "galera-node3-stopped-after-expel"
        #expect(try asked((3, "galera-after-cont"), (1, after), (2, after)) == ["db1", "db2", "db3"])
    }
}
