internal import Replication
internal import Topology

/// How far a replica's data is behind the node where it is written, across all nodes in between.
struct Staleness: Equatable {
    /// Seconds. A configured delay counts: the data is no fresher for being delayed deliberately.
    var lag: Double
    /// Nil if not known.
    var bytes: UInt64?
    /// How many transactions it lacks; nil if not known.
    var transactions: UInt64?

    static let none = Staleness(lag: 0, bytes: 0, transactions: 0)

    static func + (one: Staleness, other: Staleness) -> Staleness {
        Staleness(
            lag: one.lag + other.lag, bytes: sum(one.bytes, other.bytes),
            transactions: sum(one.transactions, other.transactions))
    }

    private static func sum(_ one: UInt64?, _ other: UInt64?) -> UInt64? {
        one.flatMap { one in other.map { one.addingSaturated($0) } }
    }

    /// The worse in each respect.
    mutating func form(maximumWith other: Staleness) {
        func worse(_ one: UInt64?, _ other: UInt64?) -> UInt64? { one.flatMap { one in other.map { max(one, $0) } } }
        lag = max(lag, other.lag)
        bytes = worse(bytes, other.bytes)
        transactions = worse(transactions, other.transactions)
    }

    /// The fraction of the limits that this amounts to; nil if not known.
    func load(of limits: ReplicaLimits) -> Double? {
        var share = Self.share(lag, of: limits.lag)
        for (value, limit) in [(bytes, limits.bytes), (transactions, limits.transactions)] {
            guard let limit else { continue }
            guard let value else { return nil }
            share = max(share, Self.share(Double(value), of: Double(limit)))
        }
        return share
    }

    private static func share(_ value: Double, of limit: Double) -> Double {
        value <= 0 ? 0 : limit > 0 ? value / limit : .infinity
    }
}

/// Why it cannot be known how stale a node is.
struct UnknownStaleness: Error, Equatable {
    let reason: String
}

extension SetFindings {
    /// The stalest of the node's channels (`TotalLags` adds up the hops).
    /// - Parameter upstream: how stale a channel's source is.
    func staleness(
        of node: NodeFindings, upstream: (ChannelFindings) throws(UnknownStaleness) -> Staleness
    ) throws(UnknownStaleness) -> Staleness {
        guard !node.channels.isEmpty else {
            throw UnknownStaleness(reason: "\(node.description.name) does not replicate")
        }
        var worst = Staleness.none
        for channel in node.channels {
            let other = try channel.staleness(of: node.description.name) + upstream(channel)
            worst.form(maximumWith: other)
        }
        return worst
    }

    /// The node whose own staleness counts too; nil for a source where the data is written, as far as that can be known.
    func source(
        of channel: ChannelFindings, of node: NodeFindings, isWithoutWriter: Bool,
        named find: (String) -> NodeFindings?
    ) throws(UnknownStaleness) -> NodeFindings? {
        let intended = node.description.intendedSource(of: channel.channel.name)
        guard let name = channel.sourceNode else {
            // About a source outside the set, only its replica knows anything.
            if writers.isEmpty, intended == NodeDescription.outside || intended == nil && isWithoutWriter {
                return nil
            }
            let right = writers.isEmpty ? intended ?? "" : writers.joined(separator: ", ")
            throw UnknownStaleness(
                reason: "\(node.description.name) follows \(channel.channel.source), not \(right)")
        }
        if writers.contains(name) { return nil }
        let start = "\(node.description.name) follows \(name), which"
        guard let source = find(name), source.report.isUp else {
            // Perhaps only the exporter has lost it, as long as its replica hears from it.
            let mayTakeWrites =
                writers.isEmpty || writing.incumbents.contains(name) || writing.silentPartners.contains(name)
            if mayTakeWrites, tookWrites(name), channel.channel.isReceiving { return nil }
            throw UnknownStaleness(reason: "\(start) does not answer")
        }
        if let end = source.report.whyChangesEnd, node.lacksChanges(replicatedBy: source, named: find) {
            throw UnknownStaleness(reason: "\(start) \(end)")
        }
        if !source.channels.isEmpty || cluster(of: name) != nil { return source }
        // No node takes writes, as during a switchover: a replica of the intended source is as good as that source.
        if writers.isEmpty, intended == name, source.isReadOnly { return nil }
        throw UnknownStaleness(
            reason: source.isWritable ? "\(start) is not the only writable node" : "\(start) is not the primary")
    }

    /// Every node is a replica as far as is known, and none has been the writer.
    var isWithoutWriter: Bool {
        writing.incumbents.isEmpty
            && nodes.allSatisfy { node in
                !node.channels.isEmpty || writing.standings[node.description.name]?.ties.isEmpty == false
            }
    }

    /// Whether a silent node took writes when last seen, or is meant to according to the configuration.
    private func tookWrites(_ name: String) -> Bool {
        writing.standings[name]?.isWritable
            ?? nodes.contains { $0.description.name == name && $0.description.intendedSources.isEmpty }
    }
}

extension ChannelFindings {
    /// Compared with its source.
    fileprivate func staleness(of name: String) throws(UnknownStaleness) -> Staleness {
        // A heartbeat shows a stopped replica's lag, but not that it falls further behind every second.
        if isSourceOutside, let sourceNode {
            throw UnknownStaleness(reason: "\(name) follows \(sourceNode), which is not in its cluster")
        }
        if let stopped = stoppedThread { throw UnknownStaleness(reason: "\(name): \(stopped)") }
        guard let lag = lag?.limiting else { throw UnknownStaleness(reason: "\(name): \(whyLagIsUnknown)") }
        return Staleness(lag: lag, bytes: applyDelta, transactions: distance.isExact ? distance.missing : nil)
    }

    /// A receiver that is still connecting to its source has not stopped.
    fileprivate var stoppedThread: String? {
        if channel.ioThread == .stopped { return "IO thread stopped" }
        return channel.isApplierRunning ? nil : "SQL thread stopped"
    }

    /// If neither thread has stopped.
    fileprivate var whyLagIsUnknown: String {
        if hasLost { return "it may lack what its source has lost" }
        if channel.ioThread != .running { return "IO thread \(channel.ioThread.rawValue)" }
        if let missing = distance.missing, missing > 0, lag != nil || checks[.transfer] != false {
            return "it lacks transactions, and nothing shows yet for how long"
        }
        if lag != nil { return "it has applied nothing yet that was seen in its source's binary log" }
        if checks[.transfer] == false { return "its source is silent" }
        return "the lag is not known"
    }
}
