package import Logging
package import MariaDB
internal import Replication
internal import Synchronization
package import Topology
package import Traffic

/// Says which of two nodes should get the requests, whenever it is asked; nothing is done without being asked.
///
/// However many ask at a time, there is one check. What has to outlive the exporter is in the table. Its connection ends with
/// it: whoever asks while the configuration is read anew gets his answer.
package final class FailoverProbe: Sendable {
    /// Asks nodes, by name, for as long as the deadline allows.
    package typealias Look = @Sendable (Set<String>, _ deadline: ContinuousClock.Instant) async -> SetFindings?

    /// What a check may take.
    package static let timeout = Duration.seconds(2)

    private struct State {
        var underway: Task<FailoverDecision, Never>?
        var latest: (decision: FailoverDecision, at: ContinuousClock.Instant)?
    }

    package let policy: FailoverPolicy
    private let set: String
    private let table: LastCheckTable
    private let clock: @Sendable () -> Double
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - set: the replication set's name, for the log.
    ///   - connect: makes a connection to the preferred node with these statements to set the session up.
    ///   - clock: epoch seconds.
    package init(
        _ policy: FailoverPolicy, set: String, table: QualifiedName, logger: Logger,
        clock: @escaping @Sendable () -> Double,
        connect: (_ setUp: [String]) -> ProbeConnection
    ) {
        self.policy = policy
        self.set = set
        self.clock = clock
        self.logger = logger
        self.table = LastCheckTable(table, on: connect(LastCheckTable.setUp))
    }

    /// The answer of the check under way, or of a new one.
    package func check(_ look: @escaping Look) async -> FailoverDecision {
        let task = state.withLock { state in
            if let underway = state.underway { return underway }
            let task = Task {
                let decision = await decide(look)
                decision.log(to: logger, of: set)
                self.state.withLock { state in
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

    /// Who gets the requests, by the last answer; nil when that is older than two checks may be apart.
    package var finding: FailoverFinding? {
        guard let latest = state.withLock({ $0.latest }), latest.at.duration(to: .now) <= .seconds(policy.maxGap) else {
            return nil
        }
        let names = [policy.preferred, policy.standby]
        return FailoverFinding(active: policy.name(of: latest.decision.answer), nodes: names)
    }
}

// MARK: - A check

extension FailoverProbe {
    private func decide(_ look: @escaping Look) async -> FailoverDecision {
        let started = ContinuousClock.now
        let deadline = started + Self.timeout
        // The rest is for noting the check.
        let firstLook = started + Self.timeout * 0.6
        async let found = look([policy.preferred, policy.standby], firstLook)
        let reading: LastCheckTable.Reading
        do throws(LastCheckTable.Failure) {
            reading = try await table.read(deadline: firstLook)
        } catch {
            return policy.decide(FailoverSituation(preferred: .failed(error.reason), now: clock()))
        }
        let findings = await found
        var situation = FailoverSituation(
            preferred: .ready(lastCheck: reading.lastCheck), standbyFailure: policy.standbyFailure(findings),
            catchUp: findings.map { CatchUp($0, of: policy.preferred, with: policy.standby) } ?? CatchUp(), now: clock()
        )
        var decision = policy.decide(situation)
        if decision.cause == .behind, situation.catchUp.lag ?? .infinity <= policy.maxLag, let findings {
            situation.catchUp.missing = await stillMissing(since: findings, look, until: started + Self.timeout * 0.8)
            decision = policy.decide(situation)
        }
        guard decision.isGoodCheck else { return decision }
        do throws(LastCheckTable.Failure) {
            try await table.note(situation.now, after: reading, deadline: deadline)
            return decision
        } catch {
            situation.preferred = .failed(error.reason)
            return policy.decide(situation)
        }
    }

    /// What the standby had in the first look and the preferred node has not yet. Under writes there is always something on its
    /// way: to have caught up means to get what was there a moment ago.
    private func stillMissing(
        since first: SetFindings, _ look: Look, until deadline: ContinuousClock.Instant
    ) async -> UInt64? {
        var missing = CatchUp(first, of: policy.preferred, with: policy.standby).missing
        guard let there = first.transactions(of: policy.standby) else { return missing }
        while let count = missing, count > 0, deadline > .now {
            // A cancelled check ends with what it knows.
            guard (try? await Task.sleep(for: .milliseconds(50))) != nil,
                let here = await look([policy.preferred], deadline)?.transactions(of: policy.preferred)
            else { return count }
            missing = here.missing(from: there)
        }
        return missing
    }
}

extension FailoverPolicy {
    fileprivate func standbyFailure(_ findings: SetFindings?) -> String? {
        guard let report = findings?.nodes.first(where: { $0.description.name == standby })?.report else {
            return "was not asked"
        }
        if report.isUp { return nil }
        return "cannot be reached or queried" + (report.failure.map { ": \($0.message)" } ?? "")
    }
}

extension SetFindings {
    fileprivate func transactions(of node: String) -> TransactionHistory? {
        nodes.first { $0.description.name == node }?.report.facts?.transactions
    }
}
