import Replication

/// The checksum results of a node as they were last added up: that reads every chunk, and they change only while somebody
/// compares. They are read anew when the newest chunk is another one than before, at most once a minute; and every ten
/// minutes, since chunks that somebody removes by hand leave the newest as it is.
struct ChecksumSummaryCache {
    private static let shortest = Duration.seconds(60)
    private static let longest = Duration.seconds(600)

    private var summary: ChecksumResults.Summary?
    private var readAt: ContinuousClock.Instant?
    private var askedAt: ContinuousClock.Instant?
    /// The time of the newest chunk when they were added up, and in the last round.
    private var runWhenRead: Double?
    private var lastRun: Double?

    /// Whether the results are to be read in this round.
    func isDue(at now: ContinuousClock.Instant) -> Bool {
        guard let askedAt else { return true }
        let elapsed = askedAt.duration(to: now)
        return elapsed >= Self.longest || elapsed >= Self.shortest && (summary == nil || lastRun != runWhenRead)
    }

    /// They are being asked for, however that ends.
    mutating func asked(at now: ContinuousClock.Instant) { askedAt = now }

    /// Keeps results just read, or completes the facts with those that are kept, and their age.
    mutating func complete(_ facts: inout NodeFacts, at now: ContinuousClock.Instant) {
        guard let results = facts.checksums else {
            // Who cannot say when something was last compared has no results either.
            summary = nil
            return
        }
        lastRun = results.lastRun
        if let fresh = results.summary {
            summary = fresh
            readAt = now
            runWhenRead = lastRun
        }
        guard var summary, let readAt else { return }
        summary.age = readAt.duration(to: now).seconds
        facts.checksums?.summary = summary
    }
}
