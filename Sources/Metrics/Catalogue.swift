package import Exposition
package import Replication

/// What a metric is: the only definition of its name, unit and meaning.
package struct CatalogueEntry: Sendable {
    package let description: MetricDescription
    /// The names of its labels, in order.
    package let labels: [String]
    /// The fact it is made from; nil for what the exporter knows itself or finds by comparison.
    package let fact: FactName?
    /// Nil if both flavors have it.
    package var flavor: Flavor?

    fileprivate func only(_ flavor: Flavor) -> CatalogueEntry {
        var entry = self
        entry.flavor = flavor
        return entry
    }
}

package enum Catalogue {
    /// Indexed by `Metric.rawValue`.
    package static let entries: [CatalogueEntry] = Metric.allCases.map(\.entry)

    package static subscript(metric: Metric) -> CatalogueEntry { entries[metric.rawValue] }
}

private let nodeLabels = ["replication_set", "node"]
private let channelLabels = ["replication_set", "node", "channel"]
private let setLabels = ["replication_set"]
private let prefix = "mysql_replication_"
private let sequenceNumbers = "on MariaDB the difference of the sequence numbers, which may have gaps"

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

private func cluster(_ name: String, _ help: String) -> CatalogueEntry {
    CatalogueEntry(
        description: MetricDescription(name: prefix + "set_cluster_" + name, type: .gauge, help: help),
        labels: setLabels + ["cluster_name"], fact: nil)
}

