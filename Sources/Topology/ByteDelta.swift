import Replication

/// A channel's positions compared with its source's binary log.
struct BinaryLogComparison {
    /// Nil if it cannot be known: the source did not answer, or its files are not known.
    var readDelta: UInt64?
    var applyDelta: UInt64?
    var purgeHeadroom: UInt64?
    /// Whether the source still has the file that the replica reads next.
    var isHeld: Bool?

    init(_ channel: Channel, _ log: BinaryLog?) {
        guard let log, let end = log.end else {
            if log?.isEnabled == false { isHeld = false }
            return
        }
        // A channel that is not reading cannot have got ahead of its source between two looks: its position belongs to
        // a binary log that the source no longer has (RESET MASTER, another server).
        if channel.ioThread != .running, let read = channel.readPosition, read.isAhead(of: end) {
            isHeld = false
            return
        }
        if let read = channel.readPosition {
            readDelta = log.bytes(from: read, to: end)
            isHeld = log.holds(read.file, end: end)
            purgeHeadroom = log.index?.bytesHeld(before: read)
        }
        if let executed = channel.executedPosition {
            applyDelta = log.bytes(from: executed, to: end)
        }
    }
}

extension BinaryLog {
    fileprivate func bytes(from position: BinlogCoordinate, to end: BinlogCoordinate) -> UInt64? {
        if position.file.isBeyond(end.file) { return nil }
        return (index ?? BinlogIndex(entries: [])).bytes(from: position, to: end)
    }

    /// Nil if the list of files is not known and `file` is not the newest.
    fileprivate func holds(_ file: BinlogFile, end: BinlogCoordinate) -> Bool? {
        if file == end.file { return true }
        if file.base != end.file.base || file.isBeyond(end.file) { return false }
        if index?.contains(file) == true { return true }
        // A new file may have been opened between two looks.
        return file.number > end.file.number ? nil : index.map { _ in false }
    }
}

extension BinlogCoordinate {
    fileprivate func isAhead(of end: BinlogCoordinate) -> Bool {
        guard file.base == end.file.base else { return false }
        return (file.number, position) > (end.file.number, end.position)
    }
}

extension BinlogFile {
    /// Further ahead than two looks at slightly different times explain: the source has started over (RESET MASTER,
    /// another server), and the number no longer means anything.
    fileprivate func isBeyond(_ newest: BinlogFile) -> Bool {
        base == newest.base && number > newest.number && number - newest.number > 1
    }
}
