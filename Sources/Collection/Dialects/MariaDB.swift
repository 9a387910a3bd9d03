import Replication

extension Dialect {
    /// MariaDB 10.5.9 and later. The statements have stayed the same since; 11.6 and 12.x only added columns.
    /// (MariaDB manual: SHOW REPLICA STATUS, SHOW BINLOG STATUS, Global Transaction ID.)
    static let mariaDB = mariaDB(name: "MariaDB", statusPrivilege: "SLAVE MONITOR")

    /// MariaDB 10.5.2 to 10.5.8, which lack the privilege SLAVE MONITOR. (MariaDB manual: GRANT.)
    static let mariaDBEarly = mariaDB(name: "MariaDB (before 10.5.9)", statusPrivilege: "REPLICATION SLAVE ADMIN")

    private static func mariaDB(name: String, statusPrivilege: String) -> Dialect {
        Dialect(
            name: name,
            session: [
                // Times in UTC; and limits by which the server ends statements that the exporter has given up on.
                "SET SESSION time_zone = '+00:00', lock_wait_timeout = 1, max_statement_time = 30",
                // A query on a small heartbeat table uses no index, and must not fill a slow log meant for larger
                // tables.
                "SET SESSION log_queries_not_using_indexes = OFF",
            ],
            facts: [
                .identity(variables: [
                    "server_id", "hostname", "port", "report_host", "read_only", "innodb_read_only", "log_bin",
                    "log_slave_updates",
                ]),
                .replicationStatus("SHOW ALL SLAVES STATUS", privileges: statusPrivilege, columns: .mariaDB),
                .binlogStatus("SHOW BINLOG STATUS", privileges: "BINLOG MONITOR"),
                // Before the transactions: it shows whether commits are waiting that are not among them yet.
                .mariaDBStatus,
                .mariaDBTransactions,
                .galeraSettings,
                .mariaDBDurability,
                .mariaDBApplier,
            ],
            occasional: [.galeraMember],
            binlogIndex: .binlogIndex(privileges: "BINLOG MONITOR"), purged: Fact.mariaDBPurged)
    }
}
