extension RuleGroup {
    /// What is recorded of replication sets.
    static let recordedSets = RuleGroup(
        "mysql-replication.recording.set",
        [
            .recording(
                RecordingRule(
                    "replication_set:mysql_replication_channels_per_node:max",
                    note: """
                        The highest number of sources of a node in the set: 1, or more with multi-source replication. Absent in a set without
                        replicas.
                        """,
                    expression: """
                        max without (instance, node) (count without (channel) (mysql_replication_io_thread_running))
                        """)),
            .recording(
                RecordingRule(
                    "replication_set:mysql_replication_lag_seconds:max",
                    note: """
                        One number per set, for long-term storage and for views across many exporters. What two exporters of one fleet both
                        see counts once, with the worse of the two values.
                        """,
                    expression: """
                        max without (instance, node, channel) (channel:mysql_replication_lag_seconds:undelayed)
                        """)),
            .recording(
                RecordingRule(
                    "replication_set:mysql_replication_apply_delta_bytes:max",
                    expression: "max without (instance, node, channel) (mysql_replication_apply_delta_bytes)")),
            .recording(
                RecordingRule(
                    "replication_set:mysql_replication_checks_broken:sum",
                    expression: """
                        sum without (node, channel, check) (1 - min without (instance) (mysql_replication_check))
                        """)),
            .recording(
                RecordingRule(
                    "replication_set:mysql_replication_nodes_down:sum",
                    expression: "sum without (node) (1 - min without (instance) (mysql_replication_up))")),
        ])
}
