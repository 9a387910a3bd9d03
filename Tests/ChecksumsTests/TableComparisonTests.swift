import FaultServer
import MariaDB
import Replication
import ReplicationTesting
import Synchronization
import Testing
import Topology

@testable import Checksums

/// A table with one column, by a key on it or none.
private func plan(hasKey: Bool = false) throws -> TablePlan {
    TablePlan(
        key: hasKey ? ChunkKey(name: "PRIMARY", columns: [.init(name: "id", kind: .integer)]) : nil,
        checksum: try RowChecksum(columns: [.init(name: "id", type: "int", isNullable: false)]), rows: 5)
}

private let done = Reply.table(columns: ["this_cnt", "this_crc"], rows: [["3", "sha2:7"]])

/// What happened to the table, and what was told of it.
private struct Outcome {
    var end: TableComparison.End?
    var refusal: ChecksumRefusal?
    var events: [ChecksumEvent] = []
}

private func compare(
    _ set: ComparedSet, hasKey: Bool = false, look: @escaping ChecksumRun.Look = { ComparedSet.findings() }
) async throws -> Outcome {
    let events = Mutex<[ChecksumEvent]>([])
    let tell: @Sendable (ChecksumEvent) -> Void = { event in events.withLock { $0.append(event) } }
    let throttle = ChecksumThrottle(scope: set.sessions.scope, maxLag: 1, maxThreads: 25)
    let comparison = TableComparison(
        name: ComparedSet.table, plan: try plan(hasKey: hasKey), statements: ComparedSet.statements,
        sessions: set.sessions, pulse: ChecksumPulse(set.sessions, throttle, look: look, tell: tell), tell: tell)
    var outcome = Outcome()
    do throws(ChecksumRefusal) {
        outcome.end = try await comparison.run(ChunkWalk(), after: 0, rows: 0, ChunkPace(target: 0, rows: 2))
    } catch {
        outcome.refusal = error
    }
    outcome.events = events.withLock { $0 }
    return outcome
}

