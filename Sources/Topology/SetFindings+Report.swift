package import Replication

extension SetFindings {
    /// Compares the nodes of a set based on a single look; what requires a memory of earlier looks is unknown.
    package init(_ report: ReplicationSetReport) {
        var memory = SetMemory()
        self = memory.fold(report)
    }

    /// Compares the nodes of a set. Linear in nodes and channels, except for rings and chains with errant transactions.
    /// - Parameters:
    ///   - remembered: the identities of nodes that did not report theirs in this round, by name.
    ///   - incumbents: the nodes that last took the writes, by name.
    ///   - looks: at the nodes' binary logs, those of this round included.
    ///   - clusters: to which nodes belong.
    ///   - memory: of these.
    init(
        _ report: ReplicationSetReport, remembering remembered: [String: ServerIdentity], incumbents: Set<String>,
        looks: SetLooks, _ clusters: [ClusterFindings], _ memory: ClusterMemory
    ) {
        let comparison = SetComparison(report, remembering: remembered, incumbents: incumbents, looks)
        self.init(
            name: report.name, thresholds: report.thresholds,
            nodes: report.nodes.indices.map { NodeFindings($0, in: comparison) },
            cycles: comparison.graph.cycles.map { cycle in cycle.sorted().map { report.nodes[$0].description.name } },
            duplicates: SharedIdentity.all(in: report.nodes, clusters), clusters: clusters,
            writing: WriterFindings(writers: .unknown("not decided yet")))
        if clusters.isEmpty { return }
        for index in nodes.indices {
            let cluster = cluster(of: nodes[index].description.name)
            nodes[index].member = MemberFindings(
                index, in: report.nodes, cluster, cluster.flatMap { memory.looks[$0.name] },
                cluster.flatMap { memory.progress[$0.name] },
                heartbeat: comparison.heartbeatLag(of: index, in: cluster), report.thresholds)
            for channel in nodes[index].channels.indices { nodes[index].channels[channel].judgeMember(in: self) }
        }
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
    let errant: ErrantSearch
    let looks: SetLooks

    init(
        _ report: ReplicationSetReport, remembering remembered: [String: ServerIdentity], incumbents: Set<String>,
        _ looks: SetLooks
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
        errant = ErrantSearch(report, graph, writers: report.writers(incumbents))
        heartbeats = report.heartbeat.map { [graph, filtered] in
            HeartbeatComparison(writing: $0, nodes: report.nodes, graph: graph, filtered: filtered)
        }
    }
}

extension SetComparison {
    /// By a heartbeat that is written on a member of the node's cluster.
    fileprivate func heartbeatLag(of index: Int, in cluster: ClusterFindings?) -> Double? {
        guard let heartbeats, let component = cluster?.component else { return nil }
        let members = nodes.indices.filter { $0 != index && component.nodes.contains(nodes[$0].description.name) }
        return heartbeats.lag(of: index, behindAny: members)
    }
}

extension NodeFindings {
    fileprivate init(_ index: Int, in set: SetComparison) {
        let node = set.nodes[index]
        let facts = node.report.facts
        let errant = set.errant.verdict(on: index)
        let channels = zip(facts?.channels ?? [], set.graph.sources[index]).map { channel, source in
            var findings = ChannelFindings(
                channel, of: node, source: source.map { set.nodes[$0] },
                heartbeatLag: source.flatMap { set.heartbeats?.lag(of: index, through: $0) }, set)
            // A transaction does not name a channel: what none of the sources has is attributed to each of the
            // channels.
            switch errant {
            case .unknown: break
            // A source that has begun anew may have used the same GTIDs for other transactions.
            case .none: if !findings.hasLost { findings.errant = 0 }
            case .errant(let excess):
                findings.errant = excess.count
                findings.errantTransactions = ErrantList(
                    excess, set.identities, mayBeMore: findings.hasLost)
            }
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
        if let member = facts.cluster {
            // Dump threads of members that recover from it make no node a source.
            let isPrimary = member.isPrimary == true && member.isOperating
            self = !isPrimary ? .member : channels.isEmpty ? .primary : .intermediate
            return
        }
        let isSource = hasReplicas || facts.connectedReplicas ?? 0 > 0
        switch (isSource, channels.isEmpty) {
        case (true, true): self = .primary
        case (true, false): self = .intermediate
        case (false, false): self = .replica
        case (false, true): self = .standalone
        }
    }
}

extension NodeFacts {
    /// Whether a replica can be compared with it, or could be if it told what it was asked for.
    fileprivate var isComparable: Bool {
        binaryLog?.end != nil || transactions != nil || missing[.binlogStatus] != nil
    }
}

extension ChannelFindings {
    fileprivate init(
        _ channel: Channel, of node: ReplicationSetReport.Node, source: ReplicationSetReport.Node?,
        heartbeatLag: Double?, _ set: SetComparison
    ) {
        let sourceFacts = source?.report.facts
        let positions = source.map {
            PositionComparison(channel, of: node, source: $0, before: set.looks[$0.description.name]?.before)
        }
        let loss = positions?.loss ?? Self.knownLoss(of: channel, on: node, from: source, positions, set.looks)
        let leads = Self.leads(on: node, from: source, positions, set.looks)
        var distance = GTIDDistance()
        var isComplete = false
        if let here = node.report.facts?.transactions, let there = source?.report.recordedTransactions,
            loss == nil, leads.isEmpty, positions?.isAhead != true, sourceFacts?.numbersAlone != true
        {
            distance = here.distance(
                behind: there, fetched: channel.fetched,
                isOnlyStream: node.report.facts?.channels?.count ?? 1 == 1)
            if channel.isFilteredBySource, distance.missing != 0 { distance = GTIDDistance() }
            isComplete = distance.missing == 0 && there.hasRecord(ofLastOf: here)
        }
        // MySQL's parallel applier only writes its position down now and then; its GTID set is more current.
        let hasAll = distance.isExact && distance.missing == 0
        var channel = channel
        channel.correctTimes(by: node.report.facts.flatMap { $0.clockDifference(to: sourceFacts) })
        // A replica that has everything cannot distinguish a source that says nothing from one that has nothing to say.
        if channel.isSilenceToldOnly, hasAll || positions?.readDelta == 0 { channel.sourceSilence = nil }
        self.init(
            channel: channel, sourceNode: source?.description.name, distance: distance, errant: nil, lag: nil,
            checks: [:])
        if loss == nil {
            readDelta = positions?.readDelta
            applyDelta = hasAll ? 0 : positions?.applyDelta
            purgeHeadroom = positions?.purgeHeadroom
        }
        // The rest of the log may be what is never sent.
        if channel.isFilteredBySource, readDelta != 0 { readDelta = nil }
        if channel.isFilteredBySource, applyDelta != 0 { applyDelta = nil }
        logLoss = loss
        self.leads = leads
        isSourceWithoutLog = sourceFacts?.binaryLog?.isEnabled == false
        checks[.source] = sourceCheck(of: node.description, intended: set.identities)
        checks[.binaryLog] = loss == nil ? positions?.isHeld : false
        stall = Stall(
            self, of: node.report.facts, source.flatMap { set.looks[$0.description.name] },
            sourceFacts?.binaryLog?.index)
        checks[.transfer] = transferCheck
        checks[.apply] = channel.isApplierRunning && channel.applierError?.number ?? 0 == 0
        let bounds = lagBounds(of: node, complete: isComplete ? sourceFacts?.binaryLog?.end : nil, set.looks)
        lag = Lag(
            self, heartbeat: heartbeatLag, bounds, isSourceAnswering: sourceFacts != nil,
            isEndSeen: sourceFacts?.binaryLog?.end != nil || sourceFacts?.binaryLogRead != nil,
            isSourceComparable: sourceFacts?.isComparable == true, set.thresholds)
        checks[.lag] = lagCheck(set.thresholds, most: sourceFacts?.binaryLogRead == nil ? bounds?.upper : nil)
        intendedSource = node.description.intendedSource(of: channel.name)
    }

