internal import Replication

/// What keeps a writable node from being the writer, other than its rivals.
struct WriterObstacles {
    let all: [String]

    init(_ name: String, _ graph: WriterGraph, _ replicas: Set<String>) {
        var all: [String] = []
        if graph.memory[name]?.channels == nil {
            all.append("\(name) is writable, but its replication status could not be read")
        }
        all += graph.ties(of: name).compactMap { tie in
            Self.hindrance(by: tie, to: name, graph).map { Self.words($0, tie, name, graph) }
        }
        let isReigning = graph.reigning.contains(name)
        if !isReigning {
            all += Self.alive(beside: name, graph)
            let opaque = graph.names.filter { other in
                other != name && graph.answering.contains(other) && graph.memory[other]?.writability == .unknown
                    && !replicas.contains(other) && !graph.arePartners(name, other)
            }
            if !opaque.isEmpty {
                all.append("it is not known whether \(opaque.list) \(opaque.count == 1 ? "takes" : "take") writes")
            }
        }
        self.all = all
    }

    /// Names of the channels that are obstacles.
    static func blockingChannels(of name: String, _ graph: WriterGraph) -> Set<String> {
        var names: Set<String> = []
        for tie in graph.ties(of: name) where hindrance(by: tie, to: name, graph) != nil {
            names.insert(tie.channel.name)
        }
        return names
    }

    /// How a tie keeps a node from being the writer.
    private enum Hindrance {
        /// Its source is outside the set.
        case outside
        /// Its source may be one of these.
        case unrecognised([String])
        case source(String)
    }

    /// Whether a tie keeps a node from being the writer.
    private static func hindrance(by tie: WriterGraph.Tie, to name: String, _ graph: WriterGraph) -> Hindrance? {
        let isReigning = graph.reigning.contains(name)
        if tie.sources.isEmpty {
            // Replicates from outside the set. That it has replicas itself shows that it is meant to be written to.
            return isReigning || !graph.receivers(of: name).isEmpty ? nil : .outside
        }
        let blocking = tie.sources.filter { source in
            if graph.answersReadOnly(source) { return !isReigning && !graph.above(source).contains(name) }
            return !(isReigning && !graph.answering.contains(source) && graph.wasReadOnly(source))
        }
        guard let source = blocking.first else { return nil }
        // Stopped, and it did not keep the node from becoming the writer.
        if isReigning, tie.channel.isStopped, tie.channel.source == .unrecognised { return nil }
        return tie.channel.source == .unrecognised ? .unrecognised(blocking) : .source(source)
    }

    private static func words(
        _ hindrance: Hindrance, _ tie: WriterGraph.Tie, _ name: String, _ graph: WriterGraph
    ) -> String {
        let start = "\(name) is writable and replicates from"
        let remedy = "if it is to be the writer, end that replication (RESET REPLICA ALL)"
        let source: String
        switch hindrance {
        case .outside:
            return "\(start) \(tie.channel.address), which is not a node of the set; "
                + "if that is intended, configure source: outside for \(name)"
        case .unrecognised(let suspects):
            return "\(start) \(tie.channel.address), which may be \(suspects.list); \(suspects.list) "
                + "\(suspects.count == 1 ? "is" : "are") silent; \(remedy)"
        case .source(let name): source = name
        }
        if !graph.answering.contains(source) { return "\(start) \(source), which is silent; \(remedy)" }
        if graph.answersReadOnly(source) {
            return "\(start) \(source), which is read-only and does not follow it; "
                + "end that replication (RESET REPLICA ALL), or let \(source) replicate from \(name)"
        }
        return graph.answersWritable(source)
            ? "\(start) \(source), which is writable as well"
            : "\(start) \(source), and it is not known whether that takes writes"
    }

    /// Silent nodes that may be taking writes unseen.
    private static func alive(beside name: String, _ graph: WriterGraph) -> [String] {
        var obstacles: [String] = []
        for silent in graph.silent where !graph.arePartners(name, silent) {
            let receivers = graph.receivers(of: silent)
            if graph.memory[silent]?.writability == .writable {
                if !receivers.isEmpty {
                    obstacles.append(
                        "\(silent) is silent but not dead: \(receivers.list) still \(receivers.count == 1 ? "receives" : "receive") from it"
                    )
                }
            } else if !receivers.isEmpty, graph.receivers(of: name).isEmpty,
                !graph.above(silent).contains(name)
            {
                obstacles.append(
                    "\(silent) is silent, and \(receivers.list) \(receivers.count == 1 ? "receives" : "receive") from it: it may have been "
                        + "promoted unseen; name the writer (POST /sets/<set>/writer)")
            } else if graph.isUnseen(silent), graph.receivers(of: name).isEmpty {
                obstacles.append(
                    "\(silent) has not answered since the exporter started, and may be taking writes; "
                        + "start it, remove it from the configuration, or name the writer (POST /sets/<set>/writer)")
            }
        }
        return obstacles
    }
}
