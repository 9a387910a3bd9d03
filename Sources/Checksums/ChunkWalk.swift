/// The way through a table, chunk by chunk, in pt-table-checksum's layout: bounded chunks from the first row to the
/// last, then what lies before the first and after the last, where the source has nothing but a replica may. A table
/// that fits in one chunk is a single one, without boundaries.
struct ChunkWalk: Sendable, Equatable {
    struct Chunk: Sendable, Equatable {
        /// Counted from 1.
        var number: Int
        var range: ChunkRange
        /// Nothing comes after it.
        var isLast: Bool
    }

    private enum Position: Sendable, Equatable {
        case beginning
        case within(first: ChunkRange.Boundary, upper: ChunkRange.Boundary)
        case beforeFirst(first: ChunkRange.Boundary, last: ChunkRange.Boundary)
        case afterLast(last: ChunkRange.Boundary)
        case end
    }

    private var position = Position.beginning
    private var number = 0

    init() {}

    /// A walk that continues after what was done: `first` is the lower boundary of chunk 1, `upper` that of the last
    /// chunk.
    init(after number: Int, first: ChunkRange.Boundary, upper: ChunkRange.Boundary) {
        self.number = number
        position = .within(first: first, upper: upper)
    }

    /// A walk with only the range after the last row left.
    init(after number: Int, last: ChunkRange.Boundary) {
        self.number = number
        position = .afterLast(last: last)
    }

    /// The next chunk, of about this many rows; nil at the end.
    mutating func next<Failure: Error>(rows: Int, in table: some KeySource<Failure>) async throws(Failure) -> Chunk? {
        switch position {
        case .beginning:
            // Asks for one row more than a chunk has: a table that fits has none there.
            if try await table.key(after: nil, number: rows + 1) != nil,
                let first = try await table.key(after: nil, number: 1),
                let upper = try await table.key(after: nil, number: rows)
            {
                return within(first, upper, .from(first, through: upper))
            }
            return step(.whole, to: .end)
        case .within(let first, let upper):
            if let next = try await table.key(after: upper, number: rows) {
                return within(first, next, .after(upper, through: next))
            }
            if let last = try await table.lastKey(after: upper) {
                return step(.after(upper, through: last), to: .beforeFirst(first: first, last: last))
            }
            return step(.before(first), to: .afterLast(last: upper))
        case .beforeFirst(let first, let last): return step(.before(first), to: .afterLast(last: last))
        case .afterLast(let last): return step(.after(last), to: .end)
        case .end: return nil
        }
    }

    private mutating func within(
        _ first: ChunkRange.Boundary, _ upper: ChunkRange.Boundary, _ range: ChunkRange
    ) -> Chunk { step(range, to: .within(first: first, upper: upper)) }

    private mutating func step(_ range: ChunkRange, to next: Position) -> Chunk {
        number += 1
        position = next
        return Chunk(number: number, range: range, isLast: next == .end)
    }
}

/// The keys of a table, in order.
protocol KeySource<Failure> {
    associatedtype Failure: Error

    /// The key of the `number`th row after `key`, counted from the first row if that is nil; nil if there are fewer.
    func key(after key: ChunkRange.Boundary?, number: Int) async throws(Failure) -> ChunkRange.Boundary?
    /// The key of the last row, if it comes after `key`.
    func lastKey(after key: ChunkRange.Boundary) async throws(Failure) -> ChunkRange.Boundary?
}
