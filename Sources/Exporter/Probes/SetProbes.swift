import Configuration
import Logging
import MariaDB
import Probes
import Replication
import Topology

/// The probes of one replication set, as configured.
struct SetProbes: Sendable {
    let set: ReplicationSet
    let watch: SetWatch

    /// - Parameter predecessor: what ran for the set until now; a probe of which nothing has changed goes on.
    init(
        _ set: ReplicationSet, environment: [String: String], logger: Logger,
        replacing predecessor: SetProbes?,
        look: @escaping SetWatch.Look
    ) {
        self.set = set
        // Findings of other nodes than these say nothing of who may be written to.
        let kept = predecessor?.set.nodes == set.nodes ? predecessor : nil
        watch = kept?.watch ?? SetWatch(look: look)
        watch.look(by: look)
    }

    /// Whatever has to be started and stopped.
    var all: [any Probe] { [] }

    var findings: ProbeFindings { ProbeFindings() }
}

extension ProbeConnection {
    /// Nothing is connected yet.
    /// - Parameter setUp: statements for the session.
    convenience init(_ node: Node, environment: [String: String], setUp: [String] = []) {
        self.init(node: node.name, setUp: setUp) { () throws(ProbeFailure) in
            do throws(NodeFailure) {
                return try ConnectionOptions(node, environment: environment)
            } catch {
                throw ProbeFailure(node: node.name, message: error.message)
            }
        }
    }
}
