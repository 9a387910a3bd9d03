/// Everything that a node reported in one round. Nil means not reported; `missing` says why.
package struct NodeFacts: Sendable {
    package var identity: ServerIdentity
    /// Nil if it could not be asked.
    package var service: Service?
    /// By its `version_comment`; nil for a server.
    package var lookalike: Lookalike?
    /// The version that the server itself reports, where that is another than in the handshake: something stands between.
    package var versionBehind: String?
    /// Refuses writes from ordinary accounts, whichever variable causes it (`readOnlySwitches`).
    package var isReadOnly: Bool?
    /// MySQL only: refuses writes from privileged users too.
    package var isSuperReadOnly: Bool?
    /// The server variables that are on and keep ordinary accounts from writing, such as `innodb_read_only`.
    package var readOnlySwitches: [String] = []
    /// When identity and read-only state were read, by the exporter's clock.
    package var identityRead: Reading?
    /// The server's id of the connection over which it answered.
    package var connectionID: UInt64?
    /// Seconds since the server started, if asked in this round. `uptimeAskedAt` is when, in epoch seconds by the
    /// exporter's clock; the same as `askedAt` if it was asked in one batch with the server's clock.
    package var uptime: Double?
    package var uptimeAskedAt: Double?
    /// Epoch seconds by the server's clock; constant from round to round until the server restarts.
    package var startTime: Double?
    /// Epoch seconds by the exporter's clock, halfway between the question and the answer.
    package var askedAt: Double?
    /// The server's clock minus the exporter's, seconds; accurate to half the round trip.
    package var clockOffset: Double?

    package var binaryLog: BinaryLog?
    /// When `binaryLog.end` was read, by the exporter's clock.
    package var binaryLogRead: Reading?
    package var transactions: TransactionHistory?
    /// When `transactions` was read, by the exporter's clock.
    package var transactionsRead: Reading?
    /// `transactions` was read again, after the first look at all nodes of the round.
    package var isSecondLook = false
    /// What the first look showed, where `transactions` was read again.
    package var firstTransactions: TransactionsReading?
    /// Nil if the replication status could not be read; empty if the node has no source.
    package var channels: [Channel]?
    /// When the replication status was read, by the exporter's clock.
    package var channelsRead: Reading?
    /// Nil if it is not set up as a member of a cluster. Asked once a minute where it is none.
    package var clusterSettings: ClusterSettings?
    /// `clusterSettings` was read in this round, not kept from an earlier one.
    package var areClusterSettingsFresh = false
    /// Nil if it belongs to no cluster.
    package var cluster: ClusterMember?
    /// When `cluster` was read, by the exporter's clock.
    package var clusterRead: Reading?
    /// Group Replication: the group's own channels, which the replication status does not list; without its threads' states.
    package var groupChannels: [Channel] = []
    package var connectedReplicas: Int?
    /// `connectedReplicas` was read in this round, not kept from an earlier one.
    package var areConnectedReplicasFresh = false
    package var semiSync: SemiSync?
    /// The status counters, including those of `semiSync`, were read in this round.
    package var isStatusFresh = false
    /// The status counters are kept from an earlier round.
    package var isStatusKept = false
    package var durability: Answers<DurablePart> = [:]
    /// Only where a checksum table is configured.
    package var checksums: ChecksumResults?
    /// Only where a heartbeat is configured.
    package var heartbeat: HeartbeatReading?

    package var missing: [FactName: MissingReason] = [:]
    /// For logs and pages: what could not be made sense of, for facts missing with `error`.
    package var unreadable: [FactName: String] = [:]

    package init(identity: ServerIdentity) {
        self.identity = identity
    }
}

/// When a statement was in flight: its answer was true at some moment between the two.
package struct Reading: Sendable, Hashable {
    private let first: FixedInstant
    private let last: FixedInstant

    package var asked: ContinuousClock.Instant { first.instant }
    package var told: ContinuousClock.Instant { last.instant }

    package init(asked: ContinuousClock.Instant, told: ContinuousClock.Instant) {
        first = FixedInstant(asked)
        last = FixedInstant(told)
    }

    /// Whether this statement was sent after the other one had been answered.
    package func isAfter(_ other: Reading) -> Bool { first >= other.last }
}

/// A node's transactions, and when they were read.
package struct TransactionsReading: Sendable {
    package var history: TransactionHistory
    package var read: Reading?

    package init(_ history: TransactionHistory, read: Reading?) {
        self.history = history
        self.read = read
    }
}

