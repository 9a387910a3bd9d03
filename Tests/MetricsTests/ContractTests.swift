import Exposition
import Metrics
import Replication
import Testing
import Topology

/// What dashboards and alerts rely on: names, types and labels. A change here needs a line in the changelog.
@Suite("The contract of names and labels")
struct ContractTests {
    static let node = ["replication_set", "node"]
    static let channel = ["replication_set", "node", "channel"]

    /// `mysql_replication_` + name: labels.
    static let promised: [(String, [String])] =
        [
            ("up", node), ("node_fact_missing", node + ["fact", "reason"]), ("node_failure", node + ["reason"]),
            (
                "node_info",
                node + ["address", "hostname", "server_id", "server_uuid", "flavor", "version"]
            ),
            ("node_role", node + ["role"]), ("node_read_only", node), ("node_super_read_only", node),
            ("node_writer", node),
            ("node_start_time_seconds", node), ("node_clock_offset_seconds", node),
            ("node_collect_duration_seconds", node), ("node_round_trips", node), ("node_connected_replicas", node),
            ("node_durable", node + ["part"]), ("binlog_enabled", node), ("binlog_file_number", node),
            ("binlog_position_bytes", node), ("binlog_files", node), ("binlog_size_bytes", node),
            ("binlog_filters", node + ["filter"]), ("gtid_transactions", node),
            ("semi_sync_source_enabled", node), ("semi_sync_source_active", node), ("semi_sync_source_clients", node),
            ("semi_sync_source_unacknowledged_transactions_total", node), ("semi_sync_replica_active", node),
            ("checksum_differences", node + ["database", "table"]),
            ("checksum_pending_chunks", node + ["database", "table"]), ("checksum_tables", node),
            ("checksum_last_run_timestamp_seconds", node), ("checksum_age_seconds", node),
            ("heartbeat_age_seconds", node),
            (
                "source_info",
                channel + ["source_host", "source_port", "source_server_id", "source_uuid", "source_node"]
            ),
            ("io_thread_running", channel), ("sql_thread_running", channel), ("io_thread_state", channel + ["state"]),
            ("lag_seconds", channel), ("lag_known", channel), ("lag_method", channel + ["method"]),
            ("seconds_behind_source", channel), ("read_delta_bytes", channel), ("apply_delta_bytes", channel),
            ("relay_log_bytes", channel), ("read_file_number", channel), ("read_position_bytes", channel),
            ("exec_file_number", channel), ("exec_position_bytes", channel), ("missing_transactions", channel),
            ("unfetched_transactions", channel), ("unapplied_transactions", channel),
            ("errant_transactions", channel), ("domain_missing_transactions", channel + ["domain"]),
            ("purge_headroom_bytes", channel), ("source_silent_seconds", channel),
            ("stage_seconds", channel + ["stage"]), ("io_errno", channel), ("sql_errno", channel),
            ("last_error_timestamp_seconds", channel + ["thread"]), ("configured_delay_seconds", channel),
            ("remaining_delay_seconds", channel), ("filters", channel + ["filter"]), ("gtid_enabled", channel),
            ("source_tls", channel), ("workers", channel), ("workers_busy", channel),
            ("worker_running", channel + ["worker"]), ("worker_busy", channel + ["worker"]),
            ("worker_applying_seconds", channel + ["worker"]), ("worker_errno", channel + ["worker"]),
            ("retried_transactions_total", channel), ("heartbeats_received_total", channel),
            ("check", channel + ["check"]), ("sentinel_success", channel + ["operation"]),
            ("sentinel_propagation_seconds", channel + ["operation"]),
            ("sentinel_last_success_timestamp_seconds", channel),
        ]
        + [
            "nodes", "nodes_up", "writable_nodes", "unfiltered_replicas", "crash_safe_replicas", "unknown_sources",
            "cycles", "duplicate_server_ids", "writers", "writer_known", "rivals",
        ].map { ("set_" + $0, ["replication_set"]) }
        + [
            ("probe_working", ["replication_set", "probe"]), ("failover_active", node),
            ("exporter_build_info", ["version", "swift", "libmariadb"]), ("exporter_scrape_duration_seconds", []),
            ("exporter_config_last_reload_successful", []),
            ("exporter_config_last_reload_success_timestamp_seconds", []),
            ("exporter_http_requests_total", ["route", "code"]),
        ]

