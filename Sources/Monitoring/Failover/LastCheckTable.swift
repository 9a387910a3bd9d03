internal import MariaDB
internal import Replication
internal import Traffic

/// The table on the preferred node with the time of the last good check: epoch seconds by the exporter's clock.
///
/// Not by the server's: a machine that was suspended comes back with a clock that knows nothing of the break.
///
/// A table of our own making has a row for each checker and server, of which this checker reads and writes its own alone. A
/// table of one row and one column, whatever that is called, is shared with whoever else writes it (the script that this answer
/// comes from: `CREATE TABLE lastcheck (lastcheck BIGINT)`).
final class LastCheckTable: Sendable {
    struct Reading: Sendable, Equatable {
        /// Epoch seconds as they stand there; nil while there is no row.
        var noted: Double?
        /// The server's own clock, epoch seconds.
        var serverClock: Double
        /// The server that was read.
        var server: FailoverServer
        fileprivate var layout: Layout
    }

    /// How the table is laid out.
    fileprivate enum Layout: Sendable, Equatable {
        case own
        /// By the name of its column.
        case shared(column: String)
    }

    /// Why the node cannot serve, or cannot be checked. Continues a sentence that begins with its name.
    struct Failure: Error, Sendable, Equatable {
        let fault: FailoverFault

        init(_ reason: String, isOwn: Bool = false) { fault = FailoverFault(reason, isOwn: isOwn) }
    }

    /// For the session: what waits for a lock gives up before anybody stops waiting for it.
    static let setUp = [
        "SET SESSION autocommit = 1, innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, sql_safe_updates = 0"
    ]

    /// Seconds; more than a check takes.
    private static let longestCheck = 3.0
    private static let readOnly = Failure("is read-only, and so cannot be updated")

    private let connection: Session
    /// With its quotes.
    private let name: String
    /// As a literal.
    private let checker: String

    /// - Parameters:
    ///   - checker: who checks, as it stands in the table.
    ///   - connection: to the preferred node, with `setUp`.
    init(_ table: TableName, checker: String, on connection: Session) {
        name = table.quoted
        self.checker = SQLText.literal(checker)
        self.connection = connection
    }

    /// Reads the row as one who is going to change it: without the right to, or behind somebody's lock, there is no reading.
    /// Makes the table where there is none.
    func read(deadline: ContinuousClock.Instant) async throws(Failure) -> Reading {
        let server = try await server(deadline)
        var layout = try await layout(deadline)
        if layout == nil {
            try await make(server, deadline)
            layout = try await self.layout(deadline)
        }
        guard let layout else {
            throw Failure("cannot be checked: the table \(name) was made, and is not there", isOwn: true)
        }
        return Reading(
            noted: try await noted(layout, server.identity.id, deadline), serverClock: server.clock,
            server: server.identity, layout: layout)
    }

    /// Notes a good check. Nothing is written on a read-only node, whatever the account may, nor by a server that comes to it
    /// late: when it was frozen, the answer has been another by then.
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
            // In whole seconds: most such columns hold nothing finer.
            let time = "\(max(0, Int64(saturating: time.rounded(.down))))"
            statement =
                reading.noted == nil
                ? "INSERT INTO \(name) (\(column)) SELECT \(time) FROM DUAL WHERE \(isInTime)"
                : "UPDATE \(name) SET \(column) = \(time) WHERE \(isInTime)"
        }
        let tables = try await run(
            [
                reading.server.check(until: latest), statement,
                // Still true afterwards, and so it was when the row was written.
                """
                SELECT (\(isInTime)) AS is_noted, \(WriteGuard.isWritable) AS is_writable, \
                (SELECT \(column) FROM \(name) \(condition(reading.layout, reading.server.id))) AS kept
                """,
            ], deadline)
        guard let row = tables.last?.first, row.flag("is_noted") == true else {
            throw tables.last?.first?.flag("is_writable") == false
                ? Self.readOnly : Failure("cannot be updated: it came to it too late")
        }
        // A column that is too small keeps something else where the server is not strict, and so may a trigger.
        guard let kept = row.number("kept"), abs(kept - time) <= 1 else {
            throw Failure(
                "cannot be checked: \(name) holds \(row.text("kept") ?? "nothing") after \(WriteGuard.decimal(time)) "
                    + "was written", isOwn: true)
        }
    }

    // MARK: - Reading

    /// The server's clock, and which it is, if it may be written to.
    private func server(
        _ deadline: ContinuousClock.Instant
    ) async throws(Failure) -> (clock: Double, identity: FailoverServer) {
        // MariaDB leaves out what is for MySQL since 5.7, where it has no UUID.
        let statement = """
            SELECT \(WriteGuard.isWritable) AS is_writable, UNIX_TIMESTAMP(NOW(6)) AS clock, @@global.server_id AS server_id \
            /*!50700 , @@global.server_uuid AS server_uuid */
            """
        guard let row = try await run([statement], isRepeatable: true, deadline).first?.first,
            let clock = row.time("clock"),
            let isWritable = row.flag("is_writable"), let id = row.unsigned32("server_id")
        else {
            throw Failure("cannot be queried: it does not tell whether it is read-only, its clock and its server_id")
        }
        guard isWritable else { throw Self.readOnly }
        return (clock, FailoverServer(id: id, uuid: row.text("server_uuid").flatMap(ServerUUID.init)))
    }

    /// Nil where there is no table.
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
        // The exporter's own of 0.1.0: one row for everybody.
        if names == ["id", "epoch"] { return .shared(column: "epoch") }
        guard let column = columns.first, columns.count == 1 else {
            throw Failure(
                "cannot be checked: \(name) has neither the columns checker, server_id and epoch nor a single one",
                isOwn: true)
        }
        return .shared(column: column)
    }

    /// Of the times, with its quotes.
    private func column(_ layout: Layout) -> String {
        switch layout {
        case .own: "epoch"
        case .shared(let column): SQLText.identifier(column)
        }
    }

    /// Which row is this checker's, with a space behind it.
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
                    // Changes nothing, and is refused all the same where the account may not.
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
        let create = """
            CREATE TABLE IF NOT EXISTS \(name) (checker VARCHAR(100) NOT NULL, server_id INT UNSIGNED NOT NULL, \
            epoch DECIMAL(17,6) NOT NULL, PRIMARY KEY (checker, server_id)) ENGINE = InnoDB
            """
        let latest = server.clock + Self.longestCheck
        let tables = try await run(
            [server.identity.check(until: latest)] + WriteGuard.ifWritable(create, until: latest)
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
    /// Nothing is written on another server than this one.
    fileprivate func check(until latest: Double) -> String {
        WriteGuard.check(until: latest, serverID: id, serverUUID: uuid.map { "\($0)" })
    }
}

