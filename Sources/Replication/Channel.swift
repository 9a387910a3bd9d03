/// One replication stream into a node, as that node describes it: a row of SHOW ALL SLAVES STATUS or SHOW REPLICA
/// STATUS, plus what other statements of the same round add. Nil means that the server did not report it.
package struct Channel: Sendable {
    /// "" for the default one. MariaDB calls it connection name.
    package var name: String
    package var source: SourceIdentity
    package var ioThread: IOThreadState
    package var isApplierRunning: Bool

    /// How far the source's binary log has been fetched, and applied, in the source's coordinates.
    package var readPosition: BinlogCoordinate?
    package var executedPosition: BinlogCoordinate?
    /// What the applier reads next, in the replica's relay log: it goes back only when the relay logs are deleted.
    package var relayPosition: BinlogCoordinate?
    package var relayLogBytes: UInt64?

    /// As reported by the server; nil for NULL.
    package var secondsBehindSource: Double?
    /// Seconds; 0 for a replica that is not deliberately delayed.
    package var configuredDelay: Double?
    package var remainingDelay: Double?

    package var ioError: ThreadError?
    /// MariaDB 12 and later.
    package var connects: Connects?
    package var applierError: ThreadError?

    /// The number of entries of each replication filter; an absent filter has none.
    package var filters: [ReplicationFilter: Int] = [:]
    /// Those of `filters` with which a vendor's service keeps its own tables apart: no user's data is among them.
    package var vendorFilters = 0
    /// The source does not send what is marked to be skipped (MariaDB: replicate_events_marked_for_skip=FILTER_ON_MASTER): that the
    /// replica is behind the end of its log then does not show that it lacks anything.
    package var isFilteredBySource = false
    package var usesGTID: Bool?
    package var isSourceConnectionEncrypted: Bool?
    /// What has been fetched from the source, by GTID.
    package var fetched: FetchedTransactions?
    package var heartbeatsReceived: UInt64?
    /// Seconds between the heartbeats that the source sends when it has nothing else to send; nil if not reported.
    package var heartbeatPeriod: Double?
    package var retriedTransactions: UInt64?

    package var eventTimes: EventTimes?
    package var applierTimes: ApplierTimes?
    package var workers: WorkerCount?
    /// MySQL 8 and later: the state of each worker.
    package var workerStates: [WorkerState] = []

    /// Seconds since anything, an event or a heartbeat, last arrived from the source. Nil until an arrival has been
    /// seen.
    package var sourceSilence: Double?
    /// `sourceSilence` rests on the server's word alone: this is the first look, or nothing has been seen to arrive
    /// since. MySQL's times are those of heartbeats and of queued transactions: in a ring, a node's own transactions
    /// come back without being queued, and while they do no heartbeats are sent.
    package var isSilenceToldOnly = false
    /// Seconds through which looks have seen nothing arrive: at least so long ago is the last arrival. Nil at the first look, and
    /// while the relay log is full.
    package var observedSilence: Double?
    /// The relay log has reached `relay_log_space_limit`: the IO thread reads nothing until the SQL thread has applied some of it.
    /// That nothing arrives then says nothing about the source.
    package var isRelayLogFull = false

    /// The whole row, kept where another exporter's series are to be made from it; nil otherwise.
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
    /// What members of a group receive from each other, and what one that joins is given. No other channel can have these names.
    /// (MySQL manual: Replication Channel Naming Conventions.)
    package static let groupApplier = "group_replication_applier"
    package static let groupRecovery = "group_replication_recovery"

    package var isOfGroup: Bool { name == Self.groupApplier || name == Self.groupRecovery }

    /// The source as the replica names it.
    package struct SourceIdentity: Sendable, Hashable {
        package var host: String
        package var port: UInt16
        /// Nil until the replica has connected once.
        package var serverID: UInt32?
        /// MySQL only.
        package var serverUUID: String?

        /// No server has this address: it is empty, or begins with the `//` that orchestrator puts in front of the host of a replica
        /// that it detaches.
        package var isDetached: Bool { host.isEmpty || host.hasPrefix("//") }

        package init(host: String, port: UInt16, serverID: UInt32? = nil, serverUUID: String? = nil) {
            self.host = host
            self.port = port
            self.serverID = serverID
            self.serverUUID = serverUUID
        }
    }

    /// Both threads are stopped.
    package var areThreadsStopped: Bool { ioThread == .stopped && !isApplierRunning }

    /// A row of the replication status exactly as the server sent it: column names vary with its version.
    package struct StatusRow: Sendable, Hashable {
        package var columns: [String]
        /// One for each of `columns`; nil for NULL.
        package var values: [String?]

        package init(columns: [String], values: [String?]) {
            self.columns = columns
            self.values = values
        }

        /// The value of the first of these columns that exists and is not NULL.
        package func text(_ columns: String...) -> String? {
            columns.lazy.compactMap { self.columns.firstIndex(of: $0) }.compactMap { self.values[$0] }.first
        }
    }

    /// The receiver thread. `preparing` (MariaDB only, and undocumented) and `connecting` are not running.
    package enum IOThreadState: String, Sendable, CaseIterable {
        case stopped, connecting, preparing, running
    }

    /// A thread's last error; number 0 means no error.
    package struct ThreadError: Sendable, Hashable {
        package var number: UInt32
        package var message: String
        /// Epoch seconds by the server's clock; nil if not reported.
        package var time: Double?

        package init(number: UInt32, message: String, time: Double? = nil) {
            self.number = number
            self.message = message
            self.time = time
        }
    }

    /// How often the IO thread has tried to connect since it was started or last got through, and after how many tries it gives up.
    package struct Connects: Sendable, Hashable {
        package var tried: UInt64
        package var limit: UInt64?

        package init(tried: UInt64, limit: UInt64? = nil) {
            self.tried = tried
            self.limit = limit
        }
    }

    /// MariaDB 11.6 and later (MDEV-33856): the source's timestamps of the last event received and the last event
    /// applied.
    package struct EventTimes: Sendable, Hashable {
        /// Seconds between the two.
        package var difference: Double?

        package init(difference: Double?) { self.difference = difference }
    }

    /// MySQL 8 and later, from the Performance Schema: timings of the transactions in the applier. Seconds.
    package struct ApplierTimes: Sendable, Hashable {
        /// Time since the commit, on the source, of the oldest transaction now being applied; nil when idle. As the server
        /// reports it, a difference of two hosts' clocks; in findings corrected, or nil.
        package var applyingAge: Double?
        /// Stages of the last applied transaction. History, not lag. `transport` is a difference of two hosts' clocks too.
        package var stages: StageTimes = [:]

        package init(applyingAge: Double? = nil, stages: StageTimes = [:]) {
            self.applyingAge = applyingAge
            self.stages = stages
        }
    }

    /// Used like a dictionary, but allocates nothing. Seconds.
    package struct StageTimes: Sendable, Hashable, ExpressibleByDictionaryLiteral {
        private var transport: Double?
        private var queue: Double?
        private var relayWait: Double?
        private var apply: Double?

        package init(dictionaryLiteral times: (ApplyStage, Double)...) {
            for (stage, time) in times { self[stage] = time }
        }

        package subscript(stage: ApplyStage) -> Double? {
            get {
                switch stage {
                case .transport: transport
                case .queue: queue
                case .relayWait: relayWait
                case .apply: apply
                }
            }
            set {
                switch stage {
                case .transport: transport = newValue
                case .queue: queue = newValue
                case .relayWait: relayWait = newValue
                case .apply: apply = newValue
                }
            }
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
        /// Seconds since the current transaction was committed on the source; nil when idle.
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

extension Channel {
    /// Some of what its source has is never sent to it, or never shows in what it has.
    package var isSentInPart: Bool {
        isFilteredBySource
            || [ReplicationFilter.doDomainIDs, .ignoreDomainIDs, .ignoreServerIDs].contains { filters[$0] ?? 0 > 0 }
    }
}

/// The replication filters, named after their options.
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
