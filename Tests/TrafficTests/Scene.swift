import Replication
import Topology

func findings(_ nodes: ReplicationSetReport.Node...) -> SetFindings {
    SetFindings(ReplicationSetReport(name: "shop", nodes: nodes))
}

/// A node that answered; read-only, unless specified otherwise.
func node(_ name: String, id: UInt32, readOnly: Bool? = true, from channels: Channel...) -> ReplicationSetReport.Node {
    var facts = NodeFacts(
        identity: ServerIdentity(
            flavor: .mariadb, version: ServerVersion(10, 11, 6), hostname: name, port: 3306, serverID: id))
    facts.isReadOnly = readOnly
    facts.channels = channels
    facts.binaryLog = BinaryLog(isEnabled: true)
    return .init(
        NodeDescription(name: name, address: .tcp(host: name, port: 3306), intendedSources: [:]),
        NodeReport(facts: facts))
}

/// A node that did not answer.
func silent(_ name: String, intending source: String? = nil) -> ReplicationSetReport.Node {
    .init(
        NodeDescription(
            name: name, address: .tcp(host: name, port: 3306), intendedSources: source.map { ["": $0] } ?? [:]),
        NodeReport(failure: NodeFailure(reason: .timeout, message: "no answer")))
}

/// A channel that works, unless specified otherwise.
func channel(
    _ name: String = "", from host: String, id: UInt32, io: Channel.IOThreadState = .running, applies: Bool = true,
    silence: Double? = nil, behind: Double?
) -> Channel {
    var channel = Channel(
        name: name, source: .init(host: host, port: 3306, serverID: id), ioThread: io, isApplierRunning: applies)
    channel.secondsBehindSource = behind
    channel.sourceSilence = silence
    channel.heartbeatPeriod = silence == nil ? nil : 10
    return channel
}
