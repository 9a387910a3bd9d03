import MariaDB
import Replication
import Topology

extension ChecksumRun {
    /// The most differing chunks listed per table and replica.
    private static let listed = 1000

    /// Waits until the replicas have applied the last chunk, and reads their results.
    func report(on works: [(name: TableName, work: Work)]) async -> ChecksumReport {
        var tables: [ChecksumReport.Table] = []
        var late: [String: String] = [:]
        let last = works.last { if case .compared = $0.work { true } else { false } }
        if let last, case .compared(let chunks, _, _, _) = last.work {
            late = await replicasWithout(chunk: chunks, of: last.name)
            if Task.isCancelled {
                return ChecksumReport(primary: scope.primary, replicas: scope.replicas, tables: [], isInterrupted: true)
            }
        }
        for (name, work) in works {
            switch work {
            case .compared(let chunks, let rows, let key, let isEarlier):
                var answers: [ChecksumReport.NodeAnswer] = []
                let problem = await problem(of: name, chunks: chunks, rows: rows)
                for node in scope.replicas {
                    let answer: ChecksumReport.Answer =
                        if let reason = late[node] ?? problem { .unknown(reason) } else {
                            await answer(of: node, about: name, chunks: chunks, key)
                        }
                    answers.append(.init(node: node, answer: answer))
                }
                tables.append(
                    .init(
                        name: name,
                        outcome: .compared(.init(answers: answers, chunks: chunks, rows: rows, isEarlier: isEarlier))))
            case .notCompared(let outcome): tables.append(.init(name: name, outcome: outcome))
            case .interrupted: break
            }
        }
        return ChecksumReport(
            primary: scope.primary, replicas: scope.replicas, tables: tables, isInterrupted: false)
    }

    // MARK: - Arrival

    /// Waits for a chunk, the last one written, and so for all before it.
    /// - Returns: the replicas that it has not reached in time, each with the reason.
    private func replicasWithout(chunk: Int, of name: TableName) async -> [String: String] {
        let row = statements.row(of: chunk, of: name)
        let expected: ChunkMark
        do throws(MySQLError) {
            guard let mark = ChunkMark(try await sessions.primary([row])[0].first) else {
                return all("the source's own result has vanished")
            }
            expected = mark
        } catch {
            return all("\(scope.primary): \(error.message)")
        }
        let delays = await configuredDelays()
        let started = ContinuousClock.now
        var missing = scope.replicas
        var late: [String: String] = [:]
        var hasTold = false
        while !missing.isEmpty, !Task.isCancelled {
            var still: [String] = []
            for node in missing {
                var reason = "it has not applied all chunks; run again with --resume"
                do throws(MySQLError) {
                    if ChunkMark(try await sessions.run([row], on: node)[0].first) == expected { continue }
                } catch {
                    reason = error.words
                }
                if started.duration(to: .now) < options.patience + Self.delay(delays[node]) {
                    still.append(node)
                } else {
                    late[node] = reason
                }
            }
            missing = still
            if missing.isEmpty { break }
            if !hasTold { tell(.waiting(missing)) }
            hasTold = true
            try? await Task.sleep(for: .milliseconds(200))
        }
        return late
    }

    private func all(_ reason: String) -> [String: String] {
        Dictionary(scope.replicas.map { ($0, reason) }, uniquingKeysWith: { $1 })
    }

    /// Servers accept delays of up to 2^31 - 1 s; a larger value, which no real server shows, must not trap.
    static func delay(_ seconds: Double?) -> Duration {
        guard let seconds, seconds > 0 else { return .zero }
        return .seconds(min(seconds, Double(Int32.max)))
    }

    /// Seconds, by the names of the replicas that are deliberately delayed.
    private func configuredDelays() async -> [String: Double] {
        guard let nodes = await look()?.nodes else { return [:] }
        return Dictionary(
            nodes.map { ($0.description.name, $0.channels.compactMap(\.channel.configuredDelay).reduce(0, +)) },
            uniquingKeysWith: { $1 })
    }

    // MARK: - Answers

    /// Why the primary's own results for a table are not what this run wrote; nil if they are. Another run may have
    /// held the lock while a connection was lost, or the checksum table may treat another table's name as the same.
    private func problem(of name: TableName, chunks: Int, rows: UInt64) async -> String? {
        do throws(MySQLError) {
            let summary = try await sessions.primary([statements.summary(name)])[0].first
            guard let summary, summary.unsigned("chunks") == UInt64(chunks), summary.unsigned("pending") == 0,
                summary.unsigned("total") == rows, summary.unsigned("others") == 0
            else { return "another program has overwritten the results on \(scope.primary)" }
            return nil
        } catch {
            return "\(scope.primary): \(error.words)"
        }
    }

    private func answer(
        of node: String, about name: TableName, chunks: Int, _ key: ChunkKey?
    ) async -> ChecksumReport.Answer {
        do throws(MySQLError) {
            let answers = try await sessions.run(
                [statements.summary(name), statements.differences(name, limit: Self.listed)], on: node)
            guard let summary = answers[0].first, let count = summary.unsigned("chunks"),
                let pending = summary.unsigned("pending"), let differences = summary.unsigned("differences")
            else { return .unknown("its checksum table has unexpected contents") }
            guard count == UInt64(chunks), pending == 0 else {
                return .unknown("its checksum table has \(count - min(pending, count)) of \(chunks) chunks")
            }
            if differences == 0 { return .equal }
            return .different(answers[1].rows.compactMap { Self.difference($0, key) }, count: differences)
        } catch {
            return .unknown(error.words)
        }
    }

    private static func difference(_ row: ResultTable.Row, _ key: ChunkKey?) -> ChecksumReport.Difference? {
        guard let number = row.unsigned("chunk").flatMap(Int.init(exactly:)), let here = row.unsigned("this_cnt"),
            let there = row.unsigned("master_cnt")
        else { return nil }
        return ChecksumReport.Difference(
            chunk: number, range: StoredChunk(row).range(number: number).words(key), rowsOnSource: there,
            rowsOnReplica: here)
    }
}

/// What distinguishes a chunk's row from one that an earlier run left there: when it was written, and how long it took.
private struct ChunkMark: Equatable {
    let time: Double
    let duration: Double
    let crc: String
    let count: UInt64

    /// Nil until the source's result has arrived.
    init?(_ row: ResultTable.Row?) {
        guard let row, let time = row.time("time"), let duration = row.span("chunk_time"),
            let crc = row.text("master_crc"), let count = row.unsigned("master_cnt")
        else { return nil }
        self.time = time
        // A FLOAT: servers differ in how many digits they show.
        self.duration = (duration * 1e5).rounded()
        self.crc = crc
        self.count = count
    }
}
