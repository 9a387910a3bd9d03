/// The statements about replication that a recording asks a server, in addition to those that the exporter uses.
package enum RecordedStatements {
    package static func all(for flavor: ServerSoftware.Flavor) -> [String] {
        switch flavor {
        case .mariadb: mariaDB
        case .mysql: mySQL
        }
    }

    private static let mariaDB =
        [
            "SHOW ALL SLAVES STATUS", "SHOW SLAVE STATUS", "SHOW MASTER STATUS", "SHOW BINLOG STATUS",
            "SHOW BINARY LOGS", "SHOW SLAVE HOSTS",
            """
            SELECT @@global.gtid_slave_pos AS gtid_slave_pos, @@global.gtid_current_pos AS gtid_current_pos, \
            @@global.gtid_binlog_pos AS gtid_binlog_pos, @@global.gtid_binlog_state AS gtid_binlog_state, \
            @@global.gtid_strict_mode AS gtid_strict_mode, @@global.gtid_domain_id AS gtid_domain_id
            """,
            "SHOW GLOBAL STATUS LIKE 'Rpl%'", "SHOW GLOBAL STATUS LIKE 'Slave%'",
            // From 11.6 on.
            "SELECT * FROM information_schema.SLAVE_STATUS",
        ]
        + performanceSchema([
            "replication_connection_configuration", "replication_applier_configuration", "replication_applier_status",
            "replication_applier_status_by_coordinator", "replication_applier_status_by_worker",
        ])

    private static let mySQL =
        [
            "SHOW REPLICA STATUS", "SHOW BINARY LOG STATUS", "SHOW BINARY LOGS", "SHOW REPLICAS",
            """
            SELECT @@global.gtid_executed AS gtid_executed, @@global.gtid_purged AS gtid_purged, \
            @@global.gtid_mode AS gtid_mode, @@global.server_uuid AS server_uuid
            """,
            "SHOW GLOBAL STATUS LIKE 'Rpl%'",
            """
            SELECT CHANNEL_NAME, RECEIVED_TRANSACTION_SET, @@global.gtid_executed AS gtid_executed \
            FROM performance_schema.replication_connection_status
            """,
        ]
        + performanceSchema([
            "replication_connection_configuration", "replication_connection_status",
            "replication_applier_configuration", "replication_applier_filters", "replication_applier_status",
            "replication_applier_status_by_coordinator", "replication_applier_status_by_worker",
        ])

    private static func performanceSchema(_ tables: [String]) -> [String] {
        tables.map { "SELECT * FROM performance_schema.\($0)" }
    }
}
