package import Logging
package import MariaDB
package import Replication
internal import Synchronization
package import Topology
package import Traffic

/// Decides which of two nodes should get the requests, whenever it is asked; it does nothing otherwise.
///
/// Simultaneous requests share one check. The connection lives as long as the probe: a request during a reload gets its answer.
package final class FailoverProbe: Sendable {
    /// Queries nodes, given by name, until the deadline at most.
    package typealias Look = @Sendable (Set<String>, _ deadline: ContinuousClock.Instant) async -> SetFindings?
    /// Compares nodes, with what is remembered of them.
    package typealias Judge = @Sendable (ReplicationSetReport) -> SetFindings

    /// How long a check may take by default.
    package static let timeout = Duration.seconds(2)
    /// Where the memory of checks begins.
    package enum Origin: Sendable {
        /// This checker knows of no earlier check.
        case here
        /// Asked before each check until it is known: what the checker knew when it ended; nil if that cannot be read yet.
        case restored(@Sendable () async -> FailoverMemory?)
        case known(FailoverMemory)
    }

    fileprivate struct State {
        var underway: Task<FailoverDecision, Never>?
        var latest: (decision: FailoverDecision, at: ContinuousClock.Instant)?
        var memory = FailoverMemory()
        /// Nil once it is known.
        var origin: Origin?
        /// It was asked and not known.
        var isOriginMissed = false
        /// When an operator accepted the preferred node as it is, by the steady clock; nil once an answer has taken that into
        /// account.
        var accepted: Double?
    }

    /// What a probe hands on to its successor.
    fileprivate final class Record: Sendable {
        let state: Mutex<State>

        init(_ origin: Origin) {
            var state = State(origin: origin)
            if case .known(let memory) = origin { (state.memory, state.origin) = (memory, nil) }
            self.state = Mutex(state)
        }
    }

    package let policy: FailoverPolicy
    private let set: String
    private let table: LastCheckTable
    private let timeout: Duration
    private let clock: @Sendable () -> FailoverTime
    private let keep: @Sendable (FailoverMemory) async -> Void
    private let logger: Logger
    private let record: Record

    /// - Parameters:
    ///   - set: the replication set's name, for the log.
    ///   - checker: the checker's name, as recorded in the table.
    ///   - memory: what this checker knows of its checks before it was started; asked before the first check.
    ///   - predecessor: the probe that checked the same two nodes by the same rule until now: this one takes over its memory and
    ///     its running check, and ignores `memory`.
    ///   - timeout: how long a check may take.
    ///   - clock: this machine's clock.
    ///   - keep: saves what has to outlive the process, before the answer is given.
    ///   - connect: makes a connection to the preferred node, with these statements to set the session up.
    package init(
        _ policy: FailoverPolicy, set: String, checker: String,
        memory: Origin = .here, replacing predecessor: FailoverProbe? = nil,
        timeout: Duration = FailoverProbe.timeout, logger: Logger, clock: @escaping @Sendable () -> FailoverTime,
        keep: @escaping @Sendable (FailoverMemory) async -> Void = { _ in }, connect: (_ setUp: [String]) -> Session
    ) {
        self.policy = policy
        self.set = set
        self.timeout = timeout
        self.clock = clock
        self.keep = keep
        self.logger = logger
        self.table = LastCheckTable(policy.table, checker: checker, on: connect(LastCheckTable.setUp))
        record = predecessor?.record ?? Record(memory)
    }

    /// Whether both probes use the same memory of checks.
    package func sharesMemory(with other: FailoverProbe) -> Bool { record === other.record }

    /// What is to be known when the checker starts again; nil if it has given no answer since what was saved could not be read, so
    /// that this still stands.
    var memoryAtEnd: FailoverMemory? {
        record.state.withLock { state in
            if state.memory.isDoubtful { return nil }
            return state.origin == nil || state.memory.answer != nil ? state.memory : nil
        }
    }

    /// The answer of the running check, or of a new one.
    /// - Parameter judge: what is known of the set's nodes has to be in it: a node that was seen to lose something may show the same
    ///   numbers as one that has everything.
    package func check(
        _ look: @escaping Look, judging judge: @escaping Judge = { SetFindings($0) }
    ) async -> FailoverDecision {
        let task = record.state.withLock { state in
            if let underway = state.underway { return underway }
            let task = Task {
                let decision = await decide(look, judge)
                decision.log(to: logger, of: set)
                record.state.withLock { state in
                    state.underway = nil
                    state.latest = (decision, .now)
                }
                return decision
            }
            state.underway = task
            return task
        }
        return await task.value
    }

    /// The answer for two members of a cluster, from what a round has found. Nothing is recorded on the nodes.
    package func check(inCluster findings: SetFindings) -> FailoverDecision {
        let decision = policy.decide(in: findings)
        decision.log(to: logger, of: set)
        record.state.withLock { $0.latest = (decision, .now) }
        return decision
    }

    /// How long an operator's decision waits for a check. Seconds.
    package static let acceptance = 60.0

    /// Records an operator's decision that the preferred node is complete, whatever replication reports; valid for the next
    /// answer, if that comes within `acceptance`.
    package func accept() {
        let now = clock().steady
        record.state.withLock { $0.accepted = now }
    }

    /// Where the requests go by the last answer; nil if there was none, or it is older than the maximum gap between checks.
    package var finding: FailoverFinding? {
        guard let latest = record.state.withLock({ $0.latest }), let answer = latest.decision.answer,
            latest.at.duration(to: .now) <= policy.maxGap
        else { return nil }
        return FailoverFinding(active: policy.name(of: answer), nodes: [policy.preferred, policy.standby])
    }
}

