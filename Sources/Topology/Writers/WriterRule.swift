internal import Replication

extension SetMemory {
    /// How long a node has to be the only writable one before it counts as the writer, if nothing else confirms it.
    package static let probation = Duration.seconds(30)

    /// Decides which nodes take the writes, and remembers what follows from it.
    mutating func judge(_ findings: SetFindings) -> WriterFindings {
        var graph = WriterGraph(findings, self)
        let abdicated = graph.reigning.filter(graph.hasAbdicated)
        if !abdicated.isEmpty {
            incumbents.subtract(abdicated)
            graph = WriterGraph(findings, self)
        }
        let replicas = Set(graph.names.filter(graph.isWritableReplica))
        if word?.isFresh == true {
            word?.isFresh = false
            word?.writable = Set(graph.names.filter { nodes[$0]?.writability == .writable && !replicas.contains($0) })
        }
        let candidates = graph.names.filter { graph.answersWritable($0) && !replicas.contains($0) }
        updateConflicts(candidates, replicas, graph)

        var obstacles: [String: [String]] = [:]
        for name in candidates {
            obstacles[name] = WriterObstacles(name, graph, replicas).all + rivalry(name, graph)
        }
        let free = candidates.filter { obstacles[$0]?.isEmpty == true }
        let waits = probation(of: free, candidates, graph)
        var names = free.filter { waits[$0] == nil }
        if let word, graph.answersWritable(word.node), !replicas.contains(word.node) {
            // The word decides between the node and those that oppose it, not its partners.
            names = [word.node] + names.filter { $0 != word.node && graph.arePartners($0, word.node) }
        }

        var writing = WriterFindings(writers: .nodes(names))
        if names.isEmpty {
            writing.writers = Self.reason(graph, candidates, obstacles, waits, incumbents)
        } else {
            reign(names, graph)
            for name in names { nodes[name]?.wasRival = false }
        }
        writing.incumbents = incumbents
        writing.silentPartners = Set(
            graph.silent.filter { silent in
                nodes[silent]?.writability != .readOnly && names.contains { graph.mayBePartners($0, silent) }
            })
        writing.operatorsWord = word?.node
        writing.conflicts = conflicts.map { pair, state in
            WriterConflict(
                nodes: [pair.first, pair.second], winner: state.winner, newcomer: state.newcomer, merits: state.merits,
                isDecided: state.decided != nil)
        }.sorted { $0.nodes.lexicographicallyPrecedes($1.nodes) }
        for name in graph.names {
            var standing = graph.standing(of: name)
            standing.isWritableReplica = replicas.contains(name) && graph.answersWritable(name)
            standing.obstacles = names.contains(name) ? [] : obstacles[name] ?? []
            standing.wait = names.contains(name) ? nil : waits[name]
            writing.standings[name] = standing
        }
        return writing
    }

    /// Remembers the writers. If there are several, one that is silent now remains one of them.
    private mutating func reign(_ names: [String], _ graph: WriterGraph) {
        let silentPartners = incumbents.filter { incumbent in
            !graph.answering.contains(incumbent) && names.allSatisfy { graph.arePartners($0, incumbent) }
        }
        // As after a failover that moved the replicas while the named node was silent.
        if let named = word?.node, !names.contains(named), !names.contains(where: { graph.arePartners($0, named) }) {
            word = nil
        }
        let reigning = Set(names).union(silentPartners)
        if reigning != incumbents {
            incumbents = reigning
            incumbentSince = names.compactMap { nodes[$0]?.read?.told }.max()
        }
    }

    // MARK: - Conflicts

    private mutating func updateConflicts(_ candidates: [String], _ replicas: Set<String>, _ graph: WriterGraph) {
        for (index, one) in candidates.enumerated() {
            for other in candidates[(index + 1)...] where !graph.arePartners(one, other) {
                let pair = WriterPair(one, other)
                let isSuccession =
                    conflicts[pair]?.isSuccession == true || mayHaveSucceeded(one, other)
                    || mayHaveSucceeded(other, one)
                let newcomer = isSuccession ? nil : newcomer(one, other, graph)
                let merits = [
                    one: merits(one, over: other, isSuccession: isSuccession, graph),
                    other: merits(other, over: one, isSuccession: isSuccession, graph),
                ]
                let (decided, elsewhere) = (conflicts[pair]?.decided, conflicts[pair]?.elsewhere ?? [])
                conflicts[pair] = .init(
                    winner: decided ?? newcomer.map(pair.other) ?? Self.winner(by: merits), isSuccession: isSuccession,
                    newcomer: decided == nil ? newcomer : nil, merits: merits, decided: decided,
                    elsewhere: elsewhere)
            }
        }
        // The possible successor need not answer when the old writer comes back.
        for one in candidates where incumbents.contains(one) {
            for other in graph.silent where nodes[other]?.writability == .writable && mayHaveSucceeded(other, one) {
                let pair = WriterPair(one, other)
                if conflicts[pair] == nil { conflicts[pair] = .init(isSuccession: true) }
            }
        }
        decideByWord()
        for (pair, state) in conflicts {
            guard let named = state.decided else { continue }
            for name in nodes.keys where !pair.contains(name) {
                if graph.follows(name, otherThan: pair.other(than: named)) { conflicts[pair]?.elsewhere.insert(name) }
            }
        }
        conflicts = conflicts.filter { pair, state in !isOver(pair, state, replicas, graph) }
        for (pair, state) in conflicts {
            if let winner = state.winner { nodes[pair.other(than: winner)]?.wasRival = true }
        }
    }

