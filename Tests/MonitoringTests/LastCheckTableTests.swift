import FaultServer
import MariaDB
import Replication
import ReplicationTesting
import Testing
import Traffic

@testable import Monitoring

extension LastCheckTable {
    fileprivate convenience init(on server: AnsweringServer) {
        self.init(
            TableName(database: "p", table: "t"), checker: "here",
            on: server.session("db1", .init(setUp: LastCheckTable.setUp)))
    }
}

/// Far away: how long a check takes is not what is tested.
private let never = ContinuousClock.now + .seconds(3600)
private let time = 1_800_000_001.75
/// What every statement of a check asks once more, three seconds after the server's clock at the latest.
private let inTime = "@writable AND UNIX_TIMESTAMP(NOW(6)) <= 1800000003.000000"

@Suite("What a failover check reads and writes", .timeLimit(.minutes(5)))
struct LastCheckTableTests {
    @Test(
        "A check of a table of the exporter's own, word for word",
        arguments: [nil, "3e11fa47-71ca-11e1-9e33-c80aa9429562"])
    func own(uuid: String?) async throws {
        let server = try preferredNode([("AS clock", .clock(uuid: uuid))])
        let table = LastCheckTable(on: server)
        let reading = try await table.read(deadline: never)
        #expect(reading.noted == nil && reading.serverClock == 1_800_000_000)
        #expect(reading.server == FailoverServer(id: 7, uuid: uuid.flatMap(ServerUUID.init)))
        #expect(server.writes.isEmpty)
        try await table.note(time, after: reading, deadline: never)
        let identity =
            "@@global.server_id = 7"
            + (uuid.map { " AND @@global.server_uuid = \(SQLText.literal($0))" } ?? "")
        #expect(
            server.statements == [
                "SET SESSION autocommit = 1, innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, sql_safe_updates = 0",
                "SELECT \(WriteGuard.isWritable) AS is_writable, UNIX_TIMESTAMP(NOW(6)) AS clock, "
                    + "@@global.server_id AS server_id /*!50700 , @@global.server_uuid AS server_uuid */",
                "SHOW COLUMNS FROM `p`.`t`", "UPDATE `p`.`t` SET epoch = epoch WHERE FALSE",
                "SELECT epoch AS noted FROM `p`.`t` WHERE checker = 'here' AND server_id = 7 FOR UPDATE",
                "SET @writable = \(WriteGuard.isWritable) AND \(identity) "
                    + "AND UNIX_TIMESTAMP(NOW(6)) <= 1800000003.000000",
                "INSERT INTO `p`.`t` (checker, server_id, epoch) SELECT 'here', 7, 1800000001.750000 FROM DUAL "
                    + "WHERE \(inTime) ON DUPLICATE KEY UPDATE epoch = 1800000001.750000",
                "SELECT (\(inTime)) AS is_noted, \(WriteGuard.isWritable) AS is_writable, "
                    + "(SELECT epoch FROM `p`.`t` WHERE checker = 'here' AND server_id = 7 ) AS kept",
            ])
    }

    @Test(
        "A table of one column is shared: it gets whole seconds, and a row only where there is none",
        arguments: [
            (["lastcheck"], nil, "INSERT INTO `p`.`t` (`lastcheck`) SELECT 1800000001 FROM DUAL WHERE \(inTime)"),
            (["lastcheck"], "5", "UPDATE `p`.`t` SET `lastcheck` = 1800000001 WHERE \(inTime)"),
            (["id", "epoch"], "5", "UPDATE `p`.`t` SET `epoch` = 1800000001 WHERE \(inTime)"),
            (["a`b"], "5", "UPDATE `p`.`t` SET `a``b` = 1800000001 WHERE \(inTime)"),
        ] as [([String], String?, String)])
    func shared(columns: [String], noted: String?, write: String) async throws {
        let server = try preferredNode([
            ("SHOW COLUMNS", .columns(columns)),
            ("AS noted", .table(columns: ["noted"], rows: noted.map { [[$0]] } ?? [])),
            ("AS is_noted", .noted(kept: "1800000001")),
        ])
        let table = LastCheckTable(on: server)
        let reading = try await table.read(deadline: never)
        #expect(reading.noted == noted.flatMap(Double.init))
        try await table.note(time, after: reading, deadline: never)
        #expect(server.writes.last == write)
        #expect(server.writes.count == 2)
    }

    /// An answer that is not as it should be, and what a check says of the node.
    struct Trouble: Sendable, CustomTestStringConvertible {
        let text: String
        let reply: Reply
        let reason: String
        var isOwn = false

        var testDescription: String { "\(text): \(reply)" }
    }

    private static let silentOnItself = "cannot be queried: it does not report whether it is read-only"
    private static let denied = Reply.refusal(code: 1142, sqlState: "42000", message: "denied")

    @Test(
        "What the node cannot be read by is its fault or the exporter's own, and nothing is written then",
        arguments: [
            Trouble(text: "AS clock", reply: .clock(isWritable: "0"), reason: "is read-only and cannot be updated"),
            Trouble(text: "AS clock", reply: .clock(isWritable: nil), reason: silentOnItself),
            Trouble(text: "AS clock", reply: .clock(nil), reason: silentOnItself),
            Trouble(text: "AS clock", reply: .clock("noon"), reason: silentOnItself),
            Trouble(text: "AS clock", reply: .clock(id: nil), reason: silentOnItself),
            Trouble(text: "AS clock", reply: .clock(id: "4294967296"), reason: silentOnItself),
            Trouble(text: "AS clock", reply: .table(columns: ["is_writable"], rows: []), reason: silentOnItself),
            Trouble(text: "AS clock", reply: .ok, reason: silentOnItself),
            Trouble(
                text: "SHOW COLUMNS", reply: .columns(["checker", "server_id", "epoch"], keys: 1),
                reason: "cannot be checked: `p`.`t` needs PRIMARY KEY (checker, server_id)", isOwn: true),
            Trouble(
                text: "SHOW COLUMNS", reply: .columns(["a", "b"]), reason: "cannot be checked: `p`.`t` has neither",
                isOwn: true),
            Trouble(
                text: "SHOW COLUMNS", reply: .ok, reason: "cannot be checked: `p`.`t` has neither", isOwn: true),
            Trouble(text: "SHOW COLUMNS", reply: denied, reason: "cannot be checked: denied (error 1142)", isOwn: true),
            Trouble(
                text: "WHERE FALSE", reply: denied, reason: "cannot be checked: denied (error 1142)", isOwn: true),
            Trouble(
                text: "WHERE FALSE",
                reply: .refusal(
                    code: 1290, sqlState: "HY000", message: "running with the --read-only option so it cannot"),
                reason: "is read-only and cannot be updated"),
            Trouble(
                text: "AS noted", reply: .table(columns: ["noted"], rows: [["1"], ["2"]]),
                reason: "cannot be checked: `p`.`t` holds 2 rows; leave one", isOwn: true),
            Trouble(
                text: "AS noted", reply: .table(columns: ["noted"], rows: [["soon"]]),
                reason: "cannot be checked: `p`.`t` holds no number", isOwn: true),
            Trouble(
                text: "AS noted", reply: .table(columns: ["noted"], rows: [[nil]]),
                reason: "cannot be checked: `p`.`t` holds no number", isOwn: true),
            Trouble(
                text: "AS noted", reply: .refusal(code: 1205, sqlState: "HY000", message: "locked"),
                reason: "cannot be queried or updated: locked (error 1205)"),
            Trouble(text: "AS noted", reply: .steps([.close]), reason: "cannot be reached: "),
            Trouble(
                // A packet out of order.
                text: "AS noted", reply: .steps([.bytes([1, 0, 0, 77, 0]), .close]), reason: "cannot be reached: "),
        ])
    func unreadable(trouble: Trouble) async throws {
        let server = try preferredNode([(trouble.text, trouble.reply)])
        let table = LastCheckTable(on: server)
        let failure = await #expect(throws: LastCheckTable.Failure.self) { try await table.read(deadline: never) }
        #expect(failure?.fault.reason.hasPrefix(trouble.reason) == true, "\(String(describing: failure))")
        #expect(failure?.fault.isOwn == trouble.isOwn)
        #expect(server.writes.isEmpty)
        // One trouble is enough: the questions that come after it are not asked.
        #expect(server.statements.last?.contains(trouble.text) == true)
    }

    private static let noTable = Reply.refusal(code: 1146, sqlState: "42S02", message: "no table")

    @Test("A table that is not there is made, if the server is the same and may be written to, word for word")
    func making() async throws {
        let server = try preferredNode([
            ("AS is_writable", .table(columns: ["is_writable"], rows: [["1"]])), ("SHOW COLUMNS", Self.noTable),
        ])
        server.answer("AS clock", with: .clock())
        let table = LastCheckTable(on: server)
        let failure = await #expect(throws: LastCheckTable.Failure.self) { try await table.read(deadline: never) }
        #expect(failure == .init("cannot be checked: the table `p`.`t` does not exist after CREATE TABLE", isOwn: true))
        let definition = """
            CREATE TABLE IF NOT EXISTS `p`.`t` (checker VARCHAR(100) NOT NULL, server_id INT UNSIGNED NOT NULL, \
            epoch DECIMAL(17,6) NOT NULL, PRIMARY KEY (checker, server_id)) ENGINE = InnoDB
            """
        #expect(
            Array(server.statements.dropFirst(3)) == [
                "SET @writable = \(WriteGuard.isWritable) AND @@global.server_id = 7 "
                    + "AND UNIX_TIMESTAMP(NOW(6)) <= 1800000003.000000",
                "SET @statement = IF(\(inTime), \(SQLText.literal(definition)), _utf8mb4 'DO 0')",
                "PREPARE probe FROM @statement", "EXECUTE probe", "DEALLOCATE PREPARE probe",
                "SELECT \(WriteGuard.isWritable) AS is_writable", "SHOW COLUMNS FROM `p`.`t`",
            ])
    }

    @Test("A server that has become read-only while the table was made is read-only, and does not lack a table")
    func makingOnReadOnly() async throws {
        let server = try preferredNode([
            ("AS is_writable", .table(columns: ["is_writable"], rows: [["0"]])), ("SHOW COLUMNS", Self.noTable),
        ])
        server.answer("AS clock", with: .clock())
        let table = LastCheckTable(on: server)
        let failure = await #expect(throws: LastCheckTable.Failure.self) { try await table.read(deadline: never) }
        #expect(failure == .init("is read-only and cannot be updated"))
    }

    @Test(
        "A check counts as noted only if the server says so afterwards, and holds what was written",
        arguments: [
            (Reply.noted("0", isWritable: "0", kept: "5"), "is read-only and cannot be updated", false),
            (
                .noted("0", isWritable: "1", kept: "5"),
                "cannot be updated: the server executed the statement too late", false
            ),
            (
                .noted(nil, isWritable: nil, kept: "1800000001"),
                "cannot be updated: the server executed the statement too late", false
            ),
            (
                .table(columns: ["is_noted"], rows: []),
                "cannot be updated: the server executed the statement too late", false
            ),
            (.ok, "cannot be updated: the server executed the statement too late", false),
            (
                .noted(kept: nil), "cannot be checked: `p`.`t` holds nothing after 1800000001.750000 was written", true
            ),
            (
                .noted(kept: "1800000003"),
                "cannot be checked: `p`.`t` holds 1800000003 after 1800000001.750000 was written", true
            ),
            (.noted(kept: "1800000002.75"), nil, false), (.noted(kept: "1800000000.75"), nil, false),
        ] as [(Reply, String?, Bool)])
    func noting(reply: Reply, reason: String?, isOwn: Bool) async throws {
        let server = try preferredNode([("AS is_noted", reply)])
        let table = LastCheckTable(on: server)
        let reading = try await table.read(deadline: never)
        do throws(LastCheckTable.Failure) {
            try await table.note(time, after: reading, deadline: never)
            #expect(reason == nil)
        } catch {
            #expect(error.fault == FailoverFault(reason ?? "none", isOwn: isOwn))
        }
        #expect(server.writes.count == 2)
    }

    @Test(
        "A write is sent once, whatever becomes of it",
        arguments: [Reply.steps([.close]), .refusal(code: 1053, sqlState: "08S01", message: "Server shutdown")])
    func lostWrite(reply: Reply) async throws {
        let server = try preferredNode([("INSERT", reply)])
        let table = LastCheckTable(on: server)
        let reading = try await table.read(deadline: never)
        let failure = await #expect(throws: LastCheckTable.Failure.self) {
            try await table.note(time, after: reading, deadline: never)
        }
        #expect(failure?.fault.reason.hasPrefix("cannot be reached: ") == true, "\(String(describing: failure))")
        #expect(failure?.fault.isOwn == false)
        #expect(server.statements.count { $0.hasPrefix("INSERT") } == 1)
        #expect(server.server.journal.connections == 1)
    }

    @Test("A server that is silent within a write has failed, and gets nothing more")
    func hangingWrite() async throws {
        let server = try preferredNode([("INSERT", .steps([.silence]))])
        let table = LastCheckTable(on: server)
        let reading = try await table.read(deadline: never)
        let failure = await #expect(throws: LastCheckTable.Failure.self) {
            try await table.note(time, after: reading, deadline: .now + .milliseconds(500))
        }
        #expect(failure?.fault.reason.hasPrefix("cannot be reached: no answer before the deadline") == true)
        #expect(failure?.fault.isOwn == false)
        #expect(!server.statements.contains { $0.contains("is_noted") })
        #expect(server.statements.count { $0.hasPrefix("INSERT") } <= 1)
    }

    @Test("A connection that is lost between reading and writing: a new one would be to a server that was not read")
    func lostBetween() async throws {
        let server = try preferredNode()
        let table = LastCheckTable(on: server)
        let reading = try await table.read(deadline: never)
        server.server.dropConnections()
        let failure = await #expect(throws: LastCheckTable.Failure.self) {
            try await table.note(time, after: reading, deadline: never)
        }
        #expect(failure?.fault.reason.hasPrefix("cannot be reached: ") == true)
        #expect(server.writes.isEmpty)
        #expect(server.server.journal.connections == 1)
        // The next check is one over a new connection.
        try await table.note(time, after: try await table.read(deadline: never), deadline: never)
        #expect(server.server.journal.connections == 2)
        #expect(server.writes.count == 2)
    }
}
