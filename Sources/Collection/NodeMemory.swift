import Replication

/// What is kept of a node from round to round, and completes its facts. A value: a look that is not over yet is completed
/// with a copy.
struct NodeMemory {
    private(set) var index = BinlogIndexCache()
    private var arrivals = ArrivalLog()
    private var startTime = StartTime()
    private var heartbeats = HeartbeatWatch()

    /// Adds what the node itself does not tell.
    mutating func complete(_ facts: inout NodeFacts, at now: ContinuousClock.Instant) {
        if let uptime = facts.uptime, let askedAt = facts.askedAt, let offset = facts.clockOffset {
            facts.startTime = startTime.settle(clock: askedAt + offset, uptime: uptime)
        }
        keepIndex(of: &facts)
        arrivals.note(&facts, at: now)
        heartbeats.note(&facts, at: now)
    }

    /// Takes a list just read for the next rounds, or completes facts without one from an earlier round.
    mutating func keepIndex(of facts: inout NodeFacts) {
        guard var log = facts.binaryLog, let end = log.end else { return }
        facts.binaryLog = nil
        index.complete(&log, end: end, server: facts.identity, uptime: facts.uptime, at: .now)
        facts.binaryLog = log
    }
}
