package import Logging
package import Traffic

extension FailoverDecision {
    /// Logs one line, unless the decision is an ordinary one.
    package func log(to logger: Logger, of set: String) {
        if isOrdinary { return }
        logger.log(
            level: answer == .preferred && !isInTrouble ? .info : .warning,
            "\(answer.map { "failover answer \($0.rawValue)" } ?? "no failover answer")",
            metadata: ["replication_set": "\(set)", "cause": "\(cause.rawValue)", "reason": "\(reason)"])
    }
}
