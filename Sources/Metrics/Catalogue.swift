package import Exposition
package import Replication

/// What a metric is: the one place where its name, unit and meaning stand.
package struct CatalogueEntry: Sendable {
    package let description: MetricDescription
    /// Names of its labels, in order.
    package let labels: [String]
    /// The fact it is made from; nil for what the exporter knows by itself or finds by comparing.
    package let fact: FactName?
    /// Nil for what both flavors have.
    package var flavor: Flavor?

    fileprivate func only(_ flavor: Flavor) -> CatalogueEntry {
        var entry = self
        entry.flavor = flavor
        return entry
    }
}

package enum Catalogue {
    /// By `Metric.rawValue`.
    package static let entries: [CatalogueEntry] = Metric.allCases.map(\.entry)

    package static subscript(metric: Metric) -> CatalogueEntry { entries[metric.rawValue] }
}

private let nodeLabels = ["replication_set", "node"]
private let channelLabels = ["replication_set", "node", "channel"]
private let setLabels = ["replication_set"]
private let prefix = "mysql_replication_"

private func node(
    _ name: String, type: MetricType = .gauge, unit: String? = nil, _ help: String, labels: [String] = [],
    fact: FactName? = nil
) -> CatalogueEntry {
    CatalogueEntry(
        description: MetricDescription(name: prefix + name, type: type, unit: unit, help: help),
        labels: nodeLabels + labels, fact: fact)
}

private func channel(
    _ name: String, type: MetricType = .gauge, unit: String? = nil, _ help: String, labels: [String] = [],
    fact: FactName? = .replicationStatus
) -> CatalogueEntry {
    CatalogueEntry(
        description: MetricDescription(name: prefix + name, type: type, unit: unit, help: help),
        labels: channelLabels + labels, fact: fact)
}

private func set(_ name: String, _ help: String) -> CatalogueEntry {
    CatalogueEntry(
        description: MetricDescription(name: prefix + "set_" + name, type: .gauge, help: help), labels: setLabels,
        fact: nil)
}

private func probe(_ name: String, _ help: String) -> CatalogueEntry {
    CatalogueEntry(
        description: MetricDescription(name: prefix + name, type: .gauge, help: help), labels: setLabels + ["probe"],
        fact: nil)
}

private func own(
    _ name: String, type: MetricType = .gauge, unit: String? = nil, _ help: String, labels: [String] = []
) -> CatalogueEntry {
    CatalogueEntry(
        description: MetricDescription(name: name, type: type, unit: unit, help: help), labels: labels, fact: nil)
}

