extension RuleGroup {
    /// Alerts about what the opt-in probes find.
    static let probes = RuleGroup(
        "mysql-replication.probes",
        note: """
            Silent if the probes are off, because their series are absent then. If they are configured, probe_working exists from the
            first scrape on, and is 0 for a probe that has never worked. Without a primary nothing is written; that has its own
            alert. The windows bridge the scrapes missed during a restart of the exporter.
            """,
        [
            .alert(
                Alert(
                    "HeartbeatMissing", .critical, after: "1m", about: .set,
                    expression: """
                        max without (instance, probe) (max_over_time(mysql_replication_probe_working{probe="heartbeat"}[2m])) == 0
                          and max without (instance) (last_over_time(mysql_replication_set_writers[2m])) == 1
                        """,
                    summary: "No heartbeat is written in {{ $labels.replication_set }}",
                    description: """
                        {{ with printf "min(mysql_replication_heartbeat_age_seconds{job='%s',cluster='%s',replication_set='%s'})" $labels.job $labels.cluster $labels.replication_set | query -}}
                        The newest one is {{ . | first | value | humanizeDuration }} old.
                        {{- else }}None has been seen.{{ end }}
                        The primary answers and is writable, but its heartbeat table gets no new rows: the primary does not accept writes
                        (disk full, lock), it refuses the exporter's, the table is missing, or the heartbeat writer has stopped. Lag
                        measured by the heartbeat is unknown.
                        """)),
            .alert(
                Alert(
                    "SentinelFailing", .critical, after: "3m", about: .channel,
                    note: """
                        If a thread is stopped, or the lag explains it, other alerts fire. A delayed replica is not tested.
                        """,
                    expression: """
                        min without (operation) (mysql_replication_sentinel_success) == 0
                          and ignoring (check) mysql_replication_check{check="transfer"} == 1
                          and ignoring (check) mysql_replication_check{check="apply"} == 1
                          unless mysql_replication_lag_seconds > \(.threshold(.sentinelLag))
                        """,
                    summary: """
                        Writes on the primary of {{ $labels.replication_set }} do not arrive on {{ $labels.node }}{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        A row inserted, updated and deleted on the primary does not arrive in time, although both threads are running and no
                        lag of more than \(.threshold(.sentinelLag)) s is reported: the replica looks healthy, but is not.
                        """)),
            .alert(
                Alert(
                    "SentinelNotSent", .critical, after: "5m", about: .set,
                    note: """
                        No run has a result: the primary itself refuses the row, which says nothing about the replicas.
                        """,
                    expression: """
                        max without (instance, probe) (max_over_time(mysql_replication_probe_working{probe="sentinel"}[2m])) == 0
                          and max without (instance) (last_over_time(mysql_replication_set_writers[2m])) == 1
                        """,
                    summary: "The sentinel of {{ $labels.replication_set }} cannot be sent",
                    description: """
                        No run succeeds, although the primary is known: it does not accept writes, refuses the exporter's, or has no
                        database for the sentinel's table. Meanwhile it is not tested whether changes arrive on the replicas.
                        """)),
            .alert(
                Alert(
                    "ChecksumDifferences", .warning, after: "5m", about: .node,
                    note: "One alert for all tables of a node; the series show which they are.",
                    expression: "count without (database, table) (mysql_replication_checksum_differences > 0)",
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} has different data from its source
                        """,
                    description: """
                        The last checksum run found different rows in {{ $value }} of its tables. This neither stops a thread nor shows up
                        as lag.
                        """)),
        ])
}
