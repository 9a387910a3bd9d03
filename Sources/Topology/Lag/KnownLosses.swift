import Replication

/// What rounds have shown replicas to have lost, and later ones may not show.
///
/// Kept by replica and source, for as long as the replica has not been rebuilt: a channel may be removed and made again, or follow
/// another source for a while, and it still lacks the same. What got its data through such a replica lacks it as well.
struct KnownLosses: Sendable {
    private var losses: [LossKey: KnownLoss] = [:]
    private var leads: [LossKey: KnownLeads] = [:]
    /// The sources of each node when it last had some: one that is detached still has their data.
    private var sources: [String: [String]] = [:]
    /// What replicas without a binary log had when they last answered. For others, the looks at their logs show it.
    private var seen: [String: ServerThen] = [:]
    /// What sources were seen to lose, for those of their replicas that have not been compared with it yet.
    private var pending: [LossKey: PendingLoss] = [:]
    /// Replicas that were seen to have all that their source lost, with the number of their own log at that time.
    private var complete: [LossKey: Int] = [:]
    /// Logs that sources began while these replicas followed an earlier one.
    private var unread: [LossKey: UnreadLog] = [:]

    /// Looks at the binary log of a node; nil if it has none.
    typealias Logs = (_ node: String) -> LogLooks?

    // MARK: - What is known

    /// Nil if nothing is known, if the replica has been rebuilt since, or if the source has its former log again.
    func loss(of channel: Channel, on node: String, _ facts: NodeFacts, from name: String, _ logs: Logs) -> LogLoss? {
        if losses.isEmpty, unread.isEmpty { return nil }
        let key = LossKey(node: node, source: name)
        if let known = losses[key] {
            if known.holds(for: channel, of: facts, logs(node)?.generation), !known.isOver(by: logs(name)) {
                return known.loss.past
            }
        } else if let known = inherited(losses, by: node, from: name, logs) {
            return known.loss.past
        }
        return unread[key]?.loss(of: channel, of: facts, logs(node)?.generation, logs(name))
    }

    /// What the source was seen to lose, if that is still to be compared with what the replica has.
    func pendingLoss(of node: String, _ facts: NodeFacts, from name: String, _ logs: Logs) -> PendingLoss? {
        guard !pending.isEmpty, let known = pending[LossKey(node: node, source: name)],
            known.isOpen(for: facts, logs(node)?.generation)
        else { return nil }
        return known
    }

    /// None if nothing is known, if the replica has been rebuilt since, or if the source has its former log again.
    func leads(on node: String, _ facts: NodeFacts, from name: String, _ logs: Logs) -> [GTIDLead] {
        if leads.isEmpty { return [] }
        guard let known = leads[LossKey(node: node, source: name)] else {
            return inherited(leads, by: node, from: name, logs)?.leads ?? []
        }
        return known.holds(for: facts, logs(node)?.generation) && !known.isOver(by: logs(name)) ? known.leads : []
    }

    /// What a node that begins to follow a source has lost before, itself or through the nodes above it. A source that lacks the same
    /// shows nothing; one that has it gives it to a replica that has not gone on without it.
    private func inherited<Loss: Known>(
        _ all: [LossKey: Loss], by node: String, from name: String, _ logs: Logs
    ) -> Loss? {
        // After a start, and after the node was rebuilt, it is not known where its data is from.
        guard !all.isEmpty, sources[node]?.contains(name) == false, logs(node)?.isNew != true else { return nil }
        let line = line(of: node)
        return all.first { key, known in
            line.contains(key.node) && key.node != name && all[LossKey(node: name, source: key.source)] == nil
                && (key.source == name
                    ? key.node != node && !known.isOver(by: logs(name))
                    : known.then.hasAdvanced || !known.then.wasComplete && !isComplete(name, behind: key.source, logs))
        }?.value
    }

    /// Whether a node had all that another one lost, and so gives it to those that have not gone on without it.
    private func isComplete(_ node: String, behind source: String, _ logs: Logs) -> Bool {
        complete[LossKey(node: node, source: source)].map { $0 == logs(node)?.generation } ?? false
    }

    /// The node, and those through which its data came.
    private func line(of node: String) -> Set<String> {
        var found: Set = [node]
        var last = [node]
        while let next = last.popLast() {
            for source in sources[next] ?? [] where found.insert(source).inserted { last.append(source) }
        }
        return found
    }

    // MARK: - What a round shows

    /// What is known of a set while one of its rounds is noted.
    struct Round {
        /// The nodes that took the writes in the round before. What their former source does with its log says nothing about them.
        let writers: Set<String>
        /// Whether a node has a source now.
        var isFollowing: (_ node: String) -> Bool = { _ in false }
        let logs: Logs