// MARK: - A check

extension FailoverProbe {
    private func decide(_ look: @escaping Look, _ judge: @escaping Judge) async -> FailoverDecision {
        await remember()
        let now = clock()
        // A decision made while this check is running applies to the next one.
        let accepted = record.state.withLock { state in
            let accepted = state.accepted.flatMap { now.steady - $0 <= Self.acceptance ? $0 : nil }
            state.memory.isAccepted = accepted != nil
            state.accepted = nil
            return accepted
        }
        let check = await decide(look, judge, at: now)
        let memory = record.state.withLock { state in
            state.memory.note(check.decision, at: now, on: check.server, isNoted: check.isNoted)
            // Without an answer, the operator's decision has not been used.
            if state.memory.isAccepted { state.accepted = state.accepted ?? accepted }
            return state.memory
        }
        if !memory.isDoubtful { await keep(memory) }
        return check.decision
    }

    /// Asks what was known before the first check. One check at a time: nobody else asks.
    ///
    /// While that cannot be read, the standby may have had the requests. An answer given meanwhile stands: it is newer than whatever
    /// was saved.
    private func remember() async {
        guard let origin = record.state.withLock({ $0.origin }) else { return }
        var memory: FailoverMemory? = FailoverMemory()
        if case .restored(let restore) = origin { memory = await restore() }
        let (wasMissed, isMissed) = record.state.withLock { state in
            let wasMissed = state.isOriginMissed
            if !wasMissed || state.memory.isDoubtful {
                let failedSince = state.memory.standbyFailedSince
                state.memory = memory ?? .doubtful
                if state.memory.standbyFailedSince == nil { state.memory.standbyFailedSince = failedSince }
            }
            if memory != nil { state.origin = nil }
            state.isOriginMissed = memory == nil
            return (wasMissed, memory == nil)
        }
        if isMissed, !wasMissed {
            logger.warning(
                "what was saved of earlier failover checks cannot be read: until then, the standby may have had the requests",
                metadata: ["replication_set": "\(set)"])
        } else if wasMissed, !isMissed {
            logger.info(
                "what was saved of earlier failover checks has been read", metadata: ["replication_set": "\(set)"])
        }
    }

    private struct Check {
        var decision: FailoverDecision
        /// Which server has the preferred node's address, if known.
        var server: FailoverServer?
        /// Whether the check was recorded in the table.
        var isNoted = false
    }

    private func decide(_ look: @escaping Look, _ judge: @escaping Judge, at now: FailoverTime) async -> Check {
        let started = ContinuousClock.now
        let deadline = started + timeout
        // The rest of the time is for recording the check.
        let firstLook = started + timeout * 0.6
        async let found = look([policy.preferred, policy.standby], firstLook)
        var situation = FailoverSituation(
            preferred: .ready(noted: nil), memory: record.state.withLock { $0.memory }, now: now)
        var reading: LastCheckTable.Reading?
        do throws(LastCheckTable.Failure) {
            let read = try await table.read(deadline: firstLook)
            reading = read
            situation.preferred = .ready(noted: read.noted)
        } catch {
            situation.preferred = .failed(error.fault)
            if !error.fault.isOwn { return Check(decision: policy.decide(situation)) }
        }
        let findings = await found
        situation.server = reading?.server ?? findings?.server(named: policy.preferred)
        situation.isPreferredWritable =
            reading != nil || findings?.node(named: policy.preferred)?.isWritable == true
        situation.standbyFault = policy.standbyFault(findings)
        let isStandbyFailed = situation.standbyFault.map { !$0.isOwn } ?? false
        situation.standbyFailedFor = record.state.withLock { state in
            state.memory.noteStandby(isFailed: isStandbyFailed, at: now.steady)
        }
        situation.lookFault = policy.lookFault(findings)
        situation.catchUp = findings.map { CatchUp($0, of: policy.preferred, with: policy.standby) } ?? CatchUp()
        var decision = policy.decide(situation)
        // Transactions may be in transit, something may still have to arrive from a source, or the standby may have been queried
        // a moment too early: query once more.
        let mayBeOnItsWay =
            decision.cause == .behind
            || decision.cause == .lagUnknown && (situation.catchUp.hasAll == false || situation.catchUp.isAhead)
        if mayBeOnItsWay, situation.catchUp.lag ?? 0 <= policy.maxLag.seconds, let findings {
            let patience = min(max(policy.maxLag, .milliseconds(100)), .seconds(1))
            situation.catchUp = await stillBehind(
                situation.catchUp, since: findings, look, judge, until: min(.now + patience, started + timeout * 0.8))
            decision = policy.decide(situation)
        }
        guard decision.isGoodCheck, let reading else { return Check(decision: decision, server: situation.server) }
        do throws(LastCheckTable.Failure) {
            try await table.note(now.epoch, after: reading, deadline: deadline)
            return Check(decision: decision, server: situation.server, isNoted: true)
        } catch {
            situation.preferred = .failed(error.fault)
            return Check(decision: policy.decide(situation), server: situation.server)
        }
    }

