import MariaDB
import Replication

/// The names of the columns of a dialect's replication status.
struct ReplicationStatusColumns: Sendable {
    /// `Slave` or `Replica`, `Master` or `Source`.
    let replica: String
    let source: String
    /// `Connection_name` or `Channel_Name`.
    let channel: String

    static let mariaDB = ReplicationStatusColumns(replica: "Slave", source: "Master", channel: "Connection_name")
    static let mySQLSlave = ReplicationStatusColumns(replica: "Slave", source: "Master", channel: "Channel_Name")
    static let mySQLReplica = ReplicationStatusColumns(replica: "Replica", source: "Source", channel: "Channel_Name")

    // Built once, not for every row of every scrape.
    let ioState: String
    let ioRunning: String
    let sqlRunning: String
    let host: String
    let port: String
    let serverID: String
    let uuid: String
    let logFile: String
    let readPosition: String
    let executedFile: String
    let executedPosition: String
    let secondsBehind: String
    let sslAllowed: String

    private init(replica: String, source: String, channel: String) {
        self.init(replicas: [replica], sources: [source], channel: channel) { $0[0] }
    }

    /// The names that a result has. Amazon RDS has changed them within one release, some columns and not others.
    /// (Amazon RDS User Guide: mysql.rds_replica_status, its older and its newer text.)
    init(of names: [String]) {
        let names = Set(names)
        self.init(replicas: ["Slave", "Replica"], sources: ["Master", "Source"], channel: "Connection_name") {
            spellings in
            spellings.first(where: names.contains) ?? spellings[0]
        }
    }

    private init(
        replicas: [String], sources: [String], channel: String, _ choose: (_ spellings: [String]) -> String
    ) {
        replica = replicas[0]
        source = sources[0]
        self.channel = channel
        ioState = choose(replicas.map { "\($0)_IO_State" })
        ioRunning = choose(replicas.map { "\($0)_IO_Running" })
        sqlRunning = choose(replicas.map { "\($0)_SQL_Running" })
        host = choose(sources.map { "\($0)_Host" })
        port = choose(sources.map { "\($0)_Port" })
        serverID = choose(sources.map { "\($0)_Server_Id" })
        uuid = choose(sources.map { "\($0)_UUID" })
        logFile = choose(sources.map { "\($0)_Log_File" })
        readPosition = choose(sources.map { "Read_\($0)_Log_Pos" })
        executedFile = choose(sources.map { "Relay_\($0)_Log_File" })
        executedPosition = choose(sources.map { "Exec_\($0)_Log_Pos" })
        secondsBehind = choose(sources.map { "Seconds_Behind_\($0)" })
        sslAllowed = choose(sources.map { "\($0)_SSL_Allowed" })
    }
}

extension Fact {
    /// One row per channel; no rows if the server is not a replica.
    static func replicationStatus(
        _ statement: String, privileges: String, columns: ReplicationStatusColumns
    ) -> Fact {
        Fact(.replicationStatus, statement, privileges: privileges) { answer, facts throws(FactError) in
            var channels: [Channel] = []
            channels.reserveCapacity(answer.rowCount)
            for row in answer.rows { channels.append(try Channel(row, columns)) }
            facts.channels = channels
            facts.channelsRead = answer.reading
        }
    }
}

extension Fact {
    /// Amazon RDS for MariaDB: the default channel's row, by a procedure; no row on a server that is no replica. What it answers there is
    /// not documented: a result without columns shows nothing.
    static let rdsReplicaStatus = Fact(
        .replicationStatus, calling: "CALL mysql.rds_replica_status",
        privileges: "EXECUTE ON PROCEDURE mysql.rds_replica_status"
    ) { answer, facts throws(FactError) in
        if answer.table.columns.names.isEmpty {
            throw FactError("mysql.rds_replica_status returned no result")
        }
        let columns = ReplicationStatusColumns(of: answer.table.columns.names)
        facts.channels = try answer.rows.map { row throws(FactError) in try Channel(row, columns) }
        facts.channelsRead = answer.reading
        facts.miss(otherChannels, .unsupported, "mysql.rds_replica_status shows the default channel only")
    }