/// The identity of a server.
package struct ServerIdentity: Sendable, Hashable {
    package var flavor: Flavor
    package var version: ServerVersion
    package var hostname: String
    package var port: UInt16?
    package var serverID: UInt32?
    /// MySQL only. Lower case.
    package var serverUUID: String?
    /// The address under which a replica announces itself, where one is set.
    package var reportHost: String?
    /// Aurora only: the name of the instance. All instances of a cluster have one server UUID.
    package var instance: String?

    package init(
        flavor: Flavor, version: ServerVersion, hostname: String = "", port: UInt16? = nil, serverID: UInt32? = nil,
        serverUUID: String? = nil, reportHost: String? = nil
    ) {
        self.flavor = flavor
        self.version = version
        self.hostname = hostname
        self.port = port
        self.serverID = serverID
        self.serverUUID = serverUUID
        self.reportHost = reportHost
    }
}

/// A node's own binary log.
package struct BinaryLog: Sendable {
    package var isEnabled: Bool
    /// Where the next event will be written.
    package var end: BinlogCoordinate?
    /// The files it holds; requested only when needed.
    package var index: BinlogIndex?
    /// `index` was read in this round, not kept from an earlier one.
    package var isIndexFresh = false
    /// The number of entries of binlog_do_db and binlog_ignore_db: databases left out of the binary log.
    package var filters: [BinlogFilter: Int] = [:]
    /// Whether transactions applied as a replica are written to the node's own binary log.
    package var recordsReplicated: Bool?
    /// What was written before the oldest file that it holds; requested only when a replica needs it.
    package var purged: PurgedTransactions?
    /// Seconds for which a managed service keeps its files; nil where it promises nothing.
    package var retention: Double?

    package init(isEnabled: Bool, end: BinlogCoordinate? = nil) {
        self.isEnabled = isEnabled
        self.end = end
    }
}

package enum BinlogFilter: String, Sendable, CaseIterable {
    case doDatabase = "do_db"
    case ignoreDatabase = "ignore_db"
}

/// Semi-synchronous replication; nil if the plugin is not installed.
package struct SemiSync: Sendable, Hashable {
    /// Enabled, and really waiting for acknowledgements now: it silently falls back when they fail to arrive.
    package var isSourceEnabled: Bool?
    package var isSourceActive: Bool?
    /// MariaDB only.
    package var isReplicaEnabled: Bool?
    package var clients: UInt64?
    /// Commits that were not acknowledged in time, since the server started.
    package var unacknowledged: UInt64?
    /// Sessions whose commit now waits for an acknowledgement: it is in the binary log, and so perhaps on replicas, but
    /// not yet among the node's own transactions.
    package var waitingSessions: UInt64?
    package var isReplicaActive: Bool?

    package init() {}
}

/// What survives a crash of the server or of its machine.
package enum DurablePart: String, Sendable, CaseIterable, NumberedQuestion {
    /// The position of a replica.
    case replicationState = "replication_state"
    case binaryLog = "binary_log"
    case redoLog = "redo_log"

    package var number: Int {
        switch self {
        case .replicationState: 0
        case .binaryLog: 1
        case .redoLog: 2
        }
    }
}

/// The facts that are requested individually, by their names in `node_fact_missing{fact}`.
package enum FactName: String, Sendable, CaseIterable {
    case identity
    /// Which service runs the server; asked once a connection.
    case service
    /// Managed services whose statement shows the default channel only: whatever other channels there are.
    case otherChannels = "other_channels"
    /// For how long a managed service keeps binary logs.
    case binlogRetention = "binlog_retention"
    case replicationStatus = "replication_status"
    case binlogStatus = "binlog_status"
    case binlogIndex = "binlog_index"
    case transactions
    case durability
    case status
    case receiver
    case applier
    /// Only if an applier has an error.
    case workerErrors = "worker_errors"
    case clusterSettings = "cluster_settings"
    /// Only of servers that are set up for a cluster, and where a channel is stopped.
    case cluster
    /// Only of members of a group that join it.
    case groupRecovery = "group_recovery"
    case clone
    case connectedReplicas = "connected_replicas"
    /// What a source has purged, for a replica that finds its place by GTID.
    case purgedTransactions = "purged_transactions"
    case checksums
    case checksumSummary = "checksum_summary"
    /// Only where one is configured.
    case heartbeat
}

/// Why a fact could not be read.
package enum MissingReason: String, Sendable, CaseIterable {
    case permission
    /// The server's version does not have it, or a setting is off.
    case unsupported
    /// The statement waited for a lock, reached its time limit, or was not answered before the node's timeout.
    case timeout
    case error
    /// A table named in the configuration does not exist.
    case noTable = "no_table"

    /// Whether something can and should be done about it.
    package var isTrouble: Bool { self != .unsupported }
}

extension ServerIdentity {
    /// Whether the two have the same ids. What else is reported of a server, its version or host name, may change while it stays
    /// the same.
    package func hasIDs(of other: ServerIdentity) -> Bool {
        serverID == other.serverID && serverUUID == other.serverUUID && instance == other.instance
    }
}

extension NodeFacts {
    /// It shows the volume that its writer writes, and cannot write itself.
    package var isAuroraReader: Bool { service == .aurora && readOnlySwitches.contains("innodb_read_only") }
}
