internal import MariaDB
package import Replication
internal import Synchronization

/// Asks the nodes of one replication set.
package final class SetCollector: Sendable {
    package let nodes: [NodeCollector]
    private let members: SetRound.Members

    /// The nodes of some collectors, with the calls that are under way to them.
    package struct Known {
        fileprivate let flights: [ObjectIdentifier: NodeFlight]

        package init(_ collectors: [SetCollector] = []) {
            flights = Dictionary(
                collectors.flatMap(\.members.flights).map { (ObjectIdentifier($0.collector), $0) },
                uniquingKeysWith: { $1 })
        }
    }

    /// - Parameter known: what some of the nodes are taken over from. Calls under way to those are shared.
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

    /// Begins a round over all nodes.
    package func round() -> SetRound { SetRound(members) }

    /// Begins a round over some nodes, by name. The report holds no others.
    package func round(over names: Set<String>) -> SetRound {
        SetRound(
            SetRound.Members(
                name: members.name, thresholds: members.thresholds,
                flights: members.flights.filter { names.contains($0.collector.description.name) },
                followUps: members.followUps))
    }

    /// Closes all connections and lets the nodes' threads end. A round after that reports timeouts. A node that is stuck in a
    /// name look-up is closed when that ends, and not waited for.
    /// - Parameter known: nodes that others go on with: those stay.
    package func close(keeping known: Known = Known()) async {
        let ending = members.flights.filter { known.flights[ObjectIdentifier($0.collector)] == nil }
        if ending.isEmpty { return }
        let closed = TimedAnswer<Void>()
        let outstanding = Outstanding(ending.count)
        for flight in ending {
            Task {
                // A call that was left behind would connect again after the close.
                await flight.idle()
                await flight.collector.close()
                if outstanding.isLast() { closed.settle(()) }
            }
        }
        await closed.value(until: .now + .seconds(1))
    }
}

/// Counts what has yet to end.
private final class Outstanding: Sendable {
    private let count: Atomic<Int>

    init(_ count: Int) { self.count = Atomic(count) }

    func isLast() -> Bool { count.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
}
