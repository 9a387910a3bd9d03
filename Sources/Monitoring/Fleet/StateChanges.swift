package import Logging
package import Replication
internal import Synchronization
internal import Topology

/// Writes one log line when a node changes state, and none while it stays the same.
package final class StateChanges: Sendable {
    private struct State: Equatable {
        /// Nil while the node is up.
        let reason: NodeFailure.Reason?
        let missing: [FactName: MissingReason]
    }

    private let logger: Logger
    private let known = Mutex<[String: State]>([:])

    package init(logger: Logger) {
        self.logger = logger
    }

    /// Takes what a complete round over a set has found. Rounds that were cut short must not come here: a node that only lacked
    /// the time to answer has not changed state.
    package func note(_ set: ReplicationSetReport) {
        for node in set.nodes { note(node.report, of: node.description, in: set.name) }
    }

    /// Forgets the states of all other nodes, so that their next state is logged.
    package func forget(allBut names: Set<String>) {
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
            logger.log(level: .of(.nodeDown), "node is not up", metadata: metadata)
        } else {
            if let identity = report.facts?.identity {
                metadata["version"] = "\(identity.version.text)"
                metadata["server_id"] = "\(identity.serverID ?? 0)"
            }
            for (fact, missing) in state.missing {
                metadata["missing_\(fact.rawValue)"] = "\(report.facts?.unreadable[fact] ?? missing.rawValue)"
            }
            if state.missing.values.allSatisfy({ !$0.isTrouble }) {
                logger.info("node is up", metadata: metadata)
            } else {
                logger.log(
                    level: .of(.factMissing), "node is up; some facts could not be read", metadata: metadata)
            }
        }
    }
}

extension Logger.Level {
    /// The level of a line about a trouble.
    fileprivate static func of(_ kind: Trouble.Kind) -> Logger.Level {
        switch kind.severity {
        case .critical: .error
        case .warning: .warning
        }
    }
}

extension ServerIdentity {
    /// MariaDB has no UUID. A clone has its original's server id, but not its host or port.
    fileprivate func isSameServer(as other: ServerIdentity) -> Bool {
        if let serverUUID, let uuid = other.serverUUID { return serverUUID == uuid }
        return flavor == other.flavor && serverID == other.serverID && hostname == other.hostname && port == other.port
    }

    fileprivate var words: String {
        let names = ["server_id \(serverID ?? 0)", serverUUID, hostname.isEmpty ? nil : "host \(hostname)"]
        return names.compactMap(\.self).joined(separator: ", ")
    }
}
