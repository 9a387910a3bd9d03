extension RuleGroup {
    /// Alerts about the exporter itself.
    static let exporters = RuleGroup(
        "mysql-replication.exporter",
        [
            .alert(
                Alert(
                    "ExporterDown", .critical, after: "5m", about: .silentExporter,
                    note: """
                        A target that served an exporter's series within the last day, whatever the name of the job; or one that never did, in
                        a job with this name.
                        """,
                    expression: """
                        count without (instance) (
                          up{job=~"mysql-replication.*"} == 0
                            or up == 0 and ignoring (version, revision, swift, libmariadb) last_over_time(mysql_replication_exporter_build_info[1d])
                        )
                        """,
                    summary: """
                        The exporter does not answer: {{ $value }} of
                        {{ with printf "count(up{job='%s'})" $labels.job | query }}{{ . | first | value }}{{ end }} targets of the job {{ $labels.job }}
                        """,
                    description: """
                        Prometheus cannot scrape{{ range printf "topk(5, up{job='%s'} == 0)" $labels.job | query | sortByLabel "instance" }} {{ .Labels.instance }}{{ end }}.
                        What these targets cover is not being monitored. On the exporter's machine, `systemctl status mysql-replication-exporter`
                        and `journalctl -u mysql-replication-exporter -n 100` say whether it is running, and why not; if it does not start,
                        `mysql-replication-exporter --config.check --config.file FILE` says what is wrong with its configuration. If it is running and
                        `curl http://127.0.0.1:19104/-/healthy` answers there, the cause is the network, TLS or the password of the scrape (the error
                        on Prometheus' page Targets); if that does not answer, keep its log and restart it. Meanwhile, look at the servers:
                        `mysql-replication-exporter topology --config.file FILE` from any machine, or SHOW REPLICA STATUS (MariaDB: SHOW ALL
                        SLAVES STATUS) on each.
                        """)),
            .alert(
                Alert(
                    "ExporterAbsent", .critical, after: "10m", about: .silentExporter,
                    expression: """
                        absent(mysql_replication_exporter_build_info) unless on () (up{job=~"mysql-replication.*"} == 0)
                        """,
                    summary: "No exporter is monitoring replication",
                    description: """
                        Prometheus has no series of any mysql-replication-exporter: it is not scraped, or not at the right path. Look at Prometheus' page
                        Targets: without a job for the exporter, the configuration lacks one (`promtool check config`); if its target is up, its path is
                        wrong (metrics_path) or relabelling drops what it serves. `curl http://EXPORTER:19104/metrics` shows what a scrape has to get.
                        """)),
            .alert(
                Alert(
                    "ExporterSlow", .warning, after: "10m", about: .silentExporter,
                    expression: """
                        max without (instance) (avg_over_time(mysql_replication_exporter_scrape_duration_seconds[10m])) > \(.threshold(.scrapeDuration))
                        """,
                    summary: """
                        Scrapes of the exporter take {{ $value | humanizeDuration }} (job {{ $labels.job }})
                        """,
                    description: """
                        A hung node does not explain this, since the exporter waits for it for 5 seconds at most by default. If the scrape
                        timeout (10 s by default) is reached, all series of the scrape are lost.
                        {{ with printf "avg_over_time(mysql_replication_exporter_scrape_duration_seconds{job='%[1]s'}[10m]) == scalar(max(avg_over_time(mysql_replication_exporter_scrape_duration_seconds{job='%[1]s'}[10m])))" $labels.job | query | sortByLabel "instance" -}}
                        The slowest target is {{ (. | first).Labels.instance }}.{{ end }}
                        The highest values of mysql_replication_node_collect_duration_seconds show which nodes are slow: lower `timeout` for these in the
                        exporter's configuration. If all of them are, look at the exporter's machine: is its processor saturated, or the name server slow?
                        If there are too many nodes for one process, let another exporter have some of the replication sets.
                        """)),
            .alert(
                Alert(
                    "ConfigReloadFailed", .warning, after: "5m", about: .exporter,
                    expression: """
                        min without (instance) (mysql_replication_exporter_config_last_reload_successful) == 0
                        """,
                    summary: "The exporter could not load its configuration (job {{ $labels.job }})",
                    description: """
                        {{ with printf "mysql_replication_exporter_config_last_reload_successful{job='%s',cluster='%s'} == 0 and on (job, instance) mysql_replication_exporter_http_requests_total" $labels.job $labels.cluster | query | sortByLabel "instance" -}}
                        Seen at {{ (. | first).Labels.instance }}. {{ end -}}
                        The exporter continues with the previous configuration. Whatever was changed is not being monitored.
                        """)),
        ])
}