    /// Its source has begun anew, or has lost what this channel lacks.
    package var hasLost: Bool { logLoss != nil || !leads.isEmpty }

    /// While its source leaves out what it writes, and sends no heartbeats for it, nothing shows that a channel should receive.
    private var transferCheck: Bool? {
        if channel.isFilteredBySource, channel.ioThread == .running, !channel.isTransferring { return nil }
        return channel.isTransferring && stall == nil
    }

    /// Leaves out what is asked of a channel that should be running.
    fileprivate mutating func park() {
        isParked = true
        lag = nil
        readDelta = nil
        applyDelta = nil
        purgeHeadroom = nil
        checks = [:]
        stall = nil
        logLoss = nil
        leads = []
    }

    private func lagBounds(
        of node: ReplicationSetReport.Node, complete: BinlogCoordinate?, _ looks: SetLooks
    ) -> LagBounds? {
        // What a channel has read of another log says nothing about how late it is in this one.
        guard logLoss == nil, leads.isEmpty, let facts = node.report.facts, let source = sourceNode else { return nil }
        return looks[source]?.bounds(channel, of: facts, complete: complete)
    }

    /// What earlier rounds show the channel to have lost, though its place now looks like any other.
    private static func knownLoss(
        of channel: Channel, on node: ReplicationSetReport.Node, from source: ReplicationSetReport.Node?,
        _ positions: PositionComparison?, _ looks: SetLooks
    ) -> LogLoss? {
        guard let source, let facts = node.report.facts else { return nil }
        let name = source.description.name
        if let known = looks.loss(of: channel, on: node.description.name, facts, from: name) { return known }
        if let pending = looks.pendingLoss(of: node.description.name, facts, from: name),
            let here = facts.transactions, pending.isLacking(in: here, fetched: channel.fetched),
            let end = source.report.facts?.binaryLog?.end ?? looks[name]?.looks.last?.end
        {
            return LogLoss(read: channel.readPosition ?? end, end: end, isOfWhatItLacked: true)
        }
        // The source has begun anew, and its new log is already longer.
        guard let log = looks[name], log.hasLostTransactions, log.looks.count == 1,
            positions?.sourceLacksTransactions == true, let read = channel.readPosition,
            let end = source.report.facts?.binaryLog?.end
        else { return nil }
        return LogLoss(read: read, end: end)
    }

    /// The domains in which the node is above its source, or was: when the source has written as much again, its numbers look
    /// like any other's.
    private static func leads(
        on node: ReplicationSetReport.Node, from source: ReplicationSetReport.Node?,
        _ positions: PositionComparison?, _ looks: SetLooks
    ) -> [GTIDLead] {
        if let positions, !positions.leads.isEmpty { return positions.leads }
        guard let source, let facts = node.report.facts else { return [] }
        return looks.leads(on: node.description.name, facts, from: source.description.name)
    }
}

extension ReplicationSetReport {
    /// The nodes that take the writes, as far as that is known before the round is judged: those that last did, or the
    /// only one that accepts writes and has no source.
    fileprivate func writers(_ incumbents: Set<String>) -> Set<Int> {
        var writers: Set<Int> = []
        var free: [Int] = []
        for (index, node) in nodes.enumerated() where node.report.facts?.isReadOnly == false {
            if incumbents.contains(node.description.name) { writers.insert(index) }
            if node.report.facts?.channels?.isEmpty == true { free.append(index) }
        }
        return writers.isEmpty && free.count == 1 ? Set(free) : writers
    }
}
