import Collection
import Configuration
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
    func answer(_ question: NodeQuestion, _ monitor: Monitor) async -> Answer? {
        guard let set = monitor.configuration.node(named: question.node)?.set else { return nil }
        let outcome = await monitor.checkedFindings(of: set.name)
        let limits = ReplicaLimits(
            lag: question.maxLag ?? set.thresholds.lag.seconds, bytes: question.maxBytes)
        let verdict = outcome.findings.first.map { self.verdict(on: question, within: limits, $0) }
        return Answer(
            verdict: verdict ?? .refused("\(question.node) was not asked"), state: states[question.node],
            age: outcome.startedAt.duration(to: .now), findings: outcome.findings.first)
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
