import MariaDB
import Replication

extension Fact {
    /// MySQL 8 and later: when something last arrived on each channel, and the heartbeat period agreed with the source.
    static let mySQL80Receiver = receiver(
        lastQueued: "s.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP")

    /// MySQL 8.2 and later: also whether the channel keeps no positions (GTID_ONLY, new in 8.0.27; the change stream applier
    /// needs it). They may be invalid then, so they are left out. (MySQL manual: CHANGE REPLICATION SOURCE TO Statement.)
    static let mySQLReceiver = receiver(
        lastQueued: "s.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP", more: ", c.GTID_ONLY AS gtid_only")

    /// MySQL 5.7, which does not report when a transaction was queued.
    static let mySQL57Receiver = receiver(lastQueued: "0")

    /// - Parameter lastQueued: the expression for the time at which the last transaction was completely in the relay log.
    private static func receiver(lastQueued: String, more: String = "") -> Fact {
        Fact(
            .receiver,
            """
            SELECT s.CHANNEL_NAME, s.COUNT_RECEIVED_HEARTBEATS AS heartbeats, c.HEARTBEAT_INTERVAL AS period, \
            UNIX_TIMESTAMP(NOW(6)) - NULLIF(GREATEST(UNIX_TIMESTAMP(s.LAST_HEARTBEAT_TIMESTAMP), \
            UNIX_TIMESTAMP(\(lastQueued))), 0) AS silence, \
            NULLIF(UNIX_TIMESTAMP(s.LAST_ERROR_TIMESTAMP), 0) AS error_time\(more) \
            FROM performance_schema.replication_connection_status s \
            JOIN performance_schema.replication_connection_configuration c USING (CHANNEL_NAME)
            """,
            privileges: "SELECT ON performance_schema.*"
        ) { answer, facts throws(FactError) in
            for row in answer.rows {
                facts.withChannel(row.text("CHANNEL_NAME")) { channel in
                    channel.heartbeatsReceived = row.unsigned("heartbeats")
                    channel.heartbeatPeriod = row.span("period")
                    if row.flag("gtid_only") == true {
                        channel.readPosition = nil
                        channel.executedPosition = nil
                    }
                    channel.sourceSilence = row.span("silence").map { max(0, $0) }
                    if channel.ioError?.number ?? 0 > 0 { channel.ioError?.time = row.time("error_time") }
                }
            }
        }
    }
}

extension NodeFacts {
    /// Changes a channel that the replication status has reported, or one of the group's own; ignores others.
    mutating func withChannel(_ name: String?, _ change: (inout Channel) -> Void) {
        guard let name, var known = channels else { return }
        guard let index = known.firstIndex(where: { $0.name == name }) else {
            if name == Channel.groupApplier || name == Channel.groupRecovery { withGroupChannel(name, change) }
            return
        }
        channels = nil  // otherwise the change would copy the array
        change(&known[index])
        channels = known
    }

    private mutating func withGroupChannel(_ name: String, _ change: (inout Channel) -> Void) {
        if !groupChannels.contains(where: { $0.name == name }) {
            groupChannels.append(
                Channel(
                    name: name, source: .init(host: "", port: 0), ioThread: .running, isApplierRunning: true))
        }
        for index in groupChannels.indices where groupChannels[index].name == name { change(&groupChannels[index]) }
    }

    /// There is something that the tables of channels tell of.
    var hasAppliers: Bool {
        channels?.isEmpty == false || cluster.map { $0.kind == .group && $0.state != .outside } == true
    }
}