extension Metric {
    package var entry: CatalogueEntry {
        switch self {
        case .up:
            node("up", "Whether the node was reached in this scrape and told who it is and its replication status.")
        case .nodeFactMissing:
            node(
                "node_fact_missing",
                "A fact that could not be read, and why (permission, unsupported, timeout, error); the others stand.",
                labels: ["fact", "reason"])
        case .nodeFailure:
            node(
                "node_failure",
                "Why the node is not up; absent while it is. connection_limit: the server lives, and refuses another one.",
                labels: ["reason"])
        case .nodeInfo:
            node(
                "node_info", type: .info, "Who the node says it is.",
                labels: ["address", "hostname", "server_id", "server_uuid", "flavor", "version"], fact: .identity)
        case .nodeRole:
            node(
                "node_role", type: .stateSet, "The node's place in the topology.", labels: ["role"],
                fact: .replicationStatus)
        case .nodeReadOnly:
            node(
                "node_read_only",
                "Whether ordinary accounts are kept from writing, by read_only, super_read_only, innodb_read_only or offline_mode.",
                fact: .identity)
        case .nodeSuperReadOnly:
            node("node_super_read_only", "Whether super_read_only is on (MySQL).", fact: .identity).only(.mysql)
        case .nodeWriter:
            node(
                "node_writer",
                "Whether the node takes the set's writes, as load balancers and probes are told; absent while that is not known."
            )
        case .nodeStartTime:
            node(
                "node_start_time_seconds", unit: "seconds", "When the server started, epoch seconds by its own clock.",
                fact: .status)
        case .nodeClockOffset:
            node(
                "node_clock_offset_seconds", unit: "seconds",
                "The server's clock minus the exporter's, as exact as half the round trip.", fact: .identity)
        case .nodeCollectDuration:
            node("node_collect_duration_seconds", unit: "seconds", "How long it took to ask the node in this scrape.")
        case .nodeRoundTrips:
            node("node_round_trips", "Round trips to the node in this scrape, without those that log in.")
        case .nodeConnectedReplicas:
            node(
                "node_connected_replicas", "Replicas connected to the node, configured here or not.",
                fact: .connectedReplicas)
        case .nodeDurable:
            node(
                "node_durable", "Whether a part of the node's state survives a crash of the server or machine.",
                labels: ["part"], fact: .durability)
        case .binlogEnabled:
            node("binlog_enabled", "Whether the node writes a binary log.", fact: .identity)
        case .binlogFileNumber:
            node("binlog_file_number", "Number of the binary log file that the node writes.", fact: .binlogStatus)
        case .binlogPosition:
            node(
                "binlog_position_bytes", unit: "bytes", "Position within the file that the node writes.",
                fact: .binlogStatus)
        case .binlogFiles:
            node("binlog_files", "Binary log files that the node holds.", fact: .binlogIndex)
        case .binlogSize:
            node(
                "binlog_size_bytes", unit: "bytes", "Size of all binary log files that the node holds.",
                fact: .binlogIndex)
        case .binlogFilters:
            node(
                "binlog_filters", "Databases in a filter of what the node writes to its binary log.",
                labels: ["filter"], fact: .binlogStatus)
        case .gtidTransactions:
            node(
                "gtid_transactions",
                "Transactions that the node has executed, by GTID; for MariaDB the sum of the sequence numbers.",
                fact: .transactions)
        case .semiSyncSourceEnabled:
            node("semi_sync_source_enabled", "Whether the node is told to wait for acknowledgements.", fact: .status)
        case .semiSyncSourceActive:
            node(
                "semi_sync_source_active",
                "Whether the node does wait for acknowledgements; 0 while enabled means that it fell back.",
                fact: .status)
        case .semiSyncSourceClients:
            node("semi_sync_source_clients", "Semi-synchronous replicas connected to the node.", fact: .status)
        case .semiSyncSourceUnacknowledged:
            node(
                "semi_sync_source_unacknowledged_transactions_total", type: .counter,
                "Commits that no replica acknowledged in time.", fact: .status)
        case .semiSyncReplicaActive:
            node("semi_sync_replica_active", "Whether the node acknowledges as a replica.", fact: .status)

        case .checksumDifferences:
            node(
                "checksum_differences",
                "Chunks of a table in which the replica's rows differ from the source's, by the last checksum run.",
                labels: ["database", "table"], fact: .checksumSummary)
        case .checksumPending:
            node(
                "checksum_pending_chunks",
                "Chunks of a table of which it is not known whether they differ: the source's result has not arrived.",
                labels: ["database", "table"], fact: .checksumSummary)
        case .checksumTables:
            node(
                "checksum_tables",
                "Tables with checksum results; more than 1000 do not all have checksum_differences.",
                fact: .checksumSummary)
        case .checksumLastRun:
            node(
                "checksum_last_run_timestamp_seconds", unit: "seconds",
                "When the newest checksum result was written, by the source's clock.", fact: .checksums)
        case .checksumAge:
            node(
                "checksum_age_seconds", unit: "seconds",
                "Since the checksum results were read from the node; read anew when they change, at most once a minute.",
                fact: .checksumSummary)
        case .heartbeatAge:
            node(
                "heartbeat_age_seconds", unit: "seconds",
                "Since the newest heartbeat in the node's table was written; on the primary it tells of the writer.",
                fact: .heartbeat)

        case .sourceInfo:
            channel(
                "source_info", type: .info,
                "Whom the channel replicates from; source_node is empty for a source not configured.",
                labels: ["source_host", "source_port", "source_server_id", "source_uuid", "source_node"])
        case .ioThreadRunning:
            channel("io_thread_running", "Whether the IO thread is connected to the source; connecting is not running.")
        case .sqlThreadRunning:
            channel("sql_thread_running", "Whether the SQL (applier) thread runs.")
        case .ioThreadState:
            channel("io_thread_state", type: .stateSet, "What the IO thread does.", labels: ["state"])
        case .lag:
            channel(
                "lag_seconds", unit: "seconds",
                "How late the replica is by the best method at hand; absent when it cannot be known.")
        case .lagKnown:
            channel("lag_known", "Whether there is an estimate of the lag.")
        case .lagMethod:
            channel("lag_method", type: .stateSet, "The method behind lag_seconds.", labels: ["method"])
        case .secondsBehindSource:
            channel(
                "seconds_behind_source", unit: nil,
                "Seconds_Behind_Source as the server says; absent when that is NULL.")
        case .readDelta:
            channel(
                "read_delta_bytes", unit: "bytes",
                "From what the replica has read to the end of its source's binary log, across files.")
        case .applyDelta:
            channel(
                "apply_delta_bytes", unit: "bytes",
                "From what the replica has applied to the end of its source's binary log, across files.")
        case .relayLog:
            channel("relay_log_bytes", unit: "bytes", "Size of all relay log files of the channel.")
        case .readFileNumber:
            channel("read_file_number", "Number of the source's binary log file that is being read.")
        case .readPosition:
            channel("read_position_bytes", unit: "bytes", "Position read up to, within that file.")
        case .execFileNumber:
            channel("exec_file_number", "Number of the source's binary log file that is being applied.")
        case .execPosition:
            channel("exec_position_bytes", unit: "bytes", "Position applied up to, within that file.")
        case .missingTransactions:
            channel(
                "missing_transactions", "Transactions that the source has and the replica has not applied, by GTID.",
                fact: .transactions)
        case .unfetchedTransactions:
            channel(
                "unfetched_transactions", "Transactions that the source has and the replica has not received, by GTID.",
                fact: .transactions)
        case .unappliedTransactions:
            channel(
                "unapplied_transactions", "Transactions that the replica has received and not applied, by GTID.",
                fact: .transactions)
        case .errantTransactions:
            channel(
                "errant_transactions",
                "Transactions that the replica has and none of its sources has; for MariaDB at least so many.",
                fact: .transactions)
        case .domainMissingTransactions:
            channel(
                "domain_missing_transactions", "Missing transactions by replication domain (MariaDB).",
                labels: ["domain"], fact: .transactions
            ).only(.mariadb)
        case .purgeHeadroom:
            channel(
                "purge_headroom_bytes", unit: "bytes",
                "Binary log that the source still holds before the first byte that the replica needs next.",
                fact: .binlogIndex)
        case .sourceSilent:
            channel(
                "source_silent_seconds", unit: "seconds",
                "Since anything, an event or a heartbeat, last arrived from the source; absent until that was seen.")
        case .stage:
            channel(
                "stage_seconds", unit: "seconds",
                "Time in a stage: transport and queue of the last received transaction, relay_wait and apply of the last applied one (MySQL 8).",
                labels: ["stage"], fact: .applier
            ).only(.mysql)
        case .ioErrno:
            channel("io_errno", "Number of the IO thread's last error; 0 for none.")
        case .sqlErrno:
            channel("sql_errno", "Number of the SQL thread's last error; 0 for none.")
        case .lastErrorTimestamp:
            channel(
                "last_error_timestamp_seconds", unit: "seconds", "When the error that stands was raised (MySQL).",
                labels: ["thread"], fact: .receiver)
        case .configuredDelay:
            channel("configured_delay_seconds", unit: "seconds", "By how much the replica is delayed on purpose.")
        case .remainingDelay:
            channel(
                "remaining_delay_seconds", unit: "seconds",
                "How long the next event will still be held back; absent when none is.")
        case .filters:
            channel("filters", "Entries in a replication filter of the replica.", labels: ["filter"])
        case .gtidEnabled:
            channel("gtid_enabled", "Whether the channel finds its place by GTID.")
        case .sourceTLS:
            channel("source_tls", "Whether the connection to the source is to use TLS.")
        case .workers:
            channel("workers", "Applier workers of the channel; MariaDB shares them between channels.", fact: .applier)
        case .workersBusy:
            channel("workers_busy", "Applier workers that are applying a transaction now (MySQL 8).", fact: .applier)
                .only(.mysql)
        case .workerRunning:
            channel("worker_running", "Whether an applier worker runs (MySQL 8).", labels: ["worker"], fact: .applier)
                .only(.mysql)
        case .workerBusy:
            channel(
                "worker_busy", "Whether an applier worker is applying a transaction (MySQL 8).", labels: ["worker"],
                fact: .applier
            ).only(.mysql)
        case .workerApplying:
            channel(
                "worker_applying_seconds", unit: "seconds",
                "Age, since its commit on the source, of what a worker is applying; absent when idle (MySQL 8).",
                labels: ["worker"], fact: .applier
            ).only(.mysql)
        case .workerErrno:
            channel(
                "worker_errno", "Number of an applier worker's last error; 0 for none (MySQL 8).", labels: ["worker"],
                fact: .applier
            ).only(.mysql)
        case .retriedTransactions:
            channel(
                "retried_transactions_total", type: .counter,
                "Transactions that the applier had to try again.")
        case .heartbeatsReceived:
            channel("heartbeats_received_total", type: .counter, "Heartbeats received from the source.")
        case .check:
            channel(
                "check",
                "The five questions: 1 the answer is good, 0 it is not; absent when it cannot be known.",
                labels: ["check"])

        case .sentinelSuccess:
            channel(
                "sentinel_success", "Whether an operation of the sentinel's last run was seen on the replica in time.",
                labels: ["operation"], fact: nil)
        case .sentinelPropagation:
            channel(
                "sentinel_propagation_seconds", unit: "seconds",
                "From the primary's confirmation of an operation until it was seen on the replica, to an eighth; absent when it was not.",
                labels: ["operation"], fact: nil)
        case .sentinelLastSuccess:
            channel(
                "sentinel_last_success_timestamp_seconds", unit: "seconds",
                "When a run of the sentinel last succeeded in all operations, epoch seconds by the exporter's clock.",
                fact: nil)

        case .setNodes: set("nodes", "Nodes configured.")
        case .setNodesUp: set("nodes_up", "Nodes that are up.")
        case .setWritableNodes: set("writable_nodes", "Nodes that are up and not read-only.")
        case .setUnfilteredReplicas: set("unfiltered_replicas", "Replicas without any replication filter.")
        case .setCrashSafeReplicas: set("crash_safe_replicas", "Replicas whose position survives a crash.")
        case .setUnknownSources: set("unknown_sources", "Channels whose source is not a configured node.")
        case .setCycles: set("cycles", "Rings of nodes that replicate from each other.")
        case .setDuplicateServerIDs: set("duplicate_server_ids", "Server ids that more than one node has.")
        case .setWriters:
            set(
                "writers",
                "Nodes that take the set's writes; absent while that is not known, and where they are taken outside of the set."
            )
        case .setWriterKnown: set("writer_known", "Whether it is known who takes the set's writes.")
        case .setRivals:
            set("rivals", "Nodes that take writes beside one another and must not: neither replicates from the other.")

        case .probeWorking:
            probe(
                "probe_working",
                "Whether a configured probe works: fresh heartbeats are seen, the sentinel's row gets through the primary; 0 until it first has."
            )
        case .failoverActive:
            node(
                "failover_active",
                "Whether the failover answer sends requests to the node; absent while nobody asks for it.")

        case .buildInfo:
            own(
                "mysql_replication_exporter_build_info", type: .info, "What this exporter was built from.",
                labels: ["version", "swift", "libmariadb"])
        case .scrapeDuration:
            own(
                "mysql_replication_exporter_scrape_duration_seconds", unit: "seconds",
                "From the start of this scrape until its findings were drawn.")
        case .configLastReloadSuccessful:
            own(
                "mysql_replication_exporter_config_last_reload_successful",
                "Whether the last attempt to load the configuration succeeded.")
        case .configLastReloadSuccessTimestamp:
            own(
                "mysql_replication_exporter_config_last_reload_success_timestamp_seconds", unit: "seconds",
                "When the configuration was last loaded.")
        case .httpRequests:
            own(
                "mysql_replication_exporter_http_requests_total", type: .counter, "HTTP requests answered.",
                labels: ["route", "code"])
        case .processCPU:
            own("process_cpu_seconds_total", type: .counter, unit: "seconds", "User and system CPU time spent.")
        case .processResidentMemory:
            own("process_resident_memory_bytes", unit: "bytes", "Resident memory size.")
        case .processVirtualMemory:
            own("process_virtual_memory_bytes", unit: "bytes", "Virtual memory size.")
        case .processStartTime:
            own("process_start_time_seconds", unit: "seconds", "When the process started, epoch seconds.")
        case .processOpenFDs:
            own("process_open_fds", "Open file descriptors.")
        case .processMaxFDs:
            own("process_max_fds", "The most file descriptors that may be open.")
        case .processThreads:
            own("process_threads", "Operating-system threads.")
        }
    }
}
