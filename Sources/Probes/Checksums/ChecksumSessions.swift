import MariaDB

/// The connections of a comparison: one to the primary, which alone writes, and one to each replica.
struct ChecksumSessions: Sendable {
    let scope: ChecksumScope
    private let connections: [String: ProbeConnection]

    /// A lock by this name keeps two runs on one server apart. (Two runs on one table would mix their chunks.)
    static let lock = SQLText.literal("mysql-replication-exporter checksum")

    /// Both are needed for a statement to lock what it reads, and to reach the replicas as it is; the rest makes it say the
    /// same whatever the servers' defaults are.
    private static let primarySetUp = [
        "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        """
        SET SESSION binlog_format = 'STATEMENT', time_zone = '+00:00', sql_mode = '', innodb_lock_wait_timeout = 1, \
        lock_wait_timeout = 5, autocommit = 1
        """,
        "DO GET_LOCK(\(lock), 1)",
    ]
    private static let replicaSetUp = [
        "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci", "SET SESSION time_zone = '+00:00', lock_wait_timeout = 5",
    ]

    init(
        _ scope: ChecksumScope, options: @escaping @Sendable (String) throws(ProbeFailure) -> ConnectionOptions
    ) {
        self.scope = scope
        var connections: [String: ProbeConnection] = [:]
        for node in [scope.primary] + scope.replicas {
            connections[node] = ProbeConnection(
                node: node, setUp: node == scope.primary ? Self.primarySetUp : Self.replicaSetUp
            ) { () throws(ProbeFailure) in try options(node) }
        }
        self.connections = connections
    }

    /// On the primary. Every statement of a comparison may be carried out twice: over a lost connection it is tried again.
    @discardableResult
    func primary(_ statements: [String], within time: Duration = .seconds(30)) async throws(MySQLError) -> [ResultTable]
    {
        try await run(statements, on: scope.primary, within: time)
    }

    @discardableResult
    func run(_ statements: [String], on node: String, within time: Duration = .seconds(30)) async throws(MySQLError)
        -> [ResultTable]
    {
        guard let connection = connections[node] else {
            throw MySQLError(phase: .connect, code: 0, message: "\(node) is no node of this run")
        }
        return try await connection.run(statements, isRepeatable: true, deadline: .now + time)
    }

    func close() async {
        for connection in connections.values { await connection.close() }
    }
}
