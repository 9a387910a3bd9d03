import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// The members are asked at the moments given, so that what an observer could know follows from them: a transaction that is seen first
/// in one round was committed after the round before.
@Suite("How late a member of a cluster is")
struct MemberLagTests {
    @Test("A Galera node that stands still is as late as the first write set that it lacks, to the time between looks")
    func galera() throws {
        var scene = ClusterScene(.galera)
        _ = try scene.round(at: 0, 100, 100, 100)
        _ = try scene.round(at: 10, 110, 110, 100)
        let findings = try scene.round(at: 20, 120, 119, 100)
        let late = try #require(findings.node(named: "db3")?.member)
        // 101 came between 0 s and 10 s.
        #expect(late.missing == 20 && late.lag?.method == .observed)
        #expect(late.lag?.seconds == 10 && late.lag?.error == 10 && late.lag?.limiting == 20)
        // 120 came between 10 s and 20 s; it was just seen.
        let near = try #require(findings.node(named: "db2")?.member)
        #expect(near.missing == 1 && near.lag?.seconds == 0 && near.lag?.limiting == 10)
        let first = try #require(findings.node(named: "db1")?.member)
        #expect(first.missing == 0 && first.lag?.seconds == 0 && first.lag?.limiting == 0)
        #expect(first.checks[.transfer] == true && first.checks[.apply] == true && first.checks[.lag] == true)
    }

