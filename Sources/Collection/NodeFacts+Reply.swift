import MariaDB
import Replication

extension NodeFacts {
    /// The server's clock was read at some time between question and answer, and the middle of the two is the best guess.
    mutating func settleClock(asked: Moment, told: Moment) {
        guard let askedAt else { return }
        let middle = (asked.wall + told.wall) / 2
        clockOffset = clockOffset.map { $0 + askedAt - middle }
        self.askedAt = middle
    }
}

extension Reading {
    init(_ asked: Moment, _ told: Moment) {
        self.init(asked: asked.instant, told: told.instant)
    }
}
