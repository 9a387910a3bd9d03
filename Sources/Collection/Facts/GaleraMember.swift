import MariaDB
import Replication

extension Fact {
    /// MariaDB: the state of a Galera node; needs no privilege, and answers in every state of the node.
    /// (Galera documentation: Galera Status Variables.)
    static let galeraMember = Fact(
        .cluster,
        """
        SHOW STATUS WHERE Variable_name IN ('wsrep_cluster_status','wsrep_cluster_size','wsrep_cluster_conf_id',\
        'wsrep_cluster_state_uuid','wsrep_local_state','wsrep_ready','wsrep_incoming_addresses','wsrep_local_index',\
        'wsrep_last_committed','wsrep_local_recv_queue','wsrep_local_cached_downto','wsrep_local_cert_failures',\
        'wsrep_local_bf_aborts','wsrep_flow_control_paused_ns','wsrep_flow_control_requested','wsrep_gcomm_uuid')
        """
    ) { answer, facts throws(FactError) in
        facts.clusterRead = answer.reading
        guard let settings = facts.clusterSettings else { return }
        facts.cluster = ClusterMember(galera: answer.table.dictionary("Variable_name", "Value"), settings)
    }

    /// MariaDB: whether the server is set up as a Galera node, and how. One that was built without Galera has none of the variables;
    /// so they are not selected, which would be an error.
    static let galeraSettings = Fact(
        .clusterSettings,
        """
        SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on','wsrep_cluster_name','wsrep_desync',\
        'wsrep_reject_queries','wsrep_gtid_mode')
        """
    ) { answer, facts throws(FactError) in
        let variables = answer.table.dictionary("Variable_name", "Value")
        facts.areClusterSettingsFresh = true
        guard variables["WSREP_ON"] == "ON" else { return }
        var settings = ClusterSettings(kind: .galera, cluster: variables["WSREP_CLUSTER_NAME"] ?? "")
        settings.isDesynced = variables["WSREP_DESYNC"] == "ON"
        settings.rejectsQueries = variables["WSREP_REJECT_QUERIES"] != "NONE"
        settings.hasGTIDMode = variables["WSREP_GTID_MODE"] == "ON"
        facts.clusterSettings = settings
    }
}

extension ClusterMember {
    /// Where `wsrep_cluster_conf_id` shows that the node is in no view.
    private static let noView = UInt64.max

    fileprivate init(galera status: [String: String], _ settings: ClusterSettings) {
        func number(_ name: String) -> UInt64? { status[name].flatMap { UInt64($0) } }
        let addresses = (status["WSREP_INCOMING_ADDRESSES"] ?? "").split(
            separator: ",", omittingEmptySubsequences: false
        ).map(String.init)
        let index = number("WSREP_LOCAL_INDEX").flatMap { Int(exactly: $0) }
        let own = index.flatMap { addresses.indices.contains($0) ? addresses[$0] : nil }
        let isNamed = own.map { !$0.isEmpty && $0 != "AUTO" } ?? false
        let isPrimaryComponent = status["WSREP_CLUSTER_STATUS"] == "Primary"
        let state: State =
            switch (isPrimaryComponent, status["WSREP_LOCAL_STATE"]) {
            case (_, "5"), (_, "6"): .failed
            case (false, _): .outside
            case (true, "4"): .online
            case (true, "2"): settings.isDesynced ? .desynced : .donor
            case (true, "1"), (true, "3"): .joining
            case (true, _): .outside
            }
        self.init(
            kind: .galera, cluster: settings.cluster, id: isNamed ? own ?? "" : status["WSREP_GCOMM_UUID"] ?? "",
            state: state)
        hasQuorum = isPrimaryComponent
        isReady = status["WSREP_READY"] == "ON" && !settings.rejectsQueries
        if isPrimaryComponent, let conf = number("WSREP_CLUSTER_CONF_ID"), conf != Self.noView,
            let size = number("WSREP_CLUSTER_SIZE").flatMap({ Int(exactly: $0) })
        {
            // An arbitrator, and a node without an address for clients, have an empty place in the list, or "AUTO".
            let members = addresses.filter { !$0.isEmpty && $0 != "AUTO" }
            let history = status["WSREP_CLUSTER_STATE_UUID"] ?? ""
            // The halves of a split may agree in everything but the addresses.
            view = ClusterView(
                id: ([history, "\(conf)", "\(size)"] + members.sorted()).joined(separator: " "), history: history,
                number: conf, size: size, holders: addresses.count { !$0.isEmpty },
                members: members.map { ClusterView.Member(id: $0, address: $0, state: .online) })
        }
        // "-1" once the node is out for good: not a number of a transaction.
        lastCommitted = number("WSREP_LAST_COMMITTED")
        applyQueue = number("WSREP_LOCAL_RECV_QUEUE")
        oldestKept = number("WSREP_LOCAL_CACHED_DOWNTO")
        conflicts[.certification] = number("WSREP_LOCAL_CERT_FAILURES")
        conflicts[.abort] = number("WSREP_LOCAL_BF_ABORTS")
        pausedSeconds = number("WSREP_FLOW_CONTROL_PAUSED_NS").map { Double($0) / 1e9 }
        requestsPause = status["WSREP_FLOW_CONTROL_REQUESTED"].map { $0 == "true" }
    }
}
