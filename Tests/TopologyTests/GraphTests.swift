import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("The graph of a set")
struct GraphTests {
    @Test("A chain has replicas, ancestors and no cycle")
    func chain() {
        let graph = ReplicationGraph([
            node("db1", id: 1), node("db2", id: 2, from: channel(id: 1)), node("db3", id: 3, from: channel(id: 2)),
        ])
        #expect(graph.sources == [[], [0], [1]])
        #expect(graph.replicas == [[1], [2], []])
        #expect(graph.ancestors(of: 0) == [])
        #expect(graph.ancestors(of: 2) == [0, 1])
        #expect(graph.descendants(of: [0]) == [1, 2])
        #expect(graph.cycles == [])
    }

    @Test("A ring of two is a cycle, and its replica is not in it")
    func ring() {
        let set = ReplicationSetReport(
            node("db1", id: 1, from: channel(id: 2)), node("db2", id: 2, from: channel(id: 1)),
            node("db3", id: 3, from: channel(id: 2)))
        let graph = ReplicationGraph(set.nodes)
        #expect(graph.cycles == [[0, 1]])
        #expect(graph.ancestors(of: 0) == [0, 1])
        #expect(graph.ancestors(of: 2) == [0, 1])
        #expect(SetFindings(set).cycles == [["db1", "db2"]])
    }

    @Test("Two rings are two cycles, in the order of the configuration")
    func twoRings() {
        let graph = ReplicationGraph(sources: [[3], [2], [1], [0], [0, 1]])
        #expect(graph.cycles == [[0, 3], [1, 2]])
    }

    @Test("A replica of two sources has both, and two channels from one source make one replica")
    func multiSource() throws {
        let set = ReplicationSetReport(
            node("db1", id: 1), node("db2", id: 2),
            node("db3", id: 3, from: channel("a", id: 1), channel("b", id: 2), channel("c", id: 1), channel("d", id: 7))
        )
        let graph = ReplicationGraph(set.nodes)
        #expect(graph.sources[2] == [0, 1, 0, nil])
        #expect(graph.replicas == [[2], [2], []])
        let findings = SetFindings(set)
        #expect(try findings["db3"].channel("b").sourceNode == "db2")
        #expect(try findings["db3"].channel("d").sourceNode == nil)
    }

    @Test("Random graphs: ancestors and cycles are those of the plain definition", arguments: 0..<200 as Range<UInt64>)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...9, using: &random)
        let sources: [[Int?]] = (0..<count).map { _ in
            (0..<Int.random(in: 0...2, using: &random)).map { _ in
                Bool.random(using: &random) ? Int.random(in: 0..<count, using: &random) : nil
            }
        }
        let graph = ReplicationGraph(sources: NodeLists(sources))

        // The closure by Warshall: above[i][j] if a walk of one or more channels leads from i up to j.
        var above = sources.map { sources in (0..<count).map { sources.contains($0) } }
        for middle in 0..<count {
            for low in 0..<count where above[low][middle] {
                for high in 0..<count where above[middle][high] { above[low][high] = true }
            }
        }
        let indices = 0..<count
        for index in indices {
            #expect(graph.ancestors(of: index) == Set(indices.filter { above[index][$0] }))
            #expect(graph.descendants(of: [index]) == Set(indices.filter { above[$0][index] }))
            #expect(graph.cycles.joined().contains(index) == above[index][index])
            #expect(Array(graph.replicas[index]) == indices.filter { sources[$0].contains(index) })
        }
        var cycles: [Set<Int>] = []
        for index in indices where above[index][index] {
            let cycle = Set(indices.filter { above[index][$0] && above[$0][index] })
            if !cycles.contains(cycle) { cycles.append(cycle) }
        }
        #expect(graph.cycles == cycles)
    }

    @Test("A chain and a ring of many nodes neither overflow the stack nor take long", .timeLimit(.minutes(5)))
    func large() {
        let count = 20_000
        let chain = NodeLists<Int?>((0..<count).map { $0 == 0 ? [] : [$0 - 1] })
        #expect(ReplicationGraph(sources: chain).cycles.isEmpty)
        let ring = NodeLists<Int?>((0..<count).map { [($0 + count - 1) % count] })
        #expect(ReplicationGraph(sources: ring).cycles.map(\.count) == [count])
    }
}

@Suite("The role of a node in its set")
struct NodeTests {
    @Test("Roles follow from the channels of all nodes")
    func roles() throws {
        let findings = SetFindings(
            ReplicationSetReport(
                node("db1", id: 1), node("db2", id: 2, from: channel(id: 1)), node("db3", id: 3, from: channel(id: 2)),
                node("db4", id: 4), silent("db5"), node("db6", id: 6).with { $0.channels = nil }))
        #expect(findings.nodes.map(\.role) == [.primary, .intermediate, .replica, .standalone, nil, nil])
    }

    @Test("Replicas that are not configured make a primary, and an intermediate")
    func connectedReplicas() {
        let findings = SetFindings(
            ReplicationSetReport(
                node("db1", id: 1).with { $0.connectedReplicas = 1 },
                node("db2", id: 2, from: channel(id: 7)).with { $0.connectedReplicas = 2 },
                node("db3", id: 3, from: channel(id: 7)).with { $0.connectedReplicas = 0 }))
        #expect(findings.nodes.map(\.role) == [.primary, .intermediate, .replica])
    }

