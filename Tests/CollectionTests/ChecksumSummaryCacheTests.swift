import Replication
import Testing

@testable import Collection

@Suite("Kept checksum results")
struct ChecksumSummaryCacheTests {
    private static let start = ContinuousClock.now

    /// A node whose newest chunk is from `lastRun`, read `after` seconds from the first time.
    private struct Watch {
        var cache = ChecksumSummaryCache()

        /// - Parameter differences: the server's answer if it is asked now; nil for a refusal.
        mutating func look(after seconds: Double, lastRun: Double?, differences: UInt64? = 0) -> (
            asked: Bool, summary: ChecksumResults.Summary?
        ) {
            let now = start + .seconds(seconds)
            let isDue = cache.isDue(at: now)
            var facts = NodeFacts(identity: ServerIdentity(flavor: .mysql, version: ServerVersion(8, 4, 0)))
            facts.checksums = ChecksumResults(lastRun: lastRun)
            if isDue {
                cache.asked(at: now)
                if let differences {
                    facts.checksums?.summary = .init(
                        tableCount: 1,
                        tables: [.init(database: "a", table: "b", differences: differences, pending: 0)])
                }
            }
            cache.complete(&facts, at: now)
            return (isDue, facts.checksums?.summary)
        }
    }

    @Test("Results are read at once, then kept with their age while nothing is written")
    func kept() {
        var watch = Watch()
        #expect(watch.look(after: 0, lastRun: 100, differences: 3).asked)
        let later = watch.look(after: 599, lastRun: 100)
        #expect(!later.asked)
        #expect(later.summary?.age == 599)
        #expect(later.summary?.tables.first?.differences == 3)
    }

    @Test("New chunks are read in the round after they were seen, and at most once a minute")
    func changed() {
        var watch = Watch()
        #expect(watch.look(after: 0, lastRun: 100).asked)
        #expect(!watch.look(after: 15, lastRun: 101).asked)
        #expect(!watch.look(after: 59, lastRun: 102).asked)
        let fresh = watch.look(after: 60, lastRun: 103, differences: 1)
        #expect(fresh.asked)
        #expect(fresh.summary?.age == 0)
        #expect(!watch.look(after: 300, lastRun: 103).asked)
    }

    @Test("A manual removal is noticed within ten minutes")
    func removed() {
        var watch = Watch()
        #expect(watch.look(after: 0, lastRun: 100, differences: 5).asked)
        #expect(watch.look(after: 600, lastRun: 100, differences: 0).summary?.tables.first?.differences == 0)
    }

    @Test("After a refusal, reading is tried again in a minute, and nothing is shown meanwhile")
    func refused() {
        var watch = Watch()
        let first = watch.look(after: 0, lastRun: 100, differences: nil)
        #expect(first.asked && first.summary == nil)
        #expect(!watch.look(after: 30, lastRun: 100).asked)
        #expect(watch.look(after: 60, lastRun: 100).asked)
    }

    @Test("A table that can no longer be read has no results")
    func gone() {
        var watch = Watch()
        #expect(watch.look(after: 0, lastRun: 100).summary != nil)
        var facts = NodeFacts(identity: ServerIdentity(flavor: .mysql, version: ServerVersion(8, 4, 0)))
        watch.cache.complete(&facts, at: Self.start + .seconds(15))
        #expect(facts.checksums == nil)
        #expect(watch.look(after: 30, lastRun: 100).summary == nil)
    }
}
