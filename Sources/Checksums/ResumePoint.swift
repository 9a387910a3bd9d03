import MariaDB
internal import Replication

/// How far a table was compared by an earlier run.
enum ResumePoint: Sendable, Equatable {
    /// Nothing that can be continued.
    case beginning
    /// This many chunks and rows are done; the walk covers the rest.
    case after(chunks: Int, rows: UInt64, ChunkWalk)
    case complete(chunks: Int, rows: UInt64)

    /// Reads it from the primary's own rows.
    static func read(
        _ name: TableName, key: ChunkKey?, _ statements: ChecksumTableStatements, _ sessions: ChecksumSessions
    ) async throws(MySQLError) -> ResumePoint {
        let answers = try await sessions.primary([statements.summary(name), statements.gaps(name)])
        guard let summary = answers[0].first, let count = summary.unsigned("chunks"), count > 0,
            let last = summary.unsigned("last"), last == count, let rows = summary.unsigned("total"),
            // A chunk's number is an INT.
            last < Int32.max, let all = Int(exactly: last), summary.unsigned("others") == 0,
            let pending = summary.unsigned("pending"), pending <= 1, answers[1].first?.unsigned("gaps") == 0
        else { return .beginning }
        // An interrupted chunk has to be the last one, or the rows are not of a run that can be continued.
        let done = all - Int(pending)
        guard done > 0 else { return .beginning }
        let chunks = try await sessions.primary([
            statements.row(of: 1, of: name), statements.row(of: max(1, done - 1), of: name),
            statements.row(of: done, of: name),
        ]).map { $0.first.flatMap(StoredChunk.init) }
        guard let first = chunks[0], let before = chunks[1], let newest = chunks[2] else { return .beginning }
        return ResumePoint(done: done, rows: rows, first: first, before: before, newest: newest, key: key)
    }

    /// - Parameters:
    ///   - done: the number of the newest chunk.
    ///   - before: the chunk before it.
    init(done: Int, rows: UInt64, first: StoredChunk, before: StoredChunk, newest: StoredChunk, key: ChunkKey?) {
        self = .beginning
        guard newest.isDone, newest.index.map({ key?.name.hasSameBytes(as: $0) == true }) ?? true else { return }
        switch (newest.lower, newest.upper) {
        case (nil, nil): if done == 1 { self = .complete(chunks: 1, rows: rows) }
        case (.some, nil): self = .complete(chunks: done, rows: rows)
        case (nil, .some):
            if done > 1, let last = before.upper {
                self = .after(chunks: done, rows: rows, ChunkWalk(after: done, last: last))
            }
        case (.some, .some(let upper)):
            if let lowest = first.lower {
                self = .after(chunks: done, rows: rows, ChunkWalk(after: done, first: lowest, upper: upper))
            }
        }
    }
}

/// A row of the checksum table, reduced to where a chunk is.
struct StoredChunk: Sendable, Equatable {
    var index: String?
    var lower: ChunkRange.Boundary?
    var upper: ChunkRange.Boundary?
    /// The source's result has been published.
    var isDone: Bool
}

extension StoredChunk {
    init(_ row: ResultTable.Row) {
        self.init(
            index: row.text("chunk_index"), lower: row.text("lower_boundary").map(BoundaryText.boundary),
            upper: row.text("upper_boundary").map(BoundaryText.boundary), isDone: row.text("master_crc") != nil)
    }

    /// - Parameter number: the first chunk includes its lower boundary, the others do not.
    func range(number: Int) -> ChunkRange {
        ChunkRange(
            lower: lower, includesLower: lower != nil && number == 1, upper: upper,
            excludesUpper: lower == nil && upper != nil)
    }
}
