import Replication

/// Tells channels that are stopped on purpose from those that have stopped.
struct ParkedChannels {
    /// The UUIDs of the servers that run a channel, by its name in lower case.
    private var runners: [String: Set<String>] = [:]

    init(_ nodes: [ReplicationSetReport.Node]) {
        for node in nodes {
            guard let uuid = node.identity?.serverUUID else { continue }
            for channel in node.report.facts?.channels ?? []
            where channel.ioThread != .stopped && channel.isApplierRunning {
                runners[channel.name.lowercased(), default: []].insert(uuid)
            }
        }
    }

    /// Whether a node's channel is stopped on purpose: it leads nowhere, and no source is configured for it by its name; the
    /// configuration says that it may be; or another member of the node's group runs it. An ordinary replica that somebody has
    /// stopped is none of these, nor is a channel that an error has stopped.
    func contains(_ channel: Channel, of node: ReplicationSetReport.Node) -> Bool {
        guard channel.applierError?.number ?? 0 == 0 else { return false }
        // An IO error does not count here: there is no such host to connect to.
        if channel.source.isDetached {
            return !node.description.namesSource(of: channel.name) || node.description.mayPark(channel.name)
        }
        guard channel.areThreadsStopped else { return false }
        if node.description.mayPark(channel.name) { return channel.ioError?.number ?? 0 == 0 }
        guard let member = node.report.facts?.cluster, member.kind == .group, member.state == .online,
            let others = member.view?.members.filter({ $0.state == .online && $0.id != member.id }),
            let runners = runners[channel.name.lowercased()]
        else { return false }
        return others.contains { runners.contains($0.id) }
    }
}

extension NodeDescription {
    /// Whether the configuration says that the channel may be stopped on purpose.
    fileprivate func mayPark(_ channel: String) -> Bool {
        if parkedChannels.isEmpty { return false }
        let channel = channel.lowercased()
        return parkedChannels.contains { $0.lowercased() == channel }
    }
}

extension NodeFindings {
    /// It is read-only and has no channel but such as lead nowhere: nothing writes to it, as with a replica that orchestrator has lost
    /// in a failover.
    package var isCutOff: Bool {
        isReadOnly && !channels.isEmpty && channels.allSatisfy(\.channel.source.isDetached)
    }
}
