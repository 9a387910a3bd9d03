import Replication

/// The files that a server was last seen to hold.
///
/// A closed file never changes its size, so a list stays right until the server opens a new file; only a purge by hand
/// is not seen at once, hence the list is read anew every minute, and in every round in which a replica needs a file
/// that is not the newest.
struct BinlogIndexCache {
    private var index: BinlogIndex?
    private var owner: ServerIdentity?
    private var readAt: ContinuousClock.Instant?
    private var startTime: Double?

    /// Whether it is time to read the list again, even if nobody needs it.
    func isDue(at now: ContinuousClock.Instant) -> Bool {
        guard let readAt else { return true }
        return readAt.duration(to: now) > .seconds(60)
    }

    /// Keeps the list that `log` came with if it was just read, or gives it the one kept if that still holds.
    mutating func complete(
        _ log: inout BinaryLog, end: BinlogCoordinate, server: ServerIdentity, startTime: Double?,
        at now: ContinuousClock.Instant
    ) {
        if log.isIndexFresh, let fresh = log.index {
            index = fresh
            owner = server
            readAt = now
            self.startTime = startTime
            return
        }
        guard let index, owner == server, index.newest == end.file, !hasRestarted(startTime) else { return }
        log.index = index
    }

    /// After RESET MASTER or a restart with an emptied folder the same names may hold other sizes.
    private func hasRestarted(_ startTime: Double?) -> Bool {
        guard let startTime, let before = self.startTime else { return false }
        return startTime != before
    }
}
