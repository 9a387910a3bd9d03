import Collection
import MariaDB
import Sandbox

/// What a dialect's statements cost a server: each on its own, and the batch without it, which is what leaving it out
/// would save. They are measured in turn, so that whatever else the machine does affects all of them.
struct StatementCosts {
    let dialect: Dialect
    let turns: Int
    let repeats: Int
    let idle: Int

    struct Result {
        /// Server CPU per batch, one value per turn. Seconds.
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

        // Everything that a round may ask, and what most rounds do ask.
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
            for (index, batch) in batches.enumerated() {
                let before = try usage.cpuSeconds()
                for _ in 0..<repeats { _ = try await session.run(batch.statements, deadline: .now + .seconds(30)) }
                let cost = (try usage.cpuSeconds() - before) / Double(repeats)
                // The first turn is for warming up.
                if turn > 0 { costs[index].append(cost) }
            }
        }
        for session in others + [session] { await session.close() }
        let names = ["a round trip (SELECT 1)", "the whole batch", "the batch without counters"]
        return Result(
            batches: zip(names, costs).map { ($0, $1) },
            statements: questions.enumerated().map { index, question in
                (question.name, costs[wholes.count + index], costs[wholes.count + statements.count + index])
            })
    }
}

extension StatementCosts.Result {
    /// Medians, and minimums, which other load inflates least.
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
