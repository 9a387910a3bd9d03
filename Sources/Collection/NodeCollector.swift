package import MariaDB
package import Replication
internal import Synchronization

/// Asks one node, over one connection that it keeps.
///
/// The connection has a thread of its own, and does nothing there but send and receive: what the answers mean is read on
/// the pool of threads that all nodes share. So a round costs one switch to the node's thread and back, and a thousand
/// threads keep neither deep stacks nor what malloc would hold ready for each of them.
package actor NodeCollector {
    package nonisolated let description: NodeDescription
    /// At most this much of a scrape is the node's.
    package nonisolated let timeout: Duration
    nonisolated let interrupter: Interrupter
    /// A replica needed the list of binary logs in the last round, and so will most likely in the next: the list then
    /// travels with the other statements.
    nonisolated let isIndexNeeded = Atomic(false)

    nonisolated let executor: ThreadExecutor
    private let options: @Sendable () throws(NodeFailure) -> ConnectionOptions
    private let extras: NodeExtras
    private let connection: Connection

    private var isClosed = false
    private var session: Session?
    private var backOff = BackOff()
    private var index = BinlogIndexCache()
    private var arrivals = ArrivalLog()
    private var startTime = StartTime()
    private var heartbeats = HeartbeatWatch()

    /// What is known of the server at the other end of the connection. A class, for it is looked at a dozen times a round,
    /// and a structure would be copied whole each time; it never leaves the actor.
    fileprivate final class Session {
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
        /// The last batch that was not the dialect's own, to save joining the same statements again.
        var batch: (facts: [Fact], batch: Batch)?
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
        _ description: NodeDescription, timeout: Duration, executor: ThreadExecutor, extras: NodeExtras = NodeExtras(),
        options: @escaping @Sendable () throws(NodeFailure) -> ConnectionOptions
    ) {
        self.description = description
        self.timeout = timeout
        self.executor = executor
        self.extras = extras
        self.options = options
        connection = Connection(executor: executor)
        interrupter = connection.interrupter
    }

    /// For good: whoever asks after that gets a timeout.
    package func close() async {
        isClosed = true
        await connection.close()
        session = nil
    }

    // MARK: - A round

    /// Everything about the node, within its own time.
    func look() async -> NodeReport { await ask(deadline: .now + timeout) }

    /// Everything about the node, in one round trip where there is a connection already.
    func ask(deadline: ContinuousClock.Instant) async -> NodeReport {
        let started = ContinuousClock.now
        let roundTrips = connection.roundTrips
        var facts: NodeFacts?
        var failure: NodeFailure?
        do {
            try await withConnection(deadline: deadline) { () throws(MySQLError) in
                facts = try await collect(deadline: deadline)
            }
            if let missing = facts?.essentialFailure(of: session?.refused ?? [:], session?.dialect) {
                failure = missing
            }
        } catch {
            failure = error
        }
        return NodeReport(
            facts: facts, failure: failure, duration: started.duration(to: .now).seconds,
            roundTrips: connection.roundTrips - roundTrips)
    }

    /// Asks once more within a round, and adds the answers to its report. What fails leaves the report as it was.
    func ask(_ followUps: Set<FollowUp>, adding report: NodeReport, deadline: ContinuousClock.Instant) async
        -> NodeReport
    {
        guard var facts = report.facts, let session else { return report }
        let started = ContinuousClock.now
        let roundTrips = connection.roundTrips
        var wanted: [Fact] = []
        if followUps.contains(.binlogIndex), session.refused[.binlogIndex] == nil {
            wanted.append(session.dialect.binlogIndex)
        }
        if followUps.contains(.transactions) {
            // A semi-synchronous source first says whose commit waits and so is not among its transactions yet.
            if facts.semiSync?.isSourceEnabled == true, let fact = session.dialect.fact(.status) { wanted.append(fact) }
            if let fact = session.dialect.fact(.transactions) { wanted.append(fact) }
        }
        do throws(MySQLError) {
            try await run(wanted, into: &facts, deadline: deadline)
        } catch {
            return report
        }
        facts.isSecondLook = followUps.contains(.transactions)
        keepIndex(of: &facts)
        var report = report
        report.facts = facts
        report.duration += started.duration(to: .now).seconds
        report.roundTrips += connection.roundTrips - roundTrips
        return report
    }

    /// A connection that was open may have died since the last round: its loss at the first word is no failure of this
    /// round, and a new one is made.
    private func withConnection(
        deadline: ContinuousClock.Instant, _ body: () async throws(MySQLError) -> Void
    ) async throws(NodeFailure) {
        if connection.isOpen, session?.isWorthKeeping == true {
            do throws(MySQLError) {
                return try await body()
            } catch  where error.phase != .connect {
                throw NodeFailure(error)
            } catch {}
        }
        try await open(deadline: deadline)
        do throws(MySQLError) {
            try await body()
        } catch {
            throw NodeFailure(error)
        }
    }

    private func open(deadline: ContinuousClock.Instant) async throws(NodeFailure) {
        session = nil
        if let waiting = backOff.failure(at: .now) {
            if connection.isOpen { await connection.close() }
            throw waiting
        }
        if isClosed { throw NodeFailure(.deadlineExceeded(while: "closing")) }
        let handshake: String
        switch try await connection.open(asking: options, deadline: deadline) {
        case .success(let version): handshake = version
        case .failure(let failure):
            backOff.failed(failure, at: .now)
            throw failure
        }
        backOff = BackOff()
        guard let version = ServerVersion(handshake) else {
            await connection.close()
            throw NodeFailure(reason: .protocol, message: "the server calls its version \(handshake.debugDescription)")
        }
        let flavor = Flavor(handshake: handshake)
        guard let dialect = Dialect.of(flavor, version) else {
            await connection.close()
            throw NodeFailure(
                reason: .protocol,
                message: "\(flavor.rawValue) \(version) is not supported; MariaDB 10.5 and MySQL 5.7 are the oldest")
        }
        session = Session(
            flavor: flavor, version: version,
            dialect: dialect.adding(extras, flavor: flavor, timeout: timeout))
    }

    private func collect(deadline: ContinuousClock.Instant) async throws(MySQLError) -> NodeFacts {
        guard let session else { throw .deadlineExceeded(while: "connecting") }
        var facts = NodeFacts(identity: ServerIdentity(flavor: session.flavor, version: session.version))
        let wantsIndex = session.hasBinaryLog && (isIndexNeeded.load(ordering: .relaxed) || index.isDue(at: .now))
        var wanted = session.dialect.facts
        if wantsIndex { wanted.append(session.dialect.binlogIndex) }
        if let summary = session.dialect.checksumSummary, session.checksums.isDue(at: .now) {
            // The last, since it may take longest. If it fails, it is not tried again at once either.
            wanted.append(summary)
            self.session?.checksums.asked(at: .now)
        }
        try await run(wanted, into: &facts, deadline: deadline)

        if let uptime = facts.uptime, let askedAt = facts.askedAt, let offset = facts.clockOffset {
            facts.startTime = startTime.settle(clock: askedAt + offset, uptime: uptime)
        }
        if let log = facts.binaryLog { self.session?.hasBinaryLog = log.isEnabled }
        keepIndex(of: &facts)
        if facts.binaryLog?.isEnabled == true, facts.binaryLog?.index == nil, !wantsIndex {
            // It has moved on to a new file since its files were listed.
            try await run([session.dialect.binlogIndex], into: &facts, deadline: deadline)
            keepIndex(of: &facts)
        }
        arrivals.note(&facts, at: .now)
        self.session?.checksums.complete(&facts, at: .now)
        heartbeats.note(&facts, at: .now)
        return facts
    }

    /// Takes a list just read for the next rounds, or completes facts without one from an earlier round.
    private func keepIndex(of facts: inout NodeFacts) {
        guard var log = facts.binaryLog, let end = log.end else { return }
        facts.binaryLog = nil
        index.complete(&log, end: end, server: facts.identity, uptime: facts.uptime, at: .now)
        facts.binaryLog = log
    }

    // MARK: - Batches

    /// Sends `wanted` in one batch. A refused statement ends a batch on the server: the rest goes out again without it.
    private func run(
        _ wanted: [Fact], into facts: inout NodeFacts, deadline: ContinuousClock.Instant
    ) async throws(MySQLError) {
        var pending = wanted
        if let refused = session?.refused, !refused.isEmpty { pending.removeAll { refused[$0.name] != nil } }
        while !pending.isEmpty {
            let setUp = session?.setUp ?? []
            // A job that a thread is given after its end is never run.
            if isClosed { throw .deadlineExceeded(while: "closing") }
            let reply = try await connection.run(batch(of: pending, setUp), deadline: deadline)
            facts.askedAt = facts.askedAt ?? reply.sent.wall
            if let refusal = reply.refusal, refusal.statement < setUp.count {
                // A proxy that allows no SET is no reason to know nothing: go on without.
                session?.setUp.removeFirst(refusal.statement + 1)
                continue
            }
            session?.setUp = []
            let tables = reply.tables.dropFirst(setUp.count)
            for (fact, table) in zip(pending, tables) { fact.fill(table, into: &facts) }
            let told = pending.prefix(tables.count)
            if told.contains(where: { $0.name == .identity }) {
                facts.settleClock(by: reply)
                facts.identityRead = Reading(reply)
            }
            if told.contains(where: { $0.name == .transactions }) {
                facts.transactionsRead = Reading(reply)
            }
            if told.contains(where: { $0.name == .heartbeat }) {
                facts.heartbeat?.reading = Reading(reply)
            }
            guard let refusal = reply.refusal else { break }
            let refused = pending[tables.count]
            if refusal.error.code == ErrorCode.noBinaryLogging {
                session?.hasBinaryLog = false
            } else {
                facts.miss(refused, for: refusal.error)
                // A lock wait or a KILL QUERY may be over in the next round, and a table there; a missing privilege is not.
                if refused.isEssential || MissingReason(refusal.error, asking: refused.name) != .error,
                    !refused.mayComeAbout(refusal.error)
                {
                    session?.refused[refused.name] = refusal.error
                }
            }
            pending.removeFirst(tables.count + 1)
        }
        for (name, error) in session?.refused ?? [:] {
            if let fact = session?.dialect.anyFact(name) { facts.miss(fact, for: error) }
        }
    }

    private func batch(of facts: [Fact], _ setUp: [String]) -> Batch {
        if setUp.isEmpty, let session {
            if session.dialect.facts.haveNames(of: facts) { return session.dialect.batch }
            if let known = session.batch, known.facts.haveNames(of: facts) { return known.batch }
        }
        let batch = Batch(setUp + facts.map(\.statement))
        if setUp.isEmpty { session?.batch = (facts, batch) }
        return batch
    }
}

