package import Topology

/// What a round over a set has found, as one of its callers received it.
package struct SetAnswer: Sendable {
    package let findings: SetFindings
    /// When the nodes were queried: nothing in it is older.
    package let asked: ContinuousClock.Instant
    /// How long nodes that did not answer were given; `wholeRound` if all have answered or failed by their own timeout.
    let patience: Duration

    static let wholeRound = Duration.seconds(Int64.max)
}

/// The newest answers, which other callers may get as well. An older one is kept only if nodes were given longer for it.
struct KeptAnswers {
    private var answers: [SetAnswer] = []

    mutating func keep(_ answer: SetAnswer) {
        if answers.contains(where: { $0.asked > answer.asked && $0.patience >= answer.patience }) { return }
        answers.removeAll { $0.asked <= answer.asked && $0.patience <= answer.patience }
        answers.append(answer)
    }

    /// The newest answer for which nodes were given at least as long as a caller would wait.
    func newest(patience: Duration) -> SetAnswer? {
        answers.lazy.filter { $0.patience >= patience }.max { $0.asked < $1.asked }
    }
}
