import FaultServer
import Logging
import MariaDB
import Replication
import ReplicationTesting
import Testing

@testable import Monitoring

private let inTime = "@writable AND UNIX_TIMESTAMP(NOW(6)) <= LATEST"
private let check =
    "SET @writable = \(WriteGuard.isWritable) AND @@global.server_id = 1 AND UNIX_TIMESTAMP(NOW(6)) <= LATEST"
private let identity = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_id', 'server_uuid')"
private let rows = "SELECT server_id, ts FROM `p`.`t` ORDER BY ts DESC LIMIT 64"
private let insertion = "INSERT INTO `p`.`t` (ts, server_id) SELECT 'TIME', 1 FROM DUAL WHERE \(inTime)"
private let update = "UPDATE `p`.`t` SET ts = 'TIME' WHERE server_id = 1 AND \(inTime)"

/// The row of an earlier exporter.
private let earlier = ["1": "2026-01-01T00:00:00.000000"]

/// The row of a server that was the primary before.
private let others = ["9": "2026-01-01T00:00:00.000000"]

/// Writes a heartbeat to whichever of these servers is the primary.
/// - Parameter interval: so long that there is one heartbeat, unless several are wanted.
private func writer(
    to servers: PretendServer..., known: KnownPrimary = KnownPrimary(), interval: Duration = .seconds(60),
    log: CapturedLog = CapturedLog()
) -> HeartbeatWriter {
    HeartbeatWriter(
        table: TableName(database: "p", table: "t"), interval: interval, watch: known.watch, logger: log.logger
    ) { name in servers.first { $0.name == name }?.session }
}

extension HeartbeatWriter {
    /// Runs until it first says that it works or rests.
    fileprivate func untilItReports(to log: CapturedLog) async -> CapturedLog.Entry? {
        let running = RunningProbe(self)
        let entry = await log.next()
        await running.stop()
        return entry
    }
}

@Suite("What the heartbeat writes", .timeLimit(.minutes(5)))
struct HeartbeatWriterTests {
    /// What is there before the first heartbeat, and what is sent before it.
    enum Found: CaseIterable {
        case row, othersRow, noRow, noTable, noDatabase

        func prepare(_ state: inout PretendServer.State) {
            switch self {
            case .row: state.rows = earlier
            case .othersRow: state.rows = others
            case .noRow, .noTable, .noDatabase: break
            }
            state.hasTable = self != .noTable && self != .noDatabase
            state.hasDatabase = self != .noDatabase
        }

        var words: [String] {
            let table = Self.creation(
                """
                CREATE TABLE IF NOT EXISTS `p`.`t` (ts VARCHAR(26) NOT NULL, server_id INT UNSIGNED NOT NULL PRIMARY KEY, \
                file VARCHAR(255) DEFAULT NULL, position BIGINT UNSIGNED DEFAULT NULL, \
                relay_master_log_file VARCHAR(255) DEFAULT NULL, \
                exec_master_log_pos BIGINT UNSIGNED DEFAULT NULL) ENGINE = InnoDB
                """)
            switch self {
            case .row: return []
            case .noRow, .othersRow: return [check, insertion]
            case .noTable: return [check] + table + [rows, check, insertion]
            case .noDatabase:
                return [check] + table.prefix(3) + [check]
                    + Self.creation("CREATE DATABASE IF NOT EXISTS `p`") + table + [rows, check, insertion]
            }
        }

        private static func creation(_ definition: String) -> [String] {
            [
                "SET @statement = IF(\(inTime), \(SQLText.literal(definition)), _utf8mb4 'DO 0')",
                "PREPARE probe FROM @statement", "EXECUTE probe", "DEALLOCATE PREPARE probe",
            ]
        }
    }

    @Test("Word for word; it is remembered once the primary has confirmed it", arguments: Found.allCases)
    func words(found: Found) async throws {
        let (primary, log) = (try PretendServer("db1", found.prepare), CapturedLog())
        let writer = writer(to: primary, log: log)
        let entry = await writer.untilItReports(to: log)
        #expect(entry?.message == "probe working" && entry?.metadata["node"] == "db1")
        #expect(primary.words == [identity, rows] + found.words + [check, update])
        let history = writer.history
        #expect(history.node == "db1" && history.beats.count == (found == .row || found == .othersRow ? 2 : 1))
        let beat = try #require(history.beats.last)
        #expect(beat.confirmed != nil)
        let own = ["1": HeartbeatTime.text(beat.time)]
        #expect(primary.state.rows == (found == .othersRow ? own.merging(others) { own, _ in own } : own))
    }