    static let process = [
        "process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
        "process_start_time_seconds", "process_open_fds", "process_max_fds", "process_threads",
    ]

    @Test("The catalogue contains exactly the promised metrics, with these labels in this order")
    func catalogue() {
        var promised = Dictionary(uniqueKeysWithValues: Self.promised.map { ("mysql_replication_" + $0.0, $0.1) })
        for name in Self.process { promised[name] = [] }
        let listed = Dictionary(uniqueKeysWithValues: Catalogue.entries.map { ($0.description.name, $0.labels) })
        #expect(Set(listed.keys).subtracting(promised.keys) == [], "not promised")
        #expect(Set(promised.keys).subtracting(listed.keys) == [], "not in the catalogue")
        for (name, labels) in listed { #expect(labels == promised[name], "labels of \(name)") }
    }

    @Test("Every metric occurs in the scenes, and its samples carry exactly the labels of the catalogue")
    func labels() throws {
        let families = try Families.everything().all
        #expect(Set(Catalogue.entries.map(\.description.name)).subtracting(families.map(\.description.name)) == [])
        let labels = Dictionary(uniqueKeysWithValues: Catalogue.entries.map { ($0.description.name, $0.labels) })
        for family in families {
            for sample in family.samples {
                #expect(
                    (sample.labels.labels + sample.extra.labels).map(\.name) == labels[family.description.name],
                    "\(family.description.name)")
            }
        }
    }

    @Test("No family contains anything that a reader would refuse")
    func problems() throws {
        #expect(MetricFamily.problems(in: try Families.everything().all) == [])
        // Also without samples: names, units, suffixes.
        #expect(MetricFamily.problems(in: Catalogue.entries.map { MetricFamily($0.description) }) == [])
    }

    @Test("Each metric has its own help text, which is a sentence")
    func help() {
        var helps: Set<String> = []
        for entry in Catalogue.entries {
            let help = entry.description.help
            #expect(help.hasSuffix("."), "\(entry.description.name)")
            #expect(help.first?.isUppercase == true, "\(entry.description.name)")
            #expect(helps.insert(help).inserted, "\(entry.description.name) has the help of another")
        }
    }

    @Test("The catalogue is in the order of the metrics, and so is the output")
    func order() throws {
        for metric in Metric.allCases {
            #expect(Catalogue[metric].description.name == metric.entry.description.name)
        }
        let names = try Families.everything().all.map(\.description.name)
        #expect(names == Catalogue.entries.map(\.description.name))
    }

    @Test("A one-hot family carries every value of its last label, and exactly one of them is 1")
    func oneHot() throws {
        let values: [String: [String]] = [
            "mysql_replication_node_role": NodeRole.allCases.map(\.rawValue),
            "mysql_replication_io_thread_state": Channel.IOThreadState.allCases.map(\.rawValue),
            "mysql_replication_lag_method": Lag.Method.allCases.map(\.rawValue),
        ]
        var met = 0
        for family in try Families.everything().all where family.description.type == .stateSet {
            let expected = try #require(values[family.description.name])
            for (_, samples) in Dictionary(grouping: family.samples, by: \.labels) {
                #expect(samples.map { $0.extra.labels.first?.value } == expected)
                #expect(samples.map(\.value).sorted() == Array(repeating: 0, count: expected.count - 1) + [1])
            }
            met += 1
        }
        #expect(met == values.count)
        #expect(NodeRole.allCases.map(\.rawValue) == ["primary", "intermediate", "replica", "standalone"])
        #expect(Channel.IOThreadState.allCases.map(\.rawValue) == ["stopped", "connecting", "preparing", "running"])
        #expect(
            Lag.Method.allCases.map(\.rawValue)
                == ["heartbeat", "applier_timestamps", "event_times", "seconds_behind_source"])
    }
}
