extension RuleGroup {
    /// Alerts about replication sets.
    static let sets = RuleGroup(
        "mysql-replication.set",
        [
            .alert(
                Alert(
                    "NoWritableNode", .critical, after: "1m", about: .set,
                    note: """
                        As load balancers and probes see it: no node is the primary. A set that replicates from outside intentionally has none
                        (set_writers is absent then, and set_writer_known is 1). If no node answers, NodeDown fires.
                        """,
                    expression: """
                        max without (instance) (
                          (mysql_replication_set_writers == 0 or mysql_replication_set_writer_known == 0)
                            and mysql_replication_set_nodes_up > 0
                            unless mysql_replication_set_rivals > 1
                        )
                        """,
                    summary: """
                        {{ $labels.replication_set }} has no primary
                        {{- with printf "topk(5, max without (instance) (mysql_replication_up{job='%s',cluster='%s',replication_set='%s'}) == 0)" $labels.job $labels.cluster $labels.replication_set | query | sortByLabel "node" }}
                        (down:{{ range $i, $down := . }}{{ if $i }},{{ end }} {{ $down.Labels.node }}{{ end }}){{ end }}
                        """,
                    description: """
                        No node is writable, or it cannot be determined which node takes the writes: load balancers send writes nowhere. The
                        exporter's /nodes/<node>/primary gives the reason.
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "SeveralWritableNodes", .critical, after: "1m", about: .set,
                    note: """
                        Neither replicates from the other. Does not count replicas of the primary on which read_only is off, nor the sources of
                        one replica.
                        """,
                    expression: "max without (instance) (mysql_replication_set_rivals) > 1",
                    summary: "{{ $labels.replication_set }} has {{ $value }} nodes that take writes",
                    description: """
                        Writes may go to more than one of them, and conflict or be lost.
                        {{- with printf "max without (instance) (mysql_replication_set_writer_known{job='%s',cluster='%s',replication_set='%s'}) == 0" $labels.job $labels.cluster $labels.replication_set | query }}
                        Which of them is the primary cannot be determined: load balancers send writes to none.{{ end }}
                        {{- with printf "max without (instance) (mysql_replication_node_read_only{job='%s',cluster='%s',replication_set='%s'}) == 0" $labels.job $labels.cluster $labels.replication_set | query | sortByLabel "node" }}
                        Writable:{{ range . }} {{ .Labels.node }}{{ end }}.{{ end }}
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "NoUnfilteredReplica", .warning, after: "15m", about: .set,
                    note: "While a node is down its filters are unknown.",
                    expression: """
                        max without (instance) (
                          mysql_replication_set_unfiltered_replicas == 0
                            and mysql_replication_set_nodes == mysql_replication_set_nodes_up
                        )
                          and count without (instance, node, channel) (mysql_replication_io_thread_running)
                        """,
                    summary: "{{ $labels.replication_set }} has no unfiltered replica",
                    description: """
                        A filter keeps data from every replica, so none of them can take over from the primary or seed a new replica.
                        """)),
            .alert(
                Alert(
                    "DuplicateServerIDs", .critical, after: "5m", about: .set,
                    expression: "max without (instance) (mysql_replication_set_duplicate_server_ids) > 0",
                    summary: "{{ $labels.replication_set }} has nodes with the same server id",
                    description: """
                        Server ids that more than one node has: {{ $value }}. A node drops events that carry its own id, and MariaDB replicas
                        with the same id disconnect each other in turn.
                        {{- with printf "max by (node, server_id) (mysql_replication_node_info{job='%[1]s',cluster='%[2]s',replication_set='%[3]s'}) and on (server_id) count by (server_id) (max by (node, server_id) (mysql_replication_node_info{job='%[1]s',cluster='%[2]s',replication_set='%[3]s'})) > 1" $labels.job $labels.cluster $labels.replication_set | query | sortByLabel "node" }}
                        They are:{{ range . }} {{ .Labels.node }}{{ end }}.{{ end }}
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "DuplicateServerUUIDs", .critical, after: "5m", about: .set,
                    expression: "max without (instance) (mysql_replication_set_duplicate_server_uuids) > 0",
                    summary: "{{ $labels.replication_set }} has servers with the same server UUID",
                    description: """
                        Server UUIDs that more than one server has: {{ $value }}. A source serves only one replica with a UUID at a time, and a
                        server takes transactions with its own UUID for its own.
                        {{- with printf "max by (node, server_uuid) (mysql_replication_node_info{job='%[1]s',cluster='%[2]s',replication_set='%[3]s',server_uuid!=''}) and on (server_uuid) count by (server_uuid) (max by (node, server_uuid) (mysql_replication_node_info{job='%[1]s',cluster='%[2]s',replication_set='%[3]s',server_uuid!=''})) > 1" $labels.job $labels.cluster $labels.replication_set | query | sortByLabel "node" }}
                        They are:{{ range . }} {{ .Labels.node }}{{ end }}.{{ end }}
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "ClusterNoQuorum", .critical, after: "1m", about: .set,
                    note: """
                        No member that answers belongs to a majority. If none answers at all, NodeDown says so.
                        """,
                    expression: """
                        max without (instance) (mysql_replication_set_cluster_components) == 0
                          and ignoring (cluster_name) count without (instance, node) (mysql_replication_cluster_quorum)
                        """,
                    summary: """
                        The cluster {{ $labels.cluster_name }} of {{ $labels.replication_set }} has no quorum
                        """,
                    description: """
                        No member that answers belongs to a majority of its members, so no commit ends: writes hang or are refused, and reads
                        may be outdated.
                        """)),
            .alert(
                Alert(
                    "ClusterSplit", .critical, after: "15s", about: .set,
                    expression: "max without (instance) (mysql_replication_set_cluster_components) > 1",
                    summary: """
                        The cluster {{ $labels.cluster_name }} of {{ $labels.replication_set }} is split into {{ $value }} parts
                        """,
                    description: """
                        Each part counts itself as the cluster and takes writes, which the others do not get. The parts do not merge by
                        themselves.
                        """)),
            .alert(
                Alert(
                    "ClusterMemberOutside", .critical, after: "2m", about: .node,
                    note: "A member that joins is on its way.",
                    expression: """
                        max without (instance) (mysql_replication_cluster_in_component) == 0
                          unless ignoring (state)
                            max without (instance) (mysql_replication_cluster_member_state{state="joining"}) == 1
                          and ignoring (node) max without (instance, cluster_name) (mysql_replication_set_cluster_components) == 1
                        """,
                    summary: "{{ $labels.replication_set }}/{{ $labels.node }} is not in its cluster",
                    description: """
                        The server answers, but it has failed as a member, has left, or is cut off. Its data is outdated, and what is written
                        on it is lost to the cluster.
                        {{- with printf "max without (instance, channel) (mysql_replication_sql_errno{job='%s',cluster='%s',replication_set='%s',node='%s',channel=~'group_replication_.*'}) > 0" $labels.job $labels.cluster $labels.replication_set $labels.node | query }}
                        Its applier ended with error {{ . | first | value }}.{{ end }}
                        """)),
        ])
}
