package import MariaDB
package import Replication
internal import Synchronization

/// Queries one node, over a connection that it keeps open.
///
/// The session's thread only sends and receives; answers are interpreted on the thread pool that all nodes share. So a round
/// costs one switch to the node's thread and back, and a thousand threads need neither deep stacks nor malloc caches of their
/// own.
package actor NodeCollector {
    /// The one that is kept open, and those on which a statement hangs in the server (`UnansweredStatements`).
    package static let maxConnections = 1 + UnansweredStatements.limit

    package nonisolated let description: NodeDescription
    /// The most time of a scrape that the node gets.
    package nonisolated let timeout: Duration
    /// Whether a replica needed the list of binary logs in the last round, and so most likely will in the next: the list is then
    /// asked for together with the other facts.
    nonisolated let isIndexNeeded = Atomic(false)

    private let extras: NodeExtras
    private let session: Session
    /// Nil before the first connection.
    private var server: Server?
    private var memory = NodeMemory()
    /// Kept across connections, as are the statements that hang in the server.
    private var unanswered = UnansweredStatements()
    /// Whether it has been asked what earlier clients have left behind.
    private var hasAdopted = false
    /// Statements that waited for a lock, or exceeded their time limit: each would take as long again.
    private var postponed: [FactName: (error: MySQLError, until: ContinuousClock.Instant)] = [:]
    /// The running look, for callers that cannot wait for its end.
    private var look: (started: ContinuousClock.Instant, roundTrips: Int, call: Call?, found: Draft?)?
    /// What the last look reported.
    private var ended: (report: NodeReport, at: ContinuousClock.Instant)?
    /// The report to which the running follow-up adds.
    private var followedUp: NodeReport?

    /// What a look, or a follow-up, has found so far. A class because facts are large: as a local variable, each function that
    /// waits would need a frame of its own for them, and each call a copy. It never leaves the actor.
    private final class Draft {
        var facts: NodeFacts

        init(_ facts: NodeFacts) { self.facts = facts }
    }

    /// A running batch.
    private struct Call {
        /// Contains the facts from earlier batches until the batch has been answered.
        let draft: Draft
        let questions: [Question]
        /// How many statements precede those of `questions`.
        let setUp: Int
    }

    /// What is known of the server at the other end of the connection. A class because it is read a dozen times a round, and a
    /// struct would be copied each time; it never leaves the actor.
    fileprivate final class Server {
        let flavor: Flavor
        let version: ServerVersion
        /// As the service that runs the server understands it.
        var dialect: Dialect
        /// Nil until it has told.
        var service: ServiceFacts?
        /// For how long the service keeps binary logs, and when it was asked.
        var retention: (seconds: Double?, askedAt: ContinuousClock.Instant)?
        /// Statements that the server refused. Tried again with the next connection.
        var refused: [FactName: MySQLError] = [:]
        /// The statements still to be sent to set the session up.
        var setUp: [String]
        /// False once the server has reported that it has no binary log, or one without numbered files, which does not
        /// change while it runs.
        var hasBinaryLog = true
        let opened = ContinuousClock.now
        /// Whether a statement that asks for several facts was refused: each fact is asked for separately from then on, so that
        /// an unsupported one does not cost the others.
        var isSplit = false
        /// Whether it had channels in the last round: there is more to ask of a replica.
        var hasChannels = true
        /// The facts that the last round called for, to be asked for in one batch with the others.
        var calledFor: Set<FactName> = []
        /// The last inquiry that was not the dialect's own, to avoid joining the same statements again.
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
    ///   - extras: what is asked in addition to the usual.
    ///   - options: called before each connection is made, since passwords change; throws the reason why the node is down.
    package init(
        _ description: NodeDescription, timeout: Duration, on thread: SessionThread, extras: NodeExtras = NodeExtras(),
        options: @escaping ConnectionOptions.Source
    ) {
        self.description = description
        self.timeout = timeout
        self.extras = extras
        // A round's statements are constants, so they may be sent in batches: a scrape must cost only one round trip.
        session = Session(
            node: description.name, on: thread, .init(sendsBatches: true, spacesAttempts: true), options: options)
    }

    /// Closes the connection for good: any later question gets a timeout.
    package func close() async {
        await session.close()
        server = nil
    }

    /// Attempts to connect to the server so far.
    nonisolated var connects: Connects { session.connects }

    // MARK: - A round

    /// How long a node has to answer after the process stood still.
    private static let secondChance = Duration.seconds(1)

    /// Everything about the node, within its own time.
    func look() async -> NodeReport {
        let deadline = ContinuousClock.now + timeout
        var report = await ask(deadline: deadline)
        if report.failure?.reason == .timeout, deadline.duration(to: .now) > Deadline.punctuality {
            // The process stood still: the server may have answered long ago.
            report = await ask(deadline: .now + min(timeout, Self.secondChance))
        }
        ended = (report, .now)
        return report
    }

    /// Everything about the node, in one round trip if there is a connection already.
    func ask(deadline: ContinuousClock.Instant) async -> NodeReport {
        let started = ContinuousClock.now
        let roundTrips = session.roundTrips
        var failure: NodeFailure?
        look = (started, roundTrips, nil, nil)
        defer { look = nil }
        do throws(NodeFailure) {
            if let obstacle = unanswered.obstacle(at: started, isSettled: false) { throw NodeFailure(obstacle) }
            try await session.perform(
                deadline: deadline, keeping: server?.isWorthKeeping == true,
                greeted: { version throws(NodeFailure) in try meet(version: version) }
            ) { () throws(MySQLError) in
                if !unanswered.entries.isEmpty { try await settleUnanswered(deadline: deadline) }
                if extras.avoidsHanging, !hasAdopted { try await adoptHanging(deadline: deadline) }
                // Not in one statement: `look` would be accessed as long as that takes.
                let found = try await collect(deadline: deadline)
                look?.found = found
            }
            if let lookalike = server?.service?.lookalike {
                look?.found = nil
                failure = NodeFailure(lookalike)
            } else if let missing = look?.found?.facts.essentialFailure(of: server?.refused ?? [:], server?.dialect) {
                failure = missing
            }
        } catch {
            failure = error
        }
        return NodeReport(
            facts: look?.found?.facts, failure: failure, duration: started.duration(to: .now).seconds,
            roundTrips: session.roundTrips - roundTrips, connects: session.connects)
    }

    /// Asks follow-up questions within a round, and adds the answers to its report. If they fail, the report stays as it was.
    func ask(_ followUps: Set<FollowUp>, adding report: NodeReport, deadline: ContinuousClock.Instant) async
        -> NodeReport
    {
        guard let draft = report.facts.map(Draft.init), let server else { return report }
        let started = ContinuousClock.now
        let roundTrips = session.roundTrips
        var wanted: [Fact] = []
        if followUps.contains(.binaryLog), let fact = server.dialect.fact(.binlogStatus) { wanted.append(fact) }
        // After the end: the list has the file in which that is.
        if !followUps.isDisjoint(with: [.binlogIndex, .binaryLog, .purged]), server.refused[.binlogIndex] == nil {
            wanted.append(server.dialect.binlogIndex)
        }
        if followUps.contains(.transactions) {
            // On a semi-synchronous source, the status shows which commits are waiting and not among its transactions yet. Not
            // every round asks whether it is one.
            if draft.facts.isStatusKept || draft.facts.semiSync?.isSourceEnabled == true,
                let fact = server.dialect.fact(.status)
            {
                wanted.append(fact)
            }
            if let fact = server.dialect.fact(.transactions) { wanted.append(fact) }
        }
        if followUps.contains(.cluster) {
            wanted += server.dialect.occasional.filter { $0.name == .cluster && server.calledFor.contains(.cluster) }
        }
        followedUp = report
        defer { followedUp = nil }
        let first = draft.facts.transactions.map { TransactionsReading($0, read: draft.facts.transactionsRead) }
        do throws(MySQLError) {
            try await run(wanted, into: draft, deadline: deadline)
            if followUps.contains(.purged), let oldest = draft.facts.binaryLog?.index?.oldest {
                try await run([server.dialect.purged(oldest)], into: draft, deadline: deadline)
            }
        } catch {
            return report
        }
        if followUps.contains(.transactions) { draft.facts.firstTransactions = first }
        draft.facts.isSecondLook = followUps.contains(.transactions) && draft.facts.missing[.transactions] == nil
        memory.keep(&draft.facts)
        draft.facts.nameCluster()
        var report = report
        report.facts = draft.facts
        report.duration += started.duration(to: .now).seconds
        report.roundTrips += session.roundTrips - roundTrips
        return report
    }

    /// The report of the running look so far, for a caller that cannot wait for the rest. Nil until the node has reported its
    /// identity and its replication status: the rest is of no use without these. Nil also if all it could show was asked longer
    /// before the round than a look may take, because a follow-up question hangs: callers that want findings of now would get
    /// those of the look before.
    /// - Parameters:
    ///   - started: when the caller's round began. A look that has ended since then may not have been delivered yet.
    ///   - isOwn: whether only a look that began in that round will do.
    func reportSoFar(since started: ContinuousClock.Instant, isOwn: Bool = false) -> NodeReport? {
        if !isOwn {
            if let followedUp, followedUp.asked(within: timeout, before: started) { return followedUp }
            if look == nil, let ended, ended.at >= started { return ended.report }
        }
        guard let look, let call = look.call, let reply = session.replySoFar, !isOwn || look.started >= started
        else { return nil }
        var facts = call.draft.facts
        let answered = facts.take(reply, answering: call.questions, after: call.setUp)
        for question in call.questions.dropFirst(answered) {
            facts.miss(question, .timeout, "\(question.summary) was not answered yet")
        }
        guard facts.channels != nil, facts.lookalike == nil,
            facts.essentialFailure(of: [:], server?.dialect) == nil
        else { return nil }
        var memory = memory
        memory.complete(&facts, at: .now)
        var checksums = server?.checksums
        checksums?.complete(&facts, at: .now)
        return NodeReport(
            facts: facts, duration: look.started.duration(to: .now).seconds,
            roundTrips: session.roundTrips - look.roundTrips, connects: session.connects)
    }

    /// Chooses the dialect for the server at the other end of a new connection.
    private func meet(version handshake: String) throws(NodeFailure) {
        server = nil
        if let lookalike = Lookalike(greeting: handshake) { throw NodeFailure(lookalike) }
        guard let version = ServerVersion(handshake) else {
            throw NodeFailure(
                reason: .protocol, message: "the server reports an unknown version, \(handshake.debugDescription)")
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

    private func collect(deadline: ContinuousClock.Instant) async throws(MySQLError) -> Draft {
        guard let server else { throw .deadlineExceeded(while: "connecting") }
        let draft = Draft(NodeFacts(identity: ServerIdentity(flavor: server.flavor, version: server.version)))
        server.service?.add(to: &draft.facts)
        let wantsIndex =
            server.hasBinaryLog && (isIndexNeeded.load(ordering: .relaxed) || memory.index.isDue(at: .now))
        var wanted = server.dialect.facts(
            with: memory.counters.due(
                at: .now, statusHasReplicas: server.dialect.fact(.connectedReplicas) == nil))
        if !server.hasChannels { wanted.removeAll(where: \.isOfChannels) }
        // Before whatever may be refused, or hang.
        if server.service == nil { wanted.insert(.service, at: min(1, wanted.count)) }
        // Even an empty array would copy the dialect's.
        if !server.calledFor.isEmpty {
            wanted += server.dialect.occasional.filter { server.calledFor.contains($0.name) }
        }
        if wantsIndex { wanted.append(server.dialect.binlogIndex) }
        let retention = server.dueRetention
        if let retention { wanted.append(retention) }
        if let summary = server.dialect.checksumSummary, server.checksums.isDue(at: .now) {
            // Last, since it may take longest. Recorded before the attempt, so that a failure is not retried at once.
            wanted.append(summary)
            self.server?.checksums.asked(at: .now)
        }
        try await run(wanted, into: draft, deadline: deadline)
        try await recognise(draft, deadline: deadline)
        if server.service?.lookalike != nil { return draft }
        server.keepRetention(&draft.facts, wasAsked: retention != nil)

        if let log = draft.facts.binaryLog {
            // A log whose file has no number cannot be compared with a list of files.
            let hasFiles = log.end != nil || draft.facts.missing[.binlogStatus] != nil
            self.server?.hasBinaryLog = log.isEnabled && hasFiles
        }
        let further = furtherFacts(of: server.dialect, after: draft.facts)
        if !further.isEmpty, session.isOpen { await collect(further, into: draft, deadline: deadline) }
        if draft.facts.channels != nil { self.server?.hasChannels = draft.facts.hasAppliers }
        memory.keep(&draft.facts)
        if draft.facts.binaryLog?.isEnabled == true, draft.facts.binaryLog?.end != nil,
            draft.facts.binaryLog?.index == nil, !wantsIndex,
            session.isOpen
        {
            // It has switched to a new file since its files were listed.
            try await run([server.dialect.binlogIndex], into: draft, deadline: deadline)
        }
        memory.complete(&draft.facts, at: .now)
        self.server?.checksums.complete(&draft.facts, at: .now)
        return draft
    }

    /// Adapts to the service that runs the server, once it has told.
    private func recognise(_ draft: Draft, deadline: ContinuousClock.Instant) async throws(MySQLError) {
        if let server, server.service == nil, var service = ServiceFacts(draft.facts) {
            if service.versionBehind != nil, service.lookalike == nil {
                // Alone: with anything beside it, a proxy passes it on.
                let reply = try await session.send(Batch([Lookalike.proxyQuestion]), deadline: deadline)
                let comment = reply.tables.first.flatMap { $0.rows.first?.text($0.columns.names.first ?? "") }
                service.lookalike = comment.flatMap(Lookalike.init(comment:))
            }
            server.service = service
            server.dialect = server.dialect.adapted(to: service.service)
            server.inquiry = nil
            if service.service == .rds, server.flavor == .mariadb,
                server.refused[.replicationStatus]?.phase == .permission
            {
                server.refused[.replicationStatus] = nil
                server.dialect = server.dialect.callingForStatus(keepingRows: extras.keepsStatusRows)
                if let status = server.dialect.fact(.replicationStatus) {
                    try await run([status], into: draft, deadline: deadline)
                }
            }
        }
        draft.facts.recogniseAurora()
    }

    /// What the round itself has shown to be necessary: counters whose kept values are outdated, the facts of channels if the
    /// server has become a replica, and facts that are asked for only then.
    private func furtherFacts(of dialect: Dialect, after facts: NodeFacts) -> [Fact] {
        var names: Set<FactName> = []
        if memory.counters.isOutdated(by: facts) {
            if !facts.areConnectedReplicasFresh { names.insert(.connectedReplicas) }
            // Transactions again, after the counters: these show which commits are waiting and not among the transactions yet.
            if !facts.isStatusFresh { names.formUnion([.status, .transactions]) }
        }
        let hasBecomeReplica = server?.hasChannels == false && facts.hasAppliers
        let calledFor = dialect.occasional.filter { [memory] fact in
            fact.isCalledFor(by: facts, isClustered: memory.counters.isClustered)
        }
        let asked = server?.calledFor ?? []
        server?.calledFor = Set(calledFor.map(\.name))
        return dialect.facts.filter { names.contains($0.name) || (hasBecomeReplica && $0.isOfChannels) }
            + calledFor.filter { !asked.contains($0.name) }
    }

    /// Asks for more than the batch before. What cannot be read is missing; what has been read stays.
    private func collect(_ further: [Fact], into draft: Draft, deadline: ContinuousClock.Instant) async {
        do throws(MySQLError) {
            try await run(further, into: draft, deadline: deadline)
        } catch {
            for fact in further where fact.name != .transactions { draft.facts.miss(fact, for: error) }
        }
    }

    // MARK: - Batches

    /// Asks whether the statements that were not answered in time have ended.
    private func settleUnanswered(deadline: ContinuousClock.Instant) async throws(MySQLError) {
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
        if let obstacle = unanswered.obstacle(at: .now, isSettled: true) { throw obstacle }
    }

    /// Asks what earlier clients of the account have left hanging. A server that does not show it, as a proxy may not, is asked
    /// for everything.
    private func adoptHanging(deadline: ContinuousClock.Instant) async throws(MySQLError) {
        guard let dialect = server?.dialect else { return }
        let reply = try await session.send(Batch([ProcessList.statement]), deadline: deadline)
        hasAdopted = true
        if let list = reply.tables.first {
            unanswered.adopt(
                from: list, askedOver: await session.serverThread,
                askingFor: dialect.facts + dialect.occasional + [dialect.binlogIndex], givenUpAfter: timeout, at: .now)
        } else if let refusal = reply.refusal, let thread = refusal.unanswered {
            unanswered.listIsUnanswered(on: thread, at: .now)
            throw refusal.error
        }
    }

    /// Sends `wanted` in one batch. A refused statement ends a batch on the server: the rest is sent again without it. One that
    /// is not answered before the deadline ends the connection: the rest is missing, and what came before it is kept.
    private func run(
        _ wanted: [Fact], into draft: Draft, deadline: ContinuousClock.Instant
    ) async throws(MySQLError) {
        var pending = toAsk(of: wanted, missing: &draft.facts)
        let calls = pending.filter(\.isCall)
        if !calls.isEmpty { pending.removeAll(where: \.isCall) }
        while !pending.isEmpty {
            let setUp = server?.setUp ?? []
            let inquiry = inquiry(about: pending, setUp)
            let questions = inquiry.questions
            look?.call = Call(draft: draft, questions: questions, setUp: setUp.count)
            let reply = try await session.send(inquiry.batch, deadline: deadline)
            look?.call = nil
            draft.facts.askedAt = draft.facts.askedAt ?? reply.sent.wall
            if let refusal = reply.refusal, let thread = refusal.unanswered {
                try giveUp(refusal, on: thread, questions, after: setUp.count, reply, into: &draft.facts)
                return
            }
            if let refusal = reply.refusal, refusal.statement < setUp.count {
                // A proxy may not allow SET: continue without it.
                server?.setUp.removeFirst(refusal.statement + 1)
                continue
            }
            server?.setUp = []
            let answered = draft.facts.take(reply, answering: questions, after: setUp.count)
            guard let refusal = reply.refusal else { break }
            guard questions.indices.contains(answered) else { throw refusal.error }
            let refused = questions[answered].facts
            if refused.count > 1 {
                server?.isSplit = true
                server?.inquiry = nil
            } else {
                for fact in refused { note(refusal.error, of: fact, in: &draft.facts) }
            }
            pending = questions.dropFirst(refused.count > 1 ? answered : answered + 1).flatMap(\.facts)
        }
        for fact in calls where session.isOpen { try await call(fact, into: draft, deadline: deadline) }
    }

    /// Calls a procedure, in a batch of its own.
    private func call(_ fact: Fact, into draft: Draft, deadline: ContinuousClock.Instant) async throws(MySQLError) {
        let questions = [Question(facts: [fact], statement: fact.statement)]
        look?.call = Call(draft: draft, questions: questions, setUp: 0)
        let reply = try await session.send(Batch(calling: fact.statement), deadline: deadline)
        look?.call = nil
        guard let refusal = reply.refusal else {
            _ = draft.facts.take(reply, answering: questions, after: 0)
            return
        }
        if let thread = refusal.unanswered {
            // Also if it hangs after its result: what the CALL itself ends with is awaited, so that it is over when the next one is sent.
            let entry = UnansweredStatements.Entry(
                connection: thread, facts: [fact.name], statement: fact.summary, since: .now)
            unanswered.note(entry)
            draft.facts.miss(
                fact, .timeout,
                "\(fact.summary) was not answered before the node's timeout, and may still be running in the server "
                    + "(connection \(thread))")
        } else {
            note(refusal.error, of: fact, in: &draft.facts)
        }
    }

    /// The facts of `wanted` that may be asked for now; records why the others are missing.
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

    /// Records a refusal.
    private func note(_ error: MySQLError, of fact: Fact, in facts: inout NodeFacts) {
        if error.code == ErrorCode.noBinaryLogging {
            server?.hasBinaryLog = false
            return
        }
        facts.miss(fact, for: error)
        switch MissingReason(error, asking: fact.name) {
        // It may succeed in the next round, for example after a KILL QUERY.
        case .error where !fact.isEssential: break
        // Not worth a new connection each minute.
        case _ where fact.name == .binlogRetention: postponed[fact.name] = (error, .now + .seconds(3600))
        case .timeout where !fact.isEssential:
            // The summary reads a whole table: if that takes too long, once a minute is often enough.
            let pause = fact.name == .checksumSummary && error.code != ErrorCode.lockWaitTimeout ? 60 : 10
            postponed[fact.name] = (error, .now + .seconds(pause))
        // A missing table may exist in the next round; a missing privilege needs a new connection.
        default: if !fact.mayComeAbout(error) { server?.refused[fact.name] = error }
        }
    }

    /// Called when the deadline passed while a statement was running, and the connection is closed: keeps what came before it.
    /// - Throws: if nothing came at all, as from a server that is frozen.
    private func giveUp(
        _ refusal: BatchReply.Refusal, on thread: UInt32, _ questions: [Question], after setUp: Int,
        _ reply: BatchReply, into facts: inout NodeFacts
    ) throws(MySQLError) {
        let answered = facts.take(reply, answering: questions, after: setUp)
        // Every statement has been answered, but the server announced that there would be more.
        guard refusal.statement < setUp || questions.indices.contains(answered) else { throw refusal.error }
        let late = refusal.statement < setUp ? nil : questions[answered]
        let statement = late?.summary ?? "the first statement of a connection"
        unanswered.note(
            .init(connection: thread, facts: late?.facts.map(\.name) ?? [], statement: statement, since: .now))
        guard let late, refusal.statement > 0 || facts.identity.serverID != nil else { throw refusal.error }
        facts.miss(
            late, .timeout,
            "\(statement) was not answered before the node's timeout, and may still be running in the server "
                + "(connection \(thread))")
        for question in questions.dropFirst(answered + 1) {
            facts.miss(question, .timeout, "not asked: \(statement), before it, was not answered in time")
        }
    }

    private func inquiry(about facts: [Fact], _ setUp: [String]) -> Inquiry {
        guard let server, setUp.isEmpty else {
            return Inquiry(facts, isMerged: server?.isSplit != true, setUp: setUp)
        }
        if !server.isSplit, server.dialect.usual.facts.haveNames(of: facts) {
            // Do not keep the inquiry of the once-a-minute round until the next one, on perhaps a thousand nodes.
            server.inquiry = nil
            return server.dialect.usual
        }
        if let known = server.inquiry, known.facts.haveNames(of: facts) { return known }
        let inquiry = Inquiry(facts, isMerged: !server.isSplit)
        server.inquiry = inquiry
        return inquiry
    }
}

extension NodeReport {
    /// Whether it was asked for at most `age` before `instant`, or later.
    fileprivate func asked(within age: Duration, before instant: ContinuousClock.Instant) -> Bool {
        facts?.identityRead.map { $0.asked + age >= instant } ?? false
    }
}

extension NodeCollector.Server {
    /// A privilege may have been granted since: if an essential fact was refused, a new connection is made every round; if
    /// another one was, every minute.
    fileprivate var isWorthKeeping: Bool {
        // There may be a server by now.
        if service?.lookalike != nil { return false }
        if refused.isEmpty { return true }
        if refused[.replicationStatus] != nil || refused[.identity] != nil { return false }
        return opened.duration(to: .now) < .seconds(60)
    }
}

extension NodeCollector.Server {
    /// The fact, if it is time to ask for it: once a minute.
    fileprivate var dueRetention: Fact? {
        if let retention, retention.askedAt.duration(to: .now) < CounterCache.limit { return nil }
        return dialect.anyFact(.binlogRetention)
    }

    /// Keeps what was read, or adds what was kept.
    fileprivate func keepRetention(_ facts: inout NodeFacts, wasAsked: Bool) {
        if wasAsked {
            retention = (facts.binaryLog?.retention, .now)
        } else if let retention {
            facts.binaryLog?.retention = retention.seconds
        }
    }
}

extension NodeFailure {
    fileprivate init(_ lookalike: Lookalike) {
        self.init(reason: .unsupported, message: "\(lookalike.title) answers at this address; \(lookalike.remedy)")
    }
}