    @Test("A group's member likewise; what its applier says is put between what the looks show")
    func group() throws {
        var scene = ClusterScene(.group)
        _ = try scene.round(at: 0, 100, 100, 100)
        let primary = try #require(try scene.round(at: 10, 110, 110, 110).writers.first)
        let behind = try #require([1, 2, 3].first { "db\($0)" != primary })
        func nodes(_ age: Double?) throws -> [ReplicationSetReport.Node] {
            try [1, 2, 3].map { number in
                var node = try scene.member(number, committed: number == behind ? 110 : 130, at: 30)
                guard number == behind, let age else { return node }
                var applier = Channel(
                    name: Channel.groupApplier, source: .init(host: "", port: 0), ioThread: .running,
                    isApplierRunning: true)
                applier.applierTimes = .init(applyingAge: age)
                node.report.facts?.groupChannels = [applier]
                return node
            }
        }
        _ = try scene.round(
            at: 20, behind == 1 ? 110 : 120, behind == 2 ? 110 : 120, behind == 3 ? 110 : 120)
        for (age, method, expected) in [
            (nil, Lag.Method.observed, 10.0), (14, .applierTimestamps, 14), (500, .applierTimestamps, 20),
            (0.1, .applierTimestamps, 10),
        ] as [(Double?, Lag.Method, Double)] {
            var memory = scene.memory
            let findings = memory.fold(
                ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: try nodes(age)))
            let member = try #require(findings.node(named: "db\(behind)")?.member)
            #expect(member.missing == 20 && member.lag?.method == method && member.lag?.seconds == expected)
            let error = try #require(member.lag?.error)
            #expect(expected - error <= 10 && expected + error >= 20)
            // The only primary has nothing to apply.
            let first = try #require(findings.node(named: primary)?.member)
            #expect(first.lag == nil && first.missing == 0 && !first.isReceiver)
        }
    }

    @Test("While a member does not answer, nobody is known to have everything: it may have committed more")
    func silentWriter() throws {
        var scene = ClusterScene(.galera)
        _ = try scene.round(at: 0, 100, 100, 100)
        let findings = scene.fold(
            silent("db1"), try scene.member(2, committed: 100, at: 8), try scene.member(3, committed: 100, at: 8))
        #expect(findings.node(named: "db2")?.member?.lag?.limiting == 8)
    }

    @Test("What only a member had that is gone counts until nothing is left to apply")
    func lostMember() throws {
        var scene = ClusterScene(.galera)
        _ = try scene.round(at: 0, 100, 100, 100)
        _ = try scene.round(at: 1, 150, 100, 100)
        func survivors(_ committed: UInt64, at seconds: Double, queue: UInt64) throws -> MemberFindings? {
            let before = try #require(scene.member(1, committed: 1, at: 0).report.facts?.cluster?.view)
            let gone = try scene.member(3, committed: 1, at: 0).report.facts?.cluster?.id
            let view = ClusterView(
                id: "after", history: before.history,
                number: 1_000_000, size: 2,
                members: before.members.filter { $0.id != gone })
            let nodes = try [1, 2].map { number in
                var node = try scene.member(number, committed: committed, at: seconds, queue: queue)
                node.report.facts?.cluster?.view = view
                return node
            }
            return scene.fold(nodes[0], nodes[1], silent("db3")).node(named: "db2")?.member
        }
        #expect(try survivors(120, at: 10, queue: 30)?.lag?.seconds == 9)
        // Nobody has the rest.
        #expect(try survivors(120, at: 12, queue: 0)?.lag?.limiting == 0)
        #expect(try survivors(140, at: 13, queue: 0)?.lag?.limiting == 0)
    }

    @Test("While all members have something to apply, it is not known how much the cluster has")
    func queued() throws {
        var scene = ClusterScene(.galera)
        let findings = scene.fold(
            silent("db1"), try scene.member(2, committed: 100, at: 0, queue: 9),
            try scene.member(3, committed: 100, at: 0, queue: 7))
        #expect(findings.nodes.allSatisfy { $0.member?.missing == nil && $0.member?.lag == nil })
        let all = scene.fold(
            try scene.member(1, committed: 100, at: 1, queue: 5), try scene.member(2, committed: 100, at: 1, queue: 9),
            try scene.member(3, committed: 100, at: 1, queue: 7))
        #expect(all.nodes.allSatisfy { $0.member?.missing == nil && $0.member?.lag == nil })
    }

    @Test("One that joins has nothing that the others lack")
    func joiner() throws {
        var scene = ClusterScene(.group)
        func round(_ seconds: Double) throws -> SetFindings {
            var nodes = try [1, 2, 3].map { try scene.member($0, committed: 100, at: seconds) }
            nodes[2].report.facts?.cluster?.state = .joining
            nodes[2].report.facts?.cluster?.isPrimary = false
            return scene.memory.fold(ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes))
        }
        _ = try round(0)
        let findings = try round(10)
        #expect(findings.nodes.prefix(2).allSatisfy { $0.member?.missing == 0 })
        #expect(findings.nodes.prefix(2).contains { $0.member?.lag?.limiting == 0 })
    }

    @Test("Outside the component there is neither lag nor distance, and data is not transferred")
    func outside() throws {
        let findings = SetFindings(
            ReplicationSetReport(
                name: "shop", thresholds: Thresholds(),
                nodes: try RecordedClusters.nodes("gr-partition-minority-primary")))
        let cluster = try #require(findings.clusters.first)
        let name = try #require(cluster.missing.first)
        let member = try #require(findings.node(named: name)?.member)
        #expect(member.lag == nil && member.missing == nil && member.checks[.transfer] == false)
        #expect(member.checks[.lag] == nil)
    }

    @Test("What a member wrote itself while it was in no group is errant; what it has of the group's is not")
    func errant() throws {
        var scene = ClusterScene(.group)
        let uuid = try #require(ServerUUID("11111111-1111-1111-1111-111111111111"))
        var away = try scene.member(3, committed: 90, at: 0)
        away.report.facts?.cluster?.state = .outside
        away.report.facts?.cluster?.view = nil
        away.report.facts?.transactions = .set(
            executed: try GTIDSet(
                parsing: "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:1-95,11111111-1111-1111-1111-111111111111:1-3"),
            server: uuid)
        let findings = scene.fold(
            try scene.member(1, committed: 94, at: 0), try scene.member(2, committed: 94, at: 0), away)
        #expect(findings.node(named: "db3")?.member?.errant == 3)
        #expect(findings.node(named: "db1")?.member?.errant == nil)
    }

    @Test("A channel of the server's own does not share its name with the membership")
    func names() throws {
        var scene = ClusterScene(.galera)
        var node = try scene.member(1, committed: 1, at: 0)
        node.report.facts?.channels = [channel("Galera", from: "db9", id: 9)]
        let findings = scene.fold(
            node, try scene.member(2, committed: 1, at: 0), try scene.member(3, committed: 1, at: 0))
        #expect(findings.nodes.compactMap(\.member?.channel) == ["galera_", "galera", "galera"])
    }
}
