import MariaDB
import Replication

extension Fact {
    /// MySQL: why an applier worker ended. With several workers, the replication status has only the coordinator's referral to
    /// this table, without the table and key that the worker names. (MySQL manual: replication_applier_status_by_worker.)
    static let mySQLWorkerErrors = Fact(
        .workerErrors,
        """
        SELECT CHANNEL_NAME, WORKER_ID, LAST_ERROR_NUMBER AS number, LAST_ERROR_MESSAGE AS message, \
        NULLIF(UNIX_TIMESTAMP(LAST_ERROR_TIMESTAMP), 0) AS error_time \
        FROM performance_schema.replication_applier_status_by_worker WHERE LAST_ERROR_NUMBER > 0
        """,
        privileges: "SELECT ON performance_schema.*"
    ) { answer, facts throws(FactError) in
        var byChannel: [String: [Channel.ThreadError]] = [:]
        for row in answer.rows {
            guard let number = row.unsigned32("number"), let message = row.text("message"), !message.isEmpty else {
                continue
            }
            byChannel[row.text("CHANNEL_NAME") ?? "", default: []].append(
                Channel.ThreadError(number: number, message: message.withoutPasswords, time: row.time("error_time")))
        }
        for (name, errors) in byChannel {
            facts.withChannel(name) { channel in
                // The group's own have no row in the replication status, which would have the coordinator's error.
                if channel.isOfGroup { channel.applierError = errors.max { $0.time ?? 0 < $1.time ?? 0 } }
                guard let told = channel.applierError, told.isReferral else { return }
                channel.applierError = errors.cause(of: told)
            }
        }
    }
}

extension Channel.ThreadError {
    /// Whether it is the coordinator's, about an error that one of its workers has.
    fileprivate var isReferral: Bool {
        message.utf8.starts(with: "Coordinator stopped because".utf8)
    }
}

extension [Channel.ThreadError] {
    /// The worker's error that the coordinator refers to: others may have ended only because that one did (3031,
    /// ER_SLAVE_WORKER_STOPPED_PREVIOUS_THD_ERROR). The referral itself if there is none.
    fileprivate func cause(of referral: Channel.ThreadError) -> Channel.ThreadError {
        let same = filter { $0.number == referral.number }
        let candidates = same.isEmpty ? self : same
        var cause = candidates.max { $0.time ?? 0 < $1.time ?? 0 } ?? referral
        cause.time = cause.time ?? referral.time
        return cause
    }
}
