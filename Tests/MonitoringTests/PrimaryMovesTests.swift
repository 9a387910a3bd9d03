import FaultServer
import Logging
import MariaDB
import Monitoring
import Replication
import ReplicationTesting
import Testing

@Suite("When the primary moves while a probe prepares its write", .timeLimit(.minutes(5)))
struct PrimaryMovesTests {
    /// What the preparation finds, which determines what would be written next.
    enum Found: CaseIterable {
        /// UPDATE.
        case row
        /// INSERT.
        case noRow
        /// CREATE TABLE.
        case noTable

        func reply(to statement: String) -> Reply {
            if statement.hasPrefix("SHOW GLOBAL VARIABLES") {
                return .table(columns: ["Variable_name", "Value"], rows: [["server_id", "1"]])
            }
            guard statement.hasPrefix("SELECT") else { return .ok }
            switch self {
            case .row:
                return .table(columns: ["server_id", "ts", "value"], rows: [["1", "2026-01-01T00:00:00.000000", "1"]])
            case .noRow: return .table(columns: ["server_id", "ts", "value"], rows: [])
            case .noTable: return .refusal(code: 1146, sqlState: "42S02", message: "Table 'p.t' doesn't exist")
            }
        }
    }

    /// Starts a probe with db1 as the primary, and makes db2 the primary before db1 has reported its identity.
    /// - Returns: the statements that db1 received.
    private func statements(
        _ found: Found, _ probe: (SetWatch, @escaping @Sendable (String) -> Session?) -> any Probe
    ) async throws -> [String] {
        let gate = try Gate()
        let server = try FaultServer(
            Script(answer: { query in
                let steps = query.steps { found.reply(to: $0) }
                return query.text.hasPrefix("SHOW GLOBAL VARIABLES") ? [.wait(gate)] + steps : steps
            }))
        defer { server.stop() }
        let known = KnownPrimary()
        let probe = probe(known.watch) { name in
            name == "db1" ? server.session(name) : nil
        }
        let run = Task { await probe.run() }
        for await case .queried(_, let text) in server.events where text.hasPrefix("SHOW GLOBAL VARIABLES") { break }
        known.moves()
        gate.open()
        run.cancel()
        await run.value
        return server.journal.statements
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let table = TableName(database: "p", table: "t")

    @Test("the heartbeat is not written on the old primary", arguments: Found.allCases)
    func heartbeat(found: Found) async throws {
        let statements = try await statements(found) { watch, connect in
            HeartbeatWriter(
                table: Self.table, interval: .seconds(1), watch: watch, logger: Self.logger, connect: connect)
        }
        #expect(!statements.isEmpty && !statements.contains { $0.contains("@writable") }, "\(statements)")
    }

    @Test("neither the sentinel's row nor its table is created on the old primary", arguments: [Found.noRow, .noTable])
    func sentinel(found: Found) async throws {
        let statements = try await statements(found) { watch, connect in
            SentinelProbe(table: Self.table, interval: .seconds(4), watch: watch, logger: Self.logger, connect: connect)
        }
        #expect(!statements.isEmpty && !statements.contains { $0.contains("@writable") }, "\(statements)")
    }
}
