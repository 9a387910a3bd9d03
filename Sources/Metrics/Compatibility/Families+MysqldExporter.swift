import Exposition
import Replication
import Topology

/// The replication series of mysqld_exporter, as of 0.19, so that its dashboards and alerts keep working. Names, labels
/// and values follow its sources (collector/slave_status.go, binlog.go, heartbeat.go, exporter.go, mysql_gtid.go); the
/// labels `replication_set` and `node` precede its own, since this page covers many servers. docs/migration.md lists
/// the differences.
extension Families {
    mutating func addMysqldExporterSeries(_ node: NodeFindings, _ labels: LabelBlock) {
        let facts = node.report.facts
        // As in mysqld_exporter, a server that answers but denies its replication status is up.
        add(
            compatible: "mysql_up", type: .gauge, help: "Whether the MySQL server is up.", labels, facts == nil ? 0 : 1)
        guard let facts else { return }
        if let log = facts.binaryLog, log.isEnabled { addMysqldExporterBinlog(log, labels) }
        if facts.identity.flavor == .mysql, let transactions = facts.transactions {
            add(
                compatible: "mysql_gtid_transactions", type: .unknown, help: "Number of GTID transactions", labels,
                Double(transactions.count))
        }
        if let heartbeat = facts.heartbeat, let askedAt = facts.askedAt, let offset = facts.clockOffset {
            addMysqldExporterHeartbeat(heartbeat.rows, serverClock: askedAt + offset, labels)
        }
        for channel in (facts.channels ?? []).firstOfEach(\.name) {
            if let row = channel.statusRow { addMysqldExporterStatus(row, of: facts.identity, labels) }
        }
    }

    private mutating func addMysqldExporterBinlog(_ log: BinaryLog, _ labels: LabelBlock) {
        guard let end = log.end, let index = log.index else { return }
        if let size = index.bytesHeld(before: end) {
            add(
                compatible: "mysql_binlog_size_bytes", type: .gauge,
                help: "Combined size of all registered binlog files.", labels, Double(size))
        }
        add(
            compatible: "mysql_binlog_files", type: .gauge, help: "Number of registered binlog files.", labels,
            Double(index.count))
        add(
            compatible: "mysql_binlog_file_number", type: .gauge, help: "The last binlog file number.", labels,
            Double(end.file.number))
    }

    /// In UTC, as pt-heartbeat writes and mysqld_exporter reads with their `utc` options.
    private mutating func addMysqldExporterHeartbeat(
        _ rows: [HeartbeatRow], serverClock: Double, _ labels: LabelBlock
    ) {
        for row in rows.firstOfEach(\.serverID) {
            guard let server = row.serverID else { continue }
            let label: LabelBlock = ["server_id": "\(server)"]
            add(
                compatible: "mysql_heartbeat_stored_timestamp_seconds", type: .gauge,
                help: "Timestamp stored in the heartbeat table.", labels, Double(row.time) / 1e6, extra: label)
            add(
                compatible: "mysql_heartbeat_now_timestamp_seconds", type: .gauge,
                help: "Timestamp of the current server.", labels, serverClock, extra: label)
        }
    }

    private mutating func addMysqldExporterStatus(
        _ row: Channel.StatusRow, of server: ServerIdentity, _ labels: LabelBlock
    ) {
        let channel = labels.appending(
            LabelBlock([
                ("master_host", row.text("Master_Host", "Source_Host") ?? ""),
                ("master_uuid", row.text("Master_UUID", "Source_UUID") ?? ""),
                ("channel_name", row.text("Channel_Name") ?? ""),
                ("connection_name", row.text("Connection_name") ?? ""),
            ]))
        var names: Set<String> = []
        for (column, text) in zip(row.columns, row.values) {
            guard let text, let name = MysqldExporter.name(of: column, server), names.insert(name).inserted else {
                continue
            }
            if let value = MysqldExporter.value(text) {
                add(
                    compatible: name, type: .unknown, help: "Generic metric from SHOW SLAVE STATUS.", channel, value)
            } else if column == "Gtid_IO_Pos" || column == "Gtid_Slave_Pos",
                let position = try? GTIDPosition(parsing: text)
            {
                for gtid in position.entries {
                    add(
                        compatible: name, type: .gauge, help: "\(column) metric from SHOW SLAVE STATUS.", channel,
                        Double(gtid.sequence),
                        extra: ["domain_id": "\(gtid.domain)", "server_id": "\(gtid.server)"])
                }
            }
        }
    }
}
