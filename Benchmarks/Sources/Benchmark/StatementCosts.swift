import Collection
import MariaDB
import Sandbox

/// What a dialect's statements cost a server: each by itself, and the batch without it, which is what leaving it out would
/// save. They take turns, so that whatever else the machine does meanwhile hits all of them.
struct StatementCosts {
    let dialect: Dialect
    let turns: Int
    let repeats: Int
    let idle: Int

    struct Result {
        /// Server CPU a batch, a value a turn. Seconds.
        typealias Turns = [Double]

        let batches: [(name: String, cost: Turns)]
        let statements: [(name: String, alone: Turns, without: Turns)]
    }

    func measure(_ server: Server, as options: ConnectionOptions) async throws -> Result {
        guard let pid = await server.pid else { throw BenchmarkError.failed("\(server.name) is down") }
        let usage = ProcessUsage(pid: pid)
        let thread = try SessionThread(name: "statements")
        var others: [Session] = []
        for _ in 0..<idle {
            let other = Session(node: server.name, on: thread) { options }
            _ = try await other.run(["DO 0"], deadline: .now + .seconds(10))
            others.append(other)
        }
        let session = Session(
            node: server.name, on: thread, .init(setUp: dialect.session, sendsBatches: true)
        ) { options }

        // All that a round may ask, and what most of them do.
        let questions = dialect.inquiry(withCounters: true).questions
        let statements = questions.map(\.statement)
        let wholes = [Batch(["SELECT 1"]), Batch(statements), dialect.inquiry(withCounters: false).batch]
        let alone = statements.map { Batch([$0]) }
        let without = statements.indices.map { left in
            Batch(statements.indices.filter { $0 != left }.map { statements[$0] })
        }
        let batches = wholes + alone + without
        var costs = [[Double]](repeating: [], count: batches.count)
        for turn in 0...turns {
            for (place, batch) in batches.enumerated() {
                let before = try usage.cpuSeconds()
                for _ in 0..<repeats { _ = try await session.run(batch.statements, deadline: .now + .seconds(30)) }
                let cost = (try usage.cpuSeconds() - before) / Double(repeats)
                // The first warms up.
                if turn > 0 { costs[place].append(cost) }
            }
        }
        for session in others + [session] { await session.close() }
        let names = ["a round trip (SELECT 1)", "all of the batch", "the batch without counters"]
        return Result(
            batches: zip(names, costs).map { ($0, $1) },
            statements: questions.enumerated().map { place, question in
                (question.name, costs[wholes.count + place], costs[wholes.count + statements.count + place])
            })
    }
}

extension StatementCosts.Result {
    /// Medians, and the lowest, which other load inflates least.
    var table: String {
        func text(_ turns: Turns) -> String {
            "\(Text.fixed(turns.median * 1e6, 0)) (\(Text.fixed((turns.min() ?? .nan) * 1e6, 0)))"
        }
        return TextTable(
            heading: ["server CPU, µs: median (lowest)", "alone", "batch without it"],
            rows: batches.map { [$0.name, text($0.cost), ""] }
                + statements.map { [$0.name, text($0.alone), text($0.without)] }
        ).text
    }
}
