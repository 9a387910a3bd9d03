internal import MariaDB
internal import Replication
internal import Traffic

/// The table on the preferred node with the time of the last good check: epoch seconds by the exporter's clock.
///
/// Not by the server's: a machine that was suspended comes back with a clock that does not show the interruption.
///
/// A table that the exporter created has a row for each checker and server, and this checker reads and writes only its own. A
/// table with one row and one column, whatever its name, is shared with other writers (such as the script that this answer
/// derives from: `CREATE TABLE lastcheck (lastcheck BIGINT)`).
final class LastCheckTable: Sendable {
    struct Reading: Sendable, Equatable {
        /// The recorded time, epoch seconds; nil if there is no row.
        var noted: Double?
        /// The server's own clock, epoch seconds.
        var serverClock: Double
        /// The server it was read from.
        var server: FailoverServer
        fileprivate var layout: Layout
    }

    /// How the table is laid out.
    fileprivate enum Layout: Sendable, Equatable {
        case own
        /// With the name of its column.
        case shared(column: String)
    }

    /// Why the node cannot serve, or cannot be checked. Continues a sentence that begins with its name.
    struct Failure: Error, Sendable, Equatable {
        let fault: FailoverFault

        init(_ reason: String, isOwn: Bool = false) { fault = FailoverFault(reason, isOwn: isOwn) }
    }

    /// For the session: a statement that waits for a lock gives up before its caller does.
    static let setUp = [
        "SET SESSION autocommit = 1, innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, sql_safe_updates = 0"
    ]

    /// Seconds; longer than any check.
    private static let longestCheck = 3.0
    private static let readOnly = Failure("is read-only and cannot be updated")

    private let connection: Session
    private let table: TableName
    /// Quoted.
    private let name: String
    /// As an SQL literal.
    private let checker: String

    /// - Parameters:
    ///   - checker: the checker's name, as recorded in the table.
    ///   - connection: a connection to the preferred node, set up with `setUp`.
    init(_ table: TableName, checker: String, on connection: Session) {
        self.table = table
        name = table.quoted
        self.checker = SQLText.literal(checker)
        self.connection = connection
    }

    /// Reads the row for update: without the privilege to change it, or if another session holds a lock, reading fails.
    /// Creates the table if there is none.
    func read(deadline: ContinuousClock.Instant) async throws(Failure) -> Reading {
        let server = try await server(deadline)
        var layout = try await layout(deadline)
        if layout == nil {
            try await make(server, deadline)
            layout = try await self.layout(deadline)
        }
        guard let layout else {
            throw Failure("cannot be checked: the table \(name) does not exist after CREATE TABLE", isOwn: true)
        }
        return Reading(
            noted: try await noted(layout, server.identity.id, deadline), serverClock: server.clock,
            server: server.identity, layout: layout)
    }

    /// Records a good check. Nothing is written on a read-only node, whatever the account's privileges, nor by a server that
    /// executes the statement late: after a freeze, another answer may have been given in the meantime.
    /// - Parameters:
    ///   - time: epoch seconds.
    ///   - reading: what was read in this check.
    func note(_ time: Double, after reading: Reading, deadline: ContinuousClock.Instant) async throws(Failure) {
        let latest = reading.serverClock + Self.longestCheck
        let isInTime = WriteGuard.holds(until: latest)
        let column = column(reading.layout)
        let statement: String
        switch reading.layout {
        case .own:
            let time = WriteGuard.decimal(time)
            statement = """
                INSERT INTO \(name) (checker, server_id, epoch) SELECT \(checker), \(reading.server.id), \(time) FROM DUAL \
                WHERE \(isInTime) ON DUPLICATE KEY UPDATE epoch = \(time)
                """
        case .shared:
            // In whole seconds: most such columns have no finer resolution.
            let time = "\(max(0, Int64(saturating: time.rounded(.down))))"
            statement =
                reading.noted == nil
                ? "INSERT INTO \(name) (\(column)) SELECT \(time) FROM DUAL WHERE \(isInTime)"
                : "UPDATE \(name) SET \(column) = \(time) WHERE \(isInTime)"
        }
        let tables = try await run(
            [
                reading.server.check(until: latest), statement,
                // If it is still true afterwards, it was when the row was written.
                """
                SELECT (\(isInTime)) AS is_noted, \(WriteGuard.isWritable) AS is_writable, \
                (SELECT \(column) FROM \(name) \(condition(reading.layout, reading.server.id))) AS kept
                """,
            ], deadline)
        guard let row = tables.last?.first, row.flag("is_noted") == true else {
            throw tables.last?.first?.flag("is_writable") == false
                ? Self.readOnly : Failure("cannot be updated: the server executed the statement too late")
        }
        // If the server is not strict, a column that is too small stores another value, and so may a trigger.
        guard let kept = row.number("kept"), abs(kept - time) <= 1 else {
            throw Failure(
                "cannot be checked: \(name) holds \(row.text("kept") ?? "nothing") after \(WriteGuard.decimal(time)) "
                    + "was written", isOwn: true)
        }
    }