        fileprivate func matters(_ node: String, behind source: String) -> Bool {
            !writers.contains(node) || writers.contains(source)
        }
    }

    /// A source has lost some of what it had: its replicas are to be compared with that.
    mutating func note(_ vanished: VanishedTransactions, of source: String, _ round: Round) {
        let logs = round.logs
        for (node, above) in sources where above.contains(source) && round.matters(node, behind: source) {
            pending[LossKey(node: node, source: source)] = PendingLoss(
                vanished: vanished, replica: logs(node).map(ServerThen.init(before:)) ?? seen[node])
        }
    }

    /// A source writes another log: its replicas have read none of that.
    mutating func noteAnotherLog(of source: String, _ round: Round) {
        let logs = round.logs
        guard let log = logs(source) else { return }
        for (node, above) in sources where above.contains(source) && round.matters(node, behind: source) {
            let key = LossKey(node: node, source: source)
            if unread[key] != nil, log.isRenamed { continue }
            unread[key] = UnreadLog(
                base: log.isRenamed ? log.base : nil, replica: logs(node).map(ServerThen.init(before:)) ?? seen[node])
        }
    }

    /// Notes what its channels have lost, and forgets what no longer holds.
    mutating func note(_ node: NodeFindings, _ round: Round) {
        guard let facts = node.report.facts else { return }
        let logs = round.logs
        for channel in node.channels { note(channel, on: node.description.name, facts, round) }
        guard facts.channels != nil else { return }
        inherit(node, facts, round)
        noteSources(of: node)
        if !node.channels.isEmpty, logs(node.description.name) == nil {
            seen[node.description.name] = ServerThen(facts, nil)
        }
        noteComparisons(of: node, facts, logs)
        noteReading(of: node, logs)
        if losses.isEmpty, leads.isEmpty, pending.isEmpty { return }
        losses.update(node, facts, logs) { $0.logLoss == nil }
        leads.update(node, facts, logs) { $0.leads.isEmpty }
        noteRebuilding(of: node, facts, logs)
    }

    private mutating func note(_ channel: ChannelFindings, on node: String, _ facts: NodeFacts, _ round: Round) {
        guard let source = channel.sourceNode, round.matters(node, behind: source) else { return }
        let logs = round.logs
        let key = LossKey(node: node, source: source)
        let isFollowing = round.isFollowing(source)
        if var loss = channel.logLoss, !loss.isPast {
            // Once it is in a later file, a new log looks as if it had gone on after the end of the old one.
            if let known = losses[key], !known.loss.isOfTheEnd { loss.isOfTheEnd = false }
            losses[key] = KnownLoss(
                loss: loss, place: channel.channel.executedPosition,
                then: LossContext(
                    facts, logs(node), logs(source), isSourceFollowing: isFollowing, after: losses[key]?.then))
        } else if let executed = channel.channel.executedPosition, losses[key] != nil {
            losses[key]?.place = executed
        }
        // What others wrote may still be on its way to the source.
        let ahead = channel.leads.filter { $0.isBySource && !$0.isPast }
        if !ahead.isEmpty {
            var then = LossContext(
                facts, logs(node), logs(source), isSourceFollowing: isFollowing, after: leads[key]?.then)
            then.logs = leads[key]?.then.logs ?? LogsWithout(nil)
            then.logs.add(logs(source))
            leads[key] = KnownLeads(leads: ahead.map(\.past), then: then)
        }
    }

    /// Notes as its own what a node brings with it to a new source.
    private mutating func inherit(_ node: NodeFindings, _ facts: NodeFacts, _ round: Round) {
        if losses.isEmpty, leads.isEmpty { return }
        let logs = round.logs
        let name = node.description.name
        for channel in node.channels {
            guard let source = channel.sourceNode else { continue }
            let key = LossKey(node: name, source: source)
            let then = LossContext(
                facts, logs(name), logs(source), isSourceFollowing: round.isFollowing(source), after: nil)
            if losses[key] == nil, let known = inherited(losses, by: name, from: source, logs) {
                losses[key] = KnownLoss(loss: known.loss, place: channel.channel.executedPosition, then: then)
            }
            if leads[key] == nil, let known = inherited(leads, by: name, from: source, logs) {
                leads[key] = KnownLeads(leads: known.leads, then: then)
            }
        }
    }

    private mutating func noteSources(of node: NodeFindings) {
        let name = node.description.name
        let above = node.channels.lazy.compactMap(\.sourceNode)
        if above.isEmpty, sources[name] != nil { return }
        if sources[name]?.elementsEqual(above) != true { sources[name] = Array(above) }
    }

