internal import Topology

/// The outcomes of the sentinel's runs, by node and channel.
struct SentinelRecord: Sendable {
    struct Place: Hashable, Sendable {
        let node: String
        let channel: String
    }

    private var outcomes: [Place: [SentinelOperation: SentinelOutcome]] = [:]
    private var lastSuccess: [Place: Double] = [:]
    /// Whether the last run got its row through the primary, whichever replicas saw it.
    private(set) var isSent = false

    /// Replaces the outcomes of the previous run with those of a new one.
    /// - Parameter time: epoch seconds.
    mutating func take(_ run: [Place: [SentinelOperation: SentinelOutcome]], at time: Double) {
        isSent = true
        outcomes = run
        for (place, outcomes) in run {
            let seen = SentinelOperation.allCases.allSatisfy { operation in
                if case .seen = outcomes[operation] { true } else { false }
            }
            if seen { lastSuccess[place] = time }
        }
    }

    /// Called when no runs take place: what an earlier one found no longer applies, but the times of the last success do.
    mutating func rest() {
        isSent = false
        for place in outcomes.keys { outcomes[place] = [:] }
    }

    /// In the order of nodes and channels.
    var findings: [SentinelFindings] {
        Set(outcomes.keys).union(lastSuccess.keys).sorted { ($0.node, $0.channel) < ($1.node, $1.channel) }.map {
            SentinelFindings(
                node: $0.node, channel: $0.channel, outcomes: outcomes[$0] ?? [:], lastSuccess: lastSuccess[$0])
        }
    }
}
