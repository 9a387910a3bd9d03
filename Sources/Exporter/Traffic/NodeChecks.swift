import Collection
import Configuration
import Monitoring
import Replication
import Synchronization
import Topology
import Traffic

/// Answers the checks of load balancers.
///
/// However many ask, however often: they share rounds over a replication set. What it remembers of the nodes, whether they
/// were late and what an operator said, outlives a reload.
final class NodeChecks: Sendable {
    struct Answer: Sendable {
        /// What an operator said is not in it yet.
        var verdict: NodeVerdict
        var state: OperatorState
        /// Of what the answer is made from, at most.
        var age: Duration
        /// What it was made from.
        var findings: SetFindings?
    }

    private struct GateKey: Hashable {
        let node: String
        let limits: ReplicaLimits
    }

    /// Forgotten beyond this number, as of somebody who asks with ever new limits; a gate that is new lets pass what is
    /// within the limits.
    private static let maxGates = 4096

    let states: OperatorStates
    let notices: MaintenanceNotices
    private let gates = Mutex<[GateKey: LagGate]>([:])

    init(states: OperatorStates, notices: MaintenanceNotices) {
        self.states = states
        self.notices = notices
    }

    /// - Returns: nil when no node is named so.
    func answer(_ question: NodeQuestion, _ fleet: Fleet) async -> Answer? {
        guard let set = fleet.configuration.node(named: question.node)?.set else { return nil }
        // Balancers give up soon, so a node that takes its time counts as silent sooner than in a scrape.
        guard
            let answer = await fleet[set.name]?.findings(
                notOlderThan: .seconds(1), deadline: .now + SetMonitor.balancersPatience)
        else { return nil }
        let limits = ReplicaLimits(
            lag: question.maxLag ?? set.thresholds.lag.seconds, bytes: question.maxBytes)
        return Answer(
            verdict: verdict(on: question, within: limits, answer.findings), state: states[question.node],
            age: answer.asked.duration(to: .now), findings: answer.findings)
    }

    private func verdict(
        on question: NodeQuestion, within limits: ReplicaLimits, _ findings: SetFindings
    ) -> NodeVerdict {
        gates.withLock { gates in
            if gates.count >= Self.maxGates { gates.removeAll() }
            let key = GateKey(node: question.node, limits: limits)
            return findings.verdict(
                on: question.node, question.check, within: limits, gate: &gates[key, default: LagGate()])
        }
    }
}
