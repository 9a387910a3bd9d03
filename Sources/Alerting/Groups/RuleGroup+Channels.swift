extension RuleGroup {
    /// Alerts about channels.
    static let channels = RuleGroup(
        "mysql-replication.channel",
        [
            .alert(
                Alert(
                    "IOThreadStopped", .critical, after: "2m", about: .channel,
                    note: """
                        With an error, or connecting all the time: something is broken. Stopped without an error: stopped by hand (next rule).
                        A parked channel is stopped on purpose. If the source is down, that is the cause, and NodeDown fires.
                        """,
                    expression: """
                        mysql_replication_io_thread_running == 0
                          unless mysql_replication_channel_parked == 1
                          unless ignoring (state) (
                            mysql_replication_io_thread_state{state="stopped"} == 1
                              unless ignoring (state) mysql_replication_io_errno > 0
                          )
                          unless channel:mysql_replication_source:down == 1
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} receives nothing from its source{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        {{ with printf "mysql_replication_io_errno{job='%s',cluster='%s',replication_set='%s',node='%s',channel='%s'} > 0" $labels.job $labels.cluster $labels.replication_set $labels.node $labels.channel | query | sortByLabel "instance" -}}
                        The IO thread is not connected; its last error is {{ . | first | value }}.
                        {{- else }}The IO thread is not connected; it reports no error.{{ end }}
                        A thread that is still connecting does not count as running.
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "IOThreadStopped", .warning, after: "15m", about: .channel,
                    note: "A planned stop gets time; silence this one for a longer one.",
                    expression: """
                        mysql_replication_io_thread_running == 0
                          unless mysql_replication_channel_parked == 1
                          and ignoring (state) (
                            mysql_replication_io_thread_state{state="stopped"} == 1
                              unless ignoring (state) mysql_replication_io_errno > 0
                          )
                        """,
                    summary: """
                        The IO thread of {{ $labels.replication_set }}/{{ $labels.node }} is stopped{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        It stopped without an error: either it was stopped by hand, or it was not started with the server. The source may
                        purge binary logs that the replica still needs.
                        """)),
            .alert(
                Alert(
                    "IOThreadFlapping", .warning, after: "5m", about: .channel,
                    note: "A restart of the source is two changes.",
                    expression: "changes(mysql_replication_io_thread_running[15m]) >= \(.threshold(.ioThreadChanges))",
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} keeps losing its source{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        Its IO thread changed between running and not running {{ $value }} times within 15 minutes. IOThreadStopped may not
                        fire, because no interruption lasts long enough.
                        """)),
            .alert(
                Alert(
                    "SQLThreadStopped", .critical, after: "1m", about: .channel,
                    note: """
                        An applier error does not go away by itself. It puts a member out of its cluster: ClusterMemberOutside fires, and names it.
                        """,
                    expression: """
                        mysql_replication_sql_errno > 0
                          unless mysql_replication_channel_parked == 1
                          unless (
                            mysql_replication_sql_errno
                              and ignoring (channel, state) mysql_replication_cluster_member_state{state=~"failed|outside"} == 1
                              and ignoring (channel, node, cluster_name) mysql_replication_set_cluster_components == 1
                              unless mysql_replication_io_thread_running
                          )
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} cannot apply what it receives{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        The SQL thread ended with error {{ $value }}. It does not restart by itself.
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "SQLThreadStopped", .warning, after: "15m", about: .channel,
                    note: """
                        A planned stop gets time; silence this one for a longer one. A group's applier runs while the member is in the group.
                        """,
                    expression: """
                        mysql_replication_sql_thread_running == 0
                          unless mysql_replication_sql_errno > 0
                          unless mysql_replication_channel_parked == 1
                          unless (
                            mysql_replication_sql_thread_running
                              and ignoring (channel) mysql_replication_cluster_in_component == 0
                              unless mysql_replication_io_thread_running
                          )
                        """,
                    summary: """
                        The SQL thread of {{ $labels.replication_set }}/{{ $labels.node }} is stopped{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        It stopped without an error: either it was stopped by hand, or it was not started with the server. Meanwhile the
                        relay log grows.
                        """)),
            .alert(
                Alert(
                    "SourceSilent", .critical, after: "15s", about: .channel,
                    note: """
                        Fires early, because after slave_net_timeout the thread reconnects. It then goes on for as long as IOThreadStopped takes. A
                        source that does not answer the exporter either is down: NodeDown fires.
                        """,
                    expression: """
                        (
                          mysql_replication_io_thread_running == 1 and ignoring (check) mysql_replication_check{check="transfer"} == 0
                            or mysql_replication_io_thread_running == 0
                              and max_over_time((
                                mysql_replication_io_thread_running == 1
                                  and ignoring (check) mysql_replication_check{check="transfer"} == 0
                              )[3m:15s])
                              unless mysql_replication_channel_parked == 1
                              unless ignoring (state) (
                                mysql_replication_io_thread_state{state="stopped"} == 1
                                  unless ignoring (state) mysql_replication_io_errno > 0
                              )
                        ) unless channel:mysql_replication_source:down == 1
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} hears nothing from its source{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        The IO thread was connected, but nothing arrived: for 10 s while the source's binary log went on, or for two
                        heartbeat periods of an idle source. The source is frozen, or the network drops packets. The server may still show
                        0 seconds behind, or be connecting again.
                        """)),
            .alert(
                Alert(
                    "LagGrowing", .critical, after: "5m", about: .channel,
                    note: """
                        The check uses the thresholds in the exporter's configuration, and does not count a configured delay. A lag that is only
                        observed belongs to a thread that is stopped or connecting, or to a silent source, each of which has an alert of its own;
                        but for members of a cluster, which have no IO thread, it is often all that there is. A donor, and a member that was
                        desynchronized for a backup, fall behind on purpose: LagHigh fires if that takes long.
                        """,
                    expression: """
                        channel:mysql_replication_lag_seconds:undelayed > 0
                          and deriv(channel:mysql_replication_lag_seconds:undelayed[10m]) > 0
                          and ignoring (check) mysql_replication_check{check="lag"} == 0
                          unless ignoring (method) (
                            mysql_replication_lag_method{method="observed"} == 1
                              and ignoring (method) mysql_replication_io_thread_running
                          )
                          unless ignoring (channel, state) mysql_replication_cluster_member_state{state=~"donor|desynced"} == 1
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} is {{ $value | humanizeDuration }} behind, and falling further behind{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        The lag or the byte delta is above the threshold of the replication set, and the lag is growing. A configured delay
                        is not counted.
                        """)),
            .alert(
                Alert(
                    "LagHigh", .warning, after: "30m", about: .channel,
                    expression: """
                        channel:mysql_replication_lag_seconds:undelayed >= 0
                          and ignoring (check) mysql_replication_check{check="lag"} == 0
                          unless ignoring (method) (
                            mysql_replication_lag_method{method="observed"} == 1
                              and ignoring (method) mysql_replication_io_thread_running
                          )
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} keeps lagging{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        Its lag beyond the configured delay is {{ $value | humanizeDuration }}. The lag or the byte delta is above the
                        threshold of the replication set.
                        """)),
            .alert(
                Alert(
                    "LagUnknown", .warning, after: "10m", about: .channel,
                    note: """
                        With a stopped thread or a silent source the lag is unknown too; those have their own alerts. A Galera node has no threads.
                        """,
                    expression: """
                        mysql_replication_lag_known == 0
                          and ignoring (check) mysql_replication_check{check="transfer"} == 1
                          unless mysql_replication_sql_thread_running == 0
                        """,
                    summary: """
                        The lag of {{ $labels.replication_set }}/{{ $labels.node }} is unknown{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        Nothing is stopped, but neither what the server reports nor what has been seen of its source's binary log says how
                        late it is; for a member of a cluster, all of the others have to be configured, and to answer. Alerts on lag cannot
                        fire.
                        """)),
            .alert(
                Alert(
                    "ByteDeltaGrowing", .warning, after: "10m", about: .channel,
                    note: "A delayed replica is always behind by what its source writes during the delay.",
                    expression: """
                        mysql_replication_apply_delta_bytes > 0
                          and deriv(mysql_replication_apply_delta_bytes[15m]) > 0
                          and ignoring (check) mysql_replication_check{check="lag"} == 0
                          and ignoring (check) mysql_replication_check{check="transfer"} == 1
                          and ignoring (check) mysql_replication_check{check="apply"} == 1
                          unless mysql_replication_configured_delay_seconds > 0
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} is {{ $value | humanize1024 }}B behind its source, and falling further behind{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        Both threads are running, and the distance to the end of the source's binary log is growing. On a slow network this
                        is the only sign: the server bases its lag on what has arrived.
                        """)),
            .alert(
                Alert(
                    "WrongSource", .critical, after: "2m", about: .channel,
                    expression: """
                        mysql_replication_check{check="source"} == 0
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} does not replicate from its intended source{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        {{ with printf "mysql_replication_source_info{job='%s',cluster='%s',replication_set='%s',node='%s',channel='%s'}" $labels.job $labels.cluster $labels.replication_set $labels.node $labels.channel | query | sortByLabel "instance" -}}
                        It replicates from {{ (. | first).Labels.source_host }}:{{ (. | first).Labels.source_port }}{{ with (. | first).Labels.source_node }} ({{ . }}){{ end }},
                        but the configuration names another node.
                        {{- else }}The channel from that source does not exist.{{ end }}
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "BinlogMissing", .critical, after: "2m", about: .channel,
                    expression: """
                        mysql_replication_check{check="binary_log"} == 0
                        """,
                    summary: """
                        The source of {{ $labels.replication_set }}/{{ $labels.node }} does not have what it reads next{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        Either the source has purged what the replica lacks: once disconnected, the replica cannot continue, and has to be
                        rebuilt. Or the source was reset, restored or has lost the end of its log: then the replica has transactions that the
                        source lacks, and would continue at a wrong place. `topology` and the page say which it is. Do not rebuild either from the
                        other before you know.
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "PurgeHeadroomLow", .critical, after: "10m", about: .channel,
                    note: """
                        A source that has never purged has everything from its first byte on, wherever the replica is.
                        """,
                    expression: """
                        channel:mysql_replication_purge_headroom_bytes:ratio < \(.threshold(.purgeHeadroom))
                          and channel:mysql_replication_source_binlog_files:purged > 0
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} will soon need binary logs that its source has purged{{ with $labels.channel }} (channel {{ . }}){{ end }}
                        """,
                    description: """
                        Only {{ $value | humanizePercentage }} of the source's binary log lies before the replica's position, and the source
                        does purge. Once the file the replica reads is gone, the replica must be rebuilt.
                        """)),
        ])
}
