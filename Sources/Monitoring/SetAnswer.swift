internal import Replication
package import Topology

/// What a round over a set has found, as one of its callers received it.
package struct SetAnswer: Sendable {
    package let findings: SetFindings
    /// When the nodes were queried: nothing in it is older. A round may share a look that was already running, and then this is
    /// when that began.
    package let asked: ContinuousClock.Instant
    /// When its round began.
    let round: ContinuousClock.Instant
    /// How long nodes that did not answer were given; `wholeRound` if all have answered or failed by their own timeout.
    let patience: Duration
    /// Little has been seen of the set yet.
    package var isEarly = false

    static let wholeRound = Duration.seconds(Int64.max)

    init(_ findings: SetFindings, round: ContinuousClock.Instant, patience: Duration) {
        self.findings = findings
        self.round = round
        self.patience = patience
        asked = findings.nodes.compactMap { $0.report.facts?.identityRead?.asked }.reduce(round, min)
    }
}

/// The newest answers, which other callers may get as well: for each kind of caller, the one that it would get.
struct KeptAnswers {
    /// The oldest that any caller accepts.
    static let longestAge = Duration.seconds(30)

    /// How long the kinds of callers that accept a kept answer let nodes answer.
    private let patiences: [Duration]
    private(set) var answers: [SetAnswer] = []

    init(for patiences: [Duration]) { self.patiences = patiences + [SetAnswer.wholeRound] }

    /// An older answer is kept only if nodes were given longer for it, and only if that makes a difference to some caller.
    mutating func keep(_ answer: SetAnswer) {
        if answers.contains(where: { $0.round > answer.round && $0.patience >= answer.patience }) { return }
        answers.removeAll { $0.round <= answer.round && $0.patience <= answer.patience }
        answers.append(answer)
        let oldest = (answers.map(\.round).max() ?? answer.round) - Self.longestAge
        let wanted = Set(patiences.compactMap { newest(patience: $0)?.round })
        answers.removeAll { $0.round < oldest || !wanted.contains($0.round) }
    }

    /// The newest answer for which nodes were given at least as long as a caller would wait.
    func newest(patience: Duration) -> SetAnswer? {
        answers.lazy.filter { $0.patience >= patience }.max { $0.round < $1.round }
    }
}
