import Replication
package import Topology

/// How late the data of a set's nodes is: what a balancer's limit on the lag is compared with.
///
/// Each node is judged once, however many follow it.
package struct TotalLags {
    private enum State {
        case open, begun
        case judged(Staleness?)
    }

    private let set: SetFindings
    private let indices: [String: Int]
    private let isWithoutWriter: Bool
    /// By the index of the node.
    private var states: [State]

    package init(_ set: SetFindings) {
        self.set = set
        indices = Dictionary(
            set.nodes.indices.map { (set.nodes[$0].description.name, $0) }, uniquingKeysWith: { first, _ in first })
        isWithoutWriter = set.isWithoutWriter
        states = Array(repeating: .open, count: set.nodes.count)
    }

    /// In seconds: the lags of all hops up to where the set's writes are taken, through the stalest of the node's channels; 0 for
    /// a node that takes them. Nil if that cannot be known.
    package mutating func seconds(of name: String) -> Double? {
        if set.writers.contains(name) { return 0 }
        guard let index = indices[name], set.nodes[index].report.isUp else { return nil }
        judge(index)
        return staleness(of: index)?.lag
    }

    /// Sources first. Without recursion, since a chain may be long.
    private mutating func judge(_ index: Int) {
        var pending = [index]
        while let next = pending.last {
            switch states[next] {
            case .open:
                states[next] = .begun
                for channel in set.nodes[next].channels {
                    guard let source = channel.sourceNode.flatMap({ indices[$0] }), case .open = states[source] else {
                        continue
                    }
                    pending.append(source)
                }
            case .begun:
                states[next] = .judged(sum(at: next))
                pending.removeLast()
            case .judged: pending.removeLast()
            }
        }
    }

    /// Its own staleness and that of its sources, which have been judged; those that have not follow it in turn.
    private func sum(at index: Int) -> Staleness? {
        let node = set.nodes[index]
        return try? set.staleness(of: node) { (channel) throws(UnknownStaleness) in
            let source = try set.source(of: channel, of: node, isWithoutWriter: isWithoutWriter) { name in
                indices[name].map { set.nodes[$0] }
            }
            guard let source else { return .none }
            let name = source.description.name
            guard let staleness = indices[name].flatMap(staleness) else {
                throw UnknownStaleness(reason: "it is not known how far \(name) is behind")
            }
            return staleness
        }
    }

    private func staleness(of index: Int) -> Staleness? {
        if case .judged(let staleness) = states[index] { staleness } else { nil }
    }
}
