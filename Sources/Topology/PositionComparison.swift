package import Replication

/// A channel's place compared with its source's binary log: by coordinates, and for a channel that finds its place by
/// GTID also by what the source has and has purged.
///
/// The two were not asked at the same instant, so a position beyond the end of the log may be of the moment. It proves
/// that the log has started over, or lost its end, only if the source was asked after the replica had answered: on a
/// second look, or in the round after.
struct PositionComparison {
    /// Nil if it cannot be known: the source did not answer, or its files are not known.
    private(set) var readDelta: UInt64?
    private(set) var applyDelta: UInt64?
    private(set) var purgeHeadroom: UInt64?
    /// Whether the source still has what the replica reads next.
    private(set) var isHeld: Bool?
    /// The channel follows a binary log that the source no longer has.
    private(set) var loss: LogLoss?
    /// The domains in which the replica is above its source, where that shows that one of them has gone astray.
    private(set) var leads: [GTIDLead] = []
    /// The replica is above its source in some domain, so that numbers do not show what it lacks.
    private(set) var isAhead = false

    // What would have to be asked of the source for a verdict.
    private(set) var needsIndex = false
    private(set) var needsPurged = false
    private(set) var isDoubtful = false
    private(set) var isLeadDoubtful = false

    private let channel: Channel
    private let node: ReplicationSetReport.Node
    private let source: ReplicationSetReport.Node
    private let before: TransactionHistory?

    /// - Parameter before: what the source had before it began its present log; nil if that was not seen.
    init(
        _ channel: Channel, of node: ReplicationSetReport.Node, source: ReplicationSetReport.Node,
        before: TransactionHistory? = nil
    ) {
        self.channel = channel
        self.node = node
        self.source = source
        self.before = before
        compareLog()
        compareDomains()
    }
}

// MARK: - Coordinates

extension PositionComparison {
    private mutating func compareLog() {
        guard let log = source.report.facts?.binaryLog, let end = log.end else {
            if source.report.facts?.binaryLog?.isEnabled == false { isHeld = false }
            if channel.reportsPurge { isHeld = false }
            return
        }
        needsIndex =
            channel.readPosition?.file ?? end.file != end.file
            || channel.executedPosition?.file ?? end.file != end.file
        let isByGTID = channel.usesGTID == true
        needsPurged = isByGTID && channel.ioThread != .running
        if let read = channel.readPosition, log.isPassed(by: read, end) {
            compareBeyond(read, log, end)
        } else {
            measure(log, end)
            isHeld = isByGTID ? isHeldByGTID(log, end) : channel.readPosition.flatMap { log.holds($0.file, end: end) }
        }
        // A server that says so itself is believed.
        if channel.reportsPurge { isHeld = false }
    }

    private mutating func measure(_ log: BinaryLog, _ end: BinlogCoordinate) {
        if let read = channel.readPosition {
            readDelta = log.bytes(from: read, to: end)
            purgeHeadroom = log.index?.bytesHeld(before: read)
        }
        if let executed = channel.executedPosition { applyDelta = log.bytes(from: executed, to: end) }
    }

    private mutating func compareBeyond(_ read: BinlogCoordinate, _ log: BinaryLog, _ end: BinlogCoordinate) {
        if wasBeyondBefore(log, end) {
            // What a GTID replica has decides, not the place at which it once read.
            guard channel.usesGTID == true, let lacks = sourceLacksTransactions else {
                lose(read, end)
                return
            }
            if lacks {
                lose(read, end)
            } else {
                isHeld = isHeldByGTID(log, end)
            }
            return
        }
        isDoubtful = !source.wasAsked(after: node.earlierReading(of: channel))
        // Of the moment: the source is at most where the replica has read to.
        guard channel.ioThread == .running else { return }
        measure(log, end)
        if read.file == end.file { isHeld = true }
    }

    private mutating func lose(_ read: BinlogCoordinate, _ end: BinlogCoordinate) {
        isHeld = false
        let size = source.report.facts?.binaryLog?.index?.size(of: read.file)
        let isClosed = read.file.number < end.file.number
        loss = LogLoss(
            read: read, end: isClosed ? BinlogCoordinate(file: read.file, position: size ?? 0) : end,
            isOfTheEnd: isClosed)
    }

