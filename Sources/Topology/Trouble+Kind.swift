package import Replication

extension Trouble {
    /// What a trouble is about.
    package enum Kind: String, Sendable, CaseIterable {
        case nodeDown = "node_down"
        /// The server is alive, and refuses the exporter for want of connections.
        case connectionLimit = "connection_limit"
        case factMissing = "fact_missing"
        /// The version behind the address is not the announced one.
        case proxied
        case semiSyncDegraded = "semi_sync_degraded"
        case noPrimary = "no_primary"
        case severalWriters = "several_writers"
        case writableReplica = "writable_replica"
        case duplicateServerID = "duplicate_server_id"
        case duplicateServerUUID = "duplicate_server_uuid"
        case channelAbsent = "channel_absent"
        case wrongSource = "wrong_source"
        case binaryLogMissing = "binary_log_missing"
        /// What a node replicates is not in its own binary log, and so never reaches its replicas.
        case changesNotLogged = "changes_not_logged"
        /// The IO thread is not connected: it has an error, or keeps trying.
        case receiverFailing = "receiver_failing"
        /// The IO thread was stopped and reports no error.
        case receiverStopped = "receiver_stopped"
        /// The SQL thread has an error.
        case applierFailing = "applier_failing"
        /// The SQL thread was stopped and reports no error.
        case applierStopped = "applier_stopped"
        case sourceSilent = "source_silent"
        case relayLogFull = "relay_log_full"
        /// A read-only node whose channels lead nowhere.
        case cutOff = "cut_off"
        /// No component of a cluster: nothing is committed.
        case clusterWithoutQuorum = "cluster_without_quorum"
        /// Parts of a cluster that take writes independently of each other.
        case clusterSplit = "cluster_split"
        case primariesDisagree = "primaries_disagree"
        /// A member that answers, and is neither in the component nor joining it.
        case memberOutside = "member_outside"
        /// A replica's source is such a member.
        case sourceOutside = "source_outside"
        case errantTransactions = "errant_transactions"
        case lag
    }
}

extension Trouble.Kind {
    /// The only place that says how severe a trouble is. The page, `topology`, `check` and the log go by it, and a test compares
    /// it with the alerts in `deploy/prometheus`.
    package var severity: Trouble.Severity {
        switch self {
        case .nodeDown, .noPrimary, .severalWriters, .duplicateServerID, .duplicateServerUUID, .channelAbsent,
            .wrongSource, .binaryLogMissing, .changesNotLogged, .receiverFailing, .applierFailing, .sourceSilent,
            .clusterWithoutQuorum, .clusterSplit, .primariesDisagree, .memberOutside, .sourceOutside:
            .critical
        // A thread without an error was most likely stopped by hand, and by somebody who knows.
        case .receiverStopped, .applierStopped: .warning
        case .connectionLimit, .factMissing, .proxied, .semiSyncDegraded, .writableReplica, .relayLogFull, .cutOff,
            .errantTransactions, .lag:
            .warning
        }
    }
}

extension Trouble.Kind {
    /// The shipped alert that fires for it, by its name without the prefix; nil if there is none.
    package var alert: String? {
        switch self {
        case .nodeDown: "NodeDown"
        case .connectionLimit: "ConnectionLimit"
        case .factMissing: "NodeFactMissing"
        case .semiSyncDegraded: "SemiSyncDegraded"
        case .noPrimary: "NoWritableNode"
        case .severalWriters: "SeveralWritableNodes"
        case .writableReplica, .proxied: nil
        case .duplicateServerID: "DuplicateServerIDs"
        case .duplicateServerUUID: "DuplicateServerUUIDs"
        case .channelAbsent, .wrongSource: "WrongSource"
        case .binaryLogMissing: "BinlogMissing"
        case .changesNotLogged: "ChangesNotLogged"
        case .receiverFailing, .receiverStopped: "IOThreadStopped"
        case .applierFailing, .applierStopped: "SQLThreadStopped"
        case .sourceSilent: "SourceSilent"
        case .relayLogFull, .cutOff: nil
        case .clusterWithoutQuorum: "ClusterNoQuorum"
        case .clusterSplit: "ClusterSplit"
        case .memberOutside, .sourceOutside: "ClusterMemberOutside"
        case .primariesDisagree: "ClusterPrimariesDisagree"
        case .errantTransactions: "ErrantTransactions"
        case .lag: "LagHigh"
        }
    }
}

extension NodeReport {
    /// What it is that the node is not up. A server that refuses another connection is alive.
    package var troubleOfBeingDown: Trouble.Kind {
        failure?.reason == .connectionLimit ? .connectionLimit : .nodeDown
    }
}