extension LastCheckTable.Failure {
    /// - Parameter verb: what could not be done, if it was not connecting.
    init(_ error: MySQLError, _ verb: String) {
        if error.code == ErrorCode.optionPreventsStatement, error.message.contains("read-only") {
            self.init("is read-only, and so cannot be updated")
            return
        }
        let isOwn = error.isOfTheAsker
        let verb =
            switch error.phase {
            case .query, .permission: isOwn ? "checked" : "queried or updated"
            // It answered: a lock was held, the statement took too long there, or an earlier one has not ended (which has no
            // code).
            case .timeout where error.isOfServer || error.code == 0: "queried or updated"
            case .dns, .connect, .connectionLimit, .tls, .authentication, .timeout, .protocol:
                isOwn ? "checked" : "reached"
            }
        self.init("cannot be \(verb): \(error.words)", isOwn: isOwn)
    }
}

extension MySQLError {
    /// Refusals that are for this statement, this account or this table alone, of those whose SQLSTATE does not say so. What is
    /// in neither is the server's: it may refuse everybody's writes, and an exporter that takes that for its own fault would
    /// keep the requests there for ever.
    private static let ofTheAsker: Set<UInt32> = [
        // Changed by somebody else at that moment: ER_CHECKREAD, ER_TABLE_DEF_CHANGED, ER_NEED_REPREPARE.
        1020, 1412, 1615,
        // A table of another engine, a view, or one that the binary log's format does not allow.
        1031, 1288, 1347, 1348, 1356, 1369, 1393, 1394, 1395, 1471, 1661, 1662, 1663, 1664, 1665, 1666, 3161, 3750,
        // Columns and values: none of its own, another type, generated, CHECK, partitions.
        1265, 1364, 1366, 1411, 1526, 1591, 1748, 1906, 3105, 3819, 3988,
        // Triggers and what they call: SIGNAL, no such definer, a table in use.
        1336, 1360, 1415, 1419, 1422, 1424, 1442, 1443, 1449, 1456, 1642, 1643, 1644, 1645, 1646,
        // Variables of the session that this server does not have or does not let it set.
        1193, 1228, 1229, 1238, 1295, 1621,
        // ER_SECURE_TRANSPORT_REQUIRED
        3159,
    ]

    /// Classes of SQLSTATE that speak of the statement and not of the server: no data, cardinality, data and integrity constraint
    /// violations, CASE, log-in, syntax or access rules, WITH CHECK OPTION, SIGNAL, features (ISO/IEC 9075-2).
    private static let classesOfTheAsker: Set<Substring> = [
        "02", "07", "0A", "20", "21", "22", "23", "28", "42", "44", "45",
    ]

    /// ER_NO_SUCH_TABLE_IN_ENGINE: the table is there, and broken.
    private static let brokenTable: UInt32 = 1932

    /// The server lives, and refuses this client or this statement: a grant, a password or a table is missing or odd, or the
    /// account's connections are used up.
    var isOfTheAsker: Bool {
        switch phase {
        case _ where isConnectionLimit: true
        case .permission, .authentication: true
        case .query where code == Self.brokenTable: false
        case .query where Self.classesOfTheAsker.contains(sqlState.prefix(2)): true
        case .query, .tls: Self.ofTheAsker.contains(code)
        case .dns, .connect, .connectionLimit, .timeout, .protocol: false
        }
    }
}
