import MariaDB

/// The users of a sandbox's servers, with passwords of its own.
package struct Accounts: Sendable {
    package struct Account: Sendable {
        package let user: String
        package let password: String
    }

    /// Has the exporter's minimal grants.
    package let monitor: Account
    /// Replicas read binlogs as this one.
    let replication: Account

    init() {
        monitor = Account(user: "exporter", password: Self.password())
        replication = Account(user: "replicator", password: Self.password())
    }

    /// Creates the accounts, and drops the users without a password that MariaDB's installation leaves open to TCP, so
    /// that only a user with access to the sandbox's folder is an administrator. None of it enters the binlog: every
    /// node has its own.
    func statements(for server: Server) async throws(SandboxError) -> [String] {
        let open = try await server.sql(
            """
            SELECT CONCAT("'", user, "'@'", host, "'") AS name FROM mysql.user
            WHERE user IN ('', 'root') AND NOT (user = 'root' AND host = 'localhost')
            """)
        let monitorGrants =
            switch server.software.flavor {
            case .mariadb: ["SLAVE MONITOR, BINLOG MONITOR ON *.*"]
            case .mysql: ["REPLICATION CLIENT ON *.*", "SELECT ON performance_schema.*"]
            }
        return ["SET SESSION sql_log_bin = 0"]
            + open.rows.compactMap { $0.text("name") }.map { "DROP USER \($0)" }
            + create(monitor, grants: monitorGrants)
            + create(replication, grants: ["REPLICATION SLAVE ON *.*"])
            + ["SET SESSION sql_log_bin = 1"]
    }

    private func create(_ account: Account, grants: [String]) -> [String] {
        let name = "'\(account.user)'@'127.0.0.1'"
        return ["CREATE USER \(name) IDENTIFIED BY '\(account.password)'"]
            + grants.map { "GRANT \($0) TO \(name)" }
    }

    /// 128 bits in hexadecimal.
    private static func password() -> String {
        let bits = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        return String(bits.0, radix: 16) + String(bits.1, radix: 16)
    }
}
