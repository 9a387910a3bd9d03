import Replication

/// The looks at all nodes of a set, and what they have shown that later ones may not.
struct SetLooks: Sendable {
    private var logs: [LogLooks] = []
    /// Where in `logs` each node's are. Not the looks themselves: each change in place of a dictionary's value would allocate.
    private var places: [String: Int] = [:]
    /// Sources with a replica whose positions do not show what it has applied.
    private var withHistory: Set<String> = []
    private var losses: [ChannelKey: KnownLoss] = [:]

    private struct ChannelKey: Hashable {
        let node: String
        let channel: String
    }

    subscript(node: String) -> LogLooks? { places[node].map { logs[$0] } }

    /// Adds what a round has seen.
    mutating func note(_ report: ReplicationSetReport) {
        if logs.count > report.nodes.count {
            let names = Set(report.nodes.map(\.description.name))
            for name in places.keys where !names.contains(name) { remove(name) }
            losses = losses.filter { names.contains($0.key.node) }
        }
        for node in report.nodes {
            guard let facts = node.report.facts, facts.binaryLogRead != nil else { continue }
            let name = node.description.name
            let keepsHistory = withHistory.contains(name) || facts.transactions?.isBestKept == true
            if let place = places[name] {
                logs[place].note(facts, keepsHistory: keepsHistory)
            } else if let looks = LogLooks(facts, keepsHistory: keepsHistory) {
                places[name] = logs.count
                logs.append(looks)
            }
        }
    }

    /// Notes which nodes are sources, and which channels have lost their place.
    mutating func note(_ findings: SetFindings) {
        for node in findings.nodes {
            for channel in node.channels {
                guard let source = channel.sourceNode else { continue }
                if let place = places[source] { logs[place].isSource = true }
                if channel.channel.usesGTID == true, channel.channel.executedPosition == nil {
                    withHistory.insert(source)
                }
                note(channel, of: node, from: source)
            }
            if !losses.isEmpty, node.report.facts?.channels != nil { forgetLosses(of: node) }
        }
    }

    mutating func forget(_ node: String) {
        remove(node)
        withHistory.remove(node)
        losses = losses.filter { $0.key.node != node && $0.value.source != node }
    }

    private mutating func remove(_ node: String) {
        guard let place = places.removeValue(forKey: node) else { return }
        logs.remove(at: place)
        for (other, later) in places where later > place { places[other] = later - 1 }
    }
}

// MARK: - Losses

/// A channel that was seen to follow a log that its source no longer has.
///
/// The source goes on, and will have passed the replica's place, or used its GTIDs, again: then neither shows that anything is
/// wrong. What was seen holds until the replica has been rebuilt, or been given another place.
private struct KnownLoss {
    let loss: LogLoss
    let source: String
    let replica: ServerIdentity
    let relay: BinlogCoordinate?
    /// Counts the replica's own binary logs; nil if it has none.
    let generation: Int?
    /// What the replica had.
    let transactions: TransactionHistory?

    /// Whether it still holds for a channel that does not show it any longer.
    func holds(for channel: Channel, of facts: NodeFacts, from source: String, _ generation: Int?) -> Bool {
        guard source == self.source, facts.identity.hasIDs(of: replica), generation == self.generation
        else { return false }
        if generation == nil, hasLess(facts.transactions) { return false }
        if channel.usesGTID == true { return !isSetBack(facts.transactions) }
        // CHANGE MASTER with a position deletes the relay logs.
        if let relay, channel.relayPosition?.isBefore(relay) == true { return false }
        guard let read = channel.readPosition else { return true }
        if read.isBefore(loss.read) == true { return false }
        return !(loss.isOfTheEnd && read.file.number > loss.read.file.number)
    }

    private func hasLess(_ now: TransactionHistory?) -> Bool {
        guard let now, let transactions else { return false }
        return now.hasLost(transactions)
    }

    /// MariaDB: SET GLOBAL gtid_slave_pos.
    private func isSetBack(_ now: TransactionHistory?) -> Bool {
        guard case .positions(let now) = now, case .positions(let before) = transactions else { return false }
        return before.replicated.entries.contains { now.replicated[$0.domain]?.sequence ?? 0 < $0.sequence }
    }
}

extension SetLooks {
    /// What an earlier round has shown the channel to have lost; nil if nothing, or if the replica has been rebuilt since.
    func loss(of channel: Channel, on node: String, _ facts: NodeFacts, from source: String) -> LogLoss? {
        guard !losses.isEmpty, let known = losses[ChannelKey(node: node, channel: channel.name)],
            known.holds(for: channel, of: facts, from: source, self[node]?.generation)
        else { return nil }
        return known.loss.past
    }

    private mutating func note(_ channel: ChannelFindings, of node: NodeFindings, from source: String) {
        guard let loss = channel.logLoss, !loss.isPast, let facts = node.report.facts else { return }
        losses[ChannelKey(node: node.description.name, channel: channel.channel.name)] = KnownLoss(
            loss: loss, source: source, replica: facts.identity, relay: channel.channel.relayPosition,
            generation: self[node.description.name]?.generation, transactions: facts.transactions)
    }

    /// Forgets what no longer holds.
    private mutating func forgetLosses(of node: NodeFindings) {
        let name = node.description.name
        for key in losses.keys where key.node == name {
            let channel = node.channels.first { $0.channel.name == key.channel }
            let isOver = channel.map { $0.logLoss == nil && $0.sourceNode != nil && !$0.isParked } ?? true
            if isOver { losses[key] = nil }
        }
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
