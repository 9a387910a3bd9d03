import Replication

/// What the heartbeat tables of a set's nodes say when they are compared.
struct HeartbeatComparison {
    let writing: HeartbeatWriting
    let nodes: [ReplicationSetReport.Node]
    let graph: ReplicationGraph
    /// Nodes that something is held back from on the way.
    let filtered: Set<Int>
    /// Where this exporter writes.
    private let writer: Int?

    init(
        writing: HeartbeatWriting, nodes: [ReplicationSetReport.Node], graph: ReplicationGraph, filtered: Set<Int>
    ) {
        self.writing = writing
        self.nodes = nodes
        self.graph = graph
        self.filtered = filtered
        if case .own(let history) = writing, let name = history.node {
            writer = nodes.firstIndex { $0.description.name == name }
        } else {
            writer = nil
        }
    }

    /// How late a node is on its channel from `source`, seconds. Nil where the heartbeat says nothing of that: nobody writes
    /// it above the source, or it may as well have come through another channel.
    func lag(of place: Int, through source: Int) -> Double? {
        guard let shown = nodes[place].report.facts?.heartbeat else { return nil }
        switch writing {
        case .own(let history):
            guard let writer, isTheWay(from: writer, through: source, to: place), let wallClock = nodes[place].wallClock
            else { return nil }
            // That none has ever arrived may be a filter's doing.
            if filtered.contains(place), history.age(of: shown, wallClock: wallClock) == nil { return nil }
            return history.lag(of: shown, wallClock: wallClock)
        case .foreign(let interval):
            guard let writer = upstream(of: source).first(where: { isWritten(on: $0, every: interval) }),
                isTheWay(from: writer, through: source, to: place)
            else { return nil }
            return nodes[writer].report.facts?.lag(of: shown, interval: interval)
        }
    }

    /// How old the newest heartbeat in a node's table is, seconds.
    func age(at place: Int) -> Double? {
        guard let shown = nodes[place].report.facts?.heartbeat, let wallClock = nodes[place].wallClock else {
            return nil
        }
        switch writing {
        case .own(let history):
            return history.age(of: shown, wallClock: wallClock)
        case .foreign:
            // Of the row that is written here if there is one, or of the nearest writer above.
            for writer in [place] + (graph.sources[place].compactMap(\.self)).flatMap(upstream) {
                guard let facts = nodes[writer].report.facts, let server = facts.identity.serverID,
                    let zone = facts.heartbeat?.own?.zone, let offset = facts.clockOffset,
                    let row = shown.row(of: server)
                else { continue }
                return max(0, Double(wallClock - row.time) / 1e6 + offset - zone)
            }
            return nil
        }
    }

    /// Whether what is written on `writer` comes to `place` through `source`, and through no other of its channels.
    private func isTheWay(from writer: Int, through source: Int, to place: Int) -> Bool {
        guard writer != place else { return false }
        let ways = graph.sources[place].compactMap(\.self).filter { upstream(of: $0).contains(writer) }
        return ways == [source]
    }

    /// A node and all above it, the nearest first.
    private func upstream(of place: Int) -> [Int] {
        var found = [place]
        var next = 0
        while next < found.count {
            for source in graph.sources[found[next]].compactMap(\.self) where !found.contains(source) {
                found.append(source)
            }
            next += 1
        }
        return found
    }

    /// Seconds without a new heartbeat after which nobody is writing them.
    static func patience(_ interval: Double) -> Double { 3 * interval + 2 }

    /// Whether somebody writes heartbeats on the node now: its own row was seen to change, and lately.
    private func isWritten(on place: Int, every interval: Double) -> Bool {
        let patience = Self.patience(interval)
        guard let facts = nodes[place].report.facts, let own = facts.heartbeat?.own, let unchanged = own.unchanged,
            unchanged <= patience, let wallClock = nodes[place].wallClock, let offset = facts.clockOffset
        else { return false }
        // It may have ended right after it was last looked at. The writer's clock need not be quite right.
        guard let zone = own.zone else { return true }
        return Double(wallClock - own.time) / 1e6 + offset - zone <= patience + 10
    }
}

extension NodeFacts {
    /// How late a table is against the one of this node, seconds: both times are the writer's, in whatever zone it lives.
    fileprivate func lag(of shown: HeartbeatReading, interval: Double) -> Double? {
        guard let here = heartbeat, let own = here.own, let server = identity.serverID, let row = shown.row(of: server)
        else { return nil }
        let difference = Double(own.time - row.time) / 1e6
        // The oldest that is lacking was written an interval after the newest that is there. What was written between
        // the two readings is not lacking either.
        let between = shown.reading.asked.duration(to: here.reading.told).seconds
        return max(0, difference - interval - max(0, between))
    }
}

extension ReplicationSetReport.Node {
    /// The exporter's clock when the node was asked, microseconds since 1970.
    fileprivate var wallClock: Int64? {
        report.facts?.askedAt.flatMap { Int64(exactly: ($0 * 1e6).rounded()) }
    }
}

extension SetFindings {
    /// Whether somebody writes heartbeats in the set: on some node, a row is not much older than the time between two.
    package func isHeartbeatFresh(interval: Double) -> Bool {
        nodes.contains { ($0.heartbeatAge ?? .infinity) <= HeartbeatComparison.patience(interval) }
    }
}