    private func isOver(
        _ pair: WriterPair, _ state: WriterPair.State, _ replicas: Set<String>, _ graph: WriterGraph
    ) -> Bool {
        let names = [pair.first, pair.second]
        if names.contains(where: { !graph.names.contains($0) || graph.wasReadOnly($0) || replicas.contains($0) }) {
            return true
        }
        // An operator may name a node that this process has never seen.
        if state.decided == nil, names.contains(where: { nodes[$0] == nil }) { return true }
        if graph.arePartners(pair.first, pair.second) { return true }
        return names.contains { name in
            guard !graph.answering.contains(name) else { return false }
            let others = graph.replicas(beside: names)
            guard !others.isEmpty, others.allSatisfy({ graph.receives($0, from: pair.other(than: name)) }) else {
                return false
            }
            // The operator decided knowing the replicas that already followed it, and one that returns to it has not
            // moved.
            return state.decided != name || others.contains(where: state.elsewhere.contains)
        }
    }

    /// Of two, the one that became, or came back, writable while the other was the writer: it never unseats one that
    /// answers.
    private func newcomer(_ one: String, _ other: String, _ graph: WriterGraph) -> String? {
        for (name, rival) in [(one, other), (other, one)] {
            guard graph.reigning.contains(rival), !graph.reigning.contains(name), let memory = nodes[name],
                !memory.wasReadOnly, !memory.predatesProcess
            else { continue }
            guard let began = memory.lifeBegan, let since = incumbentSince else { return name }
            if began.instant > since { return name }
        }
        return nil
    }

    /// Whether a node began to take writes while the writer was silent: as after a failover of which nothing more was
    /// seen, because something else kept the node from becoming the writer at once.
    private func mayHaveSucceeded(_ name: String, _ incumbent: String) -> Bool {
        guard incumbents.contains(incumbent), let freed = nodes[name]?.freed,
            let silence = nodes[incumbent]?.lastSilence
        else { return false }
        return freed.overlaps(silence)
    }

    /// The merits of one of two: it is the incumbent writer; it has everything that the other has; all other replicas
    /// that answer, at least one, receive from it.
    /// - Parameter isSuccession: then having been the writer counts for neither.
    private func merits(
        _ name: String, over rival: String, isSuccession: Bool, _ graph: WriterGraph
    ) -> [WriterConflict.Merit] {
        WriterConflict.Merit.allCases.filter { merit in
            switch merit {
            case .wasWriter:
                return incumbents.contains(name) && !isSuccession
            case .hasAll:
                // A stopped replica has everything that its source has, until the source is written to again.
                return graph.hasAll(name, of: rival) && !(graph.leads(name, to: rival) && graph.hasAll(rival, of: name))
            case .feedsReplicas:
                let replicas = graph.replicas(beside: [name, rival])
                return !replicas.isEmpty && replicas.allSatisfy { graph.receives($0, from: name) }
            }
        }
    }

    /// The only one with at least two of the three merits.
    private static func winner(by merits: [String: [WriterConflict.Merit]]) -> String? {
        let strong = merits.filter { $0.value.count >= 2 }
        return strong.count == 1 ? strong.first?.key : nil
    }

    /// What stands against a candidate because of other nodes that take writes, or took them when last seen.
    private func rivalry(_ name: String, _ graph: WriterGraph) -> [String] {
        var obstacles: [String] = []
        for rival in graph.names where rival != name {
            guard let conflict = conflicts[WriterPair(name, rival)], conflict.winner != name else { continue }
            if graph.areOneServer(name, rival) {
                obstacles.append(
                    "\(name) and \(rival) are one server under two names; configure it once, with its other address "
                        + "among the aliases")
                continue
            }
            let naming = "name the writer (POST /sets/<set>/writer)"
            switch (conflict.winner == rival, graph.answering.contains(rival)) {
            case (true, false) where conflict.decided == rival:
                obstacles.append(
                    "an operator has named \(rival), which is silent, over \(name); if \(name) is to take the writes, \(naming)"
                )
            case (true, _):
                obstacles.append("\(rival) is the writer, and \(name) takes writes as well; set read_only on \(name)")
            case (false, true):
                obstacles.append("\(name) and \(rival) both take writes; set read_only on one, or \(naming)")
            case (false, false):
                obstacles.append("\(rival) took writes alongside \(name) and is silent; \(naming)")
            }
        }
        return obstacles
    }

