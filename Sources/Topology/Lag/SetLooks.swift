import Replication

/// The looks at all nodes of a set.
struct SetLooks: Sendable {
    private var logs: [LogLooks] = []
    /// Where in `logs` each node's are. Not the looks themselves: each change in place of a dictionary's value would allocate.
    private var places: [String: Int] = [:]
    /// Sources with a replica whose positions do not show what it has applied.
    private var withHistory: Set<String> = []
    private var losses = KnownLosses()

    subscript(node: String) -> LogLooks? { places[node].map { logs[$0] } }

    /// Adds what a round has seen.
    /// - Parameters:
    ///   - writers: the nodes that took the writes in the round before.
    ///   - isWhole: all nodes of the set were asked.
    mutating func note(_ report: ReplicationSetReport, writers: Set<String>, isWhole: Bool = true) {
        if isWhole, logs.count > report.nodes.count {
            let names = Set(report.nodes.map(\.description.name))
            for name in places.keys where !names.contains(name) { remove(name) }
            losses.keep { names.contains($0) }
        }
        var vanished: [(String, VanishedTransactions)] = []
        var inAnotherLog: [String] = []
        for node in report.nodes {
            guard let facts = node.report.facts else { continue }
            let name = node.description.name
            if facts.binaryLog?.isEnabled == false, facts.isReadOnly != true, let place = places[name],
                logs[place].isSource
            {
                // What it writes meanwhile, nobody gets.
                inAnotherLog.append(name)
            }
            if facts.binaryLogRead == nil { continue }
            let keepsHistory = withHistory.contains(name) || facts.transactions?.isBestKept == true
            if let place = places[name] {
                if let lost = logs[place].note(facts, keepsHistory: keepsHistory) { vanished.append((name, lost)) }
                if logs[place].isRenamed || logs[place].hasBegunAnew { inAnotherLog.append(name) }
            } else if let looks = LogLooks(facts, keepsHistory: keepsHistory) {
                places[name] = logs.count
                logs.append(looks)
            }
        }
        if vanished.isEmpty, inAnotherLog.isEmpty { return }
        let (logs, places) = (logs, places)
        let round = KnownLosses.Round(writers: writers, logs: { node in places[node].map { logs[$0] } })
        for (name, lost) in vanished { losses.note(lost, of: name, round) }
        for name in inAnotherLog { losses.noteAnotherLog(of: name, round) }
    }

    /// Notes which nodes are sources, and which channels have lost their place.
    /// - Parameter writers: the nodes that took the writes in the round before.
    mutating func note(_ findings: SetFindings, writers: Set<String>) {
        for node in findings.nodes {
            for channel in node.channels {
                guard let source = channel.sourceNode else { continue }
                if let place = places[source] { logs[place].isSource = true }
                if channel.channel.usesGTID == true, channel.channel.executedPosition == nil {
                    withHistory.insert(source)
                }
            }
        }
        let (logs, places) = (logs, places)
        let round = KnownLosses.Round(
            writers: writers, isFollowing: { findings.node(named: $0)?.channels.isEmpty == false },
            logs: { name in places[name].map { logs[$0] } })
        for node in findings.nodes { losses.note(node, round) }
    }

    mutating func forget(_ node: String) {
        remove(node)
        withHistory.remove(node)
        losses.forget(node)
    }

    /// An operator says that a node has everything.
    mutating func accept(_ node: String) { losses.accept(node) }

    private mutating func remove(_ node: String) {
        guard let place = places.removeValue(forKey: node) else { return }
        logs.remove(at: place)
        for (other, later) in places where later > place { places[other] = later - 1 }
    }
}

extension SetLooks {
    /// What an earlier round has shown the channel to have lost; nil if nothing, or if the replica has been rebuilt since.
    func loss(of channel: Channel, on node: String, _ facts: NodeFacts, from source: String) -> LogLoss? {
        losses.loss(of: channel, on: node, facts, from: source) { self[$0] }
    }

    /// What the source was seen to lose, if that is still to be compared with what the node has.
    func pendingLoss(of node: String, _ facts: NodeFacts, from source: String) -> PendingLoss? {
        losses.pendingLoss(of: node, facts, from: source) { self[$0] }
    }

    /// The domains in which earlier rounds have shown the node to be above its source; none if the replica has been rebuilt since.
    func leads(on node: String, _ facts: NodeFacts, from source: String) -> [GTIDLead] {
        losses.leads(on: node, facts, from: source) { self[$0] }
    }
}

extension TransactionHistory {
    /// Whether the looks at a log are of more use with it: MySQL's positions show what is not committed yet, and MariaDB applies
    /// its domains independently of each other.
    fileprivate var isBestKept: Bool {
        switch self {
        case .set: true
        case .positions: hasSeveralDomains
        }
    }
}
