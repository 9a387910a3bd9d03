import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// What a component that somebody made of a minority looks like to an exporter that did not see everything of how it came about. Each of
/// these was seen on real clusters in network namespaces: the former majority came back, and what had been written meanwhile was lost.
@Suite("A component made of a minority")
struct SplitTests {
    /// A Galera node of a cluster with as many as needed: db1 as recorded in a healthy one, and copies of it.
    private struct Galera {
        private let recorded: ReplicationSetReport.Node
        let view: ClusterView

        init() throws {
            recorded = try RecordedClusters.node(1, "galera-healthy")
            view = try #require(recorded.report.facts?.cluster?.view)
        }

        /// - Parameters:
        ///   - members: of its view; empty for a node without a quorum.
        ///   - number: of its view.
        func node(_ node: Int, in members: [Int], number: UInt64, history: String = "life") -> ReplicationSetReport.Node
        {
            var copy = recorded
            copy.description = NodeDescription(name: "db\(node)", address: .tcp(host: "db\(node)", port: 3306))
            copy.report.facts?.identity.serverID = UInt32(node)
            guard var member = copy.report.facts?.cluster else { return copy }
            member.id = "db\(node):3306"
            member.state = members.isEmpty ? .outside : .online
            member.hasQuorum = !members.isEmpty
            member.view = members.isEmpty ? nil : view(members, number, history)
            copy.report.facts?.cluster = member
            return copy
        }

        private func view(_ members: [Int], _ number: UInt64, _ history: String) -> ClusterView {
            let ids = members.map { "db\($0):3306" }
            return ClusterView(
                id: "\(history) \(number) \(ids.joined(separator: " "))", history: history, number: number,
                size: ids.count,
                members: ids.map { ClusterView.Member(id: $0, address: $0, state: .online) })
        }

        func all(_ nodes: [Int], number: UInt64, history: String = "life") -> [ReplicationSetReport.Node] {
            nodes.map { node($0, in: nodes, number: number, history: history) }
        }
    }

    private static func report(_ nodes: [ReplicationSetReport.Node]) -> ReplicationSetReport {
        ReplicationSetReport(
            name: "shop", thresholds: Thresholds(), nodes: nodes.sorted { $0.description.name < $1.description.name })
    }

    @Test("Bootstrapped while the exporter did not reach it, then seen as the smaller part of a split")
    func unseen() throws {
        let galera = try Galera()
        var memory = SetMemory()
        #expect(memory.fold(Self.report(galera.all([1, 2, 3], number: 5))).writers == ["db1"])
        _ = memory.fold(Self.report([silent("db1")] + galera.all([2, 3], number: 6)))
        let alone = galera.node(1, in: [1], number: 6)
        let split = memory.fold(Self.report([alone] + galera.all([2, 3], number: 6)))
        #expect(split.clusters.first?.isSplit == true && split.writers.isEmpty)
        // The majority loses its quorum for a moment, or is silent.
        let lost = [galera.node(2, in: [], number: 6), galera.node(3, in: [], number: 6)]
        for others in [lost, [silent("db2"), silent("db3")], [lost[0], silent("db3")]] {
            let set = memory.fold(Self.report([alone] + others))
            #expect(set.writers.isEmpty && set.clusters.first?.isBelieved == false)
        }
        // They are the cluster again, and db1 joins it.
        #expect(memory.fold(Self.report(galera.all([1, 2, 3], number: 9))).writers.count == 1)
    }

    @Test(
        "Two of five: of the three that were believed meanwhile, all lose their quorum, or still show the view before")
    func five() throws {
        let galera = try Galera()
        let everyone = [1, 2, 3, 4, 5]
        var memory = SetMemory()
        #expect(memory.fold(Self.report(galera.all(everyone, number: 5))).writers == ["db1"])
        let cutOff = [galera.node(4, in: [], number: 5), galera.node(5, in: [], number: 5)]
        // In the second in which the others still hang in the old view.
        var early = memory
        _ = early.fold(Self.report([1, 2, 3].map { galera.node($0, in: everyone, number: 5) } + cutOff))
        let hanging = early.fold(
            Self.report([1, 2, 3].map { galera.node($0, in: everyone, number: 5) } + galera.all([4, 5], number: 6)))
        #expect(hanging.writers.isEmpty || hanging.writers == ["db1"])
        #expect(!hanging.writers.contains("db4"))
        // With the new view of the majority.
        #expect(memory.fold(Self.report(galera.all([1, 2, 3], number: 6) + cutOff)).writers == ["db1"])
        let part = galera.all([4, 5], number: 7)
        #expect(memory.fold(Self.report(galera.all([1, 2, 3], number: 6) + part)).writers.isEmpty)
        let lost = [1, 2, 3].map { galera.node($0, in: [], number: 6) }
        #expect(memory.fold(Self.report(lost + part)).writers.isEmpty)
    }

