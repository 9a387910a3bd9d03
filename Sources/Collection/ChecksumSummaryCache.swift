import Replication

/// A node's checksum results as last summed up. Summing up reads every chunk, and results change only during a comparison, so
/// they are read again only if the newest chunk has changed, at most once a minute; and every ten minutes, since removing
/// chunks manually may leave the newest as it is.
struct ChecksumSummaryCache {
    private static let shortest = Duration.seconds(60)
    private static let longest = Duration.seconds(600)

    private var summary: ChecksumResults.Summary?
    private var readAt: ContinuousClock.Instant?
    private var askedAt: ContinuousClock.Instant?
    /// The time of the newest chunk when they were summed up, and in the last round.
    private var runWhenRead: Double?
    private var lastRun: Double?

    /// Whether the results are to be read in this round.
    func isDue(at now: ContinuousClock.Instant) -> Bool {
        guard let askedAt else { return true }
        let elapsed = askedAt.duration(to: now)
        return elapsed >= Self.longest || elapsed >= Self.shortest && (summary == nil || lastRun != runWhenRead)
    }

    /// Records that they are being asked for, whatever the result.
    mutating func asked(at now: ContinuousClock.Instant) { askedAt = now }

    /// Keeps results just read, or adds the kept ones to the facts, with their age.
    mutating func complete(_ facts: inout NodeFacts, at now: ContinuousClock.Instant) {
        guard let results = facts.checksums else {
            // Without the time of the last comparison there are no results either.
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
