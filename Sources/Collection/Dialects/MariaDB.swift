import Replication

extension Dialect {
    /// MariaDB 10.5.2 and later. The statements stayed the same since; what 11.6 and 12.x added are columns.
    /// (MariaDB manual: SHOW REPLICA STATUS, SHOW BINLOG STATUS, Global Transaction ID.)
    static let mariaDB = Dialect(
        name: "MariaDB",
        session: [
            // Times as numbers, and an end on the server's side to what the exporter has given up on.
            "SET SESSION time_zone = '+00:00', lock_wait_timeout = 5, max_statement_time = 30"
        ],
        facts: [
            .identity(variables: [
                "server_id", "hostname", "port", "report_host", "read_only", "log_bin", "log_slave_updates",
            ]),
            .replicationStatus("SHOW ALL SLAVES STATUS", privileges: "SLAVE MONITOR", columns: .mariaDB),
            .binlogStatus("SHOW BINLOG STATUS", privileges: "BINLOG MONITOR"),
            .mariaDBTransactions,
            .mariaDBDurability,
            .mariaDBApplier,
            .mariaDBStatus,
        ],
        binlogIndex: .binlogIndex(privileges: "BINLOG MONITOR"))
}
