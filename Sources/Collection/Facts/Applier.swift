import MariaDB
import Replication

extension Fact {
    /// MySQL 8 and later: what each applier worker is doing, and the stages of its last transaction. Times are differences
    /// computed by the replica; across hosts they include the difference of the clocks. Zero timestamps mean "nothing yet".
    static let mySQLApplier = Fact(
        .applier,
        """
        SELECT w.CHANNEL_NAME, w.WORKER_ID, w.SERVICE_STATE, w.LAST_ERROR_NUMBER, a.COUNT_TRANSACTIONS_RETRIES AS retries, \
        w.APPLYING_TRANSACTION <> '' AS busy, \
        NULLIF(UNIX_TIMESTAMP(w.APPLYING_TRANSACTION_IMMEDIATE_COMMIT_TIMESTAMP), 0) AS applying_commit, \
        NULLIF(UNIX_TIMESTAMP(w.LAST_APPLIED_TRANSACTION_IMMEDIATE_COMMIT_TIMESTAMP), 0) AS applied_commit, \
        NULLIF(UNIX_TIMESTAMP(w.LAST_APPLIED_TRANSACTION_START_APPLY_TIMESTAMP), 0) AS apply_start, \
        NULLIF(UNIX_TIMESTAMP(w.LAST_APPLIED_TRANSACTION_END_APPLY_TIMESTAMP), 0) AS apply_end, \
        NULLIF(UNIX_TIMESTAMP(w.LAST_ERROR_TIMESTAMP), 0) AS error_time, \
        w.LAST_APPLIED_TRANSACTION = c.LAST_QUEUED_TRANSACTION AS is_last_queued, \
        NULLIF(UNIX_TIMESTAMP(c.LAST_QUEUED_TRANSACTION_IMMEDIATE_COMMIT_TIMESTAMP), 0) AS queued_commit, \
        NULLIF(UNIX_TIMESTAMP(c.LAST_QUEUED_TRANSACTION_START_QUEUE_TIMESTAMP), 0) AS queue_start, \
        NULLIF(UNIX_TIMESTAMP(c.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP), 0) AS queue_end, \
        UNIX_TIMESTAMP(NOW(6)) AS clock \
        FROM performance_schema.replication_applier_status_by_worker w \
        JOIN performance_schema.replication_connection_status c USING (CHANNEL_NAME) \
        JOIN performance_schema.replication_applier_status a USING (CHANNEL_NAME)
        """,
        privileges: "SELECT ON performance_schema.*"
    ) { answer, facts throws(FactError) in
        var byChannel: [String: [ResultTable.Row]] = [:]
        for row in answer.rows { byChannel[row.text("CHANNEL_NAME") ?? "", default: []].append(row) }
        for (name, workers) in byChannel {
            facts.withChannel(name) { channel in
                channel.workers = .init(total: workers.count, busy: workers.count { $0.flag("busy") == true })
                channel.workerStates = workers.compactMap(Channel.WorkerState.init)
                channel.retriedTransactions = workers.first?.unsigned("retries")
                channel.applierTimes = Channel.ApplierTimes(workers)
                if channel.isOfGroup {
                    channel.isApplierRunning = workers.allSatisfy { $0.flag("SERVICE_STATE") == true }
                }
                let errorTime = workers.compactMap { $0.time("error_time") }.max()
                if channel.applierError?.number ?? 0 > 0 { channel.applierError?.time = errorTime }
            }
        }
    }
}

extension Fact {
    /// MariaDB: how many threads apply in parallel. They are a pool that all channels share; 0 means that the SQL thread
    /// applies by itself. What each thread is doing is available only with the Performance Schema on.
    ///
    /// Also what becomes of events that a session has marked to be skipped (skip_replication). Needs no privilege.
    static let mariaDBApplier = Fact(
        .applier,
        selecting: "@@global.slave_parallel_threads AS threads, @@global.replicate_events_marked_for_skip AS marked"
    ) { answer, facts throws(FactError) in
        guard let threads = answer.first?.unsigned("threads").flatMap(Int.init(exactly:)) else {
            throw FactError("the server did not report slave_parallel_threads")
        }
        let isFilteredBySource = answer.first?.text("marked") == "FILTER_ON_MASTER"
        for name in facts.channels?.map(\.name) ?? [] {
            facts.withChannel(name) {
                $0.workers = .init(total: max(1, threads))
                $0.isFilteredBySource = isFilteredBySource
            }
        }
    }
}

extension Channel.WorkerState {
    fileprivate init?(_ row: ResultTable.Row) {
        guard let id = row.unsigned("WORKER_ID") else { return nil }
        self.init(
            id: id, isRunning: row.flag("SERVICE_STATE"), isBusy: row.flag("busy"), applyingAge: row.applyingAge,
            errorNumber: row.unsigned("LAST_ERROR_NUMBER"))
    }
}

extension Channel.ApplierTimes {
    fileprivate init(_ workers: [ResultTable.Row]) {
        self.init()
        // The oldest transaction being applied: its age is the channel's lag.
        applyingAge = workers.compactMap(\.applyingAge).max()

        guard let last = workers.max(by: { $0.time("apply_end") ?? 0 < $1.time("apply_end") ?? 0 }) else { return }
        stages[.apply] = last.elapsed("apply_start", "apply_end").map { max(0, $0) }
        stages[.transport] = last.elapsed("queued_commit", "queue_start")
        stages[.queue] = last.elapsed("queue_start", "queue_end").map { max(0, $0) }
        // Only if it is the same transaction: otherwise the two times would belong to different ones.
        if last.flag("is_last_queued") == true {
            stages[.relayWait] = last.elapsed("queue_end", "apply_start").map { max(0, $0) }
        }
    }
}

extension ResultTable.Row {
    /// Seconds since the transaction that the worker is applying was committed on the source, by the clocks of both; nil when the
    /// worker is idle.
    fileprivate var applyingAge: Double? {
        guard flag("busy") == true, let commit = time("applying_commit"), let clock = time("clock") else {
            return nil
        }
        return clock - commit
    }

    /// Seconds from one time to another; nil if either is not known. Negative where the clocks of two hosts differ.
    fileprivate func elapsed(_ start: String, _ end: String) -> Double? {
        guard let start = time(start), let end = time(end) else { return nil }
        return end - start
    }
}
