/// One replication stream into a node, as that node describes it: a row of SHOW ALL SLAVES STATUS or of SHOW REPLICA
/// STATUS, with what other statements of the same round add. Nil means that the server did not tell.
package struct Channel: Sendable {
    /// "" for the default one. MariaDB calls it connection name.
    package var name: String
    package var source: SourceIdentity
    package var ioThread: IOThreadState
    package var isApplierRunning: Bool

    /// Up to where the source's binary log has been fetched, and applied, in the source's coordinates.
    package var readPosition: BinlogCoordinate?
    package var executedPosition: BinlogCoordinate?
    package var relayLogBytes: UInt64?

    /// As the server says; nil when it says NULL.
    package var secondsBehindSource: Double?
    /// Seconds; 0 for a replica that is not delayed on purpose.
    package var configuredDelay: Double?
    package var remainingDelay: Double?

    package var ioError: ThreadError?
    package var applierError: ThreadError?

    /// Entries of each filter that the replica applies; an absent one has none.
    package var filters: [ReplicationFilter: Int] = [:]
    package var usesGTID: Bool?
    package var isSourceConnectionEncrypted: Bool?
    /// What has been fetched from the source, by GTID.
    package var fetched: FetchedTransactions?
    package var heartbeatsReceived: UInt64?
    /// Seconds between heartbeats that the source sends when it has nothing else; nil where it is not told.
    package var heartbeatPeriod: Double?
    package var retriedTransactions: UInt64?

    package var eventTimes: EventTimes?
    package var applierTimes: ApplierTimes?
    package var workers: WorkerCount?
    /// MySQL 8 and later: what each of them does.
    package var workerStates: [WorkerState] = []

    /// Seconds since anything, an event or a heartbeat, last arrived from the source. Nil until that was seen once.
    package var sourceSilence: Double?
    /// Nobody but the server speaks for `sourceSilence`, at the first look or where nothing was seen to arrive since. MySQL's times are
    /// those of heartbeats and of transactions that were queued: in a ring a node's own come back, are not queued, and are why no
    /// heartbeats are sent.
    package var isSilenceToldOnly = false

    /// All of the row, where another exporter's series are to be made of it; nil otherwise.
    package var statusRow: StatusRow?

    package init(
        name: String, source: SourceIdentity, ioThread: IOThreadState, isApplierRunning: Bool
    ) {
        self.name = name
        self.source = source
        self.ioThread = ioThread
        self.isApplierRunning = isApplierRunning
    }
}

extension Channel {
    /// Whom the replica follows, as it names it.
    package struct SourceIdentity: Sendable, Hashable {
        package var host: String
        package var port: UInt16
        /// Nil until the replica has once been connected.
        package var serverID: UInt32?
        /// MySQL only.
        package var serverUUID: String?

        package init(host: String, port: UInt16, serverID: UInt32? = nil, serverUUID: String? = nil) {
            self.host = host
            self.port = port
            self.serverID = serverID
            self.serverUUID = serverUUID
        }
    }

    /// A row of the replication status in the server's own words: column names by its version, values as it wrote them.
    package struct StatusRow: Sendable, Hashable {
        package var columns: [String]
        /// As many as `columns`; nil for NULL.
        package var values: [String?]

        package init(columns: [String], values: [String?]) {
            self.columns = columns
            self.values = values
        }

        /// The value of the first of these columns that the row has and that is not NULL.
        package func text(_ columns: String...) -> String? {
            columns.lazy.compactMap { self.columns.firstIndex(of: $0) }.compactMap { self.values[$0] }.first
        }
    }

    /// The receiver thread. `preparing` (MariaDB only, and undocumented) and `connecting` are not running.
    package enum IOThreadState: String, Sendable, CaseIterable {
        case stopped, connecting, preparing, running
    }

    /// A thread's last error; a number of 0 is no error.
    package struct ThreadError: Sendable, Hashable {
        package var number: UInt32
        package var message: String
        /// Epoch seconds by the server's clock; nil where it is not told.
        package var time: Double?

        package init(number: UInt32, message: String, time: Double? = nil) {
            self.number = number
            self.message = message
            self.time = time
        }
    }

    /// MariaDB 11.6 and later (MDEV-33856): the source's times of the last event that arrived and that was applied.
    package struct EventTimes: Sendable, Hashable {
        /// Seconds between the two.
        package var difference: Double?

        package init(difference: Double?) { self.difference = difference }
    }

    /// MySQL 8 and later, from the Performance Schema: times of the transactions in the applier. Seconds.
    package struct ApplierTimes: Sendable, Hashable {
        /// Age, since its commit on the source, of the oldest transaction that is being applied now; nil when idle.
        package var applyingAge: Double?
        /// Stages of the last applied transaction. History, not lag.
        package var stages: [ApplyStage: Double] = [:]

        package init(applyingAge: Double? = nil, stages: [ApplyStage: Double] = [:]) {
            self.applyingAge = applyingAge
            self.stages = stages
        }
    }

    /// Where a transaction spends its time on the way from the source's commit to the replica's.
    package enum ApplyStage: String, Sendable, CaseIterable {
        case transport, queue, relayWait = "relay_wait", apply
    }

    package struct WorkerState: Sendable, Hashable {
        package var id: UInt64
        package var isRunning: Bool?
        package var isBusy: Bool?
        /// Seconds since the transaction under way was committed on the source; nil when idle.
        package var applyingAge: Double?
        package var errorNumber: UInt64?

        package init(id: UInt64, isRunning: Bool?, isBusy: Bool?, applyingAge: Double?, errorNumber: UInt64?) {
            self.id = id
            self.isRunning = isRunning
            self.isBusy = isBusy
            self.applyingAge = applyingAge
            self.errorNumber = errorNumber
        }
    }

    package struct WorkerCount: Sendable, Hashable {
        package var total: Int
        package var busy: Int?

        package init(total: Int, busy: Int? = nil) {
            self.total = total
            self.busy = busy
        }
    }
}

/// The filters of a replica, by the names of their options.
package enum ReplicationFilter: String, Sendable, CaseIterable {
    case doDatabase = "do_db"
    case ignoreDatabase = "ignore_db"
    case doTable = "do_table"
    case ignoreTable = "ignore_table"
    case wildDoTable = "wild_do_table"
    case wildIgnoreTable = "wild_ignore_table"
    case doDomainIDs = "do_domain_ids"
    case ignoreDomainIDs = "ignore_domain_ids"
    case ignoreServerIDs = "ignore_server_ids"
    case rewriteDatabase = "rewrite_db"
}
