import MariaDB
import Replication

extension Fact {
    /// MariaDB's counters; no privilege. Semi-synchronous replication is built in, so its variables are always there.
    /// None of these is a session's, so that both tables tell the same; but to fill GLOBAL_STATUS the server first adds up
    /// the counters of all its threads, under a lock.
    static let mariaDBStatus = Fact(
        .status,
        """
        SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME IN (\
        'UPTIME','SLAVES_CONNECTED','RPL_SEMI_SYNC_MASTER_STATUS','RPL_SEMI_SYNC_MASTER_CLIENTS',\
        'RPL_SEMI_SYNC_MASTER_NO_TX','RPL_SEMI_SYNC_MASTER_WAIT_SESSIONS','RPL_SEMI_SYNC_SLAVE_STATUS') \
        UNION ALL SELECT 'RPL_SEMI_SYNC_MASTER_ENABLED', @@global.rpl_semi_sync_master_enabled
        """
    ) { table, facts throws(FactError) in
        let status = table.dictionary
        facts.readStatus(status)
        facts.connectedReplicas = status["SLAVES_CONNECTED"].flatMap(Int.init)
        facts.semiSync = SemiSync(status, .master)
    }

    /// MySQL's counters, and the switches of semi-synchronous replication where the plugins are installed. These two
    /// Performance Schema tables need no privilege. The plugins of 8.0.26 and later have new names.
    static let mySQLStatus = Fact(
        .status,
        """
        SELECT UPPER(VARIABLE_NAME) AS VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_status \
        WHERE VARIABLE_NAME IN ('Uptime',\
        'Rpl_semi_sync_master_status','Rpl_semi_sync_master_clients','Rpl_semi_sync_master_no_tx',\
        'Rpl_semi_sync_slave_status','Rpl_semi_sync_source_status','Rpl_semi_sync_source_clients',\
        'Rpl_semi_sync_source_no_tx','Rpl_semi_sync_replica_status',\
        'Rpl_semi_sync_master_wait_sessions','Rpl_semi_sync_source_wait_sessions') \
        UNION ALL SELECT UPPER(VARIABLE_NAME), VARIABLE_VALUE FROM performance_schema.global_variables \
        WHERE VARIABLE_NAME IN ('rpl_semi_sync_master_enabled','rpl_semi_sync_source_enabled')
        """
    ) { table, facts throws(FactError) in
        let status = table.dictionary
        facts.readStatus(status)
        facts.semiSync = SemiSync(status, .source) ?? SemiSync(status, .master)
    }
}

extension ResultTable {
    /// Name and value of each row.
    fileprivate var dictionary: StatusRows { StatusRows(table: self) }
}

/// Names and values, a row each: so few that to look through them costs less than to make texts of all.
private struct StatusRows {
    let table: ResultTable

    subscript(name: String) -> String? { table.text(of: "VARIABLE_VALUE", where: "VARIABLE_NAME", is: name) }
}

extension NodeFacts {
    fileprivate mutating func readStatus(_ status: StatusRows) {
        uptime = status["UPTIME"].flatMap(Double.init).flatMap { (0...1e11).contains($0) ? $0 : nil }
    }
}

/// What the variables of semi-synchronous replication are called; spelled out once.
private struct SemiSyncNames {
    let enabled, status, clients, unacknowledged, waiting, replicaStatus: String

    static let source = SemiSyncNames(source: "SOURCE", replica: "REPLICA")
    static let master = SemiSyncNames(source: "MASTER", replica: "SLAVE")

    private init(source: String, replica: String) {
        enabled = "RPL_SEMI_SYNC_\(source)_ENABLED"
        status = "RPL_SEMI_SYNC_\(source)_STATUS"
        clients = "RPL_SEMI_SYNC_\(source)_CLIENTS"
        unacknowledged = "RPL_SEMI_SYNC_\(source)_NO_TX"
        waiting = "RPL_SEMI_SYNC_\(source)_WAIT_SESSIONS"
        replicaStatus = "RPL_SEMI_SYNC_\(replica)_STATUS"
    }
}

extension SemiSync {
    /// Nil where the server has none of its variables.
    fileprivate init?(_ status: StatusRows, _ names: SemiSyncNames) {
        self.init()
        func flag(_ name: String) -> Bool? {
            switch status[name] {
            case "ON", "1": true
            case "OFF", "0": false
            default: nil
            }
        }
        isSourceEnabled = flag(names.enabled)
        isSourceActive = flag(names.status)
        clients = status[names.clients].flatMap(UInt64.init)
        unacknowledged = status[names.unacknowledged].flatMap(UInt64.init)
        waitingSessions = status[names.waiting].flatMap(UInt64.init)
        isReplicaActive = flag(names.replicaStatus)
        if self == SemiSync() { return nil }
    }
}
