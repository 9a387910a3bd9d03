package import Replication

// An intermediate passes on what is in its binary log. What it replicates is there only with log_replica_updates, on MariaDB
// log_slave_updates, which is off by default there. Its replicas then look healthy: they have all that its log has.

extension NodeReport {
    /// Why nothing of what the node replicates reaches its replicas, to follow the node's name. Nil if it does, and if
    /// that is not known.
    package var whyChangesEnd: String? {
        if facts?.binaryLog?.isEnabled == false { return "has no binary log" }
        guard endsChanges, let identity = facts?.identity else { return nil }
        return "does not log what it replicates (\(identity.loggingOfReplicated) is off)"
    }

    /// Whether what the node replicates is missing in its binary log, as far as is known.
    fileprivate var endsChanges: Bool {
        facts?.binaryLog?.isEnabled == false || facts?.binaryLog?.recordsReplicated == false
    }
}

extension ServerIdentity {
    /// The variable that decides whether the server logs what it replicates, as its version calls it.
    var loggingOfReplicated: String {
        flavor == .mysql && version >= ServerVersion(8, 0, 26) ? "log_replica_updates" : "log_slave_updates"
    }
}

extension NodeFindings {
    /// Whether something that `source` replicates does not reach this node, neither through `source`, which does not log it, nor
    /// along another way.
    /// - Parameter find: a node by its name.
    package func lacksChanges(replicatedBy source: NodeFindings, named find: (String) -> NodeFindings?) -> Bool {
        guard channels.contains(where: { $0.leadsSomewhere && $0.sourceNode == source.description.name }) else {
            return false
        }
        var feeders: Set<String>?
        return source.channels.contains { upstream in
            guard upstream.leadsSomewhere else { return false }
            guard let name = upstream.sourceNode else {
                return !channels.contains {
                    $0.channel.source.host == upstream.channel.source.host
                        && $0.channel.source.port == upstream.channel.source.port
                }
            }
            if name == description.name { return false }
            if feeders == nil { feeders = self.feeders(named: find) }
            return feeders?.contains(name) != true
        }
    }

    /// The nodes whose binary logs reach this one, directly or through nodes that log what they replicate.
    private func feeders(named find: (String) -> NodeFindings?) -> Set<String> {
        var feeders: Set<String> = []
        var pending = sources
        while let name = pending.popLast() {
            guard feeders.insert(name).inserted, let node = find(name), !node.report.endsChanges else { continue }
            pending += node.sources
        }
        return feeders
    }

    private var sources: [String] { channels.compactMap { $0.leadsSomewhere ? $0.sourceNode : nil } }
}

extension ChannelFindings {
    /// It is not stopped on purpose, and has a source that may exist.
    fileprivate var leadsSomewhere: Bool { !isParked && !channel.source.isDetached }
}

extension SetFindings {
    /// Once it is known which nodes take the writes. A writer's replicas get what is written there, which is what counts.
    mutating func findUnservedReplicas() {
        let writers = Set(self.writers)
        var ends: [Int] = []
        for index in nodes.indices where nodes[index].report.isUp {
            guard nodes[index].report.facts?.binaryLog?.isEnabled == true,
                let isLogging = nodes[index].report.facts?.binaryLog?.recordsReplicated
            else { continue }
            if isLogging || !nodes[index].isReplica || writers.contains(nodes[index].description.name) {
                nodes[index].unservedReplicas = []
            } else if writing.writers.isKnown || nodes[index].isReadOnly {
                ends.append(index)
            }
        }
        if ends.isEmpty { return }
        let indices = Dictionary(
            nodes.indices.map { (nodes[$0].description.name, $0) }, uniquingKeysWith: { first, _ in first })
        var replicas: [String: [Int]] = [:]
        for index in nodes.indices {
            for source in Set(nodes[index].channels.compactMap(\.sourceNode)) {
                replicas[source, default: []].append(index)
            }
        }
        for end in ends {
            let below = replicas[nodes[end].description.name] ?? []
            nodes[end].unservedReplicas = below.filter { replica in
                replica != end && !writers.contains(nodes[replica].description.name)
                    && nodes[replica].lacksChanges(replicatedBy: nodes[end]) { name in indices[name].map { nodes[$0] } }
            }.map { nodes[$0].description.name }
        }
    }
}