extension NodeCollector.Session {
    /// A grant may have come since: without an essential fact a new connection is made every round, without another one
    /// every minute.
    fileprivate var isWorthKeeping: Bool {
        if refused.isEmpty { return true }
        if refused[.replicationStatus] != nil || refused[.identity] != nil { return false }
        return opened.duration(to: .now) < .seconds(60)
    }
}

extension Fact {
    /// Whether the next round may get what was refused: a table of the user's own that is yet to be made, or to arrive by
    /// replication.
    fileprivate func mayComeAbout(_ error: MySQLError) -> Bool {
        name == .heartbeat && error.isForWantOfTable
    }

    /// What cannot be read is missing; the other facts stand.
    fileprivate func fill(_ table: ResultTable, into facts: inout NodeFacts) {
        do throws(FactError) {
            try read(table, &facts)
            facts.missing[name] = nil
        } catch {
            facts.missing[name] = .error
            facts.unreadable[name] = error.description
        }
    }
}

extension NodeFacts {
    /// Takes note of a refusal, with the grant that would have prevented it.
    fileprivate mutating func miss(_ fact: Fact, for error: MySQLError) {
        missing[fact.name] = MissingReason(error, asking: fact.name)
        unreadable[fact.name] = NodeFailure(error, refusing: fact).message
    }

    /// Why the node is not up although it answered.
    fileprivate func essentialFailure(of refused: [FactName: MySQLError], _ dialect: Dialect?) -> NodeFailure? {
        for name in [FactName.identity, .replicationStatus] where missing[name] != nil {
            guard let error = refused[name], let fact = dialect?.fact(name) else {
                return NodeFailure(reason: .protocol, message: unreadable[name] ?? "\(name.rawValue) could not be read")
            }
            return NodeFailure(error, refusing: fact)
        }
        return nil
    }
}
