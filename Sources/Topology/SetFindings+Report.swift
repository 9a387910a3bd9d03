package import Replication

extension SetFindings {
    /// Compares the nodes of a set based on a single look; what requires a memory of earlier looks is unknown.
    package init(_ report: ReplicationSetReport) {
        var memory = SetMemory()
        self = memory.fold(report)
    }

    /// Compares the nodes of a set. Linear in nodes and channels, except for rings and chains with errant transactions.
    /// - Parameter remembered: the identities of nodes that did not report theirs in this round, by name.
    /// - Parameter looks: at the nodes' binary logs, those of this round included.
    init(_ report: ReplicationSetReport, remembering remembered: [String: ServerIdentity], looks: SetLooks) {
        let comparison = SetComparison(report, remembering: remembered, looks)
        self.init(
            name: report.name, thresholds: report.thresholds,
            nodes: report.nodes.indices.map { NodeFindings($0, in: comparison) },
            cycles: comparison.graph.cycles.map { cycle in cycle.sorted().map { report.nodes[$0].description.name } },
            duplicates: SharedIdentity.all(in: report.nodes),
            writing: WriterFindings(writers: .unknown("not decided yet")))
    }
}

/// What is computed once for all nodes of a set.
private struct SetComparison {
    let nodes: [ReplicationSetReport.Node]
    let thresholds: Thresholds
    let graph: ReplicationGraph
    let filtered: Set<Int>
    let parked: ParkedChannels
    /// The identities of the nodes that reported one, by name.
    let identities: [String: ServerIdentity]
    let heartbeats: HeartbeatComparison?
    let looks: SetLooks

    init(
        _ report: ReplicationSetReport, remembering remembered: [String: ServerIdentity], _ looks: SetLooks
    ) {
        self.looks = looks
        nodes = report.nodes
        thresholds = report.thresholds
        graph = ReplicationGraph(report.nodes, remembering: remembered)
        filtered = graph.filtered(report.nodes)
        parked = ParkedChannels(report.nodes)
        var identities: [String: ServerIdentity] = [:]
        for node in report.nodes { identities[node.description.name] = node.identity }
        self.identities = identities
        heartbeats = report.heartbeat.map { [graph, filtered] in
            HeartbeatComparison(writing: $0, nodes: report.nodes, graph: graph, filtered: filtered)
        }
    }
}

extension NodeFindings {
    fileprivate init(_ index: Int, in set: SetComparison) {
        let node = set.nodes[index]
        let facts = node.report.facts
        let errant = ErrantSearch(index, set.nodes, set.graph)?.count
        let channels = zip(facts?.channels ?? [], set.graph.sources[index]).map { channel, source in
            var findings = ChannelFindings(
                channel, of: node, source: source.map { set.nodes[$0] },
                heartbeatLag: source.flatMap { set.heartbeats?.lag(of: index, through: $0) }, set)
            // A transaction does not name a channel: what none of the sources has is attributed to each of the
            // channels.
            findings.errant = errant
            if set.parked.contains(channel, of: node) { findings.park() }
            return findings
        }
        self.init(
            description: node.description, report: node.report,
            role: NodeRole(facts, hasReplicas: !set.graph.replicas[index].isEmpty), channels: channels,
            // An intended source without a channel is the quietest way to stop replicating (RESET REPLICA ALL): nothing
            // else would reveal it.
            absentChannels: facts?.channels.map(node.description.absentChannels) ?? [],
            isUnfiltered: !set.filtered.contains(index), heartbeatAge: set.heartbeats?.age(at: index))
    }

    package var isReplica: Bool { !channels.isEmpty }
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
        heartbeatLag: Double?, _ set: SetComparison
    ) {
        let sourceFacts = source?.report.facts
        let binaryLog = BinaryLogComparison(channel, sourceFacts?.binaryLog)
        var distance = GTIDDistance()
        if let here = node.report.facts?.transactions, let there = sourceFacts?.transactions {
            distance = here.distance(behind: there, fetched: channel.fetched)
        }
        // MySQL's parallel applier only writes its position down now and then; its GTID set is more current.
        let hasAll = distance.isExact && distance.missing == 0
        var channel = channel
        channel.correctTimes(by: node.report.facts.flatMap { $0.clockDifference(to: sourceFacts) })
        // A replica that has everything cannot distinguish a source that says nothing from one that has nothing to say.
        if channel.isSilenceToldOnly, hasAll || binaryLog.readDelta == 0 { channel.sourceSilence = nil }
        self.init(
            channel: channel, sourceNode: source?.description.name, readDelta: binaryLog.readDelta,
            applyDelta: hasAll ? 0 : binaryLog.applyDelta, purgeHeadroom: binaryLog.purgeHeadroom, distance: distance,
            errant: nil, lag: nil, checks: [:])
        checks[.source] = sourceCheck(of: node.description, intended: set.identities)
        checks[.binaryLog] = binaryLog.isHeld
        checks[.transfer] = channel.isTransferring
        checks[.apply] = channel.isApplierRunning && channel.applierError?.number ?? 0 == 0
        let hasEverything = sourceFacts != nil && distance.missing == 0
        if hasEverything { appliedThrough = sourceFacts?.binaryLog?.end }
        lag = Lag(
            self, heartbeat: heartbeatLag, lagBounds(of: node, hasAll: hasEverything, set.looks),
            isSourceAnswering: sourceFacts != nil, set.thresholds)
        checks[.lag] = lagCheck(set.thresholds)
        intendedSource = node.description.intendedSource(of: channel.name)
    }

    /// Leaves out what is asked of a channel that should be running.
    fileprivate mutating func park() {
        isParked = true
        lag = nil
        readDelta = nil
        applyDelta = nil
        purgeHeadroom = nil
        checks = [:]
    }

    private func lagBounds(
        of node: ReplicationSetReport.Node, hasAll: Bool, _ looks: SetLooks
    ) -> LagBounds? {
        guard let facts = node.report.facts, let source = sourceNode, let log = looks[source] else { return nil }
        let earlier =
            appliedThrough ?? looks.applied(channel, of: node.description.name, facts, from: source)
        return log.bounds(channel, of: facts, through: earlier, complete: appliedThrough, hasAll: hasAll)
    }
}