extension AnsweringServer {
    /// Without the times that chunks took.
    fileprivate var words: [String] {
        work.map { $0.replacing(#/chunk_time = [-+.e0-9]+/#, with: "chunk_time = SECONDS") }
    }

    fileprivate var computations: [String] { work.filter { $0.hasPrefix("REPLACE") } }
    fileprivate var publications: [String] { work.filter { $0.hasPrefix("UPDATE") } }
}

@Suite("A table is compared", .timeLimit(.minutes(5)))
struct TableComparisonTests {
    private static let rows =
        "db = 'shop' AND CONVERT(db USING utf8mb4) COLLATE utf8mb4_bin = 'shop' "
        + "AND tbl = 'orders' AND CONVERT(tbl USING utf8mb4) COLLATE utf8mb4_bin = 'orders'"

    @Test("A chunk is computed, looked at and handed on, word for word, and on the primary alone")
    func words() async throws {
        let set = try ComparedSet()
        try set.primary.answer("SELECT this_cnt", with: done)
        let outcome = try await compare(set)
        #expect(outcome.end == .done(chunks: 1, rows: 3))
        #expect(outcome.events == [.chunk(1, rows: 3)])
        #expect(
            try set.primary.words == [
                "SHOW GLOBAL STATUS LIKE 'Threads_running'",
                "REPLACE INTO `p`.`c` (db, tbl, chunk, chunk_index, lower_boundary, upper_boundary, this_cnt, this_crc) "
                    + "SELECT 'shop', 'orders', 1, NULL, NULL, NULL, \(try plan().checksum.chunk) "
                    + "FROM `shop`.`orders` WHERE 1 = 1",
                "SHOW WARNINGS", "SELECT this_cnt, this_crc FROM `p`.`c` WHERE \(Self.rows) AND chunk = 1",
                "UPDATE `p`.`c` SET chunk_time = SECONDS, master_crc = \(SQLText.literal("sha2:7")), master_cnt = 3 "
                    + "WHERE \(Self.rows) AND chunk = 1",
            ])
        for name in ["db2", "db3"] { #expect(try set[name].server.journal.connections == 0) }
    }

    @Test("Chunks leave no gap, from before the first row to after the last")
    func walk() async throws {
        let set = try ComparedSet()
        try set.primary.answer("SELECT this_cnt", with: done)
        // Five rows, two a chunk; more than one chunk takes to begin with.
        for (text, key) in [
            ("WHERE 1 = 1 ORDER BY `id` LIMIT 2, 1", "3"), ("WHERE 1 = 1 ORDER BY `id` LIMIT 0, 1", "1"),
            ("WHERE 1 = 1 ORDER BY `id` LIMIT 1, 1", "2"), ("WHERE (`id` > 2) ORDER BY `id` LIMIT 1, 1", "4"),
            ("WHERE (`id` > 4) ORDER BY `id` DESC LIMIT 1", "5"),
        ] { try set.primary.answer(text, with: .table(columns: ["v0", "exact"], rows: [[key, "1"]])) }
        let outcome = try await compare(set, hasKey: true)
        #expect(outcome.end == .done(chunks: 5, rows: 15))
        let conditions = try set.primary.computations.map { statement in
            statement.split(separator: " WHERE ").last.map(String.init) ?? ""
        }
        #expect(
            conditions == [
                "(`id` >= 1) AND (`id` <= 2)", "(`id` > 2) AND (`id` <= 4)", "(`id` > 4) AND (`id` <= 5)",
                "(`id` < 1)", "(`id` > 5)",
            ])
        #expect(try set.primary.computations.allSatisfy { $0.contains(" FORCE INDEX (`PRIMARY`) ") })
        #expect(try set.primary.publications.count == 5)
    }

    @Test(
        "A result that is not sound is handed on to nobody",
        arguments: [
            ("SHOW WARNINGS", .warning("1366"), "chunk 1 raised a warning: odd"),
            ("SHOW WARNINGS", .warning(nil), "chunk 1 raised a warning: odd"),
            (
                "SELECT this_cnt", .table(columns: ["this_cnt", "this_crc"], rows: []),
                "the result of chunk 1 has vanished"
            ),
            (
                "SELECT this_cnt", .table(columns: ["this_cnt", "this_crc"], rows: [["3", nil]]),
                "the result of chunk 1 has vanished"
            ),
            (
                "SELECT this_cnt", .table(columns: ["this_cnt", "this_crc"], rows: [["-3", "sha2:7"]]),
                "the result of chunk 1 has vanished"
            ),
            ("REPLACE", .refusal(code: 1146, sqlState: "42S02", message: "gone"), "gone (error 1146)"),
        ] as [(String, Reply, String)])
    func unsound(text: String, reply: Reply, reason: String) async throws {
        let set = try ComparedSet()
        try set.primary.answer("SELECT this_cnt", with: done)
        try set.primary.answer(text, with: reply)
        let outcome = try await compare(set)
        #expect(outcome.end == .failed(reason))
        #expect(outcome.events.isEmpty)
        #expect(try set.primary.computations.count == 1)
        #expect(try set.primary.publications.isEmpty)
    }

    @Test("A warning that says nothing of the result is in nobody's way", arguments: ["1592", "1300"])
    func harmless(code: String) async throws {
        let set = try ComparedSet()
        try set.primary.answer("SELECT this_cnt", with: done)
        try set.primary.answer("SHOW WARNINGS", with: .warning(code))
        #expect(try await compare(set).end == .done(chunks: 1, rows: 3))
    }

    @Test(
        "A key that the server gives wrongly ends the walk: it would have no end, or say what was never there",
        arguments: [
            ("1 OR 1", "1", "a boundary of chunk 1 is not a value of the key"),
            ("2", "0", "a value of the key PRIMARY cannot be represented exactly"),
            ("2", nil, "a value of the key PRIMARY cannot be represented exactly"),
        ] as [(String, String?, String)])
    func wrongKey(value: String, exact: String?, reason: String) async throws {
        let set = try ComparedSet()
        try set.primary.answer("FORCE INDEX", with: .table(columns: ["v0", "exact"], rows: [[value, exact]]))
        let outcome = try await compare(set, hasKey: true)
        guard case .failed(let words) = outcome.end else {
            Issue.record("\(outcome)")
            return
        }
        #expect(words.hasPrefix(reason), "\(words)")
        #expect(try set.primary.computations.isEmpty)
    }

    @Test("A server that always gives the same key is not followed")
    func standing() async throws {
        let set = try ComparedSet()
        try set.primary.answer("SELECT this_cnt", with: done)
        try set.primary.answer("FORCE INDEX (`PRIMARY`) WHERE 1 = 1 ORDER", with: .key("2"))
        try set.primary.answer("FORCE INDEX (`PRIMARY`) WHERE (`id` > 2) ORDER", with: .key("2"))
        let outcome = try await compare(set, hasKey: true)
        #expect(
            outcome.end == .failed("the server returned a value of the key PRIMARY as its own successor"))
        #expect(try set.primary.computations.count == 1)
    }

