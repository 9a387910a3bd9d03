import Replication
import Topology

/// Made-up replication sets for viewing: what no real server shows on demand, or not by the hundreds.
enum PageFleet {
    /// Thirty sets with a thousand nodes; four of the sets have troubles of every kind.
    static var large: [SetFindings] {
        (1...30).map { number in
            let name = "shard\(number < 10 ? "0" : "")\(number)"
            var nodes = [primary("\(name)-db1", id: 1)]
            for index in 2...(number <= 10 ? 34 : 33) {
                let error = number == 7 && index == 3 ? "Duplicate entry '4711' for key 'orders.PRIMARY'" : ""
                nodes.append(
                    replica(
                        "\(name)-db\(index)", id: UInt32(index), of: index % 8 == 1 ? 2 : 1, error: error,
                        lag: number == 19 && index > 28 ? 95 : 0))
            }
            if number == 12 { nodes[4].report = NodeReport(failure: unreachable) }
            if number == 23 { nodes[0].report = NodeReport(failure: unreachable) }
            return findings(name, nodes)
        }
    }

    private static let unreachable = NodeFailure(
        reason: .timeout, message: "no answer from 10.0.23.1:3306 within 5 s")

    /// A small set in which everything is wrong that can be.
    static func broken(saying words: String) -> [SetFindings] {
        var nodes = [
            primary("db1", id: 1), replica("db2", id: 2, error: words), replica("db3", id: 3, of: 2, lag: 7200),
            replica("db4", id: 4, channel: words, lag: nil), primary("db6", id: 6),
        ]
        nodes[2].description.intendedSources = ["": "db1"]
        var down = replica("db5", id: 5)
        down.report = NodeReport(failure: NodeFailure(reason: .authentication, message: words))
        nodes.append(down)
        return [findings("shop", nodes), findings("audit", [primary("audit1", id: 1), replica("audit2", id: 2)])]
    }

    static var healthy: [SetFindings] {
        [
            findings("shop", [primary("db1", id: 1), replica("db2", id: 2), replica("db3", id: 3, of: 2)]),
            findings("audit", [primary("audit1", id: 1), replica("audit2", id: 2)]),
        ]
    }

    static func findings(_ name: String, _ nodes: [ReplicationSetReport.Node]) -> SetFindings {
        SetFindings(ReplicationSetReport(name: name, nodes: nodes))
    }

    static func primary(_ name: String, id: UInt32) -> ReplicationSetReport.Node {
        var facts = facts(id)
        facts.isReadOnly = false
        facts.channels = []
        return node(name, NodeReport(facts: facts))
    }

    /// - Parameters:
    ///   - source: the server ID of the node that it follows.
    ///   - error: the error that stopped its applier; "" for one that runs.
    ///   - lag: nil if not reported.
    static func replica(
        _ name: String, id: UInt32, of source: UInt32 = 1, channel: String = "", error: String = "", lag: Double? = 0
    ) -> ReplicationSetReport.Node {
        var facts = facts(id)
        facts.isReadOnly = true
        let stem = String(name.reversed().drop { $0.isNumber }.reversed())
        var stream = Channel(
            name: channel, source: .init(host: "\(stem)\(source).example.net", port: 3306, serverID: source),
            ioThread: .running, isApplierRunning: error.isEmpty)
        stream.secondsBehindSource = lag
        stream.readPosition = end
        stream.executedPosition = end
        if !error.isEmpty { stream.applierError = .init(number: 1062, message: error) }
        facts.channels = [stream]
        var node = node(name, NodeReport(facts: facts))
        node.description.intendedSources = ["": "\(stem)\(source)"]
        return node
    }

    private static func facts(_ id: UInt32) -> NodeFacts {
        var facts = NodeFacts(
            identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 19), serverID: id))
        var log = BinaryLog(isEnabled: true)
        log.end = end
        facts.binaryLog = log
        return facts
    }

    private static let end = BinlogFile("binlog.000042").map { BinlogCoordinate(file: $0, position: 73_004_712) }

    private static func node(_ name: String, _ report: NodeReport) -> ReplicationSetReport.Node {
        .init(NodeDescription(name: name, address: .tcp(host: "\(name).example.net", port: 3306)), report)
    }
}