    @Test(
        "Made between two rounds: the view's number does not allow for each member that is gone, or its history is another"
    )
    func betweenRounds() throws {
        let galera = try Galera()
        for (number, history) in [(6, "life"), (1, "another")] as [(UInt64, String)] {
            var memory = SetMemory()
            _ = memory.fold(Self.report(galera.all([1, 2, 3], number: 5)))
            let alone = galera.node(1, in: [1], number: number, history: history)
            for _ in 1...2 {
                let set = memory.fold(Self.report([alone, silent("db2"), silent("db3")]))
                #expect(set.writers.isEmpty && !set.writing.writers.isKnown, "\(number)")
            }
        }
        // Stopped in order, one view after the other: what is left is the cluster.
        var memory = SetMemory()
        _ = memory.fold(Self.report(galera.all([1, 2, 3], number: 5)))
        _ = memory.fold(Self.report(galera.all([1, 2], number: 6) + [silent("db3")]))
        let last = memory.fold(Self.report([galera.node(1, in: [1], number: 7), silent("db2"), silent("db3")]))
        #expect(last.writers == ["db1"])
        // Also if no round fell between the two.
        var quick = SetMemory()
        _ = quick.fold(Self.report(galera.all([1, 2, 3], number: 5)))
        #expect(
            quick.fold(Self.report([galera.node(1, in: [1], number: 7), silent("db2"), silent("db3")])).writers == [
                "db1"
            ])
    }

    @Test("Restarted as a whole, numbers begin again: the last view of a node that stays out replaces nothing")
    func restarted() throws {
        let galera = try Galera()
        var memory = SetMemory()
        _ = memory.fold(Self.report(galera.all([1, 2, 3], number: 11)))
        _ = memory.fold(Self.report([silent("db1"), silent("db2"), silent("db3")]))
        let two = galera.all([1, 2], number: 2)
        let set = memory.fold(Self.report(two + [silent("db3")]))
        let cluster = try #require(set.clusters.first)
        #expect(cluster.component?.nodes == ["db1", "db2"] && cluster.isBelieved)
        #expect(set.writers.count == 1)
        // One of three is no majority.
        var early = SetMemory()
        _ = early.fold(Self.report(galera.all([1, 2, 3], number: 11)))
        let one = early.fold(Self.report([galera.node(1, in: [1], number: 1), silent("db2"), silent("db3")]))
        #expect(one.writers.isEmpty)
    }

    @Test(
        "Two of three leave together: one view; seen as soon as they are gone it is the cluster, and later it may be anything",
        arguments: [(1.5, true), (2.9, true), (4, false), (15, false)])
    func together(after seconds: Double, isBelieved: Bool) throws {
        let galera = try Galera()
        let start = ContinuousClock.now
        func answered(_ node: ReplicationSetReport.Node, at seconds: Double) -> ReplicationSetReport.Node {
            var node = node
            node.report.facts?.identityRead = Reading(asked: start + .seconds(seconds), told: start + .seconds(seconds))
            return node
        }
        var memory = SetMemory()
        _ = memory.fold(Self.report(galera.all([1, 2, 3], number: 5).map { answered($0, at: 0) }))
        for round in 0...2 {
            let last = answered(galera.node(1, in: [1], number: 6), at: seconds + Double(round))
            let set = memory.fold(Self.report([last, silent("db2"), silent("db3")]))
            #expect((set.writers == ["db1"]) == isBelieved)
        }
        // Who answers, and has lost the quorum, has not left.
        var split = SetMemory()
        _ = split.fold(Self.report(galera.all([1, 2, 3], number: 5).map { answered($0, at: 0) }))
        let others = [2, 3].map { answered(galera.node($0, in: [], number: 5), at: seconds) }
        let one = answered(galera.node(1, in: [1], number: 6), at: seconds)
        #expect(split.fold(Self.report([one] + others)).writers.isEmpty)
    }

    @Test("Two of four leave at once, and an arbitrator stays: three of five are a majority")
    func arbitrator() throws {
        let galera = try Galera()
        func withArbitrator(_ nodes: [ReplicationSetReport.Node]) -> [ReplicationSetReport.Node] {
            nodes.map { node in
                var node = node
                node.report.facts?.cluster?.view?.size += 1
                return node
            }
        }
        var memory = SetMemory()
        _ = memory.fold(Self.report(withArbitrator(galera.all([1, 2, 3, 4], number: 5))))
        let rest = withArbitrator(galera.all([1, 2], number: 6)) + [silent("db3"), silent("db4")]
        for _ in 1...2 { #expect(memory.fold(Self.report(rest)).writers == ["db1"]) }
    }

    @Test("While nodes have never answered, that no one who answers is in a component is not known to be all")
    func fresh() throws {
        let galera = try Galera()
        let set = SetFindings(
            Self.report([galera.node(1, in: [], number: 1), silent("db2"), silent("db3")]))
        #expect(set.writers.isEmpty && !set.writing.writers.isKnown)
        let told = SetFindings(Self.report([1, 2, 3].map { galera.node($0, in: [], number: 1) }))
        #expect(told.writers.isEmpty && told.writing.writers.isKnown)
    }
}
