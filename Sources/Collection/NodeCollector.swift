package import MariaDB
package import Replication
internal import Synchronization

/// Asks one node, over one connection that it keeps.
///
/// On the session's thread nothing is done but sending and receiving: what the answers mean is read on the pool of threads
/// that all nodes share. So a round costs one switch to the node's thread and back, and a thousand threads keep neither deep
/// stacks nor what malloc would hold ready for each of them.
package actor NodeCollector {
    /// The one that is kept, and those on which a statement hangs in the server (`UnansweredStatements`).
    package static let maxConnections = 1 + UnansweredStatements.limit

    package nonisolated let description: NodeDescription
    /// At most this much of a scrape is the node's.
    package nonisolated let timeout: Duration
    /// A replica needed the list of binary logs in the last round, and so will most likely in the next: the list then
    /// travels with the other statements.
    nonisolated let isIndexNeeded = Atomic(false)

    private let extras: NodeExtras
    private let session: Session
    /// Nil before the first connection.
    private var server: Server?
    private var memory = NodeMemory()
    /// Outlives connections: what hangs in the server does so too.
    private var unanswered = UnansweredStatements()
    /// Statements that waited for a lock, or for longer than they may: each would take as long again.
    private var postponed: [FactName: (error: MySQLError, until: ContinuousClock.Instant)] = [:]
    /// The look under way, for callers that cannot wait for its end.
    private var look: (started: ContinuousClock.Instant, roundTrips: Int, call: Call?)?
    /// What is being asked once more adds to this report.
    private var followedUp: NodeReport?

    /// A batch under way.
    private struct Call {
        /// What earlier batches of the look have told.
        let facts: NodeFacts
        let questions: [Question]
        /// Statements before those of `questions`.
        let setUp: Int
    }

    /// What is known of the server at the other end of the connection. A class, for it is looked at a dozen times a round,
    /// and a structure would be copied whole each time; it never leaves the actor.
    fileprivate final class Server {
        let flavor: Flavor
        let version: ServerVersion
        let dialect: Dialect
        /// Statements that the server refused. Tried again with the next connection.
        var refused: [FactName: MySQLError] = [:]
        /// What is still to be sent to set the session up.
        var setUp: [String]
        /// False once the server has said that it keeps no binary log, which does not change while it runs.
        var hasBinaryLog = true
        let opened = ContinuousClock.now
        /// A statement that asks for several facts was refused: each is asked for by itself from now on, or what the server has
        /// would be lost with what it has not.
        var isSplit = false
        /// Whether there were channels when it was last asked: there is more to ask of a replica.
        var hasChannels = true
        /// The last inquiry that was not the dialect's own, to save joining the same statements again.
        var inquiry: Inquiry?
        var checksums = ChecksumSummaryCache()

        init(flavor: Flavor, version: ServerVersion, dialect: Dialect) {
            self.flavor = flavor
            self.version = version
            self.dialect = dialect
            setUp = dialect.session
        }
    }

    /// - Parameters:
    ///   - extras: what is asked beside the usual.
    ///   - options: asked before each connection is made, since passwords change; throws what keeps the node down.
    package init(
        _ description: NodeDescription, timeout: Duration, on thread: SessionThread, extras: NodeExtras = NodeExtras(),
        options: @escaping ConnectionOptions.Source
    ) {
        self.description = description
        self.timeout = timeout
        self.extras = extras
        // The statements of a round are constants, and one round trip is what a scrape may cost.
        session = Session(
            node: description.name, on: thread, .init(sendsBatches: true, spacesAttempts: true), options: options)
    }

    /// For good: what is asked after that gets a timeout.
    package func close() async {
        await session.close()
        server = nil
    }

    // MARK: - A round

    /// Everything about the node, within its own time.
    func look() async -> NodeReport { await ask(deadline: .now + timeout) }

    /// Everything about the node, in one round trip where there is a connection already.
    func ask(deadline: ContinuousClock.Instant) async -> NodeReport {
        let started = ContinuousClock.now
        let roundTrips = session.roundTrips
        var facts: NodeFacts?
        var failure: NodeFailure?
        look = (started, roundTrips, nil)
        defer { look = nil }
        do throws(NodeFailure) {
            if let hindrance = unanswered.obstacle(at: started, isSettled: false) { throw NodeFailure(hindrance) }
            try await session.perform(
                deadline: deadline, keeping: server?.isWorthKeeping == true,
                greeted: { version throws(NodeFailure) in try meet(version: version) }
            ) { () throws(MySQLError) in
                try await settleUnanswered(deadline: deadline)
                facts = try await collect(deadline: deadline)
            }
            if let missing = facts?.essentialFailure(of: server?.refused ?? [:], server?.dialect) {
                failure = missing
            }
        } catch {
            failure = error
        }
        return NodeReport(
            facts: facts, failure: failure, duration: started.duration(to: .now).seconds,
            roundTrips: session.roundTrips - roundTrips)
    }

    /// Asks once more within a round, and adds the answers to its report. What fails leaves the report as it was.
    func ask(_ followUps: Set<FollowUp>, adding report: NodeReport, deadline: ContinuousClock.Instant) async
        -> NodeReport
    {
        guard var facts = report.facts, let server else { return report }
        let started = ContinuousClock.now
        let roundTrips = session.roundTrips
        var wanted: [Fact] = []
        if followUps.contains(.binlogIndex), server.refused[.binlogIndex] == nil {
            wanted.append(server.dialect.binlogIndex)
        }
        if followUps.contains(.transactions) {
            // A semi-synchronous source first says whose commit waits and so is not among its transactions yet. Whether it is
            // one was not asked in every round.
            if facts.isStatusKept || facts.semiSync?.isSourceEnabled == true, let fact = server.dialect.fact(.status) {
                wanted.append(fact)
            }
            if let fact = server.dialect.fact(.transactions) { wanted.append(fact) }
        }
        followedUp = report
        defer { followedUp = nil }
        do throws(MySQLError) {
            try await run(wanted, into: &facts, deadline: deadline)
        } catch {
            return report
        }
        facts.isSecondLook = followUps.contains(.transactions) && facts.missing[.transactions] == nil
        memory.keep(&facts)
        var report = report
        report.facts = facts
        report.duration += started.duration(to: .now).seconds
        report.roundTrips += session.roundTrips - roundTrips
        return report
    }

    /// The report of the look under way as it stands, for a caller that cannot wait for the rest. Nil until the node has
    /// told who it is and its replication status: without these there is nothing to go by.
    func reportSoFar() -> NodeReport? {
        if let followedUp { return followedUp }
        guard let look, let call = look.call, let reply = session.replySoFar else { return nil }
        var facts = call.facts
        let told = facts.take(reply, answering: call.questions, after: call.setUp)
        for question in call.questions.dropFirst(told) {
            facts.miss(question, .timeout, "\(question.summary) was not answered yet")
        }
        guard facts.channels != nil, facts.essentialFailure(of: [:], server?.dialect) == nil else { return nil }
        var memory = memory
        memory.complete(&facts, at: .now)
        var checksums = server?.checksums
        checksums?.complete(&facts, at: .now)
        return NodeReport(
            facts: facts, duration: look.started.duration(to: .now).seconds,
            roundTrips: session.roundTrips - look.roundTrips)
    }

    /// Takes up with the server at the other end of a new connection.
    private func meet(version handshake: String) throws(NodeFailure) {
        server = nil
        guard let version = ServerVersion(handshake) else {
            throw NodeFailure(reason: .protocol, message: "the server calls its version \(handshake.debugDescription)")
        }
        let flavor = Flavor(handshake: handshake)
        guard let dialect = Dialect.of(flavor, version) else {
            throw NodeFailure(
                reason: .protocol,
                message: "\(flavor.rawValue) \(version) is not supported; MariaDB 10.5 and MySQL 5.7 are the oldest")
        }
        server = Server(
            flavor: flavor, version: version, dialect: dialect.adding(extras, flavor: flavor, timeout: timeout))
        memory.reconnected()
    }

    private func collect(deadline: ContinuousClock.Instant) async throws(MySQLError) -> NodeFacts {
        guard let server else { throw .deadlineExceeded(while: "connecting") }
        var facts = NodeFacts(identity: ServerIdentity(flavor: server.flavor, version: server.version))
        let wantsIndex =
            server.hasBinaryLog && (isIndexNeeded.load(ordering: .relaxed) || memory.index.isDue(at: .now))
        var wanted = server.dialect.facts(
            with: memory.counters.due(
                at: .now, statusTellsReplicas: server.dialect.fact(.connectedReplicas) == nil))
        if !server.hasChannels { wanted.removeAll(where: \.isOfChannels) }
        if wantsIndex { wanted.append(server.dialect.binlogIndex) }
        if let summary = server.dialect.checksumSummary, server.checksums.isDue(at: .now) {
            // The last, since it may take longest. If it fails, it is not tried again at once either.
            wanted.append(summary)
            self.server?.checksums.asked(at: .now)
        }
        try await run(wanted, into: &facts, deadline: deadline)

        if let log = facts.binaryLog { self.server?.hasBinaryLog = log.isEnabled }
        await collectFurther(of: server.dialect, into: &facts, deadline: deadline)
        if let channels = facts.channels { self.server?.hasChannels = !channels.isEmpty }
        memory.keep(&facts)
        if facts.binaryLog?.isEnabled == true, facts.binaryLog?.end != nil, facts.binaryLog?.index == nil, !wantsIndex,
            session.isOpen
        {
            // It has moved on to a new file since its files were listed.
            try await run([server.dialect.binlogIndex], into: &facts, deadline: deadline)
        }
        memory.complete(&facts, at: .now)
        self.server?.checksums.complete(&facts, at: .now)
        return facts
    }

    /// Asks for what the round itself has shown to be necessary: counters that what is kept of them no longer stands for, and
    /// what there is to ask of a server that has become a replica.
    private func collectFurther(
        of dialect: Dialect, into facts: inout NodeFacts, deadline: ContinuousClock.Instant
    ) async {
        var names: Set<FactName> = []
        if memory.counters.isOutdated(by: facts) {
            if !facts.areConnectedReplicasFresh { names.insert(.connectedReplicas) }
            // Transactions once more: the counters say whose commit waits, and was not among them yet.
            if !facts.isStatusFresh { names.formUnion([.status, .transactions]) }
        }
        let hasBecomeReplica = server?.hasChannels == false && facts.channels?.isEmpty == false
        let further = dialect.facts.filter { names.contains($0.name) || (hasBecomeReplica && $0.isOfChannels) }
        if further.isEmpty || !session.isOpen { return }
        do throws(MySQLError) {
            try await run(further, into: &facts, deadline: deadline)
        } catch {
            // What has come stands.
            for fact in further where fact.name != .transactions { facts.miss(fact, for: error) }
        }
    }

    // MARK: - Batches

    /// Asks whether the statements that were not answered in time are over, if there are any.
    private func settleUnanswered(deadline: ContinuousClock.Instant) async throws(MySQLError) {
        if unanswered.entries.isEmpty { return }
        let reply = try await session.send(Batch([ProcessList.statement]), deadline: deadline)
        if let list = reply.tables.first {
            unanswered.settle(by: list, askedOver: await session.serverThread)
        } else if let refusal = reply.refusal {
            if let thread = refusal.unanswered {
                unanswered.listIsUnanswered(on: thread, at: .now)
                throw refusal.error
            }
            unanswered.settleBlindly(at: .now)
        }
        if let hindrance = unanswered.obstacle(at: .now, isSettled: true) { throw hindrance }
    }

    /// Sends `wanted` in one batch. A refused statement ends a batch on the server: the rest goes out again without it. One
    /// that is not answered before the deadline ends the connection: the rest is missing, and what came before it stands.
    private func run(
        _ wanted: [Fact], into facts: inout NodeFacts, deadline: ContinuousClock.Instant
    ) async throws(MySQLError) {
        var pending = toAsk(of: wanted, missing: &facts)
        while !pending.isEmpty {
            let setUp = server?.setUp ?? []
            let inquiry = inquiry(about: pending, setUp)
            let questions = inquiry.questions
            look?.call = Call(facts: facts, questions: questions, setUp: setUp.count)
            let reply = try await session.send(inquiry.batch, deadline: deadline)
            look?.call = nil
            facts.askedAt = facts.askedAt ?? reply.sent.wall
            if let refusal = reply.refusal, let thread = refusal.unanswered {
                try giveUp(refusal, on: thread, questions, after: setUp.count, reply, into: &facts)
                return
            }
            if let refusal = reply.refusal, refusal.statement < setUp.count {
                // A proxy that allows no SET is no reason to know nothing: go on without.
                server?.setUp.removeFirst(refusal.statement + 1)
                continue
            }
            server?.setUp = []
            let told = facts.take(reply, answering: questions, after: setUp.count)
            guard let refusal = reply.refusal else { break }
            let refused = questions[told].facts
            if refused.count > 1 {
                server?.isSplit = true
                server?.inquiry = nil
            } else {
                for fact in refused { note(refusal.error, of: fact, in: &facts) }
            }
            pending = questions.dropFirst(refused.count > 1 ? told : told + 1).flatMap(\.facts)
        }
    }

    /// Those of `wanted` that may be asked now; why the others are missing.
    private func toAsk(of wanted: [Fact], missing facts: inout NodeFacts) -> [Fact] {
        let now = ContinuousClock.now
        var known = server?.refused ?? [:]
        for (name, entry) in postponed {
            if now < entry.until { known[name] = entry.error } else { postponed[name] = nil }
        }
        for (name, error) in known {
            if let fact = server?.dialect.anyFact(name) { facts.miss(fact, for: error) }
        }
        if known.isEmpty, unanswered.entries.isEmpty { return wanted }
        return wanted.filter { fact in
            if known[fact.name] != nil { return false }
            guard let reason = unanswered.reason(against: fact, at: now) else { return true }
            facts.miss(fact, .timeout, reason)
            return false
        }
    }

    /// Takes note of a refusal.
    private func note(_ error: MySQLError, of fact: Fact, in facts: inout NodeFacts) {
        if error.code == ErrorCode.noBinaryLogging {
            server?.hasBinaryLog = false
            return
        }
        facts.miss(fact, for: error)
        switch MissingReason(error, asking: fact.name) {
        // A KILL QUERY may be over in the next round.
        case .error where !fact.isEssential: break
        case .timeout where !fact.isEssential:
            // The summary reads a whole table: where that takes too long, once a minute is often enough.
            let pause = fact.name == .checksumSummary && error.code != ErrorCode.lockWaitTimeout ? 60 : 10
            postponed[fact.name] = (error, .now + .seconds(pause))
        // And a table may be there; a missing privilege is not.
        default: if !fact.mayComeAbout(error) { server?.refused[fact.name] = error }
        }
    }

    /// The deadline passed with a statement under way, and the connection is closed: keeps what came before it.
    /// - Throws: where nothing came at all, as from a server that is frozen.
    private func giveUp(
        _ refusal: BatchReply.Refusal, on thread: UInt32, _ questions: [Question], after setUp: Int,
        _ reply: BatchReply, into facts: inout NodeFacts
    ) throws(MySQLError) {
        let told = facts.take(reply, answering: questions, after: setUp)
        let late = refusal.statement < setUp ? nil : questions[told]
        let statement = late?.summary ?? "the first statement of a connection"
        unanswered.note(
            .init(connection: thread, facts: late?.facts.map(\.name) ?? [], statement: statement, since: .now))
        guard let late, refusal.statement > 0 || facts.identity.serverID != nil else { throw refusal.error }
        facts.miss(
            late, .timeout,
            "\(statement) was not answered before the node's timeout, and may go on in the server "
                + "(connection \(thread))")
        for question in questions.dropFirst(told + 1) {
            facts.miss(question, .timeout, "not asked: \(statement), before it, was not answered in time")
        }
    }

    private func inquiry(about facts: [Fact], _ setUp: [String]) -> Inquiry {
        guard let server, setUp.isEmpty else {
            return Inquiry(facts, isMerged: server?.isSplit != true, setUp: setUp)
        }
        if !server.isSplit, server.dialect.usual.facts.haveNames(of: facts) {
            // What a round of the minute was asked is not kept by a thousand nodes until the next.
            server.inquiry = nil
            return server.dialect.usual
        }
        if let known = server.inquiry, known.facts.haveNames(of: facts) { return known }
        let inquiry = Inquiry(facts, isMerged: !server.isSplit)
        server.inquiry = inquiry
        return inquiry
    }
}

extension NodeCollector.Server {
    /// A grant may have come since: without an essential fact a new connection is made every round, without another one
    /// every minute.
    fileprivate var isWorthKeeping: Bool {
        if refused.isEmpty { return true }
        if refused[.replicationStatus] != nil || refused[.identity] != nil { return false }
        return opened.duration(to: .now) < .seconds(60)
    }
}