    /// Why there is no heartbeat.
    struct Obstacle: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var change: @Sendable (inout PretendServer.State) -> Void = { $0.rows = earlier }
        var answer: @Sendable (String) -> Reply? = { _ in nil }
        let reason: String
        var writes: [String] = []
        /// Whether it may have been written all the same.
        var isRemembered = false
    }

    @Test(
        "Nothing changes on a server that must not be written to, and no write is repeated",
        arguments: [
            Obstacle(
                testDescription: "another server has the address", change: { $0.serverID = 2 },
                reason: "a different server answers than in the last round"),
            Obstacle(
                testDescription: "it does not say who it is", answer: { $0 == identity ? .ok : nil },
                reason: "a different server answers than in the last round"),
            Obstacle(
                testDescription: "its table must not be read",
                answer: { $0 == rows ? .refusal(code: 1142, sqlState: "42000", message: "denied") : nil },
                reason: "preparing the heartbeat table `p`.`t`: denied (error 1142)"),
            Obstacle(
                testDescription: "read-only",
                change: {
                    $0.rows = earlier
                    $0.isReadOnly = true
                }, reason: "the node is read-only now", writes: [update]),
            Obstacle(
                testDescription: "read-only, and without the row", change: { $0.isReadOnly = true },
                reason: "the node is read-only now", writes: [insertion]),
            Obstacle(
                testDescription: "read-only, and without the table",
                change: {
                    $0.hasTable = false
                    $0.isReadOnly = true
                }, reason: "Table doesn't exist", writes: ["EXECUTE probe"]),
            Obstacle(
                testDescription: "it refuses the heartbeat",
                answer: {
                    $0.hasPrefix("UPDATE") ? .refusal(code: 1205, sqlState: "HY000", message: "locked") : nil
                }, reason: "writing the heartbeat: locked (error 1205)", writes: [update]),
            Obstacle(
                testDescription: "the connection is lost within the heartbeat",
                answer: { $0.hasPrefix("UPDATE") ? .steps([.close]) : nil }, reason: "writing the heartbeat: ",
                writes: [update], isRemembered: true),
            Obstacle(
                testDescription: "the connection is lost within the first row",
                change: { _ in }, answer: { $0.hasPrefix("INSERT") ? .steps([.close]) : nil },
                reason: "preparing the heartbeat table `p`.`t`: ", writes: [insertion]),
        ])
    func obstacles(obstacle: Obstacle) async throws {
        let (primary, log) = (try PretendServer("db1", obstacle.change), CapturedLog())
        primary.answer(obstacle.answer)
        let before = primary.state.rows
        let writer = writer(to: primary, log: log)
        let entry = await writer.untilItReports(to: log)
        #expect(entry?.message == "probe idle")
        let reason = entry?.metadata["reason"].map { "\($0)" } ?? ""
        #expect(reason.hasPrefix("db1: ") && reason.contains(obstacle.reason), "\(reason)")
        #expect(primary.writes == obstacle.writes)
        #expect(primary.state.rows == before)
        #expect(primary.server.journal.connections == 1)
        let own = writer.history.beats.filter { HeartbeatTime.text($0.time) != earlier["1"] }
        #expect(own.map(\.confirmed) == (obstacle.isRemembered ? [nil] : []))
    }

    @Test("Without a primary nobody is connected to")
    func nobody() async throws {
        let (one, other, log) = (try PretendServer("db1"), try PretendServer("db2"), CapturedLog())
        let known = KnownPrimary()
        known.isUncertain()
        let entry = await writer(to: one, other, known: known, log: log).untilItReports(to: log)
        #expect(entry?.message == "probe idle")
        #expect(one.server.journal.connections + other.server.journal.connections == 0)
    }

    @Test("It moves with the primary, and leaves the old one alone; it stops on the new one")
    func moves() async throws {
        let (old, new) = (
            try PretendServer("db1") { $0.rows = earlier }, try PretendServer("db2") { $0.serverID = 2 }
        )
        let (known, log) = (KnownPrimary(), CapturedLog())
        let writer = writer(to: old, new, known: known, interval: .milliseconds(5), log: log)
        let running = RunningProbe(writer)
        // With an interval like this it waits a second for its server, which may be too little on a busy machine.
        while let entry = await log.next(), entry.metadata["node"] != "db1" {}
        known.moves()
        // It may find out right before a write that db1 is the primary no longer, and says so then.
        while let entry = await log.next(), entry.metadata["node"] != "db2" {}
        let told = old.statements.count
        let writes = new.writes.count
        try await eventually("more heartbeats on db2: \(new.words.suffix(5))") { new.writes.count > writes + 5 }
        #expect(old.statements.count == told)
        #expect(writer.history.node == "db2")
        await running.stop()
        let last = new.statements.count
        try await eventually("all connections are closed") {
            old.server.journal.openConnections == 0 && new.server.journal.openConnections == 0
        }
        #expect(new.statements.count == last)
        #expect(new.writes.allSatisfy { $0.contains("server_id = 2") || $0.contains(", 2 FROM") })
    }

    @Test("A server that goes on refusing is tried ever more rarely")
    func pauses() async throws {
        let primary = try PretendServer("db1") { $0.rows = earlier }
        primary.answer { $0.hasPrefix("UPDATE") ? .refusal(code: 1205, sqlState: "HY000", message: "locked") : nil }
        let writer = writer(to: primary, interval: .milliseconds(5))
        let running = RunningProbe(writer)
        func attempts() -> [Double] {
            primary.server.journal.queries.filter { $0.query.text.hasPrefix("UPDATE") }.map(\.time)
        }
        try await eventually("three attempts") { attempts().count >= 3 }
        await running.stop()
        let times = attempts()
        #expect(times[1] - times[0] > 0.95)
        #expect(times[2] - times[1] > 1.95)
    }
}
