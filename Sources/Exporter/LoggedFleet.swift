import Collection
import Configuration
import MariaDB
import Replication
import Threads

/// The nodes, asked in rounds of which the log tells what has changed.
struct LoggedFleet: Sendable {
    private let fleet: FleetCollector
    private let changes: StateChanges

    init(_ fleet: FleetCollector, _ changes: StateChanges) {
        self.fleet = fleet
        self.changes = changes
    }

    /// The same for another configuration. Nodes that did not change stay connected, and known to the log.
    /// - Throws: `ThreadError`; then nothing has changed.
    func successor(
        _ configuration: Configuration, replacing old: Configuration, environment: [String: String]
    ) throws(ThreadError) -> LoggedFleet {
        let successor = try FleetCollector(configuration, environment: environment, replacing: (fleet, old))
        changes.forget(allBut: configuration.nodes(unchangedSince: old))
        return LoggedFleet(successor, changes)
    }

    /// One round, as `FleetCollector.round` makes it.
    /// - Returns: `isWhole` unless the round was cut short by its deadline. A node may then be missing for want of time alone, which
    ///   is no change of its state, and no answer to share with callers that can wait longer.
    func round(
        deadline: ContinuousClock.Instant,
        where isWanted: (FleetCollector.Set, NodeDescription) -> Bool = { _, _ in true }
    ) async -> (reports: [ReplicationSetReport], isWhole: Bool) {
        let reports = await fleet.round(deadline: deadline, where: isWanted)
        let isWhole = ContinuousClock.now < deadline
        if isWhole { changes.note(reports) }
        return (reports, isWhole)
    }

    /// Closes the connections that no successor goes on with.
    func close(keeping successor: LoggedFleet?) async { await fleet.close(keeping: successor?.fleet) }
}
