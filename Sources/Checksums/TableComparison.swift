import MariaDB
import Replication

/// Compares one table, from the first chunk to the last.
struct TableComparison {
    /// How it ended.
    enum End: Sendable, Equatable {
        case done(chunks: Int, rows: UInt64)
        case interrupted
        /// The text says why.
        case failed(String)
    }

    let name: TableName
    let plan: TablePlan
    let statements: ChecksumTableStatements
    let sessions: ChecksumSessions
    let pulse: ChecksumPulse
    let tell: @Sendable (ChecksumEvent) -> Void

    /// Warnings that do not affect the result: statements unsafe in format STATEMENT, which is intended here; text that
    /// is not valid in its character set.
    private static let harmless: Set<UInt64> = [1592, 1300]
    /// Lock wait timeout, deadlock, interrupted, execution time exceeded.
    private static let passing: Set<UInt32> = [1205, 1213, 1317, 1969, 3024]
    private static let attempts = 10

    /// - Parameters:
    ///   - walk: what is left of the table.
    ///   - chunks: how many chunks were done before, and `rows` how many rows they had.
    func run(_ walk: ChunkWalk, after chunks: Int, rows: UInt64, _ pace: ChunkPace) async throws(ChecksumRefusal)
        -> End
    {
        var walk = walk
        var pace = pace
        var rows = rows
        var last = chunks
        var failures = 0
        while true {
            guard try await pulse.holdOn() else { return .interrupted }
            do throws(MySQLError) {
                // The walk only advances once a chunk has been computed.
                var next = walk
                guard let chunk = try await next.next(rows: pace.rows, in: self) else {
                    return .done(chunks: last, rows: rows)
                }
                let result = try await compute(chunk, pace: &pace)
                walk = next
                last = chunk.number
                rows = rows.addingSaturated(result.count)
                failures = 0
                tell(.chunk(chunk.number, rows: rows))
                if chunk.isLast { return .done(chunks: last, rows: rows) }
            } catch {
                try sessions.refuse(error)
                failures += 1
                guard Self.passing.contains(error.code), failures < Self.attempts else {
                    return .failed(error.words)
                }
                pace.metLock()
                // The loop checks for cancellation.
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func compute(_ chunk: ChunkWalk.Chunk, pace: inout ChunkPace) async throws(MySQLError) -> ChunkResult {
        guard let computation = statements.computation(of: chunk, of: name, by: plan.key, plan.checksum) else {
            throw MySQLError(
                phase: .query, code: 0, message: "a boundary of chunk \(chunk.number) is not a value of the key")
        }
        let started = ContinuousClock.now
        let answers = try await sessions.primary(
            [computation, "SHOW WARNINGS", statements.result(of: chunk.number, of: name)], within: .seconds(600))
        let elapsed = started.duration(to: .now)
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        if let warning = answers[1].rows.first(where: { !Self.harmless.contains($0.unsigned("Code") ?? 0) }) {
            throw MySQLError(
                phase: .query, code: 0,
                message: "chunk \(chunk.number) raised a warning: \(warning.text("Message") ?? "")")
        }
        guard let row = answers[2].first, let count = row.unsigned("this_cnt"), let crc = row.text("this_crc") else {
            throw MySQLError(phase: .query, code: 0, message: "the result of chunk \(chunk.number) has vanished")
        }
        let result = ChunkResult(count: count, crc: crc)
        try await sessions.primary([
            statements.publication(of: result, of: chunk.number, seconds: seconds, of: name)
        ])
        pace.done(rows: count, seconds: seconds)
        return result
    }
}

extension TableComparison: KeySource {
    func key(after key: ChunkRange.Boundary?, number: Int) async throws(MySQLError) -> ChunkRange.Boundary? {
        try await keys?.key(after: key, number: number)
    }

    func lastKey(after key: ChunkRange.Boundary) async throws(MySQLError) -> ChunkRange.Boundary? {
        try await keys?.lastKey(after: key)
    }

    /// Without a usable key, the table is one chunk.
    private var keys: TableKeys? { plan.key.map { TableKeys(name: name, key: $0, sessions: sessions) } }
}
