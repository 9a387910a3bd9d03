import Logging
import Replication
import Synchronization

/// One log line when a node changes state, and none while it stays.
final class StateChanges: Sendable {
    private struct State: Equatable {
        /// Nil while the node is up.
        let reason: NodeFailure.Reason?
        let missing: [FactName: MissingReason]
    }

    private let logger: Logger
    private let known = Mutex<[String: State]>([:])

    init(logger: Logger) {
        self.logger = logger
    }

    func note(_ reports: [ReplicationSetReport]) {
        for set in reports {
            for node in set.nodes { note(node.report, of: node.description, in: set.name) }
        }
    }

    /// What is new or has changed is told of anew.
    func forget(allBut names: Set<String>) {
        known.withLock { known in known = known.filter { names.contains($0.key) } }
    }

    private func note(_ report: NodeReport, of node: NodeDescription, in set: String) {
        let state = State(reason: report.failure?.reason, missing: report.facts?.missing ?? [:])
        let before = known.withLock { $0.updateValue(state, forKey: node.name) }
        if before == state { return }
        var metadata: Logger.Metadata = [
            "replication_set": "\(set)", "node": "\(node.name)", "address": "\(node.address)",
        ]
        if let failure = report.failure {
            metadata["reason"] = "\(failure.reason.rawValue)"
            metadata["error"] = "\(failure.message)"
            logger.warning("node is not up", metadata: metadata)
        } else {
            if let identity = report.facts?.identity {
                metadata["version"] = "\(identity.version.text)"
                metadata["server_id"] = "\(identity.serverID ?? 0)"
            }
            for (fact, missing) in state.missing {
                metadata["missing_\(fact.rawValue)"] = "\(report.facts?.unreadable[fact] ?? missing.rawValue)"
            }
            if state.missing.isEmpty {
                logger.info("node is up", metadata: metadata)
            } else {
                logger.warning("node is up, and does not tell everything", metadata: metadata)
            }
        }
    }
}
