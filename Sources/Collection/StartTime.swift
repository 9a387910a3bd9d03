/// When a server started, by its own clock.
///
/// The server counts its uptime in whole seconds, so the start time computed from it varies by one; the first result is kept
/// until it is off by more, otherwise every scrape would look like a restart.
struct StartTime {
    private var known: Double?

    /// - Parameters:
    ///   - clock: the server's clock, epoch seconds.
    ///   - uptime: seconds.
    /// - Returns: epoch seconds; nil if the two are inconsistent.
    mutating func settle(clock: Double, uptime: Double) -> Double? {
        let started = (clock - uptime).rounded(.down)
        guard started >= 0 else { return nil }
        if let known, abs(known - started) <= 2 { return known }
        known = started
        return started
    }
}
