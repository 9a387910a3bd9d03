import MariaDB
import Replication

/// The connections of a comparison: one to the primary, the only one that writes, and one to each replica.
struct ChecksumSessions: Sendable {
    let scope: ChecksumScope
    private let sessions: [String: Session]

    /// A lock with this name prevents two simultaneous runs on one server: on the same table they would mix their
    /// chunks.
    static let lock = SQLText.literal("mysql-replication-exporter checksum")

    /// The lock was lost together with the connection, and another run has it: what the checksum table contains is no
    /// longer known.
    static let otherRun = MySQLError(phase: .query, code: 0, message: "another comparison is running there")

    /// REPEATABLE READ and format STATEMENT are needed for a statement to lock what it reads and to reach the replicas
    /// unchanged; the rest makes it independent of the servers' defaults. The answer to the last statement is
    /// checked after every connect: the server releases the lock of a lost connection, though that may take a moment.
    private static let primarySetUp = [
        "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        """
        SET SESSION binlog_format = 'STATEMENT', time_zone = '+00:00', sql_mode = '', innodb_lock_wait_timeout = 1, \
        lock_wait_timeout = 5, autocommit = 1
        """,
        """
        SELECT GET_LOCK(\(lock), 5) = 1 AND IS_USED_LOCK(\(lock)) = CONNECTION_ID() AS has_lock, \
        @@session.binlog_format AS format, @@session.sql_log_bin AS is_logged
        """,
    ]
    private static let replicaSetUp = [
        "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci", "SET SESSION time_zone = '+00:00', lock_wait_timeout = 5",
    ]

    init(
        _ scope: ChecksumScope, options: @escaping @Sendable (String) throws(NodeFailure) -> ConnectionOptions
    ) {
        self.scope = scope
        var sessions: [String: Session] = [:]
        for node in scope.replicas {
            sessions[node] = Session(node: node, .init(setUp: Self.replicaSetUp)) { () throws(NodeFailure) in
                try options(node)
            }
        }
        let primary = scope.primary
        sessions[primary] = Session(node: primary, .init(setUp: Self.primarySetUp, check: Self.problem)) {
            () throws(NodeFailure) in try options(primary)
        }
        self.sessions = sessions
    }

    /// Whether the session is as it was set up; a proxy may have interfered.
    /// - Parameter setUp: the answers to `primarySetUp`.
    private static func problem(_ setUp: [ResultTable]) -> MySQLError? {
        let row = setUp.last?.first
        if row?.flag("has_lock") != true { return otherRun }
        if row?.text("format") != "STATEMENT" {
            return MySQLError(phase: .query, code: 0, message: "binlog_format could not be set to STATEMENT")
        }
        if row?.flag("is_logged") != true {
            return MySQLError(phase: .query, code: 0, message: "sql_log_bin is off: nothing would reach a replica")
        }
        return nil
    }

    /// Runs statements on the primary. All statements of a comparison are safe to repeat: after a lost connection they
    /// are tried again.
    @discardableResult
    func primary(_ statements: [String], within time: Duration = .seconds(30)) async throws(MySQLError) -> [ResultTable]
    {
        try await run(statements, on: scope.primary, within: time)
    }

    @discardableResult
    func run(_ statements: [String], on node: String, within time: Duration = .seconds(30)) async throws(MySQLError)
        -> [ResultTable]
    {
        guard let session = sessions[node] else {
            throw MySQLError(phase: .connect, code: 0, message: "\(node) is not a node of this run")
        }
        return try await session.run(statements, isRepeatable: true, deadline: .now + time)
    }

    /// Ends the run if another one now has the lock.
    func refuse(_ error: MySQLError) throws(ChecksumRefusal) {
        guard error == Self.otherRun else { return }
        throw ChecksumRefusal(
            """
            \(scope.primary): the connection was lost, and another comparison has the lock now; what the two have written \
            cannot be told apart: run it again
            """)
    }

    func close() async {
        for session in sessions.values { await session.close() }
    }
}
