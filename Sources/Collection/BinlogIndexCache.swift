import Replication

/// The binary log files that a server was last seen to have.
///
/// A closed file never changes its size, so a list stays correct until the server opens a new file. Only a manual purge goes
/// unnoticed, so the list is read again every minute, and in every round in which a replica needs a file other than the
/// newest.
struct BinlogIndexCache {
    private var index: BinlogIndex?
    private var owner: ServerIdentity?
    private var readAt: ContinuousClock.Instant?
    private var startTime: Double?

    /// Whether it is time to read the list again, even if no replica needs it.
    func isDue(at now: ContinuousClock.Instant) -> Bool {
        guard let readAt else { return true }
        return readAt.duration(to: now) > .seconds(60)
    }

    /// Keeps the list in `log` if it was just read; otherwise adds the kept one if that is still valid.
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

    /// After RESET MASTER, or a restart with an emptied directory, files with the same names may have other sizes.
    private func hasRestarted(_ startTime: Double?) -> Bool {
        guard let startTime, let before = self.startTime else { return false }
        return startTime != before
    }
}