    private static let otherChannels = Fact(.otherChannels, "") { _, _ in }
}

extension Fact {
    /// For a replication status: the same fact, except that each channel also keeps its whole row.
    func keepingStatusRows() -> Fact {
        Fact(name, statement, privileges: privileges, isCall: isCall) { answer, facts throws(FactError) in
            try read(answer, &facts)
            guard var channels = facts.channels else { return }
            facts.channels = nil  // otherwise the change would copy the array
            for (index, row) in zip(channels.indices, answer.rows) {
                channels[index].statusRow = Channel.StatusRow(columns: answer.table.columns.names, values: row.texts)
            }
            facts.channels = channels
        }
    }
}

extension Channel {
    init(_ row: ResultTable.Row, _ columns: ReplicationStatusColumns) throws(FactError) {
        guard let ioState = row.text(columns.ioRunning), let isApplierRunning = row.flag(columns.sqlRunning) else {
            throw FactError("the replication status has no columns \(columns.ioRunning) and \(columns.sqlRunning)")
        }
        guard let ioThread = IOThreadState(status: ioState) else {
            throw FactError("\(columns.ioRunning) is \(ioState.debugDescription)")
        }
        self.init(
            name: row.text(columns.channel) ?? "",
            source: SourceIdentity(
                host: row.text(columns.host) ?? "",
                port: row.unsigned(columns.port).flatMap(UInt16.init(exactly:)) ?? 0,
                serverID: row.unsigned32(columns.serverID).flatMap { $0 == 0 ? nil : $0 },
                serverUUID: row.text(columns.uuid).flatMap(ServerUUID.init)?.description),
            ioThread: ioThread, isApplierRunning: isApplierRunning)

        readPosition = row.coordinate(columns.logFile, columns.readPosition)
        executedPosition = row.coordinate(columns.executedFile, columns.executedPosition)
        relayPosition = row.coordinate("Relay_Log_File", "Relay_Log_Pos")
        relayLogBytes = row.unsigned("Relay_Log_Space")
        secondsBehindSource = row.span(columns.secondsBehind)
        configuredDelay = row.span("SQL_Delay")
        remainingDelay = row.span("SQL_Remaining_Delay")
        ioError = row.threadError("Last_IO_Errno", "Last_IO_Error")
        applierError = row.threadError("Last_SQL_Errno", "Last_SQL_Error")
        // MariaDB 12.0 (MariaDB manual: SHOW REPLICA STATUS).
        connects = row.unsigned("Connects_Tried").map {
            Connects(tried: $0, limit: row.unsigned("Master_Retry_Count").flatMap { $0 == 0 ? nil : $0 })
        }
        isSourceConnectionEncrypted = row.flag(columns.sslAllowed)
        heartbeatsReceived = row.unsigned("Slave_received_heartbeats")
        heartbeatPeriod = row.span("Slave_heartbeat_period")
        retriedTransactions = row.unsigned("Retried_transactions")
        if row.has("Master_Slave_time_diff") {
            eventTimes = EventTimes(difference: row.span("Master_Slave_time_diff"))
        }
        for (filter, column) in filterColumns {
            let entries = filter == .rewriteDatabase ? row.text(column).pairCount : row.text(column).entryCount
            if entries > 0 { filters[filter] = entries }
        }
        vendorFilters = row.text("Replicate_Ignore_Table").vendorEntryCount
        isRelayLogFull = row.text(columns.ioState, startingWith: "Waiting for the ")?.isWaitForRelayLogSpace == true
        try readGTID(row)
    }