    /// Whether the position was beyond the end already when the source was asked for it.
    private func wasBeyondBefore(_ log: BinaryLog, _ end: BinlogCoordinate) -> Bool {
        if source.wasAsked(after: node.report.facts?.channelsRead) { return true }
        guard let earlier = node.earlierPosition(of: channel), log.isPassed(by: earlier, end) else { return false }
        return source.wasAsked(after: node.earlierReading(of: channel))
    }

    /// Whether the source has no record of something that the replica had got from it before the source was asked; nil if
    /// that cannot be known.
    var sourceLacksTransactions: Bool? {
        guard let there = source.report.recordedTransactions, let here = node.report.firstLook, let provenance,
            let lacks = there.lacks(of: here.history, provenance)
        else { return nil }
        if !lacks { return false }
        if source.isRead(after: here.read) { return true }
        guard let earlier = node.earlier?.facts?.transactions,
            source.isRead(after: node.earlier?.facts?.transactionsRead)
        else { return nil }
        return there.lacks(of: earlier, provenance)
    }

    private var provenance: Provenance? {
        guard let facts = node.report.facts, let there = source.report.facts else { return nil }
        return Provenance(
            from: there.identity, to: facts.identity, fetched: channel.fetched,
            isOnlyStream: facts.channels?.count == 1, before: before)
    }
}

// MARK: - GTIDs

extension PositionComparison {
    /// For a channel that finds its place by GTID, the file that it once read decides nothing: the source sends what
    /// the replica lacks, wherever that is, unless it has been purged.
    private func isHeldByGTID(_ log: BinaryLog, _ end: BinlogCoordinate) -> Bool? {
        if channel.ioThread != .running, let purged = log.purged, let here = node.report.firstLook?.history {
            let keepsFetched = node.report.facts?.identity.flavor == .mysql || channel.isApplierRunning
            if let needs = here.needs(purged, fetched: keepsFetched ? channel.fetched : nil) { return !needs }
        }
        return channel.readPosition.flatMap { log.holds($0.file, end: end) } == true ? true : nil
    }

    /// MariaDB only. With several channels, what another server wrote may have come through another one, before this source
    /// had it: how much of this one's log is missing is then not known, but nothing is wrong.
    private mutating func compareDomains() {
        guard let facts = node.report.firstLook, let channels = node.report.facts?.channels,
            let there = source.report.recordedTransactions, source.report.facts?.numbersAlone != true
        else { return }
        let sourceID = source.identity?.serverID
        var ahead = facts.history.domainsAhead(of: there, sourceID)
        if ahead.isEmpty || source.report.mayHoldBackCommits { return }
        if !source.isRead(after: facts.read) {
            guard let earlier = node.earlier?.facts?.transactions,
                source.isRead(after: node.earlier?.facts?.transactionsRead)
            else {
                isLeadDoubtful = true
                return
            }
            ahead = earlier.domainsAhead(of: there, sourceID)
        }
        isAhead = !ahead.isEmpty
        leads = channels.count == 1 ? ahead : ahead.filter(\.isBySource)
    }
}