    // MARK: - Reading

    /// The server's clock and identity, if it may be written to.
    private func server(
        _ deadline: ContinuousClock.Instant
    ) async throws(Failure) -> (clock: Double, identity: FailoverServer) {
        // MariaDB, which has no server UUID, skips the comment; MySQL executes it since 5.7.
        let statement = """
            SELECT \(WriteGuard.isWritable) AS is_writable, UNIX_TIMESTAMP(NOW(6)) AS clock, @@global.server_id AS server_id \
            /*!50700 , @@global.server_uuid AS server_uuid */
            """
        guard let row = try await run([statement], isRepeatable: true, deadline).first?.first,
            let clock = row.time("clock"),
            let isWritable = row.flag("is_writable"), let id = row.unsigned32("server_id")
        else {
            throw Failure("cannot be queried: it does not report whether it is read-only, its clock and its server_id")
        }
        guard isWritable else { throw Self.readOnly }
        return (clock, FailoverServer(id: id, uuid: row.text("server_uuid").flatMap(ServerUUID.init)))
    }

    /// Nil if there is no table.
    private func layout(_ deadline: ContinuousClock.Instant) async throws(Failure) -> Layout? {
        let columns: [String]
        let keys: Set<String>
        do throws(MySQLError) {
            let rows = try await connection.run(
                ["SHOW COLUMNS FROM \(name)"], isRepeatable: true, deadline: deadline)
            columns = rows.first?.rows.compactMap { $0.text("Field") } ?? []
            keys = Set(
                rows.first?.rows.filter { $0.text("Key") == "PRI" }.compactMap { $0.text("Field")?.lowercased() } ?? [])
        } catch {
            if error.isForWantOfTable { return nil }
            throw Failure(error, "checked")
        }
        let names = Set(columns.map { $0.lowercased() })
        if names.isSuperset(of: ["checker", "server_id", "epoch"]) {
            guard keys.isSuperset(of: ["checker", "server_id"]) else {
                throw Failure("cannot be checked: \(name) needs PRIMARY KEY (checker, server_id)", isOwn: true)
            }
            return .own
        }
        // The exporter's own layout of 0.1.0: one row for all checkers.
        if names == ["id", "epoch"] { return .shared(column: "epoch") }
        guard let column = columns.first, columns.count == 1 else {
            throw Failure(
                "cannot be checked: \(name) has neither the columns checker, server_id and epoch nor a single one",
                isOwn: true)
        }
        return .shared(column: column)
    }

    /// The column with the times, quoted.
    private func column(_ layout: Layout) -> String {
        switch layout {
        case .own: "epoch"
        case .shared(let column): SQLText.identifier(column)
        }
    }

    /// The condition that selects this checker's row, with a trailing space.
    private func condition(_ layout: Layout, _ server: UInt32) -> String {
        switch layout {
        case .own: "WHERE checker = \(checker) AND server_id = \(server) "
        case .shared: ""
        }
    }

    private func noted(_ layout: Layout, _ server: UInt32, _ deadline: ContinuousClock.Instant) async throws(Failure)
        -> Double?
    {
        let column = column(layout)
        let tables: [ResultTable]
        do throws(MySQLError) {
            tables = try await connection.run(
                [
                    // Changes nothing, but is refused if the account lacks the privilege.
                    "UPDATE \(name) SET \(column) = \(column) WHERE FALSE",
                    "SELECT \(column) AS noted FROM \(name) \(condition(layout, server))FOR UPDATE",
                ], isRepeatable: true, deadline: deadline)
        } catch {
            throw Failure(error, "queried or updated")
        }
        guard tables.count == 2, tables[1].rowCount <= 1 else {
            throw Failure("cannot be checked: \(name) holds \(tables.last?.rowCount ?? 0) rows; leave one", isOwn: true)
        }
        guard let row = tables[1].first else { return nil }
        guard let noted = row.number("noted") else {
            throw Failure("cannot be checked: \(name) holds no number", isOwn: true)
        }
        return noted
    }

