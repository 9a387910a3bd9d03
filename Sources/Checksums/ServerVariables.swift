import MariaDB

/// The settings of a server that decide whether a statement computes the same result there.
struct ServerVariables: Sendable, Equatable {
    /// A variable that the server does not have is not an error: SHOW omits it.
    static let statement = """
        SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_format', 'log_bin', 'log_slave_updates', \
        'log_replica_updates', 'transaction_isolation', 'tx_isolation', 'slave_parallel_threads', \
        'slave_parallel_mode', 'wsrep_on', 'lower_case_table_names')
        """

    private let values: [String: String]

    init(_ table: ResultTable) {
        var values: [String: String] = [:]
        for row in table.rows {
            if let name = row.text("Variable_name") { values[name.lowercased()] = row.text("Value")?.uppercased() }
        }
        self.init(values)
    }

    init(_ values: [String: String]) { self.values = values }

    var binlogFormat: String { values["binlog_format"] ?? "ROW" }
    var isolation: String { values["transaction_isolation"] ?? values["tx_isolation"] ?? "" }
    /// Table names are case-insensitive.
    var ignoresCase: Bool { (values["lower_case_table_names"] ?? "0") != "0" }
    var isGaleraNode: Bool { values["wsrep_on"] == "ON" }

    /// Replicated transactions are written to the server's own binary log.
    var logsWhatItApplies: Bool {
        values["log_bin"] == "ON" && (values["log_replica_updates"] ?? values["log_slave_updates"]) == "ON"
    }

    /// The SELECT of a REPLACE … SELECT locks nothing (manual: InnoDB, Transaction Isolation Levels).
    var readsWithoutLocks: Bool { isolation == "READ-COMMITTED" || isolation == "READ-UNCOMMITTED" }

    /// MariaDB: transactions are started before earlier ones have finished, and only locks reveal that they depend on
    /// each other.
    var appliesAhead: Bool {
        (UInt64(values["slave_parallel_threads"] ?? "0") ?? 0) > 0
            && ["OPTIMISTIC", "AGGRESSIVE"].contains(parallelMode)
    }
    var parallelMode: String { values["slave_parallel_mode"] ?? "" }
}
