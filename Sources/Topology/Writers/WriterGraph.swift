internal import Replication

/// A set as one round found it, completed from memory: which nodes answer, and which are tied to which.
struct WriterGraph {
    /// In the order of the configuration.
    let names: [String]
    let descriptions: [String: NodeDescription]
    let memory: [String: NodeMemory]
    let answering: Set<String>
    /// In the order of the configuration.
    let silent: [String]
    let incumbents: Set<String>
    /// Answering incumbents that are writable.
    let reigning: Set<String>
    /// By node: the answering nodes that are receiving from it.
    private let receiversByName: [String: [String]]
    private var tiesByName: [String: [Tie]] = [:]

    init(_ findings: SetFindings, _ memory: SetMemory) {
        names = findings.nodes.map(\.description.name)
        descriptions = Dictionary(
            findings.nodes.map { ($0.description.name, $0.description) }, uniquingKeysWith: { first, _ in first })
        self.memory = memory.nodes
        let answering = Set(
            findings.nodes.lazy.filter { $0.report.identity != nil }.map(\.description.name))
        self.answering = answering
        silent = names.filter { !answering.contains($0) }
        incumbents = memory.incumbents
        reigning = memory.incumbents.filter {
            answering.contains($0) && memory.nodes[$0]?.writability == .writable
        }
        var receivers: [String: [String]] = [:]
        for name in names where answering.contains(name) {
            for channel in memory.nodes[name]?.channels ?? [] where channel.isReceiving {
                guard let source = channel.sourceNode, source != name, receivers[source]?.last != name else { continue }
                receivers[source, default: []].append(name)
            }
        }
        receiversByName = receivers
        for name in names { tiesByName[name] = makeTies(of: name) }
    }

    /// Silent, and not seen since the exporter started.
    func isUnseen(_ name: String) -> Bool { !answering.contains(name) && memory[name]?.isRecorded ?? true }

    func answersWritable(_ name: String) -> Bool { answering.contains(name) && memory[name]?.writability == .writable }
    func answersReadOnly(_ name: String) -> Bool { answering.contains(name) && memory[name]?.writability == .readOnly }
    func wasReadOnly(_ name: String) -> Bool { memory[name]?.writability == .readOnly }

    // MARK: - Ties

    /// A channel that ties a node to a source.
    struct Tie {
        let channel: ChannelMemory
        /// The nodes that the source may be; empty if it is outside the set.
        let sources: [String]
    }

    func ties(of name: String) -> [Tie] { tiesByName[name] ?? [] }

    private func makeTies(of name: String) -> [Tie] {
        (memory[name]?.channels ?? []).compactMap { channel in
            guard !channel.isParked, channel.intended != NodeDescription.outside else { return nil }
            switch channel.source {
            case .node(name): return nil
            case .node(let source):
                // A leftover from before a failover, unless it is a stopped replica of the writer. If the source is
                // silent, the two cannot be told apart.
                if channel.isStopped, answering.contains(source), !isUnderReign(source) { return nil }
                return Tie(channel: channel, sources: [source])
            case .outside: return channel.isStopped ? nil : Tie(channel: channel, sources: [])
            case .unrecognised:
                // Even a stopped one cannot be dismissed as a leftover while a node that it may lead to is silent.
                let suspects = suspects(channel, name)
                return channel.isStopped && suspects.isEmpty ? nil : Tie(channel: channel, sources: suspects)
            }
        }
    }

    /// The writer itself, or a node that replicates from it at any distance.
    private func isUnderReign(_ name: String) -> Bool {
        reigning.contains(name) || !sourcesOfAll(above: name).isDisjoint(with: reigning)
    }

    /// The silent nodes that an unrecognised source may be: the intended one if that is silent, otherwise any.
    private func suspects(_ channel: ChannelMemory, _ name: String) -> [String] {
        let others = silent.filter { $0 != name }
        if let intended = channel.intended, others.contains(intended) { return [intended] }
        return others
    }

    /// The nodes above one, as far as ties lead.
    func above(_ name: String) -> Set<String> { reach(from: name) { ties(of: $0).flatMap(\.sources) } }

    private func reach(from start: String, _ next: (String) -> [String]) -> Set<String> {
        var found: Set<String> = []
        var pending = next(start)
        while let name = pending.popLast() {
            if found.insert(name).inserted { pending += next(name) }
        }
        return found
    }

    // MARK: - Receiving

    /// Answering nodes that are receiving from a node.
    func receivers(of name: String) -> [String] { receiversByName[name] ?? [] }

    /// Whether what is written on `name` reaches `receiver`, directly or through others that answer.
    func receives(_ receiver: String, from name: String) -> Bool {
        reach(from: receiver) { node in
            guard answering.contains(node) else { return [] }
            return (memory[node]?.channels ?? []).filter(\.isReceiving).compactMap(\.sourceNode)
        }.contains(name)
    }

    /// Answering nodes other than these that have a source.
    func replicas(beside nodes: [String]) -> [String] {
        names.filter { !nodes.contains($0) && answering.contains($0) && !ties(of: $0).isEmpty }
    }

    /// Whether a node, as it was last seen, has a source, but not this one.
    func follows(_ name: String, otherThan source: String) -> Bool {
        let sources = followed(by: name)
        return !sources.isEmpty && !sources.contains(source)
    }