    // MARK: - Probation

    /// The seconds that free candidates still have to wait, for those that have to.
    private mutating func probation(of free: [String], _ candidates: [String], _ graph: WriterGraph) -> [String: Double]
    {
        var waits: [String: Double] = [:]
        for name in graph.names where !free.contains(name) && nodes[name]?.eligibleSince != nil {
            nodes[name]?.eligibleSince = nil
        }
        for name in free {
            guard let memory = nodes[name] else { continue }
            let since = memory.eligibleSince?.instant ?? memory.read?.told
            if memory.eligibleSince == nil { nodes[name]?.eligibleSince = since.map(FixedInstant.init) }
            if graph.incumbents.contains(name) || isConfirmed(name, memory, graph) { continue }
            let elapsed = since.flatMap { since in memory.read.map { since.duration(to: $0.asked) } } ?? .zero
            if elapsed < Self.probation { waits[name] = max(0, (Self.probation - elapsed).seconds) }
        }
        return waits
    }

    /// Whether a free candidate has more in its favour than being the only writable node.
    private func isConfirmed(_ name: String, _ memory: NodeMemory, _ graph: WriterGraph) -> Bool {
        if memory.wasRival {
            // That the writer is read-only now does not mean that this node should have the writes, as in the midst of
            // a switchover to a third, whatever followed it before. If every replica follows it, it should.
            let replicas = graph.replicas(beside: [name])
            return !replicas.isEmpty && replicas.allSatisfy { graph.receives($0, from: name) }
                && !graph.silent.contains { graph.follows($0, otherThan: name) }
        }
        return graph.silent.isEmpty || !graph.receivers(of: name).isEmpty || memory.isPromoted
    }

    // MARK: - Words

    private static func reason(
        _ graph: WriterGraph, _ candidates: [String], _ obstacles: [String: [String]], _ waits: [String: Double],
        _ incumbents: Set<String>
    ) -> Writers {
        if let waiting = candidates.first(where: { waits[$0] != nil }) {
            let why =
                graph.memory[waiting]?.wasRival == true
                ? "\(waiting) took writes alongside the primary, which takes none now"
                : "\(waiting) is writable, but nothing else confirms it as the writer while \(graph.silent.list) "
                    + (graph.silent.count == 1 ? "is silent" : "are silent")
            return .unknown(
                "\(why); it counts as the writer in \(Int64(saturating: (waits[waiting] ?? 0).rounded(.up))) s")
        }
        if let blocked = candidates.first(where: { obstacles[$0]?.isEmpty == false }),
            let why = obstacles[blocked]?.first
        {
            return .unknown(why)
        }
        let silentWriters = incumbents.filter { !graph.answering.contains($0) }.sorted()
        if !silentWriters.isEmpty {
            return .unknown(
                "\(silentWriters.list), which took the writes, \(silentWriters.count == 1 ? "is" : "are") silent")
        }
        let open = graph.names.filter { !graph.answersReadOnly($0) }
        if open.isEmpty { return graph.isFedFromOutside ? .outside : .none("every node is read-only") }
        let replicas = open.filter(graph.isWritableReplica)
        if !replicas.isEmpty, replicas.count == open.count {
            return .unknown(
                "\(replicas.list) "
                    + (replicas.count == 1 ? "is writable, but replicates" : "are writable, but all replicate"))
        }
        return .unknown("no node is known to be writable; the state of \(open.list) is unknown")
    }
}

extension WriterGraph {
    /// Every node is a replica, and what they replicate comes from outside the set.
    fileprivate var isFedFromOutside: Bool {
        var isFed = false
        for name in names {
            let channels = (memory[name]?.channels ?? []).filter { !$0.isParked }
            if channels.isEmpty { return false }
            if channels.contains(where: { $0.sourceNode == nil }) { isFed = true }
        }
        return isFed
    }

    func standing(of name: String) -> NodeStanding {
        let known = memory[name]
        var standing = NodeStanding(
            isAnswering: answering.contains(name),
            isWritable: known.flatMap { $0.writability == .unknown ? nil : $0.writability == .writable })
        standing.readOnlySwitches = known?.readOnlySwitches ?? []
        standing.receivers = receivers(of: name)
        let blocking = WriterObstacles.blockingChannels(of: name, self)
        standing.ties = (known?.channels ?? []).map { channel in
            NodeStanding.Tie(
                channel: channel.name, source: channel.sourceNode ?? channel.address,
                isObstacle: blocking.contains(channel.name))
        }
        return standing
    }
}
