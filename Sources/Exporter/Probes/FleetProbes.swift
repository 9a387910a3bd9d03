import Configuration
import Logging
import Probes
import Replication
import Synchronization
import Topology

/// The probes of all replication sets: which of them run, and what they know and find.
final class FleetProbes: Sendable {
    private let sets: [String: SetProbes]
    /// Probes that have begun, here or under a predecessor.
    private let running = Mutex<[any Probe]>([])

    /// Nothing is started yet.
    /// - Parameter look: one round over the set of a name.
    init(
        _ configuration: Configuration, environment: [String: String], keeping: Keeping, logger: Logger,
        replacing predecessor: FleetProbes? = nil,
        look: @escaping @Sendable (_ set: ReplicationSet) async -> ReplicationSetReport?
    ) {
        var sets: [String: SetProbes] = [:]
        for set in configuration.sets {
            sets[set.name] = SetProbes(
                set, environment: environment, keeping: keeping, logger: logger,
                replacing: predecessor?.sets[set.name]
            ) { await look(set) }
        }
        self.sets = sets
    }

    /// Begins the probes' work. Those of a predecessor that are not kept end first: two that know nothing of each other must
    /// not write to one table.
    func start(replacing predecessor: FleetProbes? = nil) async {
        let before = predecessor?.takeRunning() ?? []
        let wanted = sets.values.flatMap(\.all)
        await Self.end(before.filter { probe in !wanted.contains { $0 === probe } })
        for probe in wanted where !before.contains(where: { $0 === probe }) { probe.start() }
        running.withLock { $0 = wanted }
    }

    /// Ends all that runs.
    func stop() async {
        await Self.end(takeRunning())
    }

    private static func end(_ probes: [any Probe]) async {
        await withTaskGroup { group in
            for probe in probes { group.addTask { await probe.stop() } }
        }
    }

    private func takeRunning() -> [any Probe] {
        running.withLock { running in
            defer { running = [] }
            return running
        }
    }

    /// Lets the probes know what a round has found that began at `asked`.
    func note(_ findings: SetFindings, asked: ContinuousClock.Instant) {
        sets[findings.name]?.watch.note(findings, asked: asked)
    }

    /// Compares the nodes of a set, with what its probes know and have found.
    /// - Parameters:
    ///   - report: of the whole set.
    ///   - isFair: whether the nodes had time to answer.
    func findings(_ report: ReplicationSetReport, isFair: Bool) -> SetFindings {
        sets[report.name]?.findings(report, isFair: isFair) ?? SetFindings(report)
    }

    /// The probes of a set.
    subscript(set: String) -> SetProbes? { sets[set] }
}
