/// Lets through `burst` requests at once, and then one every `interval`.
struct TokenBucket: Sendable {
    private let interval: Duration
    private let burst: Int
    private var tokens: Int
    /// When the newest token was added, or would have been.
    private var filled: ContinuousClock.Instant

    init(interval: Duration, burst: Int, now: ContinuousClock.Instant) {
        self.interval = interval
        self.burst = burst
        tokens = burst
        filled = now
    }

    /// Whether another request may pass; if so, its token is taken.
    mutating func take(now: ContinuousClock.Instant) -> Bool {
        let elapsed = filled.duration(to: now)
        if elapsed >= interval * (burst - tokens) {
            tokens = burst
            filled = now
        } else {
            let fresh = Int(elapsed / interval)
            tokens += fresh
            filled += interval * fresh
        }
        guard tokens > 0 else { return false }
        tokens -= 1
        return true
    }
}
