package import Replication

/// What is remembered of a set from round to round, so that a node's silence is not taken for consent.
///
/// A value: changed only by folding in a round's findings, each node by the instant of its own answer, and by an
/// operator's word. It ends with the process, and for a node when its address changes.
package struct SetMemory: Sendable {
    var nodes: [String: NodeMemory] = [:]
    var incumbents: Set<String> = []
    /// When the most recent of them became the writer.
    var incumbentSince: ContinuousClock.Instant?
    var conflicts: [WriterPair: WriterPair.State] = [:]
    var word: Word?
    var looks = SetLooks()
    var clusters = ClusterMemory()

    /// An operator's word about which node takes the writes.
    struct Word: Sendable, Equatable {
        let node: String
        /// The nodes that were writable and without a source when it was given; another node that becomes so ends it.
        var writable: Set<String>
        /// No round has been judged since it was given: `writable` is what earlier ones showed.
        var isFresh = false
    }

    package init() {}

    /// Compares the nodes of a set, and decides from that and from memory which of them take its writes.
    /// - Parameter report: of the whole set.
    package mutating func fold(_ report: ReplicationSetReport) -> SetFindings {
        let present = Set(report.nodes.map(\.description.name))
        if !nodes.keys.allSatisfy(present.contains) { nodes = nodes.filter { present.contains($0.key) } }
        looks.note(report, writers: incumbents)
        let found = ClusterFindings.all(in: report.nodes, remembering: nodes, known: clusters.known)
        clusters.look(at: found, report.nodes)
        var findings = SetFindings(
            report, remembering: identities(for: report), incumbents: incumbents, looks: looks, found, clusters)
        for index in findings.nodes.indices where !found.isEmpty {
            findings.nodes[index].clusterTroubles = findings.clusterTroubles(of: findings.nodes[index])
        }
        looks.note(findings, writers: incumbents)
        take(findings)
        if let untold = findings.nodes.first(where: {
            $0.report.facts?.missing[.cluster] != nil && $0.report.facts?.isClusterUnknown == true
        }),
            findings.clusters.isEmpty
        {
            findings.writing = judge(findings, untold: untold.description.name)
        } else {
            findings.writing = findings.clusters.isEmpty ? judge(findings) : judgeClusters(findings)
        }
        for index in findings.clusters.indices {
            findings.clusters[index].isBelieved = clusters.believes(findings.clusters[index])
        }
        findings.findUnservedReplicas()
        return findings
    }

    /// Compares some nodes of a set, by what is remembered. Of what this shows, only losses are remembered: later looks may not show them.
    package mutating func glimpse(_ report: ReplicationSetReport) -> SetFindings {
        var memory = self
        let findings = memory.fold(report)
        looks.note(report, writers: incumbents, isWhole: false)
        looks.note(findings, writers: incumbents)
        return findings
    }

    /// Takes an operator's word: the node is the writer for as long as it reports to be writable, until it is seen
    /// read-only or restarted, or another node is seen to turn writable.
    ///
    /// This decides its conflicts, and the decision outlives the word: the other nodes may not take the writes while
    /// their state stays the same, whether the node answers or not.
    package mutating func takeWord(for node: String) {
        word = Word(node: node, writable: Set(nodes.filter(\.value.isFree).keys), isFresh: true)
        nodes[node]?.wasRival = false
        for pair in conflicts.keys where pair.contains(node) { conflicts[pair]?.decide(for: node) }
        decideByWord()
    }

    /// An operator says that a node has all that it was seen to lack.
    package mutating func accept(_ node: String) { looks.accept(node) }

    /// Decides against the nodes that were writable when the word was given, whether they answer now or not.
    mutating func decideByWord() {
        guard let word else { return }
        for other in word.writable where other != word.node && nodes[other] != nil {
            conflicts[WriterPair(word.node, other), default: .init()].decide(for: word.node)
        }
    }

    /// The remembered identities of silent nodes, if their addresses have not changed.
    private func identities(for report: ReplicationSetReport) -> [String: ServerIdentity] {
        var identities: [String: ServerIdentity] = [:]
        for node in report.nodes where node.identity == nil {
            guard let known = nodes[node.description.name], known.address.isSame(as: node.description.address)
            else { continue }
            identities[node.description.name] = known.identity
        }
        return identities
    }

    // MARK: - Answers

    private mutating func take(_ findings: SetFindings) {
        let areAllNodesKnown = findings.nodes.allSatisfy {
            $0.report.identity != nil
                || nodes[$0.description.name]?.address.isSame(as: $0.description.address) == true
        }
        for node in findings.nodes {
            let name = node.description.name
            var earlier = nodes[name]
            if let known = earlier, !known.address.isSame(as: node.description.address) {
                forget(name)
                earlier = nil
            }
            guard let answer = NodeMemory(node, areAllNodesKnown: areAllNodesKnown, earlier: earlier) else {
                nodes[name]?.wasSilent = true
                nodes[name]?.wasMissed = true
                continue
            }
            // Rounds overlap: an older answer that arrives late changes nothing.
            if let earlier, !answer.isNewer(than: earlier) { continue }
            note(answer, of: name, after: earlier)
            nodes[name] = answer
        }
        incumbents = incumbents.filter { nodes[$0] != nil }
    }

    /// Ends what an answer contradicts: an incumbency, an operator's word.
    private mutating func note(_ answer: NodeMemory, of name: String, after earlier: NodeMemory?) {
        let isSameLife = earlier.map { answer.isSameLife(as: $0) } ?? false
        if answer.writability == .readOnly || earlier != nil && !isSameLife {
            incumbents.remove(name)
            if word?.node == name { word = nil }
        }
        if earlier != nil, !isSameLife {
            // The others still may not take the writes, but an operator has to name this node again.
            for (pair, state) in conflicts where state.decided == name { conflicts[pair]?.reopen() }
        }
        guard let given = word, given.node != name else { return }
        guard answer.isFree else {
            // If it becomes so again, that is new.
            if answer.writability != .unknown, answer.channels != nil { word?.writable.remove(name) }
            return
        }
        // Nodes that were already writable when the word was given are the ones it is about.
        if !given.isFresh, !given.writable.contains(name) { word = nil }
    }

    private mutating func forget(_ name: String) {
        nodes[name] = nil
        looks.forget(name)
        incumbents.remove(name)
        conflicts = conflicts.filter { !$0.key.contains(name) }
        if word?.node == name { word = nil }
    }
}

/// Two nodes, in any order.
struct WriterPair: Sendable, Hashable {
    let first: String
    let second: String

    init(_ one: String, _ other: String) {
        (first, second) = one < other ? (one, other) : (other, one)
    }

    func contains(_ name: String) -> Bool { first == name || second == name }
    func other(than name: String) -> String { first == name ? second : first }

    struct State: Sendable, Equatable {
        /// The one that remains the writer, as of the last round in which both answered.
        var winner: String?
        /// One may have been promoted in place of the other while that one was the writer and silent.
        var isSuccession = false
        var newcomer: String?
        /// By name.
        var merits: [String: [WriterConflict.Merit]] = [:]
        /// The one that an operator has named.
        var decided: String?
        /// The nodes that have since been seen, or were last seen before that, to follow something other than the other
        /// node.
        var elsewhere: Set<String> = []

        mutating func decide(for name: String) {
            if decided != name { elsewhere = [] }
            decided = name
            winner = name
            newcomer = nil
        }

        mutating func reopen() {
            decided = nil
            elsewhere = []
            winner = nil
        }
    }
}