    @Test("A stopped replica remains one")
    func stopped() throws {
        let findings = SetFindings(
            ReplicationSetReport(
                node("db1", id: 1), node("db2", id: 2, from: channel(id: 1, io: .stopped, applies: false))))
        #expect(findings.nodes.map(\.role) == [.primary, .replica])
    }

    @Test("Server IDs that more than one node has are reported; 0 is not one")
    func duplicates() {
        let findings = SetFindings(
            ReplicationSetReport(
                node("db1", id: 7), node("db2", id: 2), node("db3", id: 7), node("db4", id: 0), node("db5", id: 0),
                node("db6", id: 2), silent("db7")))
        #expect(findings.duplicateServerIDs == [2, 7])
        #expect(
            findings.troubles.filter { $0.kind == .duplicateServerID }.map(\.text) == [
                "db2 and db6 have the same server_id 2", "db1 and db3 have the same server_id 7",
            ])
    }

    @Test("Server UUIDs that more than one node has are reported with the nodes' names (bugs.mysql.com 72581)")
    func duplicateUUIDs() {
        let findings = findings(
            node("db1", id: 1, uuid: 1), node("db2", id: 2, uuid: 2), node("db3", id: 3, uuid: 2), silent("db4"))
        #expect(findings.duplicateServerIDs == [])
        #expect(findings.duplicateServerUUIDs == [uuidText(2)])
        #expect(
            findings.troubles.filter { $0.kind == .duplicateServerUUID } == [
                Trouble(
                    .duplicateServerUUID,
                    "db2 and db3 have the same server_uuid \(uuidText(2)): delete auto.cnf in the data directory of the copy, and restart it"
                )
            ])
    }

    @Test("One server configured as two nodes is told from a copy by when it started")
    func oneServer() {
        func known(_ name: String, start: Double) -> ReplicationSetReport.Node {
            node(name, id: 2, uuid: 2).with {
                $0.identity.hostname = "h"
                $0.startTime = start
            }
        }
        let same = findings(known("db1", start: 1000), known("vip", start: 1001))
        #expect(
            same.troubles.filter { $0.kind == .duplicateServerID }.map(\.text) == [
                "db1 and vip are one server (server_id 2) under 2 names: configure it once, with its other address among the aliases"
            ])
        #expect(same.duplicateServerUUIDs == [])
        let copy = findings(known("db1", start: 1000), known("db2", start: 2000))
        #expect(copy.duplicateServerIDs == [2])
        #expect(copy.duplicateServerUUIDs == [uuidText(2)])
    }

    @Test("A vendor's own filter does not make a replica filtered; one more table does (Amazon RDS)")
    func vendorFilter() throws {
        func isUnfiltered(_ entries: Int) throws -> Bool {
            let replica = channel(id: 1).with {
                $0.filters = [.ignoreTable: entries]
                $0.vendorFilters = 5
            }
            return try findings(node("db1", id: 1), node("db2", id: 2, from: replica))["db2"].isUnfiltered
        }
        #expect(try isUnfiltered(5))
        #expect(try !isUnfiltered(6))
    }

    @Test("A filter affects all nodes below it, wherever it is")
    func filters() throws {
        let findings = SetFindings(
            ReplicationSetReport(
                node("db1", id: 1),
                node("plain", id: 2, from: channel(id: 1)),
                node("filtered", id: 3, from: channel(id: 1).with { $0.filters = [.ignoreTable: 2] }),
                node("below", id: 4, from: channel(id: 3)),
                node("other", id: 5).with { $0.binaryLog?.filters = [.doDatabase: 1, .ignoreDatabase: 0] },
                node("fed", id: 6, from: channel("a", id: 1), channel("b", id: 5)),
                node("zero", id: 7, from: channel(id: 8).with { $0.filters = [.doDatabase: 0] }),
                node("log", id: 8).with { $0.binaryLog?.filters = [.doDatabase: 0, .ignoreDatabase: 0] }))
        let unfiltered = findings.nodes.filter(\.isUnfiltered).map(\.description.name)
        // A filter of its own binary log withholds nothing from the node itself.
        #expect(unfiltered == ["db1", "plain", "other", "zero", "log"])
    }

    @Test(
        "An intended source without a channel is reported",
        arguments: [
            ([:], [], []),
            (["": "db1"], [], [""]),
            (["": "db1"], ["anything"], []),
            (["eu": "db1", "us": "db9"], ["eu"], ["us"]),
            (["eu": "db1", "us": "db9"], ["EU", "US"], []),
            (["EU": "db1"], ["eu"], []),
            (["": "db1", "eu": "db9"], ["eu"], [""]),
            (["": "db1", "eu": "db9"], ["eu", "x"], []),
            (["": "db1", "eu": "db9"], [], ["", "eu"]),
        ] as [([String: String], [String], [String])])
    func absentChannels(intended: [String: String], channels: [String], absent: [String]) throws {
        let replica = node("db2", id: 2, intending: intended).with { $0.channels = channels.map { channel($0, id: 1) } }
        #expect(try SetFindings(ReplicationSetReport(replica))["db2"].absentChannels == absent)
    }

    @Test("No channel is reported absent while the channels are not known")
    func unknownChannels() throws {
        let denied = node("db2", id: 2, intending: ["": "db1"]).with { $0.channels = nil }
        let findings = SetFindings(ReplicationSetReport(denied, silent("db3", intending: ["": "db1"])))
        #expect(findings.nodes.allSatisfy { $0.absentChannels.isEmpty && $0.channels.isEmpty })
    }
}
