internal import MariaDB
package import Replication
internal import Synchronization
internal import Threads

/// Queries the nodes of one replication set.
package final class SetCollector: Sendable {
    package let nodes: [NodeCollector]
    private let members: SetRound.Members

    /// The nodes of some collectors, with their running calls.
    package struct Known {
        fileprivate let flights: [ObjectIdentifier: NodeFlight]

        package init(_ collectors: [SetCollector] = []) {
            flights = Dictionary(
                collectors.flatMap(\.members.flights).map { (ObjectIdentifier($0.collector), $0) },
                uniquingKeysWith: { $1 })
        }
    }

    /// - Parameter known: where some of the nodes are taken over from. Running calls to those are shared.
    package init(
        name: String, thresholds: Thresholds, nodes: [NodeCollector], followUps: @escaping SetRound.FollowUps,
        sharing known: Known = Known()
    ) {
        self.nodes = nodes
        members = SetRound.Members(
            name: name, thresholds: thresholds,
            flights: nodes.map { known.flights[ObjectIdentifier($0)] ?? NodeFlight($0) },
            followUps: followUps)
    }

    /// Starts a round over all nodes.
    package func round() -> SetRound { SetRound(members) }

    /// Starts a round over some nodes, by name. The report contains no others, and nothing that was read before.
    package func round(over names: Set<String>) -> SetRound {
        SetRound(
            SetRound.Members(
                name: members.name, thresholds: members.thresholds,
                flights: members.flights.filter { names.contains($0.collector.description.name) },
                followUps: members.followUps, isOwn: true))
    }

    /// How many rounds wait for the node for which most of them wait.
    package var waitingRounds: Int { members.flights.map(\.waiting).max() ?? 0 }

    /// Closes all connections and lets the nodes' threads end. A round after that reports timeouts. A node that is stuck in a
    /// name look-up is closed when that ends; this does not wait for it.
    /// - Parameter known: nodes that are still in use elsewhere: those stay open.
    package func close(keeping known: Known = Known()) async {
        let ending = members.flights.filter { known.flights[ObjectIdentifier($0.collector)] == nil }
        if ending.isEmpty { return }
        let closed = TimedAnswer<Void>()
        let outstanding = Outstanding(ending.count)
        for flight in ending {
            Task {
                // A call still running would connect again after the close.
                await flight.idle()
                await flight.collector.close()
                if outstanding.isLast() { closed.settle(()) }
            }
        }
        await closed.value(until: .now + .seconds(1))
    }

    /// Waits until all connections are closed that `close` closes: one on which a call hangs is closed when that ends.
    package func closed(keeping known: Known = Known()) async {
        for flight in members.flights where known.flights[ObjectIdentifier(flight.collector)] == nil {
            await flight.idle()
            await flight.collector.close()
        }
    }
}

/// Counts the closes that have not ended yet.
private final class Outstanding: Sendable {
    private let count: Atomic<Int>

    init(_ count: Int) { self.count = Atomic(count) }

    func isLast() -> Bool { count.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
}
