package import Documents
internal import Replication

extension Schema {
    static let thresholdLag = Key.duration("lag", default: .seconds(30), "Maximum lag of a healthy replica.")
    static let thresholdBytes = Key.bytes(
        "bytes", default: 100_000_000, "Maximum number of bytes a healthy replica may be behind its source.")
    static let thresholdsSection = SchemaSection(
        "replication_sets[].thresholds", "thresholds", "The limits of the check 'lag': a replica beyond them fails it.",
        [thresholdLag.row, thresholdBytes.row])

    static let heartbeatTable = Key<TableName>.table(
        "table", "The heartbeat table, in pt-heartbeat's layout.")
    static let heartbeatInterval = Key.duration("interval", default: .seconds(1), "How often the row is written.")
    static let heartbeatWrite = Key.truth(
        "write", default: false,
        "Whether the exporter writes the row; if false, it only reads what pt-heartbeat writes.")
    static let heartbeatSection = SchemaSection(
        "replication_sets[].heartbeat", "heartbeat", "Measures lag by a row that is written on the source.",
        [heartbeatTable.row, heartbeatInterval.row, heartbeatWrite.row])

    static let sentinelTable = Key<TableName>.table("table", "The table the sentinel writes its rows to.")
    static let sentinelInterval = Key.duration("interval", default: .seconds(15), "How often a row is sent.")
    static let sentinelSection = SchemaSection(
        "replication_sets[].sentinel", "sentinel",
        "Sends a row through replication at intervals and measures when it arrives.",
        [sentinelTable.row, sentinelInterval.row])

    static let failoverPreferred = Key.name("preferred", required: true, "The node that serves in normal operation.")
    static let failoverStandby = Key.name(
        "standby", required: true, "The node that serves when the preferred one cannot.")
    static let failoverTable = Key<TableName>.table(
        "table", "The table on the preferred node that holds the time of the last good check.")
    static let failoverMaxGap = Key.duration(
        "max_gap", default: .seconds(20), "The longest time between two checks before it counts as a break.")
    static let failoverMaxLag = Key.duration(
        "max_lag", default: .seconds(1),
        "After a break: the maximum lag, as a replica of the standby, at which the preferred node may serve again.")
    static let failoverSection = SchemaSection(
        "replication_sets[].failover", "failover",
        "The rule behind the answer of /failover/, which says which of two nodes should serve.",
        [
            failoverPreferred.row, failoverStandby.row, failoverTable.row, failoverMaxGap.row, failoverMaxLag.row,
        ])

    static let checksumsTable = Key<TableName>.table(
        "table", default: TableName(database: "percona", table: "checksums"),
        "The table of the results, in pt-table-checksum's layout.")
    static let checksumsSection = SchemaSection(
        "replication_sets[].checksums", "checksums",
        "Reads the results of pt-table-checksum, or of the checksum command.",
        [checksumsTable.row])

    static let compatibility = Key.nested(
        "compatibility", "list of: mysqld_exporter", text: "[]",
        "Other exporters whose replication series are exported as well, under their names.")
    static let workers = Key.truth("workers", default: false, "Whether to export series for each applier worker.")
    static let gtidDomains = Key.truth(
        "gtid_domains", default: false,
        "Whether to export the distance in sequence numbers for each replication domain as well (MariaDB).")
    static let metricsSection = SchemaSection(
        "metrics", "metrics", "Optional additional series.",
        [compatibility.row, workers.row, gtidDomains.row])

    static let sections = [
        root, common, command, tlsSection, set, node, thresholdsSection, heartbeatSection, sentinelSection,
        failoverSection,
        checksumsSection, metricsSection,
    ]
}

extension Configuration {
    /// Every dictionary of the configuration file and its keys: the table that the reader itself uses.
    package static var schema: [SchemaSection] { Schema.sections }
}
