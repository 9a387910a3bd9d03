import Replication
package import Topology

/// How late the data of a set's nodes is: what a balancer's limit is compared with.
///
/// Each source is judged once, however many follow it, and without recursion, since a chain may be long.
package struct TotalLags {
    private let set: SetFindings
    private let isWithoutWriter: Bool
    private let now: ContinuousClock.Instant?
    private var nodes: NodesByName
    /// The sources that have been judged, by name.
    private var judged: [String: Result<Staleness, UnknownStaleness>] = [:]

    /// What a balancer is told is at most this old as a rule: it accepts a round that began a second ago, and waits for a second.
    static let freshness = Duration.seconds(2)

    /// - Parameter now: adds to the lag of each hop the time since the node was asked, beyond `freshness`, since it may have fallen
    ///   behind by as much: a node that hangs shows what it reported before. Nil: as of when the nodes were asked.
    package init(_ set: SetFindings, at now: ContinuousClock.Instant? = nil) {
        self.set = set
        self.now = now
        nodes = NodesByName(set)
        isWithoutWriter = set.writers.isEmpty && set.isWithoutWriter
    }

    /// In seconds: the lags of all hops up to where the set's writes are taken, through the stalest of the node's channels; 0 for
    /// a node that takes them. Nil if that cannot be known.
    package mutating func seconds(of node: NodeFindings) -> Double? {
        if set.writers.contains(node.description.name) { return 0 }
        guard node.report.isUp else { return nil }
        return try? staleness(of: node).lag
    }

    /// The stalest of the node's channels, each with its source's own staleness added.
    mutating func staleness(of node: NodeFindings) throws(UnknownStaleness) -> Staleness {
        judgeSources(of: node)
        return try sum(at: node)
    }

    private mutating func judgeSources(of node: NodeFindings) {
        var begun: Set = [node.description.name]
        var pending = sources(of: node, besides: begun)
        while let next = pending.last {
            let name = next.description.name
            if judged[name] != nil {
                pending.removeLast()
            } else if begun.insert(name).inserted {
                pending += sources(of: next, besides: begun)
            } else {
                judged[name] = Result { () throws(UnknownStaleness) in try sum(at: next) }
                pending.removeLast()
            }
        }
    }

    /// Those that are still to be judged.
    private mutating func sources(of node: NodeFindings, besides begun: Set<String>) -> [NodeFindings] {
        var sources: [NodeFindings] = []
        if let inbound = set.inbound(to: node), judged[inbound.description.name] == nil,
            !begun.contains(inbound.description.name)
        {
            sources.append(inbound)
        }
        for channel in node.channels {
            guard let source = try? source(of: channel, of: node), judged[source.description.name] == nil,
                !begun.contains(source.description.name)
            else { continue }
            sources.append(source)
        }
        return sources
    }

    /// Its own staleness and that of its sources, which have been judged; those that have not follow it in turn.
    private mutating func sum(at node: NodeFindings) throws(UnknownStaleness) -> Staleness {
        var sum: Staleness
        if let behindOthers = try set.memberStaleness(of: node) {
            sum = behindOthers
            if let inbound = set.inbound(to: node) { sum = try sum + judged(inbound, above: node) }
        } else {
            sum = try set.staleness(of: node) { (channel) throws(UnknownStaleness) in
                guard let source = try source(of: channel, of: node) else { return .none }
                return try judged(source, above: node)
            }
        }
        if let now, let asked = node.report.facts?.channelsRead?.asked {
            sum.lag += max(0, (asked.duration(to: now) - Self.freshness).seconds)
        }
        return sum
    }

    private func judged(
        _ source: NodeFindings, above node: NodeFindings
    ) throws(UnknownStaleness) -> Staleness {
        guard let staleness = judged[source.description.name] else {
            throw UnknownStaleness(
                reason: "\(node.description.name) follows \(source.description.name), which follows it in turn")
        }
        return try staleness.get()
    }

    private mutating func source(
        of channel: ChannelFindings, of node: NodeFindings
    ) throws(UnknownStaleness) -> NodeFindings? {
        try set.source(of: channel, of: node, isWithoutWriter: isWithoutWriter) { nodes[$0] }
    }
}

/// Most questions are about one node, whose source takes the writes: a table is made when more names have been looked up.
private struct NodesByName {
    private static let searches = 8

    private let nodes: [NodeFindings]
    private var searched = 0
    private var indices: [String: Int] = [:]

    init(_ set: SetFindings) { nodes = set.nodes }

    subscript(name: String) -> NodeFindings? {
        mutating get {
            if searched < Self.searches {
                searched += 1
                return nodes.first { $0.description.name == name }
            }
            if indices.isEmpty {
                for index in nodes.indices.reversed() { indices[nodes[index].description.name] = index }
            }
            return indices[name].map { nodes[$0] }
        }
    }
}
