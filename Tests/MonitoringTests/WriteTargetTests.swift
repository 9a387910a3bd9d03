import Monitoring
import Replication
import ReplicationTesting
import Testing
import Topology

@Suite("The node that a probe may write to")
struct WriteTargetTests {
    private static let now = ContinuousClock.now

    private func target(_ nodes: ReplicationSetReport.Node..., age: Duration = .zero) -> WriteTarget {
        let findings = SetFindings(ReplicationSetReport(name: "shop", nodes: nodes))
        return WriteTarget(.init(findings: findings, asked: Self.now - age), at: Self.now)
    }

    @Test("The primary, with what identifies it")
    func primary() {
        #expect(
            target(node("db1", id: 7, uuid: 1, readOnly: false, clockOffset: 0.5), node("db2", id: 2, readOnly: true))
                == .node(WritableNode(name: "db1", serverID: 7, serverUUID: uuidText(1), clockOffset: 0.5)))
    }

    @Test("No node before the nodes were queried, or if the findings are too old")
    func age() {
        #expect(WriteTarget(nil, at: Self.now) == .nobody("the nodes have not been asked yet"))
        #expect(target(node("db1", id: 1, readOnly: false), age: .seconds(10)).isSomebody)
        #expect(
            target(node("db1", id: 1, readOnly: false), age: .seconds(10) + .nanoseconds(1))
                == .nobody("the nodes have not answered for more than 10 seconds"))
    }

    @Test("Neither of two writable nodes")
    func two() {
        #expect(!target(node("db1", id: 1, readOnly: false), node("db2", id: 2, readOnly: false)).isSomebody)
    }

    @Test(
        "No node that could not be recognised, or whose clock is unknown",
        arguments: [(0, 0), (1, nil)] as [(UInt32?, Double?)])
    func unknown(id: UInt32?, offset: Double?) {
        #expect(!target(node("db1", id: nil, readOnly: false)).isSomebody)
        #expect(
            target(node("db1", id: id, readOnly: false, clockOffset: offset))
                == .nobody("db1 does not report its server_id and its clock"))
    }
}

extension WriteTarget {
    fileprivate var isSomebody: Bool {
        if case .node = self { true } else { false }
    }
}
