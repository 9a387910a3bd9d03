internal import Synchronization

/// A reply that is being received: the connection's thread adds to it, and any thread may take what has arrived so far.
final class ReplyProgress: Sendable {
    private let sent = Moment.now
    private let builder: Mutex<ReplyBuilder>

    init(like earlier: ReplyBuilder.Size) {
        builder = Mutex(ReplyBuilder(like: earlier))
    }

    var size: ReplyBuilder.Size { builder.withLock(\.size) }
    /// The number of complete tables.
    var tableCount: Int { builder.withLock(\.tableCount) }

    /// Adds a row, as the library holds it, to the table being received.
    func append(
        row: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, lengths: UnsafeMutablePointer<UInt>, count: Int
    ) {
        builder.withLock { builder in
            for column in 0..<count {
                let length = Int(lengths[column])
                builder.append(
                    cell: row[column].map { cell in
                        UnsafeBufferPointer(
                            start: UnsafeRawPointer(cell).assumingMemoryBound(to: UInt8.self), count: length)
                    })
            }
        }
    }

    func endTable(_ columns: ColumnNames, affectedRows: UInt64 = 0) {
        builder.withLock { $0.endTable(columns, affectedRows: affectedRows) }
    }

    /// The complete tables.
    /// - Parameter received: when the last byte arrived.
    func reply(received: Moment = .now, refusal: BatchReply.Refusal? = nil) -> BatchReply {
        builder.withLock { $0.reply(sent: sent, received: received, refusal: refusal) }
    }
}
