import Replication

/// A channel's positions against the binary log of its source.
struct BinaryLogComparison {
    /// Nil where it cannot be known, because the source did not answer or its files are not known.
    var readDelta: UInt64?
    var applyDelta: UInt64?
    var purgeHeadroom: UInt64?
    /// Whether the source has the file that is to be read next.
    var isHeld: Bool?

    init(_ channel: Channel, _ log: BinaryLog?) {
        guard let log, let end = log.end else {
            if log?.isEnabled == false { isHeld = false }
            return
        }
        let index = log.index ?? BinlogIndex(entries: [])
        if let read = channel.readPosition {
            readDelta = index.bytes(from: read, to: end)
            isHeld = log.holds(read.file, end: end)
        }
        if let executed = channel.executedPosition {
            applyDelta = index.bytes(from: executed, to: end)
        }
        if let needed = channel.readPosition, log.index != nil {
            purgeHeadroom = index.bytesHeld(before: needed)
        }
    }
}

extension BinaryLog {
    /// Nil while the files are not known and the asked one is not the newest.
    func holds(_ file: BinlogFile, end: BinlogCoordinate) -> Bool? {
        if file == end.file { return true }
        if file.base != end.file.base || file.number > end.file.number { return false }
        return index?.contains(file)
    }
}
