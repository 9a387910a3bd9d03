/// How often a replica is asked whether something has arrived: often at first, then ever more rarely, so that waiting costs
/// a number of statements that grows with the logarithm of the time, and the answer is right to an eighth of it.
struct PollPace {
    private static let shortest = Duration.milliseconds(10)
    /// While a node cannot be asked at all.
    private static let withoutAnswer = Duration.milliseconds(500)

    /// The pause after a look that began `elapsed` after the start.
    static func pause(after elapsed: Duration, isAnswering: Bool) -> Duration {
        max(elapsed / 8, isAnswering ? shortest : withoutAnswer)
    }
}
