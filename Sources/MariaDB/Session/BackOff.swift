import Replication

/// Spaces out the attempts to reach a server that cannot be reached, so that frequent scrapes do not hammer it and a server
/// that has just come back is not stampeded. Waits at most a second: less than a usual scrape interval, so a node is back with
/// the next scrape.
struct BackOff {
    private var failures = 0
    private var notBefore: ContinuousClock.Instant?
    private var last: NodeFailure?

    /// The failure to report instead of an attempt; nil when it is time for one.
    func failure(at now: ContinuousClock.Instant) -> NodeFailure? {
        guard let notBefore, now < notBefore, var last else { return nil }
        last.message += "; not tried again yet"
        return last
    }

    /// The first failure causes no wait: a connection that was cut off can often be made again at once.
    mutating func failed(_ failure: NodeFailure, at now: ContinuousClock.Instant) {
        // With a server that hangs, the deadline itself spaces the attempts.
        if failure.reason == .timeout { return }
        failures += 1
        last = failure
        guard failures > 1 else { return }
        let longest = min(0.125 * Double(1 << min(failures, 10)), 1)
        notBefore = now + .seconds(longest * Double.random(in: 0.5...1))
    }
}
