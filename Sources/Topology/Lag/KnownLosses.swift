import Replication

/// What rounds have shown channels to have lost, and later ones may not show.
struct KnownLosses: Sendable {
    private var losses: [Key: KnownLoss] = [:]

    private struct Key: Hashable {
        let node: String
        let channel: String
    }

    /// Nil if nothing is known, or if the replica has been rebuilt since.
    /// - Parameter generation: counts the replica's own binary logs; nil if it has none.
    func loss(
        of channel: Channel, on node: String, _ facts: NodeFacts, from source: String,
        generation: @autoclosure () -> Int?
    ) -> LogLoss? {
        guard !losses.isEmpty, let known = losses[Key(node: node, channel: channel.name)],
            known.holds(for: channel, of: facts, from: source, generation())
        else { return nil }
        return known.loss.past
    }

    /// Notes what its channels have lost, and forgets what no longer holds.
    mutating func note(_ node: NodeFindings, generation: Int?) {
        let name = node.description.name
        for channel in node.channels {
            guard let loss = channel.logLoss, !loss.isPast, let source = channel.sourceNode,
                let facts = node.report.facts
            else { continue }
            losses[Key(node: name, channel: channel.channel.name)] = KnownLoss(
                loss: loss, source: source, replica: facts.identity, relay: channel.channel.relayPosition,
                generation: generation, transactions: facts.transactions)
        }
        guard !losses.isEmpty, node.report.facts?.channels != nil else { return }
        for key in losses.keys where key.node == name {
            let channel = node.channels.first { $0.channel.name == key.channel }
            let isOver = channel.map { $0.logLoss == nil && $0.sourceNode != nil && !$0.isParked } ?? true
            if isOver { losses[key] = nil }
        }
    }

    mutating func forget(_ node: String) {
        losses = losses.filter { $0.key.node != node && $0.value.source != node }
    }

    mutating func keep(_ isKept: (_ node: String) -> Bool) { losses = losses.filter { isKept($0.key.node) } }
}

/// A channel that was seen to follow a log that its source no longer has.
///
/// The source goes on, and will have passed the replica's place, or used its GTIDs, again: then neither shows that anything is
/// wrong. What was seen holds until the replica has been rebuilt, or been given another place.
///
/// On MySQL, a dump that is loaded over the data of a replica that finds its place by GTID is no sign: the server refuses to set
/// gtid_purged to what it has executed (error 3546, seen on 9.7), so that its GTIDs stay the same, and relay logs begin anew for
/// other reasons too.
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
