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
}
