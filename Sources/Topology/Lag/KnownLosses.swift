import Replication

/// What rounds have shown replicas to have lost, and later ones may not show.
///
/// Kept by replica and source, for as long as the replica has not been rebuilt: a channel may be removed and made again, or follow
/// another source for a while, and it still lacks the same.
struct KnownLosses: Sendable {
    private var losses: [Key: KnownLoss] = [:]
    private var leads: [Key: KnownLeads] = [:]
    /// The sources of each node when it last answered.
    private var followers: [String: [String]] = [:]
    /// What sources were seen to lose, for those of their replicas that have not been compared with it yet.
    private var pending: [Key: PendingLoss] = [:]

    private struct Key: Hashable {
        let node: String
        let source: String
    }

    /// Nil if nothing is known, if the replica has been rebuilt since, or if the source has its former log again.
    /// - Parameters:
    ///   - replica: the looks at the replica's own binary log; nil if it has none.
    ///   - source: the looks at the source's.
    func loss(
        of channel: Channel, on node: String, _ facts: NodeFacts, from name: String,
        replica: @autoclosure () -> LogLooks?, source: @autoclosure () -> LogLooks?
    ) -> LogLoss? {
        guard !losses.isEmpty, let known = losses[Key(node: node, source: name)],
            known.holds(for: channel, of: facts, replica()?.generation), !known.isOver(by: source())
        else { return nil }
        return known.loss.past
    }

    /// What the source was seen to lose, if that is still to be compared with what the replica has.
    func pendingLoss(of node: String, _ facts: NodeFacts, from name: String, replica: @autoclosure () -> LogLooks?)
        -> VanishedTransactions?
    {
        guard !pending.isEmpty, let known = pending[Key(node: node, source: name)],
            known.replica?.isSame(facts, replica()?.generation) != false,
            known.replica?.isSetBack(facts.transactions) != true
        else { return nil }
        return known.vanished
    }

    /// None if nothing is known, if the replica has been rebuilt since, or if the source has its former log again.
    func leads(
        on node: String, _ facts: NodeFacts, from name: String,
        replica: @autoclosure () -> LogLooks?, source: @autoclosure () -> LogLooks?
    ) -> [GTIDLead] {
        guard !leads.isEmpty, let known = leads[Key(node: node, source: name)],
            known.replica.isSame(facts, replica()?.generation), !known.replica.isSetBack(facts.transactions),
            !known.logs.isOver(by: source())
        else { return [] }
        return known.leads
    }

    /// A source has lost some of what it had: its replicas are to be compared with that.
    /// - Parameter log: of a replica.
    mutating func note(_ vanished: VanishedTransactions, of source: String, log: (_ node: String) -> LogLooks?) {
        for (node, sources) in followers where sources.contains(source) {
            pending[Key(node: node, source: source)] = PendingLoss(
                vanished: vanished, replica: log(node).map(ReplicaThen.init))
        }
    }

    /// Notes what its channels have lost, and forgets what no longer holds.
    /// - Parameter log: of any node.
    mutating func note(_ node: NodeFindings, log: (_ node: String) -> LogLooks?) {
        guard let facts = node.report.facts else { return }
        let name = node.description.name
        for channel in node.channels {
            guard let source = channel.sourceNode else { continue }
            let key = Key(node: name, source: source)
            if let loss = channel.logLoss, !loss.isPast {
                losses[key] = KnownLoss(
                    loss: loss, replica: ReplicaThen(facts, log(name)), relay: channel.channel.relayPosition,
                    had: log(source)?.before, logs: LogsWithout(log(source)))
            }
            // What others wrote may still be on its way to the source.
            if channel.leads.contains(where: { $0.isBySource && !$0.isPast }) {
                var logs = leads[key]?.logs ?? LogsWithout(nil)
                logs.add(log(source))
                leads[key] = KnownLeads(
                    leads: channel.leads.filter { $0.isBySource && !$0.isPast }.map(\.past),
                    replica: ReplicaThen(facts, log(name)), logs: logs)
            }
        }
        guard facts.channels != nil else { return }
        noteSources(of: node)
        guard !losses.isEmpty || !leads.isEmpty else { return }
        for key in losses.keys where key.node == name {
            if node.isClear(from: key.source, { $0.logLoss == nil }) {
                losses[key] = nil
            } else {
                losses[key]?.replica.confirm(by: facts)
                losses[key]?.logs.look(at: log(key.source))
            }
        }
        for key in leads.keys where key.node == name {
            if node.isClear(from: key.source, { $0.leads.isEmpty }) {
                leads[key] = nil
            } else {
                leads[key]?.replica.confirm(by: facts)
                leads[key]?.logs.look(at: log(key.source))
            }
        }
    }

    private mutating func noteSources(of node: NodeFindings) {
        let name = node.description.name
        let sources = node.channels.lazy.compactMap(\.sourceNode)
        if followers[name]?.elementsEqual(sources) != true { followers[name] = Array(sources) }
        guard !pending.isEmpty, node.report.facts?.transactions != nil else { return }
        // What a channel is parked with is still to be compared.
        for key in pending.keys where key.node == name {
            if !node.channels.contains(where: { $0.sourceNode == key.source && $0.isParked }) { pending[key] = nil }
        }
    }

    mutating func forget(_ node: String) {
        keep { $0 != node }
    }

