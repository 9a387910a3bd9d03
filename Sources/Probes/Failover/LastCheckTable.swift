internal import MariaDB

/// The table of one row on the preferred node, with the time of the last good check: epoch seconds by the exporter's clock.
///
/// Not by the server's: a machine that was suspended comes back with a clock that knows nothing of the break.
struct LastCheckTable: Sendable {
    struct Reading: Sendable, Equatable {
        /// Nil while there is no row.
        var lastCheck: Double?
        /// The server's own clock, epoch seconds.
        var serverClock: Double
    }

    /// Why the node cannot serve. Continues a sentence that begins with its name.
    struct Failure: Error, Sendable, Equatable {
        let reason: String
    }

    /// For the session: what waits for a lock gives up before anybody stops waiting for it.
    static let setUp = [
        "SET SESSION autocommit = 1, innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, sql_safe_updates = 0"
    ]

    /// Seconds; more than a check takes.
    private static let longestCheck = 3.0
    fileprivate static let readOnly = Failure(reason: "is read-only, and so cannot be updated")

    private let connection: ProbeConnection
    /// With its quotes.
    private let name: String

    /// - Parameter connection: to the preferred node, with `setUp`.
    init(_ table: QualifiedName, on connection: ProbeConnection) {
        name = table.quoted
        self.connection = connection
    }

    /// Reads the row as one who is going to change it: who may not, or cannot for a lock, gets no reading. Makes the table
    /// where there is none.
    func read(deadline: ContinuousClock.Instant) async throws(Failure) -> Reading {
        if let reading = try await readIfThere(deadline) { return reading }
        try await make(deadline)
        guard let reading = try await readIfThere(deadline) else {
            throw Failure(reason: "cannot be queried: the table \(name) was made, and is not there")
        }
        return reading
    }

    /// Notes a good check. Nothing is written on a read-only node, whatever the account may, nor by a server that comes to it
    /// late: when it was frozen, the answer has been another by then.
    /// - Parameters:
    ///   - time: epoch seconds.
    ///   - reading: what was read in this check.
    func note(
        _ time: Double, after reading: Reading, deadline: ContinuousClock.Instant
    ) async throws(Failure) {
        let time = WriteGuard.decimal(time)
        let latest = reading.serverClock + Self.longestCheck
        let tables = try await run(
            [
                WriteGuard.check(until: latest),
                reading.lastCheck == nil
                    ? "INSERT INTO \(name) (epoch) SELECT \(time) FROM DUAL WHERE \(WriteGuard.holds(until: latest)) "
                        + "ON DUPLICATE KEY UPDATE epoch = \(time)"
                    : "UPDATE \(name) SET epoch = \(time) WHERE \(WriteGuard.holds(until: latest))",
                "SELECT \(WriteGuard.isWritable) AS is_writable",
            ], deadline: deadline)
        guard tables.count == 3, tables[1].affectedRows > 0 else {
            throw tables.last?.first?.flag("is_writable") == false
                ? Self.readOnly : Failure(reason: "cannot be updated: it came to it too late")
        }
    }

    /// Nil where there is no table.
    private func readIfThere(_ deadline: ContinuousClock.Instant) async throws(Failure) -> Reading? {
        let tables: [ResultTable]
        do throws(MySQLError) {
            tables = try await connection.run(
                [
                    "SELECT \(WriteGuard.isWritable) AS is_writable, UNIX_TIMESTAMP(NOW(6)) AS clock",
                    // Changes nothing, and is refused all the same where the account may not.
                    "UPDATE \(name) SET epoch = epoch WHERE FALSE",
                    "SELECT epoch FROM \(name) FOR UPDATE",
                ], isRepeatable: true, deadline: deadline)
        } catch {
            if error.code == ErrorCode.noSuchTable { return nil }
            throw Failure(error, "queried or updated")
        }
        guard tables.count == 3, let row = tables[0].first, let clock = row.number("clock"),
            let isWritable = row.flag("is_writable")
        else { throw Failure(reason: "cannot be queried: it does not tell whether it is read-only") }
        guard isWritable else { throw Self.readOnly }
        guard tables[2].rowCount <= 1 else {
            throw Failure(reason: "cannot be queried: \(name) holds \(tables[2].rowCount) rows; leave one")
        }
        guard let checked = tables[2].first else { return Reading(lastCheck: nil, serverClock: clock) }
        guard let epoch = checked.number("epoch") else {
            throw Failure(reason: "cannot be queried: \(name) holds no number in its column epoch")
        }
        return Reading(lastCheck: epoch, serverClock: clock)
    }

    private func make(_ deadline: ContinuousClock.Instant) async throws(Failure) {
        let clock = try await run(["SELECT UNIX_TIMESTAMP(NOW(6)) AS clock"], deadline: deadline).first?.first?.number(
            "clock")
        let create = """
            CREATE TABLE IF NOT EXISTS \(name) (id TINYINT UNSIGNED NOT NULL DEFAULT 1 PRIMARY KEY, \
            epoch DECIMAL(17,6) NOT NULL) ENGINE = InnoDB
            """
        let latest = (clock ?? 0) + Self.longestCheck
        let tables = try await run(
            [WriteGuard.check(until: latest)] + WriteGuard.ifWritable(create, until: latest)
                + ["SELECT \(WriteGuard.isWritable) AS is_writable"], deadline: deadline)
        guard tables.last?.first?.flag("is_writable") == true else { throw Self.readOnly }
    }

    private func run(_ statements: [String], deadline: ContinuousClock.Instant) async throws(Failure) -> [ResultTable] {
        do throws(MySQLError) {
            return try await connection.run(statements, deadline: deadline)
        } catch {
            throw Failure(error, "updated")
        }
    }
}

extension LastCheckTable.Failure {
    /// - Parameter verb: what could not be done, if it was not connecting.
    init(_ error: MySQLError, _ verb: String) {
        if error.code == ErrorCode.optionPreventsStatement, error.message.contains("read-only") {
            self = LastCheckTable.readOnly
            return
        }
        let verb =
            switch error.phase {
            case .query, .permission: verb
            case .dns, .connect, .tls, .authentication, .timeout, .protocol: "reached"
            }
        self.init(reason: "cannot be \(verb): \(error.message) (\(error.code))")
    }
}