    /// Forgets what has been compared. What a channel is parked with, or what could not be compared, is still to be.
    private mutating func noteComparisons(of node: NodeFindings, _ facts: NodeFacts, _ logs: Logs) {
        guard !pending.isEmpty, let transactions = facts.transactions else { return }
        let generation = logs(node.description.name)?.generation
        for (key, known) in pending where key.node == node.description.name {
            guard known.isOpen(for: facts, generation) else {
                pending[key] = nil
                continue
            }
            let channels = node.channels.filter { $0.sourceNode == key.source }
            let isOpen = channels.contains { channel in
                channel.isParked
                    || channel.logLoss == nil
                        && known.isLacking(in: transactions, fetched: channel.channel.fetched)
            }
            // A node without a source is compared when it has one.
            if isOpen || node.channels.isEmpty { continue }
            pending[key] = nil
            if !channels.isEmpty, !known.isLacking(in: transactions, fetched: nil) { complete[key] = generation }
        }
    }

    /// Forgets the logs that are read, and those that have been noted as lost.
    private mutating func noteReading(of node: NodeFindings, _ logs: Logs) {
        if unread.isEmpty { return }
        for key in unread.keys where key.node == node.description.name {
            guard let channel = node.channels.first(where: { $0.sourceNode == key.source }), !channel.isParked,
                let log = logs(key.source)
            else { continue }
            if unread[key]?.isSettled(by: channel, log) == true {
                unread[key] = nil
            } else if unread[key]?.place == nil {
                unread[key]?.place = channel.channel.executedPosition
            }
        }
    }

    /// A former source that was rebuilt, and follows its replica or what that follows, has nothing left that these lack. Nor has one
    /// that follows anything by now, if the replica had everything when its log was reset: that was part of a switchover.
    private mutating func noteRebuilding(of source: NodeFindings, _ facts: NodeFacts, _ logs: Logs) {
        let name = source.description.name
        guard !source.channels.isEmpty, let above = sources[name], !above.isEmpty else { return }
        let (log, generation) = (logs(name), logs(name)?.generation)
        func isOver(_ key: LossKey, _ then: LossContext, isKnown: (LossKey) -> Bool) -> Bool {
            guard key.source == name else { return false }
            if then.wasComplete, !then.wasSourceFollowing, !then.hasAdvanced, then.hasWrittenNothing(facts, log) {
                return true
            }
            guard then.source?.isSame(facts, generation) == false else { return false }
            return above.contains(key.node)
                || above.contains { other in
                    sources[key.node]?.contains(other) == true && !isKnown(LossKey(node: key.node, source: other))
                }
        }
        for (key, known) in losses where isOver(key, known.then, isKnown: { losses[$0] != nil }) { losses[key] = nil }
        for (key, known) in leads where isOver(key, known.then, isKnown: { leads[$0] != nil }) { leads[key] = nil }
        for key in pending.keys where key.source == name && above.contains(key.node) { pending[key] = nil }
    }

    // MARK: - Forgetting

    /// What replicas have lost does not depend on what becomes of the source that it is known by.
    mutating func forget(_ node: String) {
        keep { $0 != node }
    }

    mutating func keep(_ isKept: (_ node: String) -> Bool) {
        losses = losses.filter { isKept($0.key.node) }
        leads = leads.filter { isKept($0.key.node) }
        sources = sources.filter { isKept($0.key) }
        seen = seen.filter { isKept($0.key) }
        complete = complete.filter { isKept($0.key.node) && isKept($0.key.source) }
        pending = pending.filter { isKept($0.key.node) }
        unread = unread.filter { isKept($0.key.node) }
    }

    /// An operator says that a node has everything.
    mutating func accept(_ node: String) {
        losses = losses.filter { $0.key.node != node }
        leads = leads.filter { $0.key.node != node }
        pending = pending.filter { $0.key.node != node }
        unread = unread.filter { $0.key.node != node }
    }
}

struct LossKey: Hashable, Sendable {
    let node: String
    let source: String
}

extension Dictionary where Key == LossKey, Value: Known {
    /// Drops what a node's channels no longer show, and confirms the rest.
    fileprivate mutating func update(
        _ node: NodeFindings, _ facts: NodeFacts, _ logs: KnownLosses.Logs, _ isClear: (ChannelFindings) -> Bool
    ) {
        for key in keys where key.node == node.description.name {
            let isFollowing = node.channels.contains { $0.sourceNode == key.source }
            self[key] =
                node.isClear(from: key.source, isClear)
                ? nil : self[key]?.confirmed(by: facts, logs(key.source), isFollowing: isFollowing)
        }
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
