package import MariaDB
package import Replication
package import Topology

/// Compares the tables of a primary with those of its replicas, through replication itself.
///
/// On the primary, a chunk's checksum is computed by a statement that the binary log records as a statement (format
/// STATEMENT), so that each replica computes it over its own rows, at exactly the same point among all writes. Then the
/// primary's result is replicated as a value, and ends up next to each replica's in the same row.
package struct ChecksumRun: Sendable {
    /// One round over the set; nil if it could not be asked.
    package typealias Look = @Sendable () async -> SetFindings?

    let statements: ChecksumTableStatements
    let options: ChecksumOptions
    let sessions: ChecksumSessions
    let look: Look
    let tell: @Sendable (ChecksumEvent) -> Void

    var scope: ChecksumScope { sessions.scope }

    /// Examines the set, and compares.
    /// - Parameters:
    ///   - table: the checksum table.
    ///   - connect: a node's address and account; called before each connection is made.
    /// - Returns: for a cancelled task, a report that says it was interrupted.
    /// - Throws: what makes a comparison unsound or impossible.
    package static func compare(
        table: TableName, options: ChecksumOptions, look: @escaping Look,
        connect: @escaping @Sendable (_ node: String) throws(NodeFailure) -> ConnectionOptions,
        tell: @escaping @Sendable (ChecksumEvent) -> Void
    ) async throws(ChecksumRefusal) -> ChecksumReport {
        guard let findings = await look() else { throw ChecksumRefusal("the nodes could not be asked") }
        let scope = try ChecksumScope(findings, leavingOut: options.leftOut)
        let run = ChecksumRun(
            statements: ChecksumTableStatements(table: table), options: options,
            sessions: ChecksumSessions(scope, options: connect), look: look, tell: tell)
        let result: Result<ChecksumReport, ChecksumRefusal>
        do throws(ChecksumRefusal) {
            result = .success(try await run.run())
        } catch {
            result = .failure(error)
        }
        await run.sessions.close()
        return try result.get()
    }

    /// What was done about a table.
    enum Work: Sendable, Equatable {
        case compared(chunks: Int, rows: UInt64, ChunkKey?, isEarlier: Bool)
        case notCompared(ChecksumReport.Outcome)
        case interrupted
    }

    private func run() async throws(ChecksumRefusal) -> ChecksumReport {
        let ignoresCase = try await prepare()
        let tables = try await self.tables(ignoringCase: ignoresCase)
        tell(.started(primary: scope.primary, replicas: scope.replicas, tables: tables.count))
        let resumed = options.resumes ? try await tablesBegun(of: tables) : 0
        let throttle = ChecksumThrottle(scope: scope, maxLag: options.maxLag, maxThreads: options.maxThreads)
        let pulse = ChecksumPulse(sessions, throttle, look: look, tell: tell)
        var works: [(name: TableName, work: Work)] = []
        for (index, name) in tables.enumerated() {
            let work =
                statements.isItself(name, ignoringCase: ignoresCase)
                ? .notCompared(.leftOut("it is the checksum table"))
                : try await work(on: name, number: index + 1, resumes: index < resumed, pulse)
            if work == .interrupted {
                return ChecksumReport(primary: scope.primary, replicas: scope.replicas, tables: [], isInterrupted: true)
            }
            works.append((name, work))
            switch work {
            case .compared(let chunks, let rows, _, _): tell(.finished(name, chunks: chunks, rows: rows))
            case .notCompared(let outcome): tell(.notCompared(name, outcome.words))
            case .interrupted: break
            }
        }
        return await report(on: works)
    }

    private func work(
        on name: TableName, number: Int, resumes: Bool, _ pulse: ChecksumPulse
    ) async throws(ChecksumRefusal) -> Work {
        guard try await pulse.holdOn() else { return .interrupted }
        let plan: TablePlan
        let point: ResumePoint
        do throws(MySQLError) {
            switch try await TablePlan.decide(name, sessions) {
            case .ready(let ready): plan = ready
            case .hindered(let outcome): return .notCompared(outcome)
            }
            tell(.table(name, number: number, rows: plan.rows))
            point = resumes ? try await ResumePoint.read(name, key: plan.key, statements, sessions) : .beginning
            if point == .beginning { try await sessions.primary([statements.removal(name)], within: .seconds(600)) }
        } catch {
            try sessions.refuse(error)
            return .notCompared(.failed(error.words))
        }
        var walk = ChunkWalk()
        var done = (chunks: 0, rows: UInt64(0))
        switch point {
        case .beginning: break
        case .complete(let chunks, let rows):
            return .compared(chunks: chunks, rows: rows, plan.key, isEarlier: true)
        case .after(let chunks, let rows, let rest):
            tell(.resumed(name, chunks: chunks))
            walk = rest
            done = (chunks, rows)
        }
        let comparison = TableComparison(
            name: name, plan: plan, statements: statements, sessions: sessions, pulse: pulse, tell: tell)
        // Each table starts small: the rows of one table say little about another's.
        let pace = ChunkPace(target: options.chunkSeconds, rows: options.chunkRows)
        switch try await comparison.run(walk, after: done.chunks, rows: done.rows, pace) {
        case .done(let chunks, let rows): return .compared(chunks: chunks, rows: rows, plan.key, isEarlier: false)
        case .interrupted: return .interrupted
        case .failed(let reason): return .notCompared(.failed(reason))
        }
    }
}
