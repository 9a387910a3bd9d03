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

    /// Which server last answered at a node's address.
    private struct Server {
        var identity: ServerIdentity
        let address: Address
        /// When a change was last logged.
        var logged: ContinuousClock.Instant?
    }

    /// A proxy in front of several servers may show another one in every round.
    private static let pause = Duration.seconds(60)

    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let known = Mutex<[String: State]>([:])
    private let servers = Mutex<[String: Server]>([:])

    package init(logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.logger = logger
        self.now = now
    }

    /// Takes what a complete round over a set has found. Rounds that were cut short must not come here: a node that only lacked
    /// the time to answer has not changed state.
    package func note(_ set: ReplicationSetReport) {
        for node in set.nodes {
            noteServer(node, in: set.name)
            note(node.report, of: node.description, in: set.name)
        }
    }

    /// Forgets the states of all other nodes, so that their next state is logged.
    package func forget(allBut names: Set<String>) {
        known.withLock { known in known = known.filter { names.contains($0.key) } }
        servers.withLock { servers in servers = servers.filter { names.contains($0.key) } }
    }

    /// Logs that another server answers at the address, at most once a minute.
    private func noteServer(_ node: ReplicationSetReport.Node, in set: String) {
        guard let identity = node.report.identity else { return }
        let name = node.description.name
        let before: ServerIdentity? = servers.withLock { servers in
            let fresh = Server(identity: identity, address: node.description.address, logged: nil)
            guard var known = servers[name], known.address.isSame(as: fresh.address) else {
                servers[name] = fresh
                return nil
            }
            let before = known.identity
            known.identity = identity
            defer { servers[name] = known }
            if before.isSameServer(as: identity) { return nil }
            if let logged = known.logged, logged.duration(to: now()) < Self.pause { return nil }
            known.logged = now()
            return before
        }
        guard let before else { return }
        logger.warning(
            "another server answers at the node's address",
            metadata: [
                "replication_set": "\(set)", "node": "\(name)", "address": "\(node.description.address)",
                "server": "\(identity.words)", "before": "\(before.words)",
            ])
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
            logger.log(level: .of(report.troubleOfBeingDown), "node is not up", metadata: metadata)
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
