extension RuleGroup {
    /// What is recorded of channels.
    static let recordedChannels = RuleGroup(
        "mysql-replication.recording.channel",
        [
            .recording(
                RecordingRule(
                    "channel:mysql_replication_lag_seconds:undelayed",
                    note: "Lag beyond a configured delay. Absent when the lag is not known.",
                    expression: """
                        clamp_min(mysql_replication_lag_seconds - mysql_replication_configured_delay_seconds, 0)
                          or mysql_replication_lag_seconds
                        """)),
            .recording(
                RecordingRule(
                    "channel:mysql_replication_purge_headroom_bytes:ratio",
                    note: """
                        The share of the source's binary log that lies before the replica's read position: 1 when all of it has been read,
                        0 when the next purge removes what the replica needs. Absent when the source's log is empty or unknown.
                        """,
                    expression: """
                        mysql_replication_purge_headroom_bytes
                          / (mysql_replication_purge_headroom_bytes + mysql_replication_read_delta_bytes > 0)
                        """)),
            .recording(
                RecordingRule(
                    "channel:mysql_replication_source_binlog_files:purged",
                    note: """
                        Binary log files that the channel's source has purged since its numbering began: those before the oldest one it has.
                        """,
                    expression: """
                        max without (source_host, source_port, source_server_id, source_uuid, source_node) (
                          mysql_replication_source_info{source_node!=""}
                            * ignoring (instance, node, channel, source_host, source_port, source_server_id, source_uuid) group_left ()
                              max without (instance, node) (
                                label_replace(
                                  mysql_replication_binlog_file_number - mysql_replication_binlog_files,
                                  "source_node", "$1", "node", "(.+)"
                                )
                              )
                        )
                        """)),
            .recording(
                RecordingRule(
                    "channel:mysql_replication_source:down",
                    note: """
                        1 for a channel whose source is a node that does not answer the exporter. What the replica shows then is a consequence:
                        NodeDown and NoWritableNode fire for the cause. A server that refuses another connection is alive.
                        """,
                    expression: """
                        1 - max without (source_host, source_port, source_server_id, source_uuid, source_node) (
                          mysql_replication_source_info{source_node!=""}
                            * ignoring (instance, node, channel, source_host, source_port, source_server_id, source_uuid) group_left ()
                              max without (node) (
                                label_replace(
                                  max without (instance) (mysql_replication_up) == 0
                                    unless max without (instance, reason) (mysql_replication_node_failure{reason="connection_limit"}),
                                  "source_node", "$1", "node", "(.+)"
                                )
                              )
                        )
                        """)),
        ])
}
