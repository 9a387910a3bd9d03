import Replication

/// What is kept of a node from round to round to complete its facts. A value, so that a look that has not ended can be completed
/// with a copy.
struct NodeMemory {
    private(set) var index = BinlogIndexCache()
    private(set) var counters = CounterCache()
    private var arrivals = ArrivalLog()
    private var heartbeats = HeartbeatWatch()
    private var sources = SourceWatch()

    /// Called when the next answers will come over another connection.
    mutating func reconnected() { counters.forget() }

    /// Adds what the node itself does not report, or was not asked in this round.
    mutating func complete(_ facts: inout NodeFacts, at now: ContinuousClock.Instant) {
        keep(&facts)
        arrivals.note(&facts, at: now)
        sources.note(&facts)
        heartbeats.note(&facts, at: now)
    }

    /// Keeps counters and a list of binary logs just read for the next rounds, or adds those of an earlier round to facts that
    /// lack them.
    mutating func keep(_ facts: inout NodeFacts) {
        counters.complete(&facts, at: .now)
        guard var log = facts.binaryLog, let end = log.end else { return }
        facts.binaryLog = nil
        index.complete(&log, end: end, server: facts.identity, startTime: facts.startTime, at: .now)
        facts.binaryLog = log
    }
}
