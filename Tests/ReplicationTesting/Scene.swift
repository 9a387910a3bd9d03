package import Replication
package import Topology

// A small language for describing what the nodes of a set report:
//
//     findings(
//         node("db1", id: 1, readOnly: false),
//         replica("db2", id: 2, binlog: "bin.000001:900", from: channel(from: "db1", id: 1, read: "bin.000003:500")))

/// A node that answered: MySQL if it is given a UUID, otherwise MariaDB.
/// - Parameters:
///   - uuid: the number that stands for its UUID (`uuidText`).
///   - readOnly: nil if the node does not report it.
package func node(
    _ name: String, id: UInt32? = nil, uuid: Int? = nil, at address: AddressText? = nil, aliases: [AddressText] = [],
    readOnly: Bool? = nil, clockOffset: Double? = 0, binlog: BinlogCoordinate? = nil,
    intending sources: [String: String] = [:], from channels: Channel...
) -> ReplicationSetReport.Node {
    node(
        name, id: id, uuid: uuid, at: address, aliases: aliases, readOnly: readOnly, clockOffset: clockOffset,
        binlog: binlog, intending: sources, channels: channels)
}

/// A read-only node that answered.
package func replica(
    _ name: String, id: UInt32, binlog: BinlogCoordinate? = nil, intending sources: [String: String] = [:],
    from channels: Channel...
) -> ReplicationSetReport.Node {
    node(name, id: id, readOnly: true, binlog: binlog, intending: sources, channels: channels)
}

private func node(
    _ name: String, id: UInt32?, uuid: Int? = nil, at address: AddressText? = nil, aliases: [AddressText] = [],
    readOnly: Bool?, clockOffset: Double? = 0, binlog: BinlogCoordinate?, intending sources: [String: String],
    channels: [Channel]
) -> ReplicationSetReport.Node {
    var facts = NodeFacts(
        identity: ServerIdentity(
            flavor: uuid == nil ? .mariadb : .mysql,
            version: uuid == nil ? ServerVersion(10, 11, 6) : ServerVersion(8, 4, 0),
            port: 3306, serverID: id, serverUUID: uuid.map(uuidText)))
    facts.channels = channels
    facts.isReadOnly = readOnly
    facts.clockOffset = clockOffset
    facts.binaryLog = BinaryLog(isEnabled: true, end: binlog)
    facts.binaryLog?.recordsReplicated = true
    return .init(
        NodeDescription(
            name: name, address: address?.address ?? .tcp(host: name, port: 3306), aliases: aliases.map(\.address),
            intendedSources: sources),
        NodeReport(facts: facts))
}

/// A node that did not answer.
package func silent(
    _ name: String, at address: AddressText? = nil, intending sources: [String: String] = [:]
) -> ReplicationSetReport.Node {
    .init(
        NodeDescription(
            name: name, address: address?.address ?? .tcp(host: name, port: 3306), intendedSources: sources),
        NodeReport(failure: NodeFailure(reason: .timeout, message: "no answer")))
}

/// A channel that works, unless the arguments say otherwise.
/// - Parameters:
///   - silence: seconds since the source was last heard from; if given, the heartbeat period is 10 seconds.
///   - behind: the lag that the server itself reports, in seconds.
package func channel(
    _ name: String = "", from address: AddressText = "elsewhere", id: UInt32? = nil, uuid: Int? = nil,
    io: Channel.IOThreadState = .running, applies: Bool = true, read: BinlogCoordinate? = nil,
    executed: BinlogCoordinate? = nil, silence: Double? = nil, behind: Double? = nil
) -> Channel {
    guard case .tcp(let host, let port) = address.address else { preconditionFailure("a source has a host and a port") }
    var channel = Channel(
        name: name, source: .init(host: host, port: port, serverID: id, serverUUID: uuid.map(uuidText)), ioThread: io,
        isApplierRunning: applies)
    channel.readPosition = read
    channel.executedPosition = executed ?? read
    channel.secondsBehindSource = behind
    channel.sourceSilence = silence
    channel.heartbeatPeriod = silence == nil ? nil : 10
    return channel
}

/// The UUID that a number stands for.
package func uuidText(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return "00000000-0000-0000-0000-" + String(repeating: "0", count: 12 - digits.count) + digits
}

/// What a comparison of these nodes finds.
package func findings(_ nodes: ReplicationSetReport.Node..., thresholds: Thresholds = Thresholds()) -> SetFindings {
    SetFindings(ReplicationSetReport(name: "shop", thresholds: thresholds, nodes: nodes))
}

extension ReplicationSetReport {
    package init(_ nodes: Node..., thresholds: Thresholds = Thresholds()) {
        self.init(name: "shop", thresholds: thresholds, nodes: nodes)
    }
}
