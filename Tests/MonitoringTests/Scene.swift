import Replication

@testable import Topology

/// The report of a server that has the facts a probe needs.
func node(
    _ name: String, id: UInt32?, readOnly: Bool?, clockOffset: Double? = 0, uuid: String? = nil
) -> ReplicationSetReport.Node {
    var facts = NodeFacts(
        identity: ServerIdentity(
            flavor: .mariadb, version: ServerVersion(10, 11, 6), serverID: id, serverUUID: uuid))
    facts.channels = []
    facts.isReadOnly = readOnly
    facts.clockOffset = clockOffset
    return .init(
        NodeDescription(name: name, address: .tcp(host: name, port: 3306)), NodeReport(facts: facts))
}

func findings(_ nodes: ReplicationSetReport.Node...) -> SetFindings {
    SetFindings(ReplicationSetReport(name: "shop", nodes: nodes))
}
