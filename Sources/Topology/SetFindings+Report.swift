package import Replication

extension SetFindings {
    /// Compares the nodes of a set.
    package init(_ report: ReplicationSetReport) {
        let graph = ReplicationGraph(report.nodes)
        let nodes = report.nodes.indices.map { place in
            NodeFindings(place, in: report, graph)
        }
        var holders: [UInt32: Int] = [:]
        for node in report.nodes {
            if let id = node.report.facts?.identity.serverID { holders[id, default: 0] += 1 }
        }
        self.init(
            name: report.name, thresholds: report.thresholds, nodes: nodes,
            cycles: graph.cycles.map { cycle in cycle.sorted().map { report.nodes[$0].description.name } },
            duplicateServerIDs: holders.filter { $0.value > 1 }.keys.sorted())
    }
}

extension NodeFindings {
    fileprivate init(_ place: Int, in set: ReplicationSetReport, _ graph: ReplicationGraph) {
        let node = set.nodes[place]
        let facts = node.report.facts
        let sources = graph.sources[place]
        let channels = zip(facts?.channels ?? [], sources).map { channel, source in
            ChannelFindings(channel, of: node, source: source.map { set.nodes[$0] }, set.thresholds)
        }
        self.init(
            description: node.description, report: node.report,
            role: NodeRole(facts, hasReplicas: !graph.replicas(of: place).isEmpty), channels: channels,
            absentChannels: node.absentChannels)
        guard let errant = ErrantSearch(place, set.nodes, graph)?.count else { return }
        // A transaction carries no channel: what none of the sources has is said of each of them.
        for index in self.channels.indices { self.channels[index].errant = errant }
    }

    /// A node with no filter on any way into it.
    package var isUnfiltered: Bool {
        channels.allSatisfy { $0.channel.filters.isEmpty }
    }

    package var isReplica: Bool { !channels.isEmpty }
}

extension ReplicationSetReport.Node {
    /// An intended source without a channel is the quietest way to stop replicating (RESET REPLICA ALL): nothing else
    /// would tell of it. A single source that is intended for "" may feed a channel of any name.
    fileprivate var absentChannels: [String] {
        guard let channels = report.facts?.channels else { return [] }
        let names = Set(channels.map(\.name))
        return description.intendedSources.keys.filter { channel in
            channel.isEmpty ? channels.isEmpty : !names.contains(channel)
        }.sorted()
    }
}

extension NodeRole {
    fileprivate init?(_ facts: NodeFacts?, hasReplicas: Bool) {
        guard let facts, let channels = facts.channels else { return nil }
        let isSource = hasReplicas || facts.connectedReplicas ?? 0 > 0
        switch (isSource, channels.isEmpty) {
        case (true, true): self = .primary
        case (true, false): self = .intermediate
        case (false, false): self = .replica
        case (false, true): self = .standalone
        }
    }
}

extension ChannelFindings {
    fileprivate init(
        _ channel: Channel, of node: ReplicationSetReport.Node, source: ReplicationSetReport.Node?,
        _ thresholds: Thresholds
    ) {
        let sourceFacts = source?.report.facts
        let binaryLog = BinaryLogComparison(channel, sourceFacts?.binaryLog)
        var distance = GTIDDistance()
        if let here = node.report.facts?.transactions, let there = sourceFacts?.transactions {
            distance = here.distance(behind: there, fetched: channel.fetched)
        }
        // A parallel applier of MySQL writes its position down now and then only; its set tells better.
        let hasAll = distance.isExact && distance.missing == 0
        self.init(
            channel: channel, sourceNode: source?.description.name, readDelta: binaryLog.readDelta,
            applyDelta: hasAll ? 0 : binaryLog.applyDelta, purgeHeadroom: binaryLog.purgeHeadroom, distance: distance,
            errant: nil,
            lag: nil, checks: [:])
        lag = Lag(self)
        checks[.source] = sourceCheck(of: node, source)
        checks[.binaryLog] = binaryLog.isHeld
        checks[.transfer] = channel.isTransferring
        checks[.apply] = channel.isApplierRunning && channel.applierError?.number ?? 0 == 0
        checks[.lag] = lagCheck(thresholds)
    }

    /// Absent where no source is intended, and while the intended one cannot be told from the actual one.
    private func sourceCheck(of node: ReplicationSetReport.Node, _ source: ReplicationSetReport.Node?) -> Bool? {
        let intended = node.description.intendedSources
        guard let name = intended[channel.name] ?? intended[""] else { return nil }
        if let source { return source.description.name == name }
        // Not one of the configured nodes by all that is known.
        return false
    }

    /// Too late, or too many bytes behind. A replica that is delayed on purpose is late beyond its delay only.
    private func lagCheck(_ thresholds: Thresholds) -> Bool? {
        let delay = channel.configuredDelay ?? 0
        let hasTooMuch = delay == 0 ? applyDelta.map { $0 > thresholds.bytes } : nil
        let isLate = lag.map { $0.seconds - delay > thresholds.lag }
        if hasTooMuch == true || isLate == true { return false }
        return isLate.map { !$0 }
    }
}