    private mutating func readGTID(_ row: ResultTable.Row) throws(FactError) {
        do {
            if let usingGTID = row.text("Using_Gtid") {
                usesGTID = usingGTID != "No"
                // Without GTID, the position is empty, or what it was when GTIDs were last used; neither is a fact.
                if usesGTID == true, let position = row.text("Gtid_IO_Pos"), !position.isEmpty {
                    fetched = .position(try GTIDPosition(parsing: position))
                }
            } else {
                usesGTID = row.flag("Auto_Position")
                if let retrieved = row.text("Retrieved_Gtid_Set") {
                    fetched = .set(try GTIDSet(parsing: retrieved))
                }
            }
        } catch {
            throw FactError("the replication status of channel \(name.debugDescription): \(error)")
        }
    }
}

private let filterColumns: [(ReplicationFilter, String)] = [
    (.doDatabase, "Replicate_Do_DB"), (.ignoreDatabase, "Replicate_Ignore_DB"), (.doTable, "Replicate_Do_Table"),
    (.ignoreTable, "Replicate_Ignore_Table"), (.wildDoTable, "Replicate_Wild_Do_Table"),
    (.wildIgnoreTable, "Replicate_Wild_Ignore_Table"), (.doDomainIDs, "Replicate_Do_Domain_Ids"),
    (.ignoreDomainIDs, "Replicate_Ignore_Domain_Ids"), (.ignoreServerIDs, "Replicate_Ignore_Server_Ids"),
    (.rewriteDatabase, "Replicate_Rewrite_DB"),
]

extension Channel.IOThreadState {
    /// Slave_IO_Running, Replica_IO_Running.
    init?(status: String) {
        switch status {
        case "No": self = .stopped
        case "Connecting": self = .connecting
        case "Preparing": self = .preparing
        case "Yes": self = .running
        default: return nil
        }
    }
}

extension ResultTable.Row {
    /// Nil before the replica has received a position: the file name is empty then.
    fileprivate func coordinate(_ file: String, _ position: String) -> BinlogCoordinate? {
        guard let file = text(file).flatMap(BinlogFile.init), let position = unsigned(position) else { return nil }
        return BinlogCoordinate(file: file, position: position)
    }

    fileprivate func threadError(_ number: String, _ message: String) -> Channel.ThreadError? {
        guard let number = unsigned32(number) else { return nil }
        return Channel.ThreadError(number: number, message: (text(message) ?? "").withoutPasswords)
    }
}

extension String {
    /// "Waiting for the slave SQL thread to free enough relay log space" (MariaDB, and MySQL before 8.0.26), "Waiting for the replica
    /// SQL thread to free relay log space" (seen on MySQL 9.7).
    fileprivate var isWaitForRelayLogSpace: Bool {
        contains(" SQL thread to free ") && hasSuffix("relay log space")
    }

    /// The error of a replication thread without a statement that sets a password, which it quotes at its end.
    var withoutPasswords: String {
        // The search builds tables, even in an empty text.
        guard !isEmpty, let quote = firstRange(of: "Query: '") else { return self }
        let statement = self[quote.upperBound...].uppercased()
        if !statement.contains("IDENTIFIED"), !statement.contains("PASSWORD") { return self }
        return String(self[..<quote.lowerBound]) + "(a statement with a password)"
    }
}

extension String? {
    /// Entries of a list of tables that are the state of Amazon RDS, which its replicas never replicate.
    fileprivate var vendorEntryCount: Int {
        guard let self else { return 0 }
        return self.split(separator: ",").count { entry in
            var name = entry[...]
            while name.first == " " { name = name.dropFirst() }
            return name.hasPrefix("mysql.rds_") || name == "mysql.plugin" || name.hasPrefix("innodb_memcache.")
        }
    }

    /// Pairs of a list such as `(a,b),(c,d)` or `a->b,c->d`.
    fileprivate var pairCount: Int {
        guard let self, !self.isEmpty else { return 0 }
        let brackets = self.utf8.count { $0 == UInt8(ascii: "(") }
        return brackets > 0 ? brackets : self.utf8.count { $0 == UInt8(ascii: ",") } + 1
    }
}
