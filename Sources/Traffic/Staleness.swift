internal import Replication
internal import Topology

/// How far a replica's data is behind the node where it is written, over all nodes between.
struct Staleness: Equatable {
    /// Seconds. A delay on purpose counts: the data is no fresher for it.
    var lag: Double
    /// Nil where it is not known.
    var bytes: UInt64?

    /// What this is of the limits; nil when that is not known.
    func load(of limits: ReplicaLimits) -> Double? {
        let share = Self.share(lag, of: limits.lag)
        guard let most = limits.bytes else { return share }
        return bytes.map { max(share, Self.share(Double($0), of: Double(most))) }
    }

    private static func share(_ value: Double, of limit: Double) -> Double {
        value <= 0 ? 0 : limit > 0 ? value / limit : .infinity
    }
}

/// Why there is no telling how stale a node is.
struct UnknownStaleness: Error, Equatable {
    let reason: String
}

extension SetFindings {
    /// The stalest of the node's channels, each with what its source is behind in turn.
    func staleness(of node: NodeFindings) throws(UnknownStaleness) -> Staleness {
        try staleness(of: node, below: [])
    }

    private func staleness(of node: NodeFindings, below: Set<String>) throws(UnknownStaleness) -> Staleness {
        let name = node.description.name
        guard let first = node.channels.first else { throw UnknownStaleness(reason: "\(name) does not replicate") }
        var worst = try staleness(of: first, of: node, below: below)
        for channel in node.channels.dropFirst() {
            let other = try staleness(of: channel, of: node, below: below)
            worst.lag = max(worst.lag, other.lag)
            worst.bytes = worst.bytes.flatMap { bytes in other.bytes.map { max(bytes, $0) } }
        }
        return worst
    }

    private func staleness(
        of channel: ChannelFindings, of node: NodeFindings, below: Set<String>
    ) throws(UnknownStaleness) -> Staleness {
        let name = node.description.name
        // A heartbeat tells how late a stopped replica is, and not that it falls further behind with every second.
        if let stopped = channel.stoppedThread { throw UnknownStaleness(reason: "\(name): \(stopped)") }
        guard let lag = channel.lag?.seconds else {
            throw UnknownStaleness(reason: "\(name): \(channel.whyLagIsUnknown)")
        }
        let source = try stalenessOfSource(of: channel, of: node, below: below.union([name]))
        return Staleness(
            lag: lag + source.lag,
            bytes: channel.applyDelta.flatMap { delta in source.bytes.map { delta.addingSaturated($0) } })
    }

    /// Nothing for a source where the data is written, as far as that can be known.
    private func stalenessOfSource(
        of channel: ChannelFindings, of node: NodeFindings, below: Set<String>
    ) throws(UnknownStaleness) -> Staleness {
        let fresh = Staleness(lag: 0, bytes: 0)
        let intended = node.description.intendedSource(of: channel.channel.name)
        guard let name = channel.sourceNode else {
            // Of a source outside of the set nobody knows more than its replica.
            if writers.isEmpty, intended == NodeDescription.outside || intended == nil && isWithoutWriter {
                return fresh
            }
            let right = writers.isEmpty ? intended ?? "" : writers.joined(separator: ", ")
            throw UnknownStaleness(
                reason: "\(node.description.name) follows \(channel.channel.source), and not \(right)")
        }
        if writers.contains(name) { return fresh }
        let start = "\(node.description.name) follows \(name), which"
        guard let source = self.node(named: name), source.report.isUp else {
            // The exporter alone may have lost it, as long as its replica hears of it.
            let mayTakeWrites =
                writers.isEmpty || writing.incumbents.contains(name) || writing.silentPartners.contains(name)
            if mayTakeWrites, tookWrites(name), channel.channel.isReceiving {
                return fresh
            }
            throw UnknownStaleness(reason: "\(start) does not answer")
        }
        if below.contains(name) { throw UnknownStaleness(reason: "\(start) follows it in turn") }
        if !source.channels.isEmpty { return try staleness(of: source, below: below) }
        // Nobody takes writes, as during a switchover: what follows the intended source is as good as that.
        if writers.isEmpty, intended == name, source.isReadOnly { return fresh }
        throw UnknownStaleness(
            reason: source.isWritable ? "\(start) is not alone in being writable" : "\(start) is no primary")
    }

    /// Every node is somebody's replica as far as it is known, and none has been the writer.
    private var isWithoutWriter: Bool {
        writing.incumbents.isEmpty
            && nodes.allSatisfy { node in
                !node.channels.isEmpty || writing.standings[node.description.name]?.ties.isEmpty == false
            }
    }

    /// Whether a silent node took writes when it was last seen, or is meant to as far as the configuration tells.
    private func tookWrites(_ name: String) -> Bool {
        writing.standings[name]?.isWritable
            ?? nodes.contains { $0.description.name == name && $0.description.intendedSources.isEmpty }
    }
}

extension ChannelFindings {
    /// A receiver that is about to reach its source has not stopped.
    fileprivate var stoppedThread: String? {
        if channel.ioThread == .stopped { return "IO thread stopped" }
        return channel.isApplierRunning ? nil : "SQL thread stopped"
    }

    /// Where neither thread has stopped.
    fileprivate var whyLagIsUnknown: String {
        if channel.ioThread != .running { return "IO thread \(channel.ioThread.rawValue)" }
        if checks[.transfer] == false { return "its source is silent" }
        return "the lag is not known"
    }
}
