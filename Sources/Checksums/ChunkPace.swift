/// How many rows a chunk should have to take about as long as intended.
struct ChunkPace: Sendable {
    /// Seconds; 0 for chunks that always have the same number of rows.
    let target: Double
    private let firstRows: Int
    private(set) var rows: Int
    private var weightedRows = 0.0
    private var weightedSeconds = 0.0

    /// More than a million rows are too many for one statement, however fast it has been so far.
    private static let most = 1_000_000

    init(target: Double, rows: Int) {
        self.target = target
        self.rows = rows
        firstRows = rows
    }

    /// Records a completed chunk. The past fades by a quarter per chunk (as in pt-table-checksum), and a chunk is at
    /// most twice the size of the last: what is read from memory says little about what has to come from disk.
    mutating func done(rows count: UInt64, seconds: Double) {
        guard target > 0 else {
            rows = min(rows * 2, firstRows)
            return
        }
        guard count > 0, seconds > 0 else { return }
        weightedRows = weightedRows * 0.75 + Double(count)
        weightedSeconds = weightedSeconds * 0.75 + seconds
        let fitting = weightedRows / weightedSeconds * target
        rows = max(1, Int(min(fitting, max(Double(rows), Double(count) * 2), Double(Self.most))))
    }

    /// Records that another session's lock was in the way: fewer rows meet fewer locks.
    mutating func metLock() { rows = max(1, rows / 2) }
}