    /// The sources of a node's channels that are not stopped, as it was last seen; nil for one that is not a node of
    /// the set.
    private func followed(by name: String) -> [String?] {
        (memory[name]?.channels ?? []).filter { !$0.isParked && !$0.isReceiverStopped }.map(\.sourceNode)
    }

    // MARK: - Relations

    /// A node that takes writes and replicates from the writer, or from another node that takes them, and does not feed
    /// it: a replica on which `read_only` was left off, not a rival.
    func isWritableReplica(_ name: String) -> Bool {
        guard answering.contains(name), memory[name]?.writability != .readOnly, !reigning.contains(name) else {
            return false
        }
        if above(name).contains(where: { reigning.contains($0) && !above($0).contains(name) }) { return true }
        return ties(of: name).contains { tie in
            guard let source = tie.sources.first, tie.sources.count == 1, tie.channel.source == .node(source),
                !tie.channel.isReceiverStopped
            else { return false }
            // Nothing is applied, or it is half a ring: then what is written here may exist nowhere else.
            if !tie.channel.isApplying || sourcesOfAll(above: source).contains(name), !hasAll(source, of: name) {
                return false
            }
            // A source that does not answer the exporter but still feeds the node counts as well.
            let isAlive =
                !answering.contains(source) && memory[source]?.writability == .writable && tie.channel.isReceiving
            return (answersWritable(source) || isAlive) && !above(source).contains(name)
        }
    }

    /// The nodes above one by all of their channels, including stopped ones.
    private func sourcesOfAll(above name: String) -> Set<String> {
        reach(from: name) { (memory[$0]?.channels ?? []).compactMap(\.sourceNode) }
    }

    /// Whether a channel of a node, running or not, leads to another.
    func leads(_ name: String, to source: String) -> Bool {
        (memory[name]?.channels ?? []).contains { $0.sourceNode == source }
    }

    /// Whether the incumbent writer has become a replica: it has everything from, and receives from, a writable,
    /// promoted node that follows no other. A planned switchover ends this way if `read_only` is left off.
    func hasAbdicated(_ name: String) -> Bool {
        guard reigning.contains(name) else { return false }
        return above(name).contains { source in
            answersWritable(source) && ties(of: source).isEmpty && memory[source]?.isPromoted == true
                && receives(name, from: source) && !sourcesOfAll(above: source).contains(name)
                && hasAll(source, of: name)
        }
    }

    /// Whether two nodes are the same server at two addresses, as far as it can be identified. MariaDB's only identity
    /// is its server ID, so its host name, port and start time have to match too.
    func areOneServer(_ one: String, _ other: String) -> Bool {
        guard let one = memory[one], let other = memory[other], one.identity.serverID == other.identity.serverID else {
            return false
        }
        if let uuid = one.identity.serverUUID {
            return uuid == other.identity.serverUUID && one.identity.instance == other.identity.instance
        }
        guard let mine = one.startTime, let theirs = other.startTime, !one.identity.hostname.isEmpty else {
            return false
        }
        return one.identity.hostname == other.identity.hostname && one.identity.port == other.identity.port
            && abs(mine - theirs) <= 2
    }

    /// Whether two nodes are sources of one replica side by side (multi-source replication).
    func arePartners(_ one: String, _ other: String) -> Bool {
        guard one != other else { return false }
        var areFollowed = false
        for name in names where name != one && name != other {
            let intended = Set(descriptions[name].map { Array($0.intendedSources.values) } ?? [])
            if intended.contains(one), intended.contains(other) {
                // Configured so; but if one of the two replicates from the other, they are not side by side.
                return !above(one).contains(other) && !above(other).contains(one)
            }
            // A stopped channel no longer follows its source.
            let followed = followed(by: name)
            if followed.contains(one), followed.contains(other) { areFollowed = true }
        }
        return areFollowed && haveNothingInCommon(one, other)
    }

    /// Whether a silent node may be, together with another, a source of one replica: its transactions may not be known.
    func mayBePartners(_ one: String, _ silent: String) -> Bool {
        if arePartners(one, silent) { return true }
        return names.contains { name in
            guard name != one, name != silent, answering.contains(name) else { return false }
            let followed = followed(by: name)
            return followed.contains(one) && followed.contains(silent)
        }
    }

    private func haveNothingInCommon(_ one: String, _ other: String) -> Bool {
        // A server without a binary log feeds no replica, whatever it holds.
        guard let one = memory[one], let other = memory[other], one.recordsOwnWrites, other.recordsOwnWrites,
            let mine = one.transactions, let theirs = other.transactions
        else { return false }
        return mine.hasNothing(of: theirs)
    }

    /// Whether a node has every transaction of another, as far as both keep a record. Within a ring, each is always
    /// slightly behind the other.
    func hasAll(_ name: String, of other: String) -> Bool {
        guard let mine = memory[name], let theirs = memory[other], mine.recordsOwnWrites, theirs.recordsOwnWrites,
            let here = mine.transactions, let there = theirs.transactions,
            !(above(name).contains(other) && above(other).contains(name))
        else { return false }
        if there.errant(against: [here]) == 0 { return true }
        // The other may have been asked later, while writes were on their way to it: compare the incumbent writer with
        // what the other had a round ago.
        guard reigning.contains(name), let before = theirs.transactionsBefore else { return false }
        return before.errant(against: [here]) == 0
    }
}

extension ChannelMemory {
    /// The source's node name, unless it cannot be connected to.
    var sourceNode: String? {
        if case .node(let name) = source, !isParked { name } else { nil }
    }
}
