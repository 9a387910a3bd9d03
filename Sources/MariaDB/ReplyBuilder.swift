/// Assembles a reply as its rows arrive: the cells of all tables in two allocations. Small ones for each table would cost more
/// time, and would stay in the caches that malloc keeps for every thread, of which there are as many as nodes.
struct ReplyBuilder {
    /// The size of a reply: the next one to the same statements is about as large.
    struct Size {
        var bytes: Int
        var cells: Int
        var tables: Int

        /// Somewhat more than a replica's reply.
        static let usual = Size(bytes: 3072, cells: 128, tables: 10)
    }

    private var cells = CellBuffer()
    private var places: [TablePlace] = []
    /// The first cell of the table being received.
    private var firstCell = 0

    init(like earlier: Size) {
        // An eighth more: numbers gain digits.
        cells.reserve(bytes: earlier.bytes + earlier.bytes / 8, cells: earlier.cells + earlier.cells / 8)
        places.reserveCapacity(earlier.tables)
    }

    var size: Size { Size(bytes: cells.byteCount, cells: cells.count, tables: places.count) }

    /// The number of complete tables.
    var tableCount: Int { places.count }

    mutating func append(cell: UnsafeBufferPointer<UInt8>?) { cells.append(cell) }

    /// Makes a table of all cells since the last one.
    mutating func endTable(_ columns: ColumnNames, affectedRows: UInt64 = 0) {
        places.append(
            TablePlace(columns: columns, affectedRows: affectedRows, cells: firstCell..<cells.count, ended: .now))
        firstCell = cells.count
    }

    /// The complete tables.
    func reply(sent: Moment, received: Moment, refusal: BatchReply.Refusal?) -> BatchReply {
        BatchReply(cells: cells, places: places, sent: sent, received: received, refusal: refusal)
    }
}

/// Which of a reply's cells belong to a table.
struct TablePlace: Sendable {
    let columns: ColumnNames
    let affectedRows: UInt64
    let cells: Range<Int>
    /// When its last row arrived; nil for a table that came from no server.
    var ended: Moment?
}

/// A sequence of cells, each bytes or NULL.
struct CellBuffer: Sendable {
    private var bytes: [UInt8] = []
    /// For each cell its end in `bytes`; negative for NULL (then `-(end + 1)`). A reply is far smaller than 2 GiB.
    private var ends: [Int32] = []

    var count: Int { ends.count }
    var byteCount: Int { bytes.count }

    mutating func reserve(bytes byteCount: Int, cells: Int) {
        bytes.reserveCapacity(byteCount)
        ends.reserveCapacity(cells)
    }

    mutating func append(_ cell: UnsafeBufferPointer<UInt8>?) {
        if let cell {
            bytes.append(contentsOf: cell)
            ends.append(Int32(bytes.count))
        } else {
            ends.append(-Int32(bytes.count + 1))
        }
    }

    func withCell<Value>(_ cell: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Value?) -> Value? {
        let end = Int(ends[cell])
        guard end >= 0 else { return nil }
        let previous = cell == 0 ? 0 : Int(ends[cell - 1])
        let start = previous >= 0 ? previous : -(previous + 1)
        return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<end])) }
    }
}
