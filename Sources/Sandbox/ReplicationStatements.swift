/// The statements about replication, which MariaDB and MySQL (8.4 and later) spell differently.
struct ReplicationStatements: Sendable {
    let flavor: ServerSoftware.Flavor

    /// The threads of a replica.
    enum ReplicaThread: String {
        /// Fetches the source's binlog.
        case io = " IO_THREAD"
        /// Applies what was fetched.
        case sql = " SQL_THREAD"
        case both = ""
    }

    func start(_ thread: ReplicaThread, channel: String) -> String { control("START", thread, channel) }
    func stop(_ thread: ReplicaThread, channel: String) -> String { control("STOP", thread, channel) }

    var replicaStatus: String {
        switch flavor {
        case .mariadb: "SHOW ALL SLAVES STATUS"
        case .mysql: "SHOW REPLICA STATUS"
        }
    }

    var binlogStatus: String {
        switch flavor {
        case .mariadb: "SHOW MASTER STATUS"
        case .mysql: "SHOW BINARY LOG STATUS"
        }
    }

    /// Points a replica at a source. Without GTIDs it starts at the source's first binlog.
    func changeSource(
        channel: String, host: String = "127.0.0.1", port: UInt16, account: Accounts.Account, settings: ServerSettings
    ) -> String {
        switch flavor {
        case .mariadb:
            let start =
                settings.usesGTID
                ? "MASTER_USE_GTID = slave_pos"
                : "MASTER_USE_GTID = no, MASTER_LOG_FILE = 'binlog.000001', MASTER_LOG_POS = 4"
            return """
                CHANGE MASTER \(channel.isEmpty ? "" : "'\(channel)' ")TO MASTER_HOST = '\(host)', MASTER_PORT = \(port), \
                MASTER_USER = '\(account.user)', MASTER_PASSWORD = '\(account.password)', MASTER_CONNECT_RETRY = 1, \
                MASTER_HEARTBEAT_PERIOD = \(settings.heartbeatPeriod), MASTER_SSL = 0, \(start)
                """
        case .mysql:
            let start =
                settings.usesGTID
                ? "SOURCE_AUTO_POSITION = 1" : "SOURCE_LOG_FILE = 'binlog.000001', SOURCE_LOG_POS = 4"
            // Since 8.4 a replica gives up after ten tries, and would not reconnect to a source that was down for a
            // minute.
            return """
                CHANGE REPLICATION SOURCE TO SOURCE_HOST = '\(host)', SOURCE_PORT = \(port), \
                SOURCE_USER = '\(account.user)', SOURCE_PASSWORD = '\(account.password)', SOURCE_CONNECT_RETRY = 1, \
                SOURCE_RETRY_COUNT = 86400, SOURCE_HEARTBEAT_PERIOD = \(settings.heartbeatPeriod), \
                GET_SOURCE_PUBLIC_KEY = 1, \(start) FOR CHANNEL '\(channel)'
                """
        }
    }

    /// Changes only the source's host.
    func changeHost(to host: String, channel: String) -> String {
        switch flavor {
        case .mariadb: "CHANGE MASTER \(channel.isEmpty ? "" : "'\(channel)' ")TO MASTER_HOST = '\(host)'"
        case .mysql: "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '\(host)' FOR CHANNEL '\(channel)'"
        }
    }

    /// Removes a stopped channel.
    func forgetSource(channel: String) -> String {
        switch flavor {
        case .mariadb: "RESET SLAVE\(channel.isEmpty ? "" : " '\(channel)'") ALL"
        case .mysql: "RESET REPLICA ALL FOR CHANNEL '\(channel)'"
        }
    }

    var resetBinlogs: String {
        switch flavor {
        case .mariadb: "RESET MASTER"
        case .mysql: "RESET BINARY LOGS AND GTIDS"
        }
    }

    /// Clears a channel's relay log and the record of what was applied.
    func forgetReplication(channel: String) -> [String] {
        switch flavor {
        case .mariadb:
            ["RESET SLAVE\(channel.isEmpty ? "" : " '\(channel)'")", resetBinlogs, "SET GLOBAL gtid_slave_pos = ''"]
        case .mysql: ["RESET REPLICA FOR CHANNEL '\(channel)'", resetBinlogs]
        }
    }

    /// Waits on the replica until it has applied the source's binlog up to a position. One column `reached`: NULL if
    /// the applier is not running, negative on timeout.
    func waitForPosition(_ position: BinlogPosition, channel: String, seconds: Int, usesGTID: Bool) -> String {
        switch flavor {
        case .mariadb:
            // Not MASTER_GTID_WAIT: in a ring, a node's own transactions never enter its gtid_slave_pos.
            return
                "SELECT MASTER_POS_WAIT('\(position.file)', \(position.offset), \(seconds), '\(channel)') AS reached"
        case .mysql where usesGTID:
            // 0 when reached, 1 on timeout.
            return "SELECT -WAIT_FOR_EXECUTED_GTID_SET('\(position.executedGTIDs)', \(seconds)) AS reached"
        case .mysql:
            return
                "SELECT SOURCE_POS_WAIT('\(position.file)', \(position.offset), \(seconds), '\(channel)') AS reached"
        }
    }

    private func control(_ verb: String, _ thread: ReplicaThread, _ channel: String) -> String {
        switch flavor {
        case .mariadb: "\(verb) SLAVE\(channel.isEmpty ? "" : " '\(channel)'")\(thread.rawValue)"
        case .mysql: "\(verb) REPLICA\(thread.rawValue) FOR CHANNEL '\(channel)'"
        }
    }
}

/// The end of a server's binlog.
package struct BinlogPosition: Sendable, Equatable {
    package let file: String
    package let offset: UInt64
    /// MySQL's gtid_executed without its line breaks; empty on MariaDB.
    package let executedGTIDs: String
}
