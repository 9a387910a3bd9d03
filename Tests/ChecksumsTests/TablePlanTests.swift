import FaultServer
import MariaDB
import Replication
import ReplicationTesting
import Testing

@testable import Checksums

@Suite("How a table is compared, by how it looks on all servers", .timeLimit(.minutes(5)))
struct TablePlanTests {
    typealias Columns = [(name: String, type: String, characterSet: String?)]

    private static let columns: Columns = [("id", "int", nil), ("note", "varchar", "latin1")]

    /// The same table everywhere.
    private func set(
        engine: String? = "InnoDB", _ columns: Columns = Self.columns, key: [String]? = ["id"]
    ) throws -> ComparedSet {
        let set = try ComparedSet()
        for node in set.nodes.values { node.shows(engine: engine, columns, key: key) }
        return set
    }

    private func outcome(_ set: ComparedSet) async throws -> ChecksumReport.Outcome? {
        switch try await TablePlan.decide(ComparedSet.table, set.sessions) {
        case .ready: nil
        case .hindered(let outcome): outcome
        }
    }

    @Test("A table that is the same everywhere is ready; every server is only looked at")
    func ready() async throws {
        let set = try set()
        guard case .ready(let plan) = try await TablePlan.decide(ComparedSet.table, set.sessions) else {
            Issue.record("it is hindered")
            return
        }
        #expect(plan.key == ChunkKey(name: "PRIMARY", columns: [.init(name: "id", kind: .integer)]))
        #expect(plan.rows == 12)
        #expect(!plan.checksum.row.contains("CONVERT"))
        for node in set.nodes.values { #expect(node.work == TableStructure.statements(ComparedSet.table)) }
    }

    @Test("A column that is in another character set somewhere is compared as what both can say")
    func converted() async throws {
        let set = try set()
        try set["db3"].shows([("id", "int", nil), ("note", "varchar", "utf8mb4")], key: ["id"])
        guard case .ready(let plan) = try await TablePlan.decide(ComparedSet.table, set.sessions) else {
            Issue.record("it is hindered")
            return
        }
        #expect(plan.checksum.row.contains("HEX(CONVERT(`note` USING utf8mb4))"))
        #expect(!plan.checksum.row.contains("CONVERT(`id`"))
    }

    @Test(
        "What the primary's table is like may be reason enough to ask nobody else",
        arguments: [
            ("MEMORY", [("id", "int", nil)], ["id"], .leftOut("its engine is MEMORY")),
            (nil, [("id", "int", nil)], ["id"], .leftOut("its engine is not known")),
            ("InnoDB", [], ["id"], .failed("db1 has no such table, or its account may not see it")),
        ] as [(String?, Columns, [String], ChecksumReport.Outcome)])
    func unfit(engine: String?, columns: Columns, key: [String], expected: ChecksumReport.Outcome) async throws {
        let set = try set()
        try set.primary.shows(engine: engine, columns, key: key)
        #expect(try await outcome(set) == expected)
        #expect(try set["db2"].statements.isEmpty)
    }

    @Test(
        "Without a key a table is one chunk, of no more rows than may be locked at once",
        arguments: [("0", true), ("1000", true), ("1001", false), (nil, false), ("many", false)])
    func keyless(count: String?, isReady: Bool) async throws {
        let set = try set(key: nil)
        try set.primary.answer("rows_met", with: .table(columns: ["rows_met"], rows: [[count]]))
        let decision = try await TablePlan.decide(ComparedSet.table, set.sessions)
        switch decision {
        case .ready(let plan): #expect(isReady && plan.key == nil)
        case .hindered(.leftOut(let reason)):
            #expect(!isReady && reason.hasPrefix("it has more than 1000 rows and no suitable key"))
            #expect(try set["db2"].statements.isEmpty)
        case .hindered(let other): Issue.record("\(other)")
        }
        #expect(
            try set.primary.work.last
                == "SELECT COUNT(*) AS rows_met FROM (SELECT 1 FROM `shop`.`orders` LIMIT 1001) AS few")
    }

    @Test("All replicas on which the table is another one are named: the statement would break them")
    func different() async throws {
        let set = try set()
        try set["db2"].shows([("id", "bigint", nil), ("note", "varchar", "latin1")], key: ["id"])
        try set["db3"].answer("information_schema.TABLES", with: .table(columns: ["ENGINE", "TABLE_ROWS"], rows: []))
        #expect(
            try await outcome(set)
                == .structureDiffers([
                    .init(node: "db2", difference: "its column id is bigint, not int"),
                    .init(node: "db3", difference: "the table is missing, or its account may not see it"),
                ]))
    }

    @Test("A column without an exact text leaves the table out")
    func inexact() async throws {
        let set = try set([("id", "int", nil), ("shape", "xml", nil)])
        #expect(
            try await outcome(set) == .leftOut("its column shape is of type xml, which has no exact text form"))
    }

    @Test("A server that cannot be asked is an error, and no structure", arguments: ["db1", "db3"])
    func unanswered(node: String) async throws {
        let set = try set()
        try set[node].answer(
            "information_schema.COLUMNS", with: .refusal(code: 1142, sqlState: "42000", message: "denied"))
        let error = await #expect(throws: MySQLError.self) {
            try await TablePlan.decide(ComparedSet.table, set.sessions)
        }
        #expect(error?.code == 1142)
    }

    @Test(
        "Without the lock, or in a session that would not write as it should, nothing is asked of the primary",
        arguments: [
            (ComparedSet.lock(isHeld: false), "another comparison is running there"),
            (ComparedSet.lock(isHeld: true, format: "ROW"), "binlog_format could not be set to STATEMENT"),
            (ComparedSet.lock(isHeld: true, isLogged: false), "sql_log_bin is off: nothing would reach a replica"),
            (.ok, "another comparison is running there"),
        ])
    func session(lock: Reply, message: String) async throws {
        let set = try set()
        try set.primary.answer("GET_LOCK", with: lock)
        let error = await #expect(throws: MySQLError.self) {
            try await TablePlan.decide(ComparedSet.table, set.sessions)
        }
        #expect(error?.message == message)
        #expect(try set.primary.work.isEmpty)
        #expect(try set["db2"].statements.isEmpty)
    }
}