    mutating func keep(_ isKept: (_ node: String) -> Bool) {
        losses = losses.filter { isKept($0.key.node) && isKept($0.key.source) }
        leads = leads.filter { isKept($0.key.node) && isKept($0.key.source) }
        followers = followers.filter { isKept($0.key) }
        pending = pending.filter { isKept($0.key.node) && isKept($0.key.source) }
    }
}

extension NodeFindings {
    /// Whether it follows a source, and its channels from there, which answer for themselves, do not show something.
    fileprivate func isClear(from source: String, _ isClear: (ChannelFindings) -> Bool) -> Bool {
        var isFollower = false
        for channel in channels where channel.sourceNode == source {
            isFollower = true
            if channel.isParked || !isClear(channel) { return false }
        }
        return isFollower
    }
}

/// A channel that was seen to follow a log that its source no longer has, or to lack what its source has lost.
///
/// The source goes on, and will have passed the replica's place, or used its GTIDs, again: then neither shows that anything is
/// wrong. What was seen holds until the replica has been rebuilt, or been given another place.
///
/// On MySQL, a dump that is loaded over the data of a replica that finds its place by GTID is no sign: the server refuses to set
/// gtid_purged to what it has executed (error 3546, seen on 9.7), so that its GTIDs stay the same, and relay logs begin anew for
/// other reasons too.
private struct KnownLoss {
    let loss: LogLoss
    var replica: ReplicaThen
    let relay: BinlogCoordinate?
    /// What the source had before; nil if that was not seen.
    let had: TransactionHistory?
    var logs: LogsWithout

    /// Whether it still holds for a channel that does not show it any longer.
    func holds(for channel: Channel, of facts: NodeFacts, _ generation: Int?) -> Bool {
        guard replica.isSame(facts, generation) else { return false }
        if channel.usesGTID == true { return !replica.isSetBack(facts.transactions) }
        // CHANGE MASTER with a position deletes the relay logs.
        if let relay, channel.relayPosition?.isBefore(relay) == true { return false }
        guard let read = channel.readPosition else { return true }
        if read.isBefore(loss.read) == true { return false }
        return !(loss.isOfTheEnd && read.file.number > loss.read.file.number)
    }

    /// Whether the source has its former log again, and in it all that it had.
    func isOver(by source: LogLooks?) -> Bool {
        guard logs.isOver(by: source), let had, let now = source?.latest else { return false }
        return !now.hasLost(had)
    }
}

/// MariaDB: a channel that was seen to have more than its source of what that had written itself. Once the source has used the
/// same numbers again, nothing shows that the replica has other transactions by them.
private struct KnownLeads {
    let leads: [GTIDLead]
    var replica: ReplicaThen
    var logs: LogsWithout
}

private struct PendingLoss {
    let vanished: VanishedTransactions
    /// Nil if it keeps no binary log.
    let replica: ReplicaThen?
}

/// The logs of a source that have no record of something.
///
/// MariaDB: a source that is started with another log_bin has no record of anything, until it is started with the former one again.
/// What was written in between, under numbers of which some may be the same, is only in the other log.
private struct LogsWithout {
    /// Their base names.
    private var names: Set<String> = []
    private var haveTransactions = false

    init(_ log: LogLooks?) { add(log) }

    mutating func add(_ log: LogLooks?) {
        if let base = log?.base { names.insert(base) }
        look(at: log)
    }

    /// Notes whether anything has been written in them.
    mutating func look(at log: LogLooks?) {
        guard !haveTransactions, let log, let base = log.base, names.contains(base) else { return }
        haveTransactions = log.latest?.isRecordEmpty == false
    }

    /// Whether the source has another one, and nothing was seen to be written in these.
    func isOver(by log: LogLooks?) -> Bool {
        guard !haveTransactions, !names.isEmpty, let base = log?.base else { return false }
        return !names.contains(base)
    }
}

/// A replica as it was when something of it was noted.
private struct ReplicaThen {
    private var server: SeenServer
    /// Counts the replica's own binary logs; nil if it has none.
    private let generation: Int?
    /// What it had.
    private let transactions: TransactionHistory?

    init(_ facts: NodeFacts, _ log: LogLooks?) {
        server = SeenServer(facts)
        generation = log?.generation
        transactions = facts.transactions
    }

    /// As it was before the round that is being noted.
    init(_ log: LogLooks) {
        server = log.server
        generation = log.isNew ? log.generation - 1 : log.generation
        transactions = log.latest
    }

    /// Whether it has not been rebuilt as far as its own log, or else its transactions, show.
    func isSame(_ facts: NodeFacts, _ generation: Int?) -> Bool {
        guard server.isStill(facts) else { return false }
        guard let before = self.generation, let generation else { return !hasLess(facts.transactions) }
        return before == generation
    }

    /// It answers, and is the same.
    mutating func confirm(by facts: NodeFacts) {
        if server.isStill(facts) { server = SeenServer(facts) }
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

/// A server as it was when it last answered.
struct SeenServer: Sendable {
    private let identity: ServerIdentity
    private let startTime: Double?

    init(_ facts: NodeFacts) {
        identity = facts.identity
        startTime = facts.startTime
    }

    /// Whether the same server answers now. It may have been given another server id: without a UUID, that is seen only
    /// as long as it runs.
    func isStill(_ facts: NodeFacts) -> Bool {
        if let uuid = identity.serverUUID, let other = facts.identity.serverUUID { return uuid == other }
        if identity.hasIDs(of: facts.identity) { return true }
        guard let startTime, let now = facts.startTime else { return false }
        return abs(startTime - now) <= 1
    }
}