    private func make(
        _ server: (clock: Double, identity: FailoverServer), _ deadline: ContinuousClock.Instant
    ) async throws(Failure) {
        let latest = server.clock + Self.longestCheck
        let tables = try await run(
            [server.identity.check(until: latest)] + WriteGuard.ifWritable(OwnTable.lastCheck(table), until: latest)
                + ["SELECT \(WriteGuard.isWritable) AS is_writable"], deadline)
        guard tables.last?.first?.flag("is_writable") == true else { throw Self.readOnly }
    }

    private func run(
        _ statements: [String], isRepeatable: Bool = false, _ deadline: ContinuousClock.Instant
    ) async throws(Failure) -> [ResultTable] {
        do throws(MySQLError) {
            return try await connection.run(statements, isRepeatable: isRepeatable, deadline: deadline)
        } catch {
            throw Failure(error, "updated")
        }
    }
}

extension FailoverServer {
    /// The check that keeps statements from being executed on any other server.
    fileprivate func check(until latest: Double) -> String {
        WriteGuard.check(until: latest, serverID: id, serverUUID: uuid.map { "\($0)" })
    }
}

extension LastCheckTable.Failure {
    /// - Parameter verb: what could not be done, if it was not connecting.
    init(_ error: MySQLError, _ verb: String) {
        if error.code == ErrorCode.optionPreventsStatement, error.message.contains("read-only") {
            self.init("is read-only and cannot be updated")
            return
        }
        let isOwn = error.isOfTheAsker
        let verb =
            switch error.phase {
            case .query, .permission: isOwn ? "checked" : "queried or updated"
            // The server answered: a lock was held, the statement took too long, or an earlier one has not ended (which has no
            // code).
            case .timeout where error.isOfServer || error.code == 0: "queried or updated"
            case .configuration, .dns, .connect, .connectionLimit, .offlineMode, .tls, .authentication, .timeout,
                .protocol, .unsupported:
                isOwn ? "checked" : "reached"
            }
        self.init("cannot be \(verb): \(error.words)", isOwn: isOwn)
    }
}

extension MySQLError {
    /// Errors that concern only this statement, this account or this table although their SQLSTATE does not say so. Errors in
    /// neither list are the server's: it may refuse all writes, and if the exporter took that for its own fault, it would keep
    /// the requests there forever.
    private static let ofTheAsker: Set<UInt32> = [
        // Changed by another session at that moment: ER_CHECKREAD, ER_TABLE_DEF_CHANGED, ER_NEED_REPREPARE.
        1020, 1412, 1615,
        // A table of another engine, a view, or a table that the binary log's format does not allow.
        1031, 1288, 1347, 1348, 1356, 1369, 1393, 1394, 1395, 1471, 1661, 1662, 1663, 1664, 1665, 1666, 3161, 3750,
        // Columns and values: no default, wrong type, generated, CHECK, partitions.
        1265, 1364, 1366, 1411, 1526, 1591, 1748, 1906, 3105, 3819, 3988,
        // Triggers and what they call: SIGNAL, missing definer, a table in use.
        1336, 1360, 1415, 1419, 1422, 1424, 1442, 1443, 1449, 1456, 1642, 1643, 1644, 1645, 1646,
        // Session variables that this server does not have or does not let the account set.
        1193, 1228, 1229, 1238, 1295, 1621,
        // ER_SECURE_TRANSPORT_REQUIRED
        3159,
    ]

    /// SQLSTATE classes that concern the statement, not the server: no data, cardinality, data and integrity constraint
    /// violations, CASE, log-in, syntax or access rules, WITH CHECK OPTION, SIGNAL, features (ISO/IEC 9075-2).
    private static let classesOfTheAsker: Set<Substring> = [
        "02", "07", "0A", "20", "21", "22", "23", "28", "42", "44", "45",
    ]

    /// ER_NO_SUCH_TABLE_IN_ENGINE: the table exists but is broken.
    private static let brokenTable: UInt32 = 1932

    /// Whether the server is alive but refuses this client or this statement: a grant, a password or a table is missing or wrong,
    /// or the account's connections are used up.
    var isOfTheAsker: Bool {
        switch phase {
        case _ where isConnectionLimit: true
        case .configuration, .permission, .authentication: true
        case .query where code == Self.brokenTable: false
        case .query where Self.classesOfTheAsker.contains(sqlState.prefix(2)): true
        case .query, .tls: Self.ofTheAsker.contains(code)
        case .dns, .connect, .connectionLimit, .offlineMode, .timeout, .protocol, .unsupported: false
        }
    }
}
