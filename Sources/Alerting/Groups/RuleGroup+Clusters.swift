extension RuleGroup {
    /// Alerts about clusters.
    static let clusters = RuleGroup(
        "mysql-replication.cluster",
        note: """
            Of clusters, beside those in the group of sets. What is absent without a component (failures tolerated, primaries agreed,
            unknown members) belongs to ClusterNoQuorum and ClusterSplit then.
            """,
        [
            .alert(
                Alert(
                    "ClusterNotReady", .critical, after: "1m", about: .node,
                    note: """
                        A member that joins is not in the component yet. A donor may have been told to refuse queries meanwhile
                        (wsrep_sst_donor_rejects_queries).
                        """,
                    expression: """
                        max without (instance) (mysql_replication_cluster_ready) == 0
                          and max without (instance) (mysql_replication_cluster_in_component) == 1
                          unless ignoring (state) max without (instance) (mysql_replication_cluster_member_state{state="donor"}) == 1
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} is in its cluster, and refuses statements
                        """,
                    description: """
                        It has the data and takes part in the cluster, but applications get error 1047 for each query: wsrep_reject_queries is set,
                        or wsrep_ready is OFF. Load balancers that ask the exporter leave it out.
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "ClusterPrimariesDisagree", .critical, after: "1m", about: .set,
                    note: """
                        Members with the same view see the same roles, except for the moment in which a primary is elected.
                        """,
                    expression: "min without (instance) (mysql_replication_set_cluster_primaries_agreed) == 0",
                    summary: """
                        The members of the cluster {{ $labels.cluster_name }} of {{ $labels.replication_set }} name different primaries
                        """,
                    description: """
                        Writes may go to more than one member although the group is to have one primary, or to none: load balancers that ask the
                        exporter send them nowhere.
                        {{- with printf "max without (instance) (mysql_replication_cluster_primary{job='%s',cluster='%s',replication_set='%s'}) == 1" $labels.job $labels.cluster $labels.replication_set | query | sortByLabel "node" }}
                        Primaries by their own word:{{ range . }} {{ .Labels.node }}{{ end }}.{{ end }}
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "ClusterNoTolerance", .warning, after: "5m", about: .set,
                    note: """
                        One or two members never tolerate a failure. Whether a cluster has more is counted by those configured and those that it shows
                        beside them: what it shows alone shrinks with each failure.
                        """,
                    expression: """
                        max without (instance) (mysql_replication_set_cluster_failures_tolerated) == 0
                          and (
                            max without (instance) (mysql_replication_set_cluster_members)
                              + max without (instance) (mysql_replication_set_cluster_unknown_members)
                          ) > 2
                        """,
                    summary: """
                        The cluster {{ $labels.cluster_name }} of {{ $labels.replication_set }} cannot lose another member
                        """,
                    description: """
                        The members that are left are just enough for a majority: if one more fails or is cut off, no commit ends anywhere.
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "ClusterMemberMissing", .warning, after: "5m", about: .set,
                    note: """
                        Of the members that are missing, those that are down have NodeDown, those that are outside ClusterMemberOutside, and those that
                        join are on their way. Without a component, all are missing.
                        """,
                    expression: """
                        max without (instance) (mysql_replication_set_cluster_members_missing)
                          - ignoring (cluster_name) group_left () (
                            replication_set:mysql_replication_nodes_down:sum
                              + sum without (node) (1 - max without (instance) (mysql_replication_cluster_in_component))
                          )
                          > 0
                          and max without (instance) (mysql_replication_set_cluster_components) == 1
                        """,
                    summary: """
                        The cluster {{ $labels.cluster_name }} of {{ $labels.replication_set }} lacks {{ $value }} of its members
                        """,
                    description: """
                        These nodes answer and are set up as members, but do not report their state as members: the plugin is not loaded, or the
                        exporter may not read it.
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "ClusterUnknownMembers", .warning, after: "15m", about: .set,
                    expression: "max without (instance) (mysql_replication_set_cluster_unknown_members) > 0",
                    summary: """
                        Members of the cluster {{ $labels.cluster_name }} of {{ $labels.replication_set }} that are not configured: {{ $value }}
                        """,
                    description: """
                        They take part in the cluster, and the exporter does not ask them: what they commit is not known, so that the lag of the others
                        is not known either, and if one of them is the primary, load balancers that ask the exporter send writes nowhere.
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "ClusterJoinStuck", .warning, after: "1h", about: .node,
                    note: """
                        A full copy of much data takes its time. A Galera node that receives one answers nobody: NodeDown fires.
                        """,
                    expression: """
                        max without (instance, state) (mysql_replication_cluster_member_state{state="joining"}) == 1
                        """,
                    summary: """
                        {{ $labels.replication_set }}/{{ $labels.node }} has been joining its cluster for \(.after)
                        """,
                    description: """
                        It is given what it lacks, or applies it, and does not get ready. Until then it serves nothing, and the cluster tolerates fewer
                        failures.
                        \(.address)
                        """)),
            .alert(
                Alert(
                    "ClusterFlowControl", .warning, after: "5m", about: .set,
                    note: """
                        All nodes of a Galera cluster wait when one asks for it, so this is about the cluster.
                        """,
                    expression: """
                        max without (instance, node) (
                          rate(mysql_replication_cluster_flow_control_seconds_total[5m])
                            * ignoring (kind, cluster_name, member) group_left (cluster_name) mysql_replication_cluster_info
                        ) > \(.threshold(.flowControl))
                        """,
                    summary: """
                        The cluster {{ $labels.cluster_name }} of {{ $labels.replication_set }} holds writes back for {{ $value | humanizePercentage }} of the time
                        """,
                    description: """
                        A node cannot apply as fast as the others write, and has them wait for it: commits take longer on all of them.
                        {{- with printf "max without (instance) (max_over_time(mysql_replication_cluster_flow_control_requested{job='%s',cluster='%s',replication_set='%s'}[5m])) == 1" $labels.job $labels.cluster $labels.replication_set | query | sortByLabel "node" }}
                        Asked for by:{{ range . }} {{ .Labels.node }}{{ end }}.{{ end }}
                        \(.address)
                        """)),
        ])
}