    @Test(
        "What is in the way only now is tried again, ten times", arguments: [1205, 1213, 1317, 1969, 3024] as [UInt16])
    func passing(code: UInt16) async throws {
        let set = try ComparedSet()
        try set.primary.answer("REPLACE", with: .refusal(code: code, sqlState: "HY000", message: "busy"))
        #expect(try await compare(set).end == .failed("busy (error \(code))"))
        #expect(try set.primary.computations.count == 10)
        #expect(try set.primary.publications.isEmpty)
    }
}

@Suite("A comparison ends or goes on with its servers", .timeLimit(.minutes(5)))
struct ComparisonEndTests {
    @Test(
        "Over a lost connection it goes on if it gets its lock again, and writes nothing more without it",
        arguments: [true, false])
    func lostConnection(getsLock: Bool) async throws {
        let set = try ComparedSet()
        let primary = try set.primary
        primary.answer("SELECT this_cnt", with: done)
        // The connection is made before anything goes wrong.
        try await set.sessions.primary(["DO 0"])
        primary.answer("GET_LOCK", with: ComparedSet.lock(isHeld: getsLock))
        primary.server.dropConnections()
        let outcome = try await compare(set)
        if getsLock {
            #expect(outcome.end == .done(chunks: 1, rows: 3))
            #expect(outcome.events == [.chunk(1, rows: 3)])
        } else {
            #expect(outcome.end == nil)
            #expect(outcome.refusal?.reasons.first?.contains("another comparison has the lock now") == true)
            #expect(primary.computations.isEmpty && primary.publications.isEmpty)
        }
        #expect(primary.server.journal.connections == 2)
    }

    @Test("A result whose connection is lost before it is handed on is not handed on without the lock")
    func lostBeforePublication() async throws {
        let set = try ComparedSet()
        let primary = try set.primary
        primary.answer("SELECT this_cnt", with: done)
        primary.answer("UPDATE", with: .steps([.close]))
        try await set.sessions.primary(["DO 0"])
        primary.answer("GET_LOCK", with: ComparedSet.lock(isHeld: false))
        let outcome = try await compare(set)
        #expect(outcome.refusal?.reasons.first?.contains("another comparison has the lock now") == true)
        #expect(primary.publications.count == 1)
        #expect(outcome.events.isEmpty)
    }

    @Test("Nothing is computed once another node takes the writes")
    func moved() async throws {
        let set = try ComparedSet()
        let outcome = try await compare(set) { ComparedSet.findings(primary: "db2") }
        #expect(outcome.refusal == ChecksumRefusal("db2 takes the writes now, not db1"))
        #expect(try set.primary.computations.isEmpty)
    }

    @Test("A comparison that was stopped computes nothing more")
    func cancelled() async throws {
        let set = try ComparedSet()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await compare(set).end
        }
        #expect(try await task.value == .interrupted)
        #expect(try set.primary.computations.isEmpty)
    }

    @Test("It waits while the primary is busy, and says so once")
    func busy() async throws {
        let set = try ComparedSet()
        let primary = try set.primary
        primary.answer("SELECT this_cnt", with: done)
        func threads(_ number: Int) -> Reply {
            .table(columns: ["Variable_name", "Value"], rows: [["Threads_running", "\(number)"]])
        }
        primary.answer("Threads_running", with: threads(26))
        async let comparing = compare(set)
        try await eventually("it looks twice") { primary.work.count >= 2 }
        #expect(primary.computations.isEmpty)
        primary.answer("Threads_running", with: threads(25))
        let outcome = try await comparing
        #expect(outcome.events == [.paused("db1 has 26 threads running"), .goesOn, .chunk(1, rows: 3)])
    }
}

extension Reply {
    fileprivate static func warning(_ code: String?) -> Reply {
        .table(columns: ["Level", "Code", "Message"], rows: [["Warning", code, "odd"]])
    }

    fileprivate static func key(_ value: String) -> Reply {
        .table(columns: ["v0", "exact"], rows: [[value, "1"]])
    }
}
