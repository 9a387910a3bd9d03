import Replication
import Topology

/// Hand-made nodes to show.
enum Samples {
    static func primary(_ name: String, id: UInt32, position: UInt64 = 500, replicates: [Channel] = [])
        -> ReplicationSetReport.Node
    {
        var facts = NodeFacts(
            identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 19), serverID: id))
        facts.isReadOnly = !replicates.isEmpty
        facts.channels = replicates
        var log = BinaryLog(isEnabled: true)
        log.end = BinlogFile("binlog.000001").map { BinlogCoordinate(file: $0, position: position) }
        facts.binaryLog = log
        return node(name, NodeReport(facts: facts))
    }

    static func down(_ name: String, intended: String, message: String = "no answer") -> ReplicationSetReport.Node {
        var node = node(name, NodeReport(failure: NodeFailure(reason: .timeout, message: message)))
        node.description.intendedSources = ["": intended]
        return node
    }

    /// A server that has no connection left for the exporter.
    static func refusing(_ name: String, intended: String? = nil) -> ReplicationSetReport.Node {
        var node = node(
            name,
            NodeReport(
                failure: NodeFailure(reason: .connectionLimit, message: "error 1226; the account needs more")))
        if let intended { node.description.intendedSources = ["": intended] }
        return node
    }

    static func channel(
        _ name: String = "", from id: UInt32, behind: Double? = 0, position: UInt64 = 500, error: String? = nil
    ) -> Channel {
        var channel = Channel(
            name: name, source: .init(host: "10.0.0.\(id)", port: 3306, serverID: id), ioThread: .running,
            isApplierRunning: error == nil)
        channel.secondsBehindSource = behind
        let coordinate = BinlogFile("binlog.000001").map { BinlogCoordinate(file: $0, position: position) }
        channel.readPosition = coordinate
        channel.executedPosition = coordinate
        channel.applierError = .init(number: error == nil ? 0 : 1062, message: error ?? "")
        return channel
    }

    static func findings(_ nodes: [ReplicationSetReport.Node]) -> SetFindings {
        SetFindings(ReplicationSetReport(name: "shop", nodes: nodes))
    }

    private static func node(_ name: String, _ report: NodeReport) -> ReplicationSetReport.Node {
        .init(NodeDescription(name: name, address: .tcp(host: name, port: 3306)), report)
    }
}
