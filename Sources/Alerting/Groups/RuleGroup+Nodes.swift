extension RuleGroup {
    /// Alerts about nodes.
    static let nodes = RuleGroup(
        "mysql-replication.node",
        [
            .alert(
                Alert(
                    "NodeDown", .critical, after: "2m", about: .node,
                    note: """
                        The reason changes while a server dies (connect, timeout), so it is in the text and not in the labels. A server that
                        refuses another connection is alive (next rule).
                        """,
                    expression: """
                        mysql_replication_up == 0 unless ignoring (reason) mysql_replication_node_failure{reason="connection_limit"}
                        """,
                    summary: "{{ $labels.replication_set }}/{{ $labels.node }} is down",
                    description: """
                        {{ with printf "mysql_replication_node_failure{job='%s',cluster='%s',replication_set='%s',node='%s'}" $labels.job $labels.cluster $labels.replication_set $labels.node | query | sortByLabel "instance" -}}
                        The exporter cannot query it: {{ (. | first).Labels.reason }}.
                        {{- else }}The exporter cannot query it.{{ end }}
                        The state of its replication is unknown; while this lasts, alerts about its channels cannot fire.
                        {{- with printf "last_over_time(mysql_replication_node_writer{job='%s',cluster='%s',replication_set='%s',node='%s'}[15m]) == 1" $labels.job $labels.cluster $labels.replication_set $labels.node | query }}
                        It was the primary.{{ end }}
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "ConnectionLimit", .warning, after: "10m", about: .node,
                    note: """
                        Also if only some scrapes are refused, as with a second exporter that uses the same account.
                        """,
                    expression: """
                        max_over_time(mysql_replication_node_failure{reason="connection_limit"}[5m])
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} refuses the exporter another connection
                        """,
                    description: """
                        The server is alive. Either the exporter's account or the server itself has no connection left; the exporter's log has
                        the server's words. While it refuses, the state of its replication is unknown.
                        """)),
            .alert(
                Alert(
                    "NodeFactMissing", .warning, after: "10m", about: .node,
                    note: """
                        "unsupported" is not a problem: that server version does not have the fact. "no_table" is a heartbeat or checksum table
                        that is configured but does not exist. The list of binary logs is not read in every scrape, hence the window.
                        """,
                    expression: """
                        max_over_time(mysql_replication_node_fact_missing{reason=~"permission|timeout|error|no_table"}[5m])
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} does not report its {{ $labels.fact }} ({{ $labels.reason }})
                        """,
                    description: """
                        The series based on this fact are absent, and alerts that need them cannot fire. Reason: {{ $labels.reason }}.
                        """)),
            .alert(
                Alert(
                    "ClockSkew", .warning, after: "10m", about: .node,
                    note: "The offset is only accurate to half the round trip.",
                    expression: """
                        abs(mysql_replication_node_clock_offset_seconds) - mysql_replication_node_collect_duration_seconds > \(.threshold(.clockSkew))
                        """,
                    summary: """
                        The clock of {{ $labels.replication_set }}/{{ $labels.node }} is off by more than {{ $value | humanizeDuration }}
                        """,
                    description: """
                        Lag calculated from timestamps is wrong by the same amount. If all nodes are off by the same amount, the exporter's
                        clock is wrong.
                        """)),
            .alert(
                Alert(
                    "NotCrashSafe", .warning, after: "15m", about: .node,
                    expression: """
                        mysql_replication_node_durable{part="replication_state"} == 0
                        """,
                    summary: """
                        The replication position of {{ $labels.replication_set }}/{{ $labels.node }} does not survive a crash
                        """,
                    description: """
                        After a crash of the server or the machine, the replica may apply transactions twice or miss some.
                        """)),
            .alert(
                Alert(
                    "ChangesNotLogged", .critical, after: "2m", about: .node,
                    note: "These replicas look healthy: they have all that is in its binary log.",
                    expression: "mysql_replication_node_unserved_replicas > 0",
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} passes nothing that it replicates on to {{ $value }} of its replicas
                        """,
                    description: """
                        It does not write what it replicates to its own binary log (log_replica_updates or, by its older name,
                        log_slave_updates is off), so these replicas never get it. Their lag does not show that.
                        """)),
            .alert(
                Alert(
                    "SemiSyncDegraded", .warning, after: "2m", about: .node,
                    note: "On a replica, the source side may be enabled in advance, hence read_only.",
                    expression: """
                        mysql_replication_semi_sync_source_enabled == 1
                          and (
                            mysql_replication_semi_sync_source_active == 0
                              or increase(mysql_replication_semi_sync_source_unacknowledged_transactions_total[5m]) > 0
                          )
                          and mysql_replication_node_read_only == 0
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} commits without the acknowledgement of a replica
                        """,
                    description: """
                        Semi-synchronous replication is enabled, but the node does not wait for replicas at present, or has committed
                        transactions without an acknowledgement within the last 5 minutes. Such transactions are lost if it dies.
                        """)),
            .alert(
                Alert(
                    "ErrantTransactions", .warning, after: "5m", about: .node,
                    note: """
                        A transaction does not belong to a channel, so all channels of a node have the same number.
                        """,
                    expression: "max without (channel) (mysql_replication_errant_transactions) > 0",
                    summary: "{{ $labels.replication_set }}/{{ $labels.node }} has transactions of its own",
                    description: """
                        Transactions exist on this replica but on no server above it: {{ $value }} (on MariaDB at least so many). Its data differs
                        from theirs; promoting it would spread these transactions or break replication.
                        """)),
        ])
}