    /// What the preferred node still lacks of what the standby had at the start of the check. Under writes something is always in
    /// transit, so to have caught up means to have what was there then.
    private func stillBehind(
        _ before: CatchUp, since first: SetFindings, _ look: Look, _ judge: Judge,
        until deadline: ContinuousClock.Instant
    ) async -> CatchUp {
        var catchUp = before
        var findings = first
        let standby = first.node(named: policy.standby)?.report
        while catchUp.hasAll == false || catchUp.isAhead, deadline > .now {
            // The preferred node may be ahead only because the standby was queried before it.
            let names: Set = catchUp.isAhead ? [policy.preferred, policy.standby] : [policy.preferred]
            // A cancelled check ends with what is known so far.
            guard (try? await Task.sleep(for: .milliseconds(50))) != nil,
                let later = await look(names, deadline), let standby
            else { return catchUp }
            let latest = catchUp.isAhead ? later.node(named: policy.standby)?.report : nil
            func compare(_ findings: SetFindings) -> CatchUp {
                CatchUp(findings, of: policy.preferred, with: policy.standby, latest: latest)
            }
            // The preferred node as last found, which was before the standby was queried now.
            var now = compare(findings)
            // The standby as it was at the start, with the preferred node as it is now.
            findings = judge(later.comparing(standby, of: policy.standby, in: first))
            if now.hasAll != true { now = compare(findings) }
            guard now.hasAll != nil || now.isAhead else {
                // A look that the deadline cut off explains nothing.
                if later.node(named: policy.preferred)?.report.isUp == true { catchUp.obstacle = now.obstacle }
                return catchUp
            }
            catchUp.missing = now.missing
            catchUp.bytes = now.bytes
            catchUp.isAhead = now.isAhead
            catchUp.obstacle = now.obstacle
            catchUp.lag = now.lag ?? catchUp.lag
        }
        return catchUp
    }
}

extension SetFindings {
    /// The server that a round found at a node's address.
    fileprivate func server(named name: String) -> FailoverServer? {
        guard let identity = node(named: name)?.report.facts?.identity, let id = identity.serverID else { return nil }
        return FailoverServer(id: id, uuid: identity.serverUUID.flatMap(ServerUUID.init))
    }

    /// What these are based on, with one node as found earlier.
    fileprivate func comparing(
        _ earlier: NodeReport, of name: String, in first: SetFindings
    ) -> ReplicationSetReport {
        let nodes = first.nodes.map { node in
            let report =
                node.description.name == name
                ? earlier : self.node(named: node.description.name)?.report ?? node.report
            return ReplicationSetReport.Node(node.description, report)
        }
        return ReplicationSetReport(name: first.name, thresholds: first.thresholds, nodes: nodes)
    }
}

extension FailoverPolicy {
    fileprivate func standbyFault(_ findings: SetFindings?) -> FailoverFault? {
        guard let report = findings?.node(named: standby)?.report else {
            return FailoverFault("was not asked", isOwn: true)
        }
        guard !report.isUp else { return nil }
        let isOwn = report.failure?.isOfTheAsker ?? false
        return FailoverFault(
            "cannot be reached or queried" + (report.failure.map { ": \($0.message)" } ?? ""), isOwn: isOwn)
    }

    /// What prevents the exporter, and it alone, from reading the preferred node's replication status.
    fileprivate func lookFault(_ findings: SetFindings?) -> FailoverFault? {
        guard let report = findings?.node(named: preferred)?.report else {
            return FailoverFault("was not asked", isOwn: true)
        }
        if let failure = report.failure, failure.isOfTheAsker {
            return FailoverFault("cannot be asked for its replication: \(failure.message)", isOwn: true)
        }
        guard let facts = report.facts, facts.channels == nil,
            facts.missing.values.contains(.permission)
        else { return nil }
        return FailoverFault("does not report its replication status: the account lacks the privilege", isOwn: true)
    }
}

extension NodeFailure {
    /// Whether the server was not asked, or is alive but refuses this account, or has no connection left for it.
    fileprivate var isOfTheAsker: Bool {
        [.configuration, .permission, .authentication, .connectionLimit].contains(reason)
    }
}