private func member(
    _ name: String, type: MetricType = .gauge, unit: String? = nil, _ help: String, labels: [String] = []
) -> CatalogueEntry {
    node("cluster_" + name, type: type, unit: unit, help, labels: labels, fact: .cluster)
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
            node("up", "Whether the node answered in this scrape and reported its identity and replication status.")
        case .nodeFactMissing:
            node(
                "node_fact_missing",
                "A fact that could not be read, and why (permission, unsupported, timeout, error); the other facts are unaffected.",
                labels: ["fact", "reason"])
        case .nodeFailure:
            node(
                "node_failure",
                "Why the node is not up; absent while it is. connection_limit: the server is alive but refuses another connection. offline_mode: it admits administrators only, as a member that was expelled from its group. configuration: a password or certificate file of the exporter's cannot be read. unsupported: a proxy or another product answers, not a server.",
                labels: ["reason"])
        case .nodeInfo:
            node(
                "node_info", type: .info, "The node's identity as the server reports it.",
                labels: ["address", "hostname", "server_id", "server_uuid", "flavor", "version", "managed_service"],
                fact: .identity)
        case .nodeRole:
            node(
                "node_role", type: .stateSet, "The node's place in the topology.", labels: ["role"],
                fact: .replicationStatus)
        case .nodeReadOnly:
            node(
                "node_read_only",
                "Whether ordinary accounts cannot write, because of read_only, super_read_only, innodb_read_only or offline_mode.",
                fact: .identity)
        case .nodeSuperReadOnly:
            node("node_super_read_only", "Whether super_read_only is on (MySQL).", fact: .identity).only(.mysql)
        case .nodeWriter:
            node(
                "node_writer",
                "Whether the node takes the set's writes, as load balancers and probes see it; absent while that is not known."
            )
        case .nodeStartTime:
            node(
                "node_start_time_seconds", unit: "seconds",
                "When the server started, in epoch seconds by its own clock.",
                fact: .status)
        case .nodeClockOffset:
            node(
                "node_clock_offset_seconds", unit: "seconds",
                "The server's clock minus the exporter's, accurate to half the round trip.", fact: .identity)
        case .nodeCollectDuration:
            node("node_collect_duration_seconds", unit: "seconds", "How long it took to query the node in this scrape.")
        case .nodeRoundTrips:
            node("node_round_trips", "Round trips to the node in this scrape, not counting those of the log-in.")
        case .nodeConnects:
            node(
                "node_connects_total", type: .counter,
                "Attempts to connect to the node and to log in, without those of the probes. A connection is made anew when it was lost, and once a minute while the account lacks a privilege.",
                labels: ["result"])
        case .nodeConnectedReplicas:
            node(
                "node_connected_replicas", "Replicas connected to the node, configured here or not.",
                fact: .connectedReplicas)
        case .nodeUnservedReplicas:
            node(
                "node_unserved_replicas",
                "Replicas of the node that never get what it replicates itself, since it does not write that to its binary log "
                    + "(log_replica_updates, log_slave_updates); absent without a binary log.", fact: .identity)
        case .nodeDurable:
            node(
                "node_durable", "Whether this part of the node's state survives a crash of the server or the machine.",
                labels: ["part"], fact: .durability)
        case .binlogEnabled:
            node("binlog_enabled", "Whether the node writes a binary log.", fact: .identity)
        case .binlogFileNumber:
            node("binlog_file_number", "Number of the binary log file that the node is writing.", fact: .binlogStatus)
        case .binlogPosition:
            node(
                "binlog_position_bytes", unit: "bytes", "Position in the binary log file that the node is writing.",
                fact: .binlogStatus)
        case .binlogFiles:
            node("binlog_files", "Number of binary log files on the node.", fact: .binlogIndex)
        case .binlogSize:
            node(
                "binlog_size_bytes", unit: "bytes", "Total size of the binary log files on the node.",
                fact: .binlogIndex)
        case .binlogRetention:
            node(
                "binlog_retention_seconds", unit: "seconds",
                "For how long Amazon RDS or Aurora keeps binary logs (binlog retention hours); absent if they may be purged at any time.",
                fact: .binlogRetention)
        case .binlogFilters:
            node(
                "binlog_filters", "Number of databases in a filter on what the node writes to its binary log.",
                labels: ["filter"], fact: .binlogStatus)
        case .gtidExecuted:
            node(
                "gtid_executed_transactions_total", type: .counter,
                "Transactions in gtid_executed. It begins anew when that is reset.", fact: .transactions
            ).only(.mysql)
        case .gtidSequence:
            node(
                "gtid_sequence_numbers_total", type: .counter,
                "The last sequence numbers of what the node has executed, added up over all domains. They may have gaps, and fall where a position is replaced, so this is no count of transactions.",
                fact: .transactions
            ).only(.mariadb)
        case .gtidTransactions:
            node(
                "gtid_transactions",
                "Deprecated, and gone in the next release: gtid_executed_transactions_total (MySQL) or gtid_sequence_numbers_total (MariaDB) as a gauge.",
                fact: .transactions)
        case .semiSyncSourceEnabled:
            node(
                "semi_sync_source_enabled",
                "Whether the node is configured to wait for acknowledgements from semi-synchronous replicas.",
                fact: .status)
        case .semiSyncSourceActive:
            node(
                "semi_sync_source_active",
                "Whether the node is actually waiting for acknowledgements; 0 while enabled means it has fallen back to asynchronous replication.",
                fact: .status)
        case .semiSyncSourceClients:
            node("semi_sync_source_clients", "Semi-synchronous replicas connected to the node.", fact: .status)
        case .semiSyncSourceUnacknowledged:
            node(
                "semi_sync_source_unacknowledged_transactions_total", type: .counter,
                "Commits that were not acknowledged by a replica in time.", fact: .status)
        case .semiSyncReplicaActive:
            node(
                "semi_sync_replica_active", "Whether the node acknowledges transactions as a semi-synchronous replica.",
                fact: .status)

        case .checksumDifferences:
            node(
                "checksum_differences",
                "Chunks of a table in which the replica's rows differ from the source's, according to the last checksum run.",
                labels: ["database", "table"], fact: .checksumSummary)
        case .checksumPending:
            node(
                "checksum_pending_chunks",
                "Chunks of a table for which the source's result has not arrived yet, so it is not known whether they differ.",
                labels: ["database", "table"], fact: .checksumSummary)
        case .checksumTables:
            node(
                "checksum_tables",
                "Tables with checksum results; above 1000 tables, not all of them have checksum_differences.",
                fact: .checksumSummary)
        case .checksumLastRun:
            node(
                "checksum_last_run_timestamp_seconds", unit: "seconds",
                "When the newest checksum result was written, by the source's clock.", fact: .checksums)
        case .checksumAge:
            node(
                "checksum_age_seconds", unit: "seconds",
                "Time since the checksum results were read from the node; they are read again when they change, at most once a minute.",
                fact: .checksumSummary)
        case .heartbeatAge:
            node(
                "heartbeat_age_seconds", unit: "seconds",
                "Time since the newest heartbeat in the node's table was written; on the primary it shows whether the writer is working.",
                fact: .heartbeat)

        case .clusterInfo:
            member(
                "info", type: .info, "The cluster of a member, and what the member is called in views.",
                labels: ["kind", "cluster_name", "member"])
        case .clusterMemberState:
            member("member_state", type: .stateSet, "The member's own state, by its own word.", labels: ["state"])
        case .clusterReady: member("ready", "Whether the member executes statements.")
        case .clusterQuorum:
            member("quorum", "Whether the member is part of a majority, by its own word, which may be outdated.")
        case .clusterInComponent:
            member(
                "in_component",
                "Whether the member operates with the view that counts, as the views of all members show it.")
        case .clusterPrimary:
            member("primary", "Whether the member is a primary, by its own word; Group Replication only.")
        case .clusterViewNumber:
            member(
                "view_number", "The number of the member's view; members with different numbers see different clusters."
            )
        case .clusterViewSize: member("view_size", "Number of members in the member's view, joiners included.")
        case .clusterViewMembers:
            member(
                "view_members",
                "Number of members in the member's view, by the state that it shows; Group Replication only.",
                labels: ["state"]
            )
        case .clusterApplyQueue:
            member("apply_queue_transactions", "Transactions received from the cluster and not applied yet.")
        case .clusterCertifyQueue:
            member(
                "certify_queue_transactions", "Transactions that wait for certification; Group Replication only.")
        case .clusterConflicts:
            member(
                "conflicts_total", type: .counter,
                "Transactions of this member that were rolled back because another member had changed the same rows.",
                labels: ["cause"])
        case .clusterPaused:
            member(
                "flow_control_seconds_total", type: .counter, unit: "seconds",
                "Time for which flow control has held back writes; Galera only.")
        case .clusterPauseRequested:
            member(
                "flow_control_requested", "Whether this member asks the others to hold back writes; Galera only.")
        case .clusterHistory:
            member(
                "history_transactions",
                "Write sets that the member keeps for joiners: one that lacks more gets a full copy of the data; Galera only."
            )
        case .clusterCloneStage:
            member(
                "clone_stage", type: .stateSet,
                "The stage of the copy of all data that a joiner is being given; Group Replication only.",
                labels: ["stage"])
        case .clusterCloneCopied:
            member(
                "clone_copied_bytes", unit: "bytes",
                "How much of it has arrived, over all stages; Group Replication only.")
        case .clusterCloneEstimated:
            member(
                "clone_estimated_bytes", unit: "bytes",
                "How much it is estimated to be, over all stages; Group Replication only.")
        case .nodeTotalLag:
            node(
                "node_total_lag_seconds", unit: "seconds",
                "How late the node's data is: the lags of all hops up to where the set's writes are taken, a lag that is only observed by "
                    + "the most that it can be. Load balancers compare max_lag with it; absent while it is not known.")

        case .sourceInfo:
            channel(
                "source_info", type: .info,
                "The server the channel replicates from; source_node is empty if that server is not configured.",
                labels: ["source_host", "source_port", "source_server_id", "source_uuid", "source_node"])
        case .ioThreadRunning:
            channel(
                "io_thread_running",
                "Whether the IO thread is connected to the source; a thread that is still connecting is not running.")
        case .sqlThreadRunning:
            channel("sql_thread_running", "Whether the SQL (applier) thread is running.")
        case .ioThreadState:
            channel("io_thread_state", type: .stateSet, "State of the IO thread.", labels: ["state"])
        case .channelParked:
            channel(
                "channel_parked",
                "Whether the channel is stopped on purpose: its host is empty or begins with // and no source is configured by the "
                    + "channel's name, parked_channels names it, or another member of the node's group runs it. It has no lag, "
                    + "deltas and checks then.")
        case .lag:
            channel(
                "lag_seconds", unit: "seconds",
                "How far the replica is behind, by the best method available; absent when it cannot be known.")
        case .lagError:
            channel(
                "lag_error_seconds", unit: "seconds",
                "The most by which lag_seconds can be wrong, by what was seen of the source's binary log; absent when that is unknown."
            )
        case .lagKnown:
            channel("lag_known", "Whether there is an estimate of the lag.")
        case .lagMethod:
            channel("lag_method", type: .stateSet, "The method used for lag_seconds.", labels: ["method"])
        case .sourceReportedLag:
            channel(
                "source_reported_lag_seconds", unit: "seconds",
                "Seconds_Behind_Source (Seconds_Behind_Master) as the server reports it; absent when it is NULL.")
        case .secondsBehindSource:
            channel(
                "seconds_behind_source", unit: nil,
                "Deprecated, and gone in the next release: source_reported_lag_seconds under its former name.")
        case .readDelta:
            channel(
                "read_delta_bytes", unit: "bytes",
                "Bytes from what the replica has read to the end of its source's binary log, across files.")
        case .applyDelta:
            channel(
                "apply_delta_bytes", unit: "bytes",
                "Bytes from what the replica has applied to the end of its source's binary log, across files.")
        case .relayLog:
            channel("relay_log_bytes", unit: "bytes", "Total size of the channel's relay log files.")
        case .readFileNumber:
            channel("read_file_number", "Number of the source's binary log file that the replica is reading.")
        case .readPosition:
            channel("read_position_bytes", unit: "bytes", "Position the replica has read up to in that file.")
        case .execFileNumber:
            channel("exec_file_number", "Number of the source's binary log file that the replica is applying.")
        case .execPosition:
            channel("exec_position_bytes", unit: "bytes", "Position the replica has applied up to in that file.")
        case .missingTransactions:
            channel(
                "missing_transactions",
                "Transactions the source has and the replica has not applied, by GTID; \(sequenceNumbers).",
                fact: .transactions)
        case .unfetchedTransactions:
            channel(
                "unfetched_transactions",
                "Transactions the source has and the replica has not received, by GTID; \(sequenceNumbers).",
                fact: .transactions)
        case .unappliedTransactions:
            channel(
                "unapplied_transactions",
                "Transactions the replica has received but not yet applied, by GTID; \(sequenceNumbers).",
                fact: .transactions)
        case .errantTransactions:
            channel(
                "errant_transactions",
                "Transactions the replica has and no node above it has, nor the writer; on MariaDB at least this many: one of each "
                    + "server in each domain.",
                fact: .transactions)
        case .domainMissingTransactions:
            channel(
                "domain_missing_transactions",
                "By how many sequence numbers the source is ahead in a replication domain (MariaDB).",
                labels: ["domain"], fact: .transactions
            ).only(.mariadb)
        case .purgeHeadroom:
            channel(
                "purge_headroom_bytes", unit: "bytes",
                "Bytes of binary log the source still has before the first byte the replica needs next.",
                fact: .binlogIndex)
        case .sourceSilent:
            channel(
                "source_silent_seconds", unit: "seconds",
                "Time since anything, an event or a heartbeat, last arrived from the source; absent until that is known."
            )
        case .stage:
            channel(
                "stage_seconds", unit: "seconds",
                "Time spent in a stage: transport and queue for the last received transaction, relay_wait and apply for the last applied one (MySQL 8).",
                labels: ["stage"], fact: .applier
            ).only(.mysql)
        case .ioErrno:
            channel("io_errno", "Error number of the IO thread's last error; 0 for none.")
        case .sqlErrno:
            channel("sql_errno", "Error number of the SQL thread's last error; 0 for none.")
        case .lastErrorTimestamp:
            channel(
                "last_error_timestamp_seconds", unit: "seconds", "When the thread's current error was raised (MySQL).",
                labels: ["thread"], fact: .receiver)
        case .configuredDelay:
            channel("configured_delay_seconds", unit: "seconds", "By how much the replica is deliberately delayed.")
        case .remainingDelay:
            channel(
                "remaining_delay_seconds", unit: "seconds",
                "How long the next event will still be held back; absent when none is held back.")
        case .filters:
            channel("filters", "Number of entries in a replication filter of the replica.", labels: ["filter"])
        case .gtidEnabled:
            channel("gtid_enabled", "Whether the channel tracks its position by GTID.")
        case .sourceTLS:
            channel("source_tls", "Whether the connection to the source is configured to use TLS.")
        case .workers:
            channel("workers", "Applier workers of the channel; MariaDB shares them between channels.", fact: .applier)
        case .workersBusy:
            channel(
                "workers_busy", "Applier workers that are currently applying a transaction (MySQL 8).", fact: .applier
            )
            .only(.mysql)
        case .workerRunning:
            channel(
                "worker_running", "Whether an applier worker is running (MySQL 8).", labels: ["worker"], fact: .applier
            )
            .only(.mysql)
        case .workerBusy:
            channel(
                "worker_busy", "Whether an applier worker is applying a transaction (MySQL 8).", labels: ["worker"],
                fact: .applier
            ).only(.mysql)
        case .workerApplying:
            channel(
                "worker_applying_seconds", unit: "seconds",
                "Time since the transaction a worker is applying was committed on the source; absent when idle (MySQL 8).",
                labels: ["worker"], fact: .applier
            ).only(.mysql)
        case .workerErrno:
            channel(
                "worker_errno", "Error number of an applier worker's last error; 0 for none (MySQL 8).",
                labels: ["worker"],
                fact: .applier
            ).only(.mysql)
        case .retriedTransactions:
            channel(
                "retried_transactions_total", type: .counter,
                "Transactions the applier had to retry.")
        case .heartbeatsReceived:
            channel("heartbeats_received_total", type: .counter, "Heartbeats received from the source.")
        case .check:
            channel(
                "check",
                "Result of each of the five checks: 1 passed, 0 failed; absent when it cannot be known.",
                labels: ["check"])

        case .sentinelSuccess:
            channel(
                "sentinel_success", "Whether an operation of the sentinel's last run arrived at the replica in time.",
                labels: ["operation"], fact: nil)
        case .sentinelPropagation:
            channel(
                "sentinel_propagation_seconds", unit: "seconds",
                "Time from the primary's confirmation of an operation until it was seen on the replica, accurate to one eighth; absent if it was not seen.",
                labels: ["operation"], fact: nil)
        case .sentinelLastSuccess:
            channel(
                "sentinel_last_success_timestamp_seconds", unit: "seconds",
                "When all operations of a sentinel run last succeeded, in epoch seconds by the exporter's clock.",
                fact: nil)

        case .setNodes: set("nodes", "Number of configured nodes.")
        case .setNodesUp: set("nodes_up", "Number of nodes that are up.")
        case .setWritableNodes: set("writable_nodes", "Number of nodes that are up and not read-only.")
        case .setUnfilteredReplicas:
            set(
                "unfiltered_replicas",
                "Number of replicas from which no replication filter holds anything back; Amazon RDS's own filters do not count."
            )
        case .setCrashSafeReplicas:
            set("crash_safe_replicas", "Number of replicas whose replication position survives a crash.")
        case .setUnknownSources: set("unknown_sources", "Number of channels whose source is not a configured node.")
        case .setCycles: set("cycles", "Number of rings of nodes that replicate from each other.")
        case .setDuplicateServerIDs: set("duplicate_server_ids", "Number of server ids that more than one node has.")
        case .setDuplicateServerUUIDs:
            set(
                "duplicate_server_uuids",
                "Number of server UUIDs that more than one server has (MySQL); a server that is configured twice does not count."
            )
        case .setWriters:
            set(
                "writers",
                "Number of nodes that take the set's writes; absent while that is not known, and if the writes are taken outside the set."
            )
        case .setWriterKnown: set("writer_known", "Whether it is known which nodes take the set's writes.")
        case .setRivals:
            set(
                "rivals",
                "Number of nodes that take writes at the same time and must not: neither is only a replica of the other (two that replicate from each other count as well)."
            )
        case .setLagThreshold:
            set("lag_threshold_seconds", "Lag above which a replica of the set fails the check 'lag' (thresholds.lag).")
        case .setBytesThreshold:
            set(
                "apply_delta_threshold_bytes",
                "Byte delta above which a replica of the set fails the check 'lag' (thresholds.bytes).")

        case .setClusterComponents:
            cluster(
                "components",
                "Number of groups of members that operate with the same view: 1 in a healthy cluster, 0 without quorum, more in a split."
            )
        case .setClusterConfirmed:
            cluster(
                "confirmed",
                "Whether the component may be acted on: more than half of its members have answered with its view, now or in a round since which some have in each, and nothing shows that it was made of a minority; absent without a component."
            )
        case .setClusterMembers: cluster("members", "Number of configured nodes that belong to the cluster.")
        case .setClusterMembersMissing:
            cluster("members_missing", "Number of configured nodes of the cluster that are not in its component.")
        case .setClusterUnknownMembers:
            cluster("unknown_members", "Number of members of the component that are not configured.")
        case .setClusterFailuresTolerated:
            cluster(
                "failures_tolerated",
                "Number of members that the component can lose at once and keep its quorum; absent without a component."
            )
        case .setClusterPrimariesAgreed:
            cluster(
                "primaries_agreed",
                "Whether the members of the component name the same primaries; Group Replication only.")
        case .setClusterMultiWriter:
            cluster("multi_writer", "Whether several members take writes at the same time, as intended.")

        case .probeWorking:
            probe(
                "probe_working",
                "Whether a configured probe is working: fresh heartbeats are seen, or the primary accepts the sentinel's row; 0 until it has worked once."
            )
        case .failoverActive:
            node(
                "failover_active",
                "Whether the failover answer sends requests to the node; absent while nothing is asking for it.")

        case .buildInfo:
            own(
                "mysql_replication_exporter_build_info", type: .info,
                "Version of the exporter, and what it was built with.",
                labels: ["version", "revision", "swift", "libmariadb"])
        case .scrapeDuration:
            own(
                "mysql_replication_exporter_scrape_duration_seconds", unit: "seconds",
                "Time from the start of this scrape until the nodes' answers had been compared.")
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
            own("process_cpu_seconds_total", type: .counter, unit: "seconds", "Total user and system CPU time spent.")
        case .processResidentMemory:
            own("process_resident_memory_bytes", unit: "bytes", "Resident memory size.")
        case .processVirtualMemory:
            own("process_virtual_memory_bytes", unit: "bytes", "Virtual memory size.")
        case .processStartTime:
            own("process_start_time_seconds", unit: "seconds", "When the process started, in epoch seconds.")
        case .processOpenFDs:
            own("process_open_fds", "Number of open file descriptors.")
        case .processMaxFDs:
            own("process_max_fds", "Maximum number of open file descriptors.")
        case .processThreads:
            own("process_threads", "Number of operating system threads.")
        }
    }
}
