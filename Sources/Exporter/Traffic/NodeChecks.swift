import Collection
import Configuration
import Monitoring
import Replication
import Synchronization
import Topology
import Traffic

/// Answers the checks of load balancers.
///
/// Checks share rounds over a replication set, however many there are and however often they come. What is remembered of the
/// nodes, whether they lagged and what state an operator set, outlives a reload.
final class NodeChecks: Sendable {
    struct Answer: Sendable {
        /// Does not take the operator's state into account yet.
        var verdict: NodeVerdict
        var operators: OperatorDesk.Answer
        /// The maximum age of what the answer is based on.
        var age: Duration
        /// What the answer is based on.
        var findings: SetFindings?
    }

    private struct GateKey: Hashable {
        let node: String
        let limits: ReplicaLimits
    }

    /// Beyond this number all gates are dropped, in case a client keeps asking with new limits; a new gate passes nodes that are
    /// within the limits.
    private static let maxGates = 4096

    /// How long after the first look the second one is made, and how long it may take: load balancers wait for two seconds.
    private static let secondLook = Duration.milliseconds(600)

    let operators: OperatorDesk
    private let gates = Mutex<[GateKey: LagGate]>([:])

    init(_ operators: OperatorDesk) { self.operators = operators }

    /// - Returns: nil if there is no node of that name.
    func answer(_ question: NodeQuestion, _ fleet: Fleet) async -> Answer? {
        guard let set = fleet.configuration.node(named: question.node)?.set else { return nil }
        // Load balancers give up soon, so a slow node counts as silent sooner than in a scrape.
        guard let monitor = fleet[set.name] else { return nil }
        var answer = await monitor.findings(
            notOlderThan: .seconds(1), deadline: .now + SetMonitor.balancersPatience)
        let limits = ReplicaLimits(
            lag: question.maxLag ?? set.thresholds.lag.seconds, bytes: question.maxBytes,
            transactions: question.maxTransactions)
        var verdict = verdict(on: question, within: limits, answer.findings)
        if !verdict.isPassed, answer.isEarly, answer.findings.nodes.contains(where: \.hasOpenLag) {
            answer = await secondLook(of: monitor, after: answer)
            verdict = self.verdict(on: question, within: limits, answer.findings)
        }
        return Answer(
            verdict: verdict,
            operators: await operators.state(of: question.node),
            age: answer.asked.duration(to: .now), findings: answer.findings)
    }

    /// A single look does not show how old is what a replica lacks. "Not known" in the first second of an exporter would make a
    /// load balancer close the sessions on all replicas at once, however little they lag.
    private func secondLook(of monitor: SetMonitor, after first: SetAnswer) async -> SetAnswer {
        let moment = first.asked + Self.secondLook
        // A caller that has gone needs no answer.
        try? await Task.sleep(until: moment, clock: .continuous)
        return await monitor.findings(notOlderThan: moment.duration(to: .now), deadline: .now + Self.secondLook)
    }

    private func verdict(
        on question: NodeQuestion, within limits: ReplicaLimits, _ findings: SetFindings
    ) -> NodeVerdict {
        gates.withLock { gates in
            if gates.count >= Self.maxGates { gates.removeAll() }
            let key = GateKey(node: question.node, limits: limits)
            return findings.verdict(
                on: question.node, question.check, within: limits, allowingDonors: question.allowsDonors,
                gate: &gates[key, default: LagGate()],
                at: .now)
        }
    }
}