/// A position in a binary log that the source no longer has: beyond the end of the one that it has, or in one before that.
package struct LogLoss: Sendable, Hashable {
    package let read: BinlogCoordinate
    package let end: BinlogCoordinate
    /// The source has gone on in a new file since it lost the end of this one.
    package var isOfTheEnd: Bool
    /// The source has lost what the replica had not applied.
    package var isOfWhatItLacked: Bool
    /// An earlier round has shown it.
    package var isPast = false

    package init(
        read: BinlogCoordinate, end: BinlogCoordinate, isOfTheEnd: Bool = false, isOfWhatItLacked: Bool = false
    ) {
        self.read = read
        self.end = end
        self.isOfTheEnd = isOfTheEnd
        self.isOfWhatItLacked = isOfWhatItLacked
    }

    /// The same, as a later round knows it.
    var past: LogLoss {
        var loss = self
        loss.isPast = true
        return loss
    }

    private var isBeyond: Bool { end.isBefore(read) != false }

    /// What is to be done where nothing shows that a replica has everything nevertheless.
    static let remedy =
        "if the replica has everything nevertheless (it was rebuilt, or its source was restored together with the data), tell the "
        + "exporter: POST /sets/<set>/complete?node=<node>, or restart it"

    var words: String {
        if isOfWhatItLacked {
            return
                "had not applied everything when its source lost transactions: the source was reset or restored, or wrote in "
                + "another binary log, or in none, and what the replica lacked may never arrive; \(Self.remedy)"
        }
        if !isBeyond {
            return
                "was at \(read) in a binary log that its source no longer has: the source was reset or restored, and its new log "
                + "lacks transactions that the replica has"
        }
        if isPast {
            return
                "had read to \(read), beyond the end of the source's binary log at \(end), when the source was reset or restored, "
                + "or lost the end of its log: what it has written since may never arrive; \(Self.remedy)"
        }
        return
            "has read to \(read), beyond the end of the source's binary log at \(end): the source was reset or restored, or lost "
            + "the end of its log"
    }
}

extension ReplicationSetReport.Node {
    /// Whether the end of the binary log was asked for after the other reading was answered.
    fileprivate func wasAsked(after other: Reading?) -> Bool {
        guard let other, let read = report.facts?.binaryLogRead else { return false }
        return read.isAfter(other)
    }

    /// Whether the transactions were asked for after the other reading was answered.
    fileprivate func isRead(after other: Reading?) -> Bool {
        guard let other, let read = report.facts?.transactionsRead else { return false }
        return read.isAfter(other)
    }

    /// Where the channel had read to in the round before, if it had the same source.
    fileprivate func earlierPosition(of channel: Channel) -> BinlogCoordinate? {
        earlier?.facts?.channels?.first { $0.name == channel.name && $0.source == channel.source }?.readPosition
    }

    fileprivate func earlierReading(of channel: Channel) -> Reading? {
        earlierPosition(of: channel) == nil ? nil : earlier?.facts?.channelsRead
    }
}

extension NodeReport {
    fileprivate var mayHoldBackCommits: Bool { facts?.semiSync?.waitingSessions ?? 0 > 0 }
}

extension Channel {
    /// Whether the server itself says that its source has purged what it needs (MySQL errors 1236 and 13114; MariaDB
    /// error 1236, whose text says the same).
    fileprivate var reportsPurge: Bool {
        guard ioThread != .running, let error = ioError, error.number == 1236 || error.number == 13114 else {
            return false
        }
        return error.message.contains("purged") || error.message.contains("Could not find first log file name")
    }
}

extension BinaryLog {
    fileprivate func bytes(from position: BinlogCoordinate, to end: BinlogCoordinate) -> UInt64? {
        if position.file.isBeyond(end.file) { return nil }
        return (index ?? BinlogIndex(entries: [])).bytes(from: position, to: end)
    }

    /// Whether a position is further than the log was ever written: beyond its end, or beyond the end of a closed file,
    /// which its server has lost in a crash.
    fileprivate func isPassed(by position: BinlogCoordinate, _ end: BinlogCoordinate) -> Bool {
        guard position.file.base == end.file.base else { return false }
        if (position.file.number, position.position) > (end.file.number, end.position) { return true }
        guard position.file.number < end.file.number, let size = index?.size(of: position.file) else { return false }
        return position.position > size
    }

    /// Nil if the list of files is not known and `file` is not the newest.
    fileprivate func holds(_ file: BinlogFile, end: BinlogCoordinate) -> Bool? {
        if file == end.file { return true }
        if file.base != end.file.base { return false }
        if index?.contains(file) == true { return true }
        // A new file may have been opened between two looks.
        return file.number > end.file.number ? nil : index.map { _ in false }
    }
}

extension BinlogFile {
    /// Further ahead than a rotation between two looks explains.
    fileprivate func isBeyond(_ newest: BinlogFile) -> Bool {
        base == newest.base && number > newest.number && number - newest.number > 1
    }
}
