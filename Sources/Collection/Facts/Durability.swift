import MariaDB
import Replication

extension Fact {
    /// MariaDB: whether what was committed and applied survives a crash.
    ///
    /// A replica that uses GTID stores its position in the InnoDB table mysql.gtid_slave_pos, in the same transaction as the
    /// data; one that does not stores it in the file relay-log.info, which may be behind the data after a crash.
    ///
    /// Semi-synchronous replication is built in; its switches show whether its counters are worth reading.
    static let mariaDBDurability = Fact(
        .durability,
        selecting: """
            @@global.sync_binlog AS sync_binlog, @@global.innodb_flush_log_at_trx_commit AS flush_log, \
            @@global.rpl_semi_sync_master_enabled AS semi_sync_source, \
            @@global.rpl_semi_sync_slave_enabled AS semi_sync_replica
            """
    ) { answer, facts throws(FactError) in
        guard let row = answer.first else { throw FactError("the server did not report sync_binlog") }
        facts.readLogDurability(row)
        var semiSync = facts.semiSync ?? SemiSync()
        semiSync.isSourceEnabled = row.flag("semi_sync_source")
        semiSync.isReplicaEnabled = row.flag("semi_sync_replica")
        facts.semiSync = semiSync
        if let channels = facts.channels, !channels.isEmpty {
            let gtid = channels.compactMap(\.usesGTID)
            if gtid.count == channels.count { facts.durability[.replicationState] = gtid.allSatisfy { $0 } }
        }
    }

    /// MySQL: a replica's position survives a crash if it is stored in a table (`relay_log_info_repository`; from 8.3 on there is
    /// no alternative), in one transaction with the data, and if incomplete relay logs either are discarded at startup
    /// (`relay_log_recovery`) or do not matter: with auto-positioning, the replica asks for what it lacks by GTID, and skips what it
    /// already has.
    static func mySQLDurability(hasRepositoryVariable: Bool) -> Fact {
        let repository = hasRepositoryVariable ? "@@global.relay_log_info_repository" : "'TABLE'"
        return Fact(
            .durability,
            selecting: """
                @@global.sync_binlog AS sync_binlog, @@global.innodb_flush_log_at_trx_commit AS flush_log, \
                @@global.relay_log_recovery AS recovery, \(repository) AS repository
                """
        ) { answer, facts throws(FactError) in
            guard let row = answer.first else { throw FactError("the server did not report sync_binlog") }
            facts.readLogDurability(row)
            if let channels = facts.channels, !channels.isEmpty, let recovery = row.flag("recovery") {
                let isPositioned = channels.allSatisfy { $0.usesGTID == true }
                facts.durability[.replicationState] =
                    (recovery || isPositioned) && row.text("repository") == "TABLE"
            }
        }
    }
}

extension NodeFacts {
    fileprivate mutating func readLogDurability(_ row: ResultTable.Row) {
        if binaryLog?.isEnabled == true, let sync = row.unsigned("sync_binlog") { durability[.binaryLog] = sync == 1 }
        if let flush = row.unsigned("flush_log") { durability[.redoLog] = flush == 1 }
    }
}
