import MariaDB
import Replication

extension Fact {
    /// MySQL: the channel through which a group feeds a joiner what it lacks. The replication status does not show it.
    static let mySQLGroupRecovery = Fact(
        .groupRecovery,
        """
        SELECT s.SERVICE_STATE AS state, s.LAST_ERROR_NUMBER AS number, s.LAST_ERROR_MESSAGE AS message, \
        NULLIF(UNIX_TIMESTAMP(s.LAST_ERROR_TIMESTAMP), 0) AS error_time, c.HOST AS donor_host, c.PORT AS donor_port \
        FROM performance_schema.replication_connection_status s \
        JOIN performance_schema.replication_connection_configuration c USING (CHANNEL_NAME) \
        WHERE s.CHANNEL_NAME = 'group_replication_recovery'
        """,
        privileges: "SELECT ON performance_schema.*"
    ) { answer, facts throws(FactError) in
        guard let row = answer.first else { return }
        facts.withChannel(Channel.groupRecovery) { channel in
            switch row.text("state") {
            case "ON": channel.ioThread = .running
            case "CONNECTING": channel.ioThread = .connecting
            default: channel.ioThread = .stopped
            }
            // `<NULL>` if it has had no donor yet.
            if let host = row.text("donor_host"), !host.hasPrefix("<"), !host.isEmpty {
                channel.source = .init(
                    host: host, port: row.unsigned("donor_port").flatMap(UInt16.init(exactly:)) ?? 0)
            }
            if let number = row.unsigned32("number"), number > 0 {
                channel.ioError = Channel.ThreadError(
                    number: number, message: (row.text("message") ?? "").withoutPasswords, time: row.time("error_time"))
            }
        }
    }

    /// MySQL 8.0.17 and later: how far a joiner has got with a copy of all data. Without the plugin there is no such table.
    static let mySQLClone = Fact(
        .clone,
        "SELECT STAGE, STATE, DATA, ESTIMATE FROM performance_schema.clone_progress",
        privileges: "SELECT ON performance_schema.*"
    ) { answer, facts throws(FactError) in
        facts.cluster?.clone = CloneProgress(answer.rows)
    }
}

extension CloneProgress {
    /// - Returns: nil if no stage is in progress: the rows of a clone that is over remain.
    fileprivate init?(_ rows: ResultTable.Rows) {
        var stage: Stage?
        var (copied, estimated) = (UInt64(0), UInt64(0))
        for row in rows {
            copied = copied.addingReportingOverflow(row.unsigned("DATA") ?? 0).partialValue
            estimated = estimated.addingReportingOverflow(row.unsigned("ESTIMATE") ?? 0).partialValue
            guard row.text("STATE") == "In Progress", let name = row.text("STAGE") else { continue }
            stage = Stage(rawValue: name.lowercased().replacing(" ", with: "_")) ?? stage
        }
        guard let stage else { return nil }
        self.init(stage: stage, copied: copied, estimated: estimated)
    }
}
