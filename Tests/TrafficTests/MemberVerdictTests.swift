import Replication
import ReplicationTesting
import Testing
import Topology

@testable import Traffic

@Suite("Load balancer checks of a cluster's members")
struct MemberVerdictTests {
    private static func verdict(
        _ set: SetFindings, _ name: String, _ check: NodeCheck, _ limits: ReplicaLimits = ReplicaLimits(lag: 30),
        donors: Bool = false
    ) -> NodeVerdict {
        var gate = LagGate()
        return set.verdict(on: name, check, within: limits, allowingDonors: donors, gate: &gate)
    }

    @Test("In Galera, the writer gets writes, the others reads, and all are members", arguments: [1.0, 40])
    func galera(_ seconds: Double) throws {
        var scene = ClusterScene(.galera)
        _ = try scene.round(at: 0, 100, 100, 100)
        _ = try scene.round(at: 1, 110, 110, 100)
        let set = try scene.round(at: 1 + seconds, 120, 120, 100)
        #expect(set.writers == ["db1"])
        for name in ["db1", "db2", "db3"] { #expect(Self.verdict(set, name, .member).isPassed) }
        #expect(!Self.verdict(set, "db1", .replica).isPassed && Self.verdict(set, "db1", .readOnly).isPassed)
        // It lacks what came between 1 s and `seconds` later, at most.
        #expect(Self.verdict(set, "db2", .replica, ReplicaLimits(lag: 0)).isPassed)
        #expect(Self.verdict(set, "db3", .replica).isPassed == (seconds == 1))
        #expect(Self.verdict(set, "db3", .replica, ReplicaLimits(lag: 99, transactions: 20)).isPassed)
        let few = Self.verdict(set, "db3", .replica, ReplicaLimits(lag: 99, transactions: 19))
        #expect(!few.isPassed && few.reason.contains("20 transactions behind"))
        #expect(!Self.verdict(set, "db3", .replica, ReplicaLimits(lag: 99, bytes: 1_000_000)).isPassed)
    }

    @Test("In a group, the secondaries get reads; the data of a replica of one is as late as both together")
    func group() throws {
        var scene = ClusterScene(.group)
        _ = try scene.round(at: 0, 100, 100, 100)
        let first = try scene.round(at: 10, 110, 110, 110)
        let primary = try #require(first.writers.first)
        let secondary = try #require(["db1", "db2", "db3"].first { $0 != primary })
        let identity = try #require(first.node(named: secondary)?.report.identity)
        var members = try [1, 2, 3].map { number in
            try scene.member(number, committed: "db\(number)" == secondary ? 110 : 120, at: 15)
        }
        var leaf = node("db9", id: 99, uuid: 99, readOnly: true)
        var stream = channel(from: "db9", id: 99, behind: 3)
        stream.source = .init(
            host: secondary, port: 3306, serverID: identity.serverID, serverUUID: identity.serverUUID)
        leaf.report.facts?.channels = [stream]
        leaf.report.facts?.transactions = .set(
            executed: try GTIDSet(parsing: "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:1-110"), server: nil)
        let set = scene.fold(members[0], members[1], members[2], leaf)
        #expect(Self.verdict(set, primary, .primary).isPassed && !Self.verdict(set, primary, .replica).isPassed)
        // Between 0 and 5 s.
        #expect(Self.verdict(set, secondary, .replica, ReplicaLimits(lag: 5)).isPassed)
        #expect(!Self.verdict(set, secondary, .replica, ReplicaLimits(lag: 4)).isPassed)
        #expect(set.node(named: "db9")?.channels.first?.sourceNode == secondary)
        #expect(Self.verdict(set, "db9", .replica, ReplicaLimits(lag: 8)).isPassed)
        #expect(!Self.verdict(set, "db9", .replica, ReplicaLimits(lag: 7)).isPassed)

        // It leaves: its replica stays connected, and content.
        for index in members.indices where members[index].description.name == secondary {
            members[index].report.facts?.cluster?.state = .outside
            members[index].report.facts?.cluster?.view = nil
        }
        let left = scene.fold(members[0], members[1], members[2], leaf)
        let refused = Self.verdict(left, "db9", .replica)
        #expect(!refused.isPassed && refused.reason.contains(secondary))
        #expect(!Self.verdict(left, secondary, .replica).isPassed && !Self.verdict(left, secondary, .member).isPassed)
    }

    @Test("A donor is a member for those who allow it, and gets no reads that have to be fresh")
    func donor() throws {
        var scene = ClusterScene(.galera)
        _ = try scene.round(at: 0, 100, 100, 100)
        var nodes = try [1, 2, 3].map { try scene.member($0, committed: 100, at: 1) }
        nodes[2].report.facts?.cluster?.state = .donor
        let set = scene.fold(nodes[0], nodes[1], nodes[2])
        #expect(!Self.verdict(set, "db3", .replica).isPassed && !Self.verdict(set, "db3", .member).isPassed)
        #expect(Self.verdict(set, "db3", .member, donors: true).isPassed)
        nodes[2].report.facts?.cluster?.isReady = false
        let rejecting = scene.fold(nodes[0], nodes[1], nodes[2])
        #expect(!Self.verdict(rejecting, "db3", .member, donors: true).isPassed)
    }

    @Test("A member of which few tell gets nothing, nor does one that does not tell its state, nor a server in none")
    func unknown() throws {
        var scene = ClusterScene(.galera)
        let alone = scene.fold(silent("db1"), silent("db2"), try scene.member(3, committed: 1, at: 0))
        for check in [NodeCheck.member, .replica, .readOnly, .primary] {
            #expect(!Self.verdict(alone, "db3", check).isPassed, "\(check)")
        }
        _ = try scene.round(at: 1, 1, 1, 1)
        var nodes = try [1, 2, 3].map { try scene.member($0, committed: 1, at: 2) }
        nodes[2].report.facts?.cluster = nil
        let late = scene.fold(nodes[0], nodes[1], nodes[2])
        #expect(!Self.verdict(late, "db3", .member).isPassed && !Self.verdict(late, "db3", .replica).isPassed)
        #expect(!Self.verdict(findings(node("db1", id: 1, readOnly: false)), "db1", .member).isPassed)
    }

    @Test("While a group has no primary, its secondaries keep their reads", arguments: [false, true])
    func election(_ isBesides: Bool) throws {
        var scene = ClusterScene(.group)
        let primary = try #require(try scene.round(at: 0, 100, 100, 100).writers.first)
        var nodes = try [1, 2, 3].map { try scene.member($0, committed: 100, at: 1) }
        for index in nodes.indices {
            nodes[index].report.facts?.cluster?.isPrimary = false
            nodes[index].report.facts?.isReadOnly = true
        }
        // Somebody else may take the writes.
        if isBesides { nodes.append(node("db9", id: 99, uuid: 99, readOnly: false)) }
        let set = scene.memory.fold(ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes))
        #expect(set.writers.isEmpty)
        #expect(Self.verdict(set, primary == "db1" ? "db2" : "db1", .replica).isPassed == !isBesides)
    }
}
