package import Topology

/// What a round over a set has found, as one of those who waited for it got it.
package struct SetAnswer: Sendable {
    package let findings: SetFindings
    /// When the nodes were asked: nothing in it is older.
    package let asked: ContinuousClock.Instant
    /// How long nodes that did not answer were given. The longest there is where all have answered, or failed in their own time.
    let patience: Duration

    static let wholeRound = Duration.seconds(Int64.max)
}

/// The newest answers that others may be given as well. One that is older has its place only while nodes were given longer for
/// it.
struct KeptAnswers {
    private var answers: [SetAnswer] = []

    mutating func keep(_ answer: SetAnswer) {
        if answers.contains(where: { $0.asked > answer.asked && $0.patience >= answer.patience }) { return }
        answers.removeAll { $0.asked <= answer.asked && $0.patience <= answer.patience }
        answers.append(answer)
    }

    /// The newest for which nodes were given as long as a caller would wait.
    func newest(patience: Duration) -> SetAnswer? {
        answers.lazy.filter { $0.patience >= patience }.max { $0.asked < $1.asked }
    }
}
