import Replication

extension Dialect {
    /// MySQL 8.2 and later, including 8.4 and 9: the old keywords were removed in 8.4.
    /// (MySQL manual: SHOW REPLICA STATUS, SHOW BINARY LOG STATUS, Performance Schema Replication Tables.)
    static let mySQL84 = mySQL(
        name: "MySQL 8.4", replicas: "log_replica_updates",
        status: .replicationStatus("SHOW REPLICA STATUS", privileges: clientPrivilege, columns: .mySQLReplica),
        binlogStatus: "SHOW BINARY LOG STATUS", hasRepositoryVariable: false,
        schema: [.mySQLReceiver, .mySQLApplier, .mySQLConnectedReplicas])

    /// MySQL 8.0.22 to 8.1: the new keywords for replicas, the old one for the binary log.
    static let mySQL80 = mySQL(
        name: "MySQL 8.0", replicas: "log_slave_updates",
        status: .replicationStatus("SHOW REPLICA STATUS", privileges: clientPrivilege, columns: .mySQLReplica),
        binlogStatus: "SHOW MASTER STATUS", hasRepositoryVariable: true,
        schema: [.mySQL80Receiver, .mySQLApplier, .mySQLConnectedReplicas])

    /// MySQL 8.0.0 to 8.0.21: the old keywords.
    static let mySQL80Early = mySQL(
        name: "MySQL 8.0 (before 8.0.22)", replicas: "log_slave_updates",
        status: .replicationStatus("SHOW SLAVE STATUS", privileges: clientPrivilege, columns: .mySQLSlave),
        binlogStatus: "SHOW MASTER STATUS", hasRepositoryVariable: true,
        schema: [.mySQL80Receiver, .mySQLApplier, .mySQLConnectedReplicas])

    /// MySQL 5.7: the Performance Schema has heartbeats, but no times of transactions.
    static let mySQL57 = mySQL(
        name: "MySQL 5.7", replicas: "log_slave_updates",
        status: .replicationStatus("SHOW SLAVE STATUS", privileges: clientPrivilege, columns: .mySQLSlave),
        binlogStatus: "SHOW MASTER STATUS", hasRepositoryVariable: true,
        schema: [.mySQL57Receiver, .mySQLConnectedReplicas], cluster: [.mySQL57GroupMember, .mySQLGroupRecovery])

    private static let clientPrivilege = "REPLICATION CLIENT"

    private static func mySQL(
        name: String, replicas: String, status: Fact, binlogStatus: String, hasRepositoryVariable: Bool, schema: [Fact],
        cluster: [Fact] = [.mySQLGroupMember, .mySQLGroupRecovery, .mySQLClone]
    ) -> Dialect {
        Dialect(
            name: name,
            session: ["SET SESSION time_zone = '+00:00', lock_wait_timeout = 1, max_execution_time = 30000"],
            facts: [
                .identity(variables: [
                    "server_id", "server_uuid", "hostname", "port", "report_host", "read_only", "super_read_only",
                    "innodb_read_only", "offline_mode", "log_bin", replicas,
                ]),
                status,
                .binlogStatus(binlogStatus, privileges: clientPrivilege),
                // Before the transactions: it shows which commits are waiting and not among them yet.
                .mySQLStatus,
                .mySQLTransactions,
                .mySQLGroupSettings,
                .mySQLDurability(hasRepositoryVariable: hasRepositoryVariable),
            ] + schema,
            occasional: [.mySQLWorkerErrors] + cluster,
            binlogIndex: .binlogIndex(privileges: clientPrivilege), purged: { _ in .mySQLPurged })
    }
}
