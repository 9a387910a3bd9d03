/// How often a replica is asked whether something has arrived: often at first, then less and less, so that the number of
/// statements grows with the logarithm of the waiting time, and the result is accurate to an eighth of it.
struct PollPace {
    private static let shortest = Duration.milliseconds(10)
    /// Used while a node does not answer.
    private static let withoutAnswer = Duration.milliseconds(500)

    /// The pause after a query that began `elapsed` after the start.
    static func pause(after elapsed: Duration, isAnswering: Bool) -> Duration {
        max(elapsed / 8, isAnswering ? shortest : withoutAnswer)
    }
}
