package import Documents
internal import Replication

extension Schema {
    static let thresholdLag = Key.duration("lag", default: .seconds(30), "The lag that is still in order.")
    static let thresholdBytes = Key.bytes(
        "bytes", default: 100_000_000, "The bytes a replica may be behind its source and still be in order.")
    static let thresholdsSection = SchemaSection(
        "replication_sets[].thresholds", "thresholds", "Where the check 'lag' turns to broken.",
        [thresholdLag.row, thresholdBytes.row])

    static let heartbeatTable = Key<TableName>.table(
        "table", "The table of the heartbeat, as pt-heartbeat lays it out.")
    static let heartbeatInterval = Key.duration("interval", default: .seconds(1), "How often the row is written.")
    static let heartbeatWrite = Key.truth(
        "write", default: false, "Write it here; false reads what pt-heartbeat writes.")
    static let heartbeatSection = SchemaSection(
        "replication_sets[].heartbeat", "heartbeat", "Lag by a row that is written on the source.",
        [heartbeatTable.row, heartbeatInterval.row, heartbeatWrite.row])

    static let sentinelTable = Key<TableName>.table("table", "The table the sentinel's rows go to.")
    static let sentinelInterval = Key.duration("interval", default: .seconds(15), "How often a row is sent.")
    static let sentinelSection = SchemaSection(
        "replication_sets[].sentinel", "sentinel", "Rows sent down the replication now and then, and timed.",
        [sentinelTable.row, sentinelInterval.row])

    static let failoverPreferred = Key.name("preferred", required: true, "The node that serves while all is well.")
    static let failoverStandby = Key.name(
        "standby", required: true, "The node that serves when the preferred one cannot.")
    static let failoverTable = Key<TableName>.table(
        "table", "Where the time of the last good check is kept, on the preferred node.")
    static let failoverMaxGap = Key.duration(
        "max_gap", default: .seconds(20), "The longest time between two checks that still counts as unbroken.")
    static let failoverMaxLag = Key.duration(
        "max_lag", default: .seconds(1),
        "After a break: how late the preferred node, as a replica of the standby, may be to serve again.")
    static let failoverSection = SchemaSection(
        "replication_sets[].failover", "failover", "The answer of /failover/<set>.",
        [
            failoverPreferred.row, failoverStandby.row, failoverTable.row, failoverMaxGap.row, failoverMaxLag.row,
        ])

    static let checksumsTable = Key<TableName>.table(
        "table", default: TableName(database: "percona", table: "checksums"),
        "The table of the results, as pt-table-checksum lays it out.")
    static let checksumsSection = SchemaSection(
        "replication_sets[].checksums", "checksums", "The results of pt-table-checksum, and of the command checksum.",
        [checksumsTable.row])

    static let compatibility = Key.nested(
        "compatibility", "list of: mysqld_exporter", text: "[]",
        "Exporters whose replication series are emitted as well, by their names.")
    static let workers = Key.truth("workers", default: false, "Series for each applier worker.")
    static let gtidDomains = Key.truth(
        "gtid_domains", default: false, "On MariaDB, distances in transactions for each domain as well.")
    static let metricsSection = SchemaSection(
        "metrics", "metrics", "What is exported beside the usual.",
        [compatibility.row, workers.row, gtidDomains.row])

    static let sections = [
        root, common, tlsSection, set, node, thresholdsSection, heartbeatSection, sentinelSection, failoverSection,
        checksumsSection, metricsSection,
    ]
}

extension Configuration {
    /// Every dictionary of the configuration file and its keys: the table that the reader itself goes by.
    package static var schema: [SchemaSection] { Schema.sections }
}
