import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("Whether the source is the intended one")
struct SourceCheckTests {
    let db1 = node("db1", id: 1)
    let db3 = node("db3", id: 3)

    func check(_ nodes: ReplicationSetReport.Node..., channel name: String = "") throws -> Bool? {
        let findings = SetFindings(ReplicationSetReport(name: "shop", nodes: nodes))
        return try findings["db2"].channel(name).checks[.source]
    }

    @Test("It is, it is not, and none is intended")
    func simple() throws {
        #expect(try check(db1, db3, node("db2", id: 2, intending: ["": "db1"], from: channel(id: 1))) == true)
        #expect(try check(db1, db3, node("db2", id: 2, intending: ["": "db1"], from: channel(id: 3))) == false)
        #expect(try check(db1, db3, node("db2", id: 2, from: channel(id: 1))) == nil)
    }

    @Test(
        "Each channel has its own intended source, or that of \"\"; case does not count",
        arguments: [
            ("eu", 1, true), ("EU", 1, true), ("eu", 3, false), ("us", 3, true), ("us", 1, false), ("", 3, true),
        ]
            as [(String, UInt32, Bool)])
    func channels(name: String, source: UInt32, expected: Bool) throws {
        let replica = node("db2", id: 2, intending: ["eu": "db1", "": "db3"], from: channel(name, id: source))
        #expect(try check(db1, db3, replica, channel: name) == expected)
    }

    @Test("A channel that no entry names is not judged")
    func unnamed() throws {
        #expect(
            try check(db1, db3, node("db2", id: 2, intending: ["eu": "db1"], from: channel("us", id: 3)), channel: "us")
                == nil)
    }

    @Test("A source that is not configured is the wrong one if the intended one has a different identity")
    func stranger() throws {
        let replica = node("db2", id: 2, intending: ["": "db1"], from: channel(id: 7))
        #expect(try check(db1, db3, replica) == false)
    }

    @Test("While the intended source is down, an unknown source may be it under another address")
    func intendedIsDown() throws {
        let replica = node("db2", id: 2, intending: ["": "db1"], from: channel(from: "vip:3306", id: 7))
        #expect(try check(silent("db1"), db3, replica) == nil)
    }

    @Test("While the intended source is down, its address suffices, and a node that answered is not it")
    func intendedIsDownAndKnown() throws {
        let right = node("db2", id: 2, intending: ["": "db1"], from: channel(from: "db1:3306", id: 7))
        #expect(try check(silent("db1"), db3, right) == true)
        let wrong = node("db2", id: 2, intending: ["": "db1"], from: channel(id: 3))
        #expect(try check(silent("db1"), db3, wrong) == false)
    }

    @Test("A replica that has never connected, with an address that is not known, cannot be judged")
    func neverConnected() throws {
        let replica = node("db2", id: 2, intending: ["": "db1"], from: channel(from: "alias:3306", io: .connecting))
        #expect(try check(db1, db3, replica) == nil)
    }

    @Test("Of two nodes with the same number, either may be it")
    func duplicates() throws {
        let replica = node("db2", id: 2, intending: ["": "db1"], from: channel(id: 1))
        #expect(try check(db1, node("db3", id: 1), replica) == nil)
        let third = node("db2", id: 2, intending: ["": "db3"], from: channel(id: 1))
        #expect(try check(db1, node("db4", id: 1), db3, third) == false)
    }

    @Test("A healthy replica has all five checks, and passes them")
    func allFive() throws {
        let replica = node(
            "db2", id: 2, intending: ["": "db1"], from: channel(id: 1, read: "bin.000001:400", behind: 0))
        let findings = SetFindings(ReplicationSetReport(node("db1", id: 1, binlog: "bin.000001:400"), replica))
        let checks = try findings["db2"].channel().checks
        #expect(checks == [.source: true, .binaryLog: true, .transfer: true, .apply: true, .lag: true])
    }
}
