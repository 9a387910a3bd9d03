import Replication

/// What the heartbeat tables of a set's nodes say when they are compared.
struct HeartbeatComparison {
    let writing: HeartbeatWriting
    let nodes: [ReplicationSetReport.Node]
    let graph: ReplicationGraph
    /// Nodes from which a filter holds something back on the way.
    let filtered: Set<Int>
    /// The node on which this exporter writes.
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

    /// The lag of a node on its channel from `source`, in seconds. Nil if the heartbeat does not show it: none is
    /// written above the source, or it may just as well have arrived through another channel.
    func lag(of index: Int, through source: Int) -> Double? {
        guard let shown = nodes[index].report.facts?.heartbeat else { return nil }
        switch writing {
        case .own(let history):
            guard let writer, isTheWay(from: writer, through: source, to: index), let wallClock = nodes[index].wallClock
            else { return nil }
            // If none has ever arrived, a filter may be the reason.
            if filtered.contains(index), history.age(of: shown, wallClock: wallClock) == nil { return nil }
            return history.lag(of: shown, wallClock: wallClock)
        case .foreign(let interval):
            guard let writer = upstream(of: source).first(where: { isWritten(on: $0, every: interval) }),
                isTheWay(from: writer, through: source, to: index)
            else { return nil }
            return nodes[writer].report.facts?.lag(of: shown, interval: interval)
        }
    }

    /// The lag of a cluster's member behind the one of `members` on which heartbeats are written, in seconds.
    func lag(of index: Int, behindAny members: [Int]) -> Double? {
        guard let shown = nodes[index].report.facts?.heartbeat else { return nil }
        switch writing {
        case .own(let history):
            guard let writer, members.contains(writer), !filtered.contains(index),
                let wallClock = nodes[index].wallClock
            else { return nil }
            return history.lag(of: shown, wallClock: wallClock)
        case .foreign(let interval):
            guard let writer = members.first(where: { isWritten(on: $0, every: interval) }) else { return nil }
            return nodes[writer].report.facts?.lag(of: shown, interval: interval)
        }
    }

    /// The age of the newest heartbeat in a node's table, in seconds.
    func age(at index: Int) -> Double? {
        guard let shown = nodes[index].report.facts?.heartbeat, let wallClock = nodes[index].wallClock else {
            return nil
        }
        switch writing {
        case .own(let history):
            return history.age(of: shown, wallClock: wallClock)
        case .foreign:
            // The age of the row that is written here, if there is one, or of the nearest writer above.
            for writer in [index] + (graph.sources[index].compactMap(\.self)).flatMap(upstream) {
                guard let facts = nodes[writer].report.facts, let server = facts.identity.serverID,
                    let zone = facts.heartbeat?.own?.zone, let offset = facts.clockOffset,
                    let row = shown.row(of: server)
                else { continue }
                return max(0, Double(wallClock - row.time) / 1e6 + offset - zone)
            }
            return nil
        }
    }

    /// Whether what is written on `writer` reaches the node through `source`, and through no other of its channels.
    private func isTheWay(from writer: Int, through source: Int, to index: Int) -> Bool {
        guard writer != index else { return false }
        let ways = graph.sources[index].compactMap(\.self).filter { upstream(of: $0).contains(writer) }
        return ways == [source]
    }

    /// A node and all nodes above it, nearest first.
    private func upstream(of index: Int) -> [Int] {
        var found = [index]
        var next = 0
        while next < found.count {
            for source in graph.sources[found[next]].compactMap(\.self) where !found.contains(source) {
                found.append(source)
            }
            next += 1
        }
        return found
    }

    /// Seconds without a new heartbeat after which they are considered no longer written.
    static func patience(_ interval: Double) -> Double { 3 * interval + 2 }

    /// Whether heartbeats are being written on the node now: its own row was seen to change, recently.
    private func isWritten(on index: Int, every interval: Double) -> Bool {
        let patience = Self.patience(interval)
        guard let facts = nodes[index].report.facts, let own = facts.heartbeat?.own, let unchanged = own.unchanged,
            unchanged <= patience, let wallClock = nodes[index].wallClock, let offset = facts.clockOffset
        else { return false }
        // The writer may have stopped right after the last look. Its clock may be slightly off.
        guard let zone = own.zone else { return true }
        return Double(wallClock - own.time) / 1e6 + offset - zone <= patience + 10
    }
}

extension NodeFacts {
    /// The lag of a table relative to this node's, in seconds: both times are the writer's, in whatever time zone.
    fileprivate func lag(of shown: HeartbeatReading, interval: Double) -> Double? {
        guard let here = heartbeat, let own = here.own, let server = identity.serverID, let row = shown.row(of: server)
        else { return nil }
        let difference = Double(own.time - row.time) / 1e6
        // The oldest missing heartbeat was written one interval after the newest present. What was written between the
        // two readings is not missing either.
        let between = shown.reading.asked.duration(to: here.reading.told).seconds
        return max(0, difference - interval - max(0, between))
    }
}

extension ReplicationSetReport.Node {
    /// The exporter's clock when the node was asked, in microseconds since 1970.
    fileprivate var wallClock: Int64? {
        report.facts?.askedAt.flatMap { Int64(exactly: ($0 * 1e6).rounded()) }
    }
}

extension SetFindings {
    /// Whether heartbeats are being written in the set: on some node, a row is not much older than the interval between
    /// two.
    package func isHeartbeatFresh(interval: Double) -> Bool {
        nodes.contains { ($0.heartbeatAge ?? .infinity) <= HeartbeatComparison.patience(interval) }
    }
}
