import Replication
import ReplicationTesting
import Testing
import Topology

@testable import Traffic

@Suite("The lag of a whole chain")
struct TotalLagTests {
    private func totals(_ set: SetFindings) -> [Double?] {
        var lags = TotalLags(set)
        return set.nodes.map { lags.seconds(of: $0) }
    }

    /// As the balancers' checks see it, node by node.
    private func judged(_ set: SetFindings) -> [Double?] {
        set.nodes.map { node in
            var lags = TotalLags(set)
            return set.writers.contains(node.description.name) ? 0 : try? lags.staleness(of: node).lag
        }
    }

    private static let primary = node("db1", id: 1, readOnly: false)

    @Test("It is the sum of the hops, which is what a balancer's limit is compared with, in any order of the nodes")
    func sum() {
        let db2 = replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 4))
        let db3 = replica("db3", id: 3, from: channel(from: "db2", id: 2, behind: 3))
        let db4 = replica(
            "db4", id: 4, from: channel("a", from: "db1", id: 1, behind: 1), channel("b", from: "db3", id: 3, behind: 2)
        )
        #expect(totals(findings(Self.primary, db2, db3, db4)) == [0, 4, 7, 9])
        let reversed = findings(db4, db3, db2, Self.primary)
        #expect(totals(reversed) == [9, 7, 4, 0] && judged(reversed) == [9, 7, 4, 0])
    }

    @Test("What was reported more than two seconds ago counts as having gone on since, at each hop")
    func old() throws {
        let now = ContinuousClock.now
        func told(_ node: ReplicationSetReport.Node, _ ago: Duration) -> ReplicationSetReport.Node {
            node.with { $0.channelsRead = Reading(asked: now - ago, told: now - ago) }
        }
        let db2 = told(replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 1)), .seconds(5))
        let db3 = told(replica("db3", id: 3, from: channel(from: "db2", id: 2, behind: 0)), .seconds(2.5))
        let set = findings(Self.primary, db2, db3)
        var lags = TotalLags(set, at: now)
        #expect(try lags.staleness(of: set.nodes[1]).lag == 4)
        #expect(try lags.staleness(of: set.nodes[2]).lag == 4.5)
        #expect(totals(set) == [0, 1, 1])
        var gate = LagGate()
        let limits = ReplicaLimits(lag: 2, bytes: nil)
        #expect(set.verdict(on: "db2", .replica, within: limits, gate: &gate).isPassed)
        #expect(!set.verdict(on: "db2", .replica, within: limits, gate: &gate, at: now).isPassed)
    }

    @Test("Where only a range is known, the most that it can be counts")
    func observed() {
        var set = findings(Self.primary, replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 4)))
        set.nodes[1].channels[0].lag?.limiting = 14
        #expect(totals(set) == [0, 14])
    }

    @Test("It is not known behind a stopped thread or an unknown lag, of a silent node, and in a ring without a writer")
    func unknown() {
        let below = replica("db3", id: 3, from: channel(from: "db2", id: 2, behind: 3))
        for broken in [
            replica("db2", id: 2, from: channel(from: "db1", id: 1, applies: false, behind: 0)),
            replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: nil)),
        ] {
            let set = findings(Self.primary, broken, below)
            #expect(totals(set) == [0, nil, nil] && judged(set) == [0, nil, nil])
        }
        // A silent source may be the writer, which only the exporter has lost.
        let lost = findings(Self.primary, silent("db2"), below)
        #expect(totals(lost) == [nil, nil, 3] && totals(lost).suffix(2) == judged(lost).suffix(2))
        let ring = findings(
            replica("db1", id: 1, from: channel(from: "db2", id: 2, behind: 1)),
            replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 2)), below)
        #expect(totals(ring) == [nil, nil, nil] && judged(ring) == [nil, nil, nil])
    }

    @Test("It is not known below an intermediate that does not log what it replicates, which is given as the reason")
    func unlogged() throws {
        let middle = replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 4))
        let below = replica("db3", id: 3, from: channel(from: "db2", id: 2, behind: 0))
        let leaf = replica("db4", id: 4, from: channel(from: "db3", id: 3, behind: 0))
        for (change, reason) in [
            (false, "does not log what it replicates (log_slave_updates is off)"), (true, "has no binary log"),
        ] {
            let set = findings(
                Self.primary,
                middle.with {
                    $0.binaryLog?.recordsReplicated = false
                    if change { $0.binaryLog?.isEnabled = false }
                }, below, leaf)
            #expect(totals(set) == [0, 4, nil, nil] && judged(set) == [0, 4, nil, nil])
            for node in set.nodes.suffix(2) {
                #expect(throws: UnknownStaleness(reason: "db3 follows db2, which \(reason)")) {
                    var lags = TotalLags(set)
                    _ = try lags.staleness(of: node)
                }
            }
        }
        // Not known is as if it did. Nor does it matter for a node that takes the writes, or gets them along another way.
        #expect(
            totals(findings(Self.primary, middle.with { $0.binaryLog?.recordsReplicated = nil }, below)) == [0, 4, 4])
        let unlogged = middle.with { $0.binaryLog?.recordsReplicated = false }
        let ring = node("db1", id: 1, readOnly: false, from: channel(from: "db2", id: 2, behind: 1)).with {
            $0.binaryLog?.recordsReplicated = false
        }
        let beside = replica("db3", id: 3, from: channel(from: "db1", id: 1, behind: 3))
        #expect(totals(findings(ring, unlogged, beside)) == [0, 4, 3])
        let both = replica(
            "db3", id: 3, from: channel("a", from: "db1", id: 1, behind: 1), channel("b", from: "db2", id: 2, behind: 0)
        )
        #expect(totals(findings(Self.primary, unlogged, both)) == [0, 4, 4])
    }

    @Test("In a ring, the node that takes the writes is not late")
    func ring() {
        let set = findings(
            node("db1", id: 1, readOnly: false, from: channel(from: "db2", id: 2, behind: 1)),
            replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 2)))
        #expect(totals(set) == [0, 2])
    }

    @Test("A long chain, the last node first, is no deep recursion, neither for metrics nor for a balancer")
    func long() throws {
        var set = findings(Self.primary, replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 1)))
        let link = set.nodes[1]
        set.nodes.removeLast()
        let count = 2000
        set.nodes += (2...count).reversed().map { number in
            var node = link
            node.description.name = "db\(number)"
            node.channels[0].sourceNode = "db\(number - 1)"
            return node
        }
        #expect(totals(set) == [0] + (1..<count).reversed().map(Double.init))
        var gate = LagGate()
        let verdict = set.verdict(
            on: "db\(count)", .replica, within: ReplicaLimits(lag: Double(count)), gate: &gate)
        #expect(verdict.isPassed && verdict.reason == "db\(count) is \(count - 1) s behind")
        // Far up, something is wrong.
        set.nodes[count - 1].channels[0].channel.isApplierRunning = false
        #expect(totals(set).compactMap(\.self) == [0])
        let refused = set.verdict(on: "db\(count)", .replica, within: ReplicaLimits(lag: 1e9), gate: &gate)
        #expect(!refused.isPassed && refused.reason == "db2: SQL thread stopped")
    }
}
