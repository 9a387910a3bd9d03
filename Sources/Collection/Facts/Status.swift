import MariaDB
import Replication

extension Fact {
    /// MariaDB's counters; needs no privilege. None of these is a session counter, so SHOW STATUS returns the same as SHOW GLOBAL
    /// STATUS, for which the server first sums up the counters of all its threads under a lock. A SELECT from the information
    /// schema costs more, and is written to the slow log if that records queries without an index.
    static let mariaDBStatus = Fact(
        .status,
        """
        SHOW STATUS WHERE Variable_name IN ('Uptime','Slaves_connected','Rpl_semi_sync_master_status',\
        'Rpl_semi_sync_master_clients','Rpl_semi_sync_master_no_tx','Rpl_semi_sync_master_wait_sessions',\
        'Rpl_semi_sync_slave_status')
        """
    ) { answer, facts throws(FactError) in
        let status = answer.table.dictionary("Variable_name", "Value")
        facts.readStatus(status, of: answer)
        facts.connectedReplicas = status["SLAVES_CONNECTED"].flatMap(Int.init)
        facts.areConnectedReplicasFresh = true
        var semiSync = SemiSync(status, source: "MASTER", replica: "SLAVE") ?? SemiSync()
        // The switches are variables (`durability`).
        semiSync.isSourceEnabled = facts.semiSync?.isSourceEnabled
        semiSync.isReplicaEnabled = facts.semiSync?.isReplicaEnabled
        facts.semiSync = semiSync
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
    ) { answer, facts throws(FactError) in
        let status = answer.table.dictionary("VARIABLE_NAME", "VARIABLE_VALUE")
        facts.readStatus(status, of: answer)
        facts.semiSync =
            SemiSync(status, source: "SOURCE", replica: "REPLICA")
            ?? SemiSync(status, source: "MASTER", replica: "SLAVE")
    }
}

extension ResultTable {
    /// Name, in capitals, and value of each row.
    func dictionary(_ name: String, _ value: String) -> [String: String] {
        var values: [String: String] = [:]
        values.reserveCapacity(rowCount)
        for row in rows {
            if let name = row.text(name)?.uppercased(), let value = row.text(value) { values[name] = value }
        }
        return values
    }
}

extension NodeFacts {
    fileprivate mutating func readStatus(_ status: [String: String], of answer: Answer) {
        // If asked in the same batch as the server's clock, it is as old as that.
        let isWithClock = identityRead?.asked == answer.asked.instant
        uptimeAskedAt = isWithClock ? askedAt : answer.middle
        uptime = status["UPTIME"].flatMap(Double.init).flatMap { (0...1e11).contains($0) ? $0 : nil }
        isStatusFresh = true
    }
}

extension SemiSync {
    /// Nil if the server has none of its variables.
    fileprivate init?(_ status: [String: String], source: String, replica: String) {
        self.init()
        func flag(_ name: String) -> Bool? {
            switch status["RPL_SEMI_SYNC_\(name)"] {
            case "ON", "1": true
            case "OFF", "0": false
            default: nil
            }
        }
        isSourceEnabled = flag("\(source)_ENABLED")
        isSourceActive = flag("\(source)_STATUS")
        clients = status["RPL_SEMI_SYNC_\(source)_CLIENTS"].flatMap(UInt64.init)
        unacknowledged = status["RPL_SEMI_SYNC_\(source)_NO_TX"].flatMap(UInt64.init)
        waitingSessions = status["RPL_SEMI_SYNC_\(source)_WAIT_SESSIONS"].flatMap(UInt64.init)
        isReplicaActive = flag("\(replica)_STATUS")
        if self == SemiSync() { return nil }
    }
}
