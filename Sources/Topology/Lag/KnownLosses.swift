import Replication

/// What rounds have shown channels to have lost, and later ones may not show.
struct KnownLosses: Sendable {
    private var losses: [Key: KnownLoss] = [:]
    private var leads: [Key: KnownLeads] = [:]

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

    /// None if nothing is known, if the replica has been rebuilt since, or if the source has another log now.
    /// - Parameter log: the base name of the source's log; nil if that is not known.
    func leads(
        of channel: Channel, on node: String, _ facts: NodeFacts, from source: String,
        generation: @autoclosure () -> Int?, log: @autoclosure () -> String?
    ) -> [GTIDLead] {
        guard !leads.isEmpty, let known = leads[Key(node: node, channel: channel.name)],
            known.replica.isSame(facts, from: source, generation()), !known.replica.isSetBack(facts.transactions),
            log().map(known.logs.contains) ?? true
        else { return [] }
        return known.leads
    }

    /// Notes what its channels have lost, and forgets what no longer holds.
    /// - Parameter log: the base name of a source's log; nil if that is not known.
    mutating func note(_ node: NodeFindings, generation: Int?, log: (_ source: String) -> String?) {
        let name = node.description.name
        for channel in node.channels {
            guard let source = channel.sourceNode, let facts = node.report.facts else { continue }
            let key = Key(node: name, channel: channel.channel.name)
            let replica = ReplicaThen(
                source: source, identity: facts.identity, generation: generation, transactions: facts.transactions)
            if let loss = channel.logLoss, !loss.isPast {
                losses[key] = KnownLoss(loss: loss, replica: replica, relay: channel.channel.relayPosition)
            }
            // What others wrote may still be on its way to the source.
            let lost = channel.leads.filter { $0.isBySource && !$0.isPast }
            if !lost.isEmpty {
                var logs = leads[key]?.logs ?? []
                if let log = log(source) { logs.insert(log) }
                leads[key] = KnownLeads(leads: lost.map(\.past), replica: replica, logs: logs)
            }
        }
        guard !losses.isEmpty || !leads.isEmpty, node.report.facts?.channels != nil else { return }
        for key in losses.keys where key.node == name {
            if node.isOver(key.channel, { $0.logLoss == nil }) { losses[key] = nil }
        }
        for key in leads.keys where key.node == name {
            if node.isOver(key.channel, { $0.leads.isEmpty }) { leads[key] = nil }
        }
    }

    mutating func forget(_ node: String) {
        losses = losses.filter { $0.key.node != node && $0.value.replica.source != node }
        leads = leads.filter { $0.key.node != node && $0.value.replica.source != node }
    }

    mutating func keep(_ isKept: (_ node: String) -> Bool) {
        losses = losses.filter { isKept($0.key.node) }
        leads = leads.filter { isKept($0.key.node) }
    }
}

extension NodeFindings {
    /// Whether a channel that answers for itself no longer shows something, or is gone.
    fileprivate func isOver(_ name: String, _ isClear: (ChannelFindings) -> Bool) -> Bool {
        guard let channel = channels.first(where: { $0.channel.name == name }) else { return true }
        return isClear(channel) && channel.sourceNode != nil && !channel.isParked
    }
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
    let replica: ReplicaThen
    let relay: BinlogCoordinate?

    /// Whether it still holds for a channel that does not show it any longer.
    func holds(for channel: Channel, of facts: NodeFacts, from source: String, _ generation: Int?) -> Bool {
        guard replica.isSame(facts, from: source, generation) else { return false }
        if channel.usesGTID == true { return !replica.isSetBack(facts.transactions) }
        // CHANGE MASTER with a position deletes the relay logs.
        if let relay, channel.relayPosition?.isBefore(relay) == true { return false }
        guard let read = channel.readPosition else { return true }
        if read.isBefore(loss.read) == true { return false }
        return !(loss.isOfTheEnd && read.file.number > loss.read.file.number)
    }
}

/// MariaDB: a channel that was seen to have more than its source of what that had written itself. Once the source has used the
/// same numbers again, nothing shows that the replica has other transactions by them.
///
/// A source that is started with another log_bin has no record of anything either, until it is started with the former one again.
private struct KnownLeads {
    let leads: [GTIDLead]
    let replica: ReplicaThen
    /// The base names of the logs that had no record of it. What another one shows is not what these have used again.
    let logs: Set<String>
}

/// A replica as it was when something of it was noted.
private struct ReplicaThen {
    let source: String
    let identity: ServerIdentity
    /// Counts the replica's own binary logs; nil if it has none.
    let generation: Int?
    /// What it had.
    let transactions: TransactionHistory?

    /// Whether it has the same source, and has not been rebuilt as far as its own log, or else its transactions, show.
    func isSame(_ facts: NodeFacts, from source: String, _ generation: Int?) -> Bool {
        guard source == self.source, facts.identity.hasIDs(of: identity), generation == self.generation else {
            return false
        }
        return generation != nil || !hasLess(facts.transactions)
    }

    private func hasLess(_ now: TransactionHistory?) -> Bool {
        guard let now, let transactions else { return false }
        return now.hasLost(transactions)
    }

    /// MariaDB: SET GLOBAL gtid_slave_pos.
    func isSetBack(_ now: TransactionHistory?) -> Bool {
        guard case .positions(let now) = now, case .positions(let before) = transactions else { return false }
        return before.replicated.entries.contains { now.replicated[$0.domain]?.sequence ?? 0 < $0.sequence }
    }
}
