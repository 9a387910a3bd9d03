import MariaDB
import Replication

extension NodeFacts {
    /// The server's clock was read at some time between question and answer, and the middle of the two is the best guess.
    mutating func settleClock(by reply: BatchReply) {
        guard let askedAt else { return }
        let middle = (reply.sent.wall + reply.received.wall) / 2
        clockOffset = clockOffset.map { $0 + askedAt - middle }
        self.askedAt = middle
    }
}

extension Reading {
    init(_ reply: BatchReply) {
        self.init(asked: reply.sent.instant, told: reply.received.instant)
    }
}
