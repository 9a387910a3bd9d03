internal import MariaDB
internal import Synchronization
package import Replication

/// All configured nodes, asked at once.
package final class FleetCollector: Sendable {
    /// A replication set and who asks its nodes.
    package struct Set: Sendable {
        package let name: String
        package let thresholds: Thresholds
        package let nodes: [NodeCollector]

        package init(name: String, thresholds: Thresholds, nodes: [NodeCollector]) {
            self.name = name
            self.thresholds = thresholds
            self.nodes = nodes
        }
    }

    /// What to ask again, by node name, after one look at a set, and by what each node had in the round before.
    package typealias FollowUps =
        @Sendable (ReplicationSetReport, _ previous: [String: TransactionHistory]) -> [String: Swift.Set<FollowUp>]

    package let sets: [Set]
    private let followUps: FollowUps
    /// By replication set and node.
    private let previous = Mutex<[String: [String: TransactionHistory]]>([:])
    /// The round under way, to be shared by those who ask meanwhile.
    private let flights: [NodeFlight]
    private let isClosed = Atomic(false)

    /// - Parameter predecessor: a fleet that this one takes collectors over from. Calls to those that are under way in
    ///   either are shared by both.
    package init(sets: [Set], followUps: @escaping FollowUps, replacing predecessor: FleetCollector? = nil) {
        self.sets = sets
        self.followUps = followUps
        let known = Dictionary(
            (predecessor?.flights ?? []).map { (ObjectIdentifier($0.collector), $0) }, uniquingKeysWith: { $1 })
        flights = sets.flatMap(\.nodes).map { known[ObjectIdentifier($0)] ?? NodeFlight($0) }
    }

    /// One round: every node's report by `deadline`, complete for whoever answered.
    /// - Parameter isWanted: narrows the round to some nodes; of the others there is no report.
    package func round(
        deadline: ContinuousClock.Instant, where isWanted: (Set, NodeDescription) -> Bool = { _, _ in true }
    ) async -> [ReplicationSetReport] {
        var wanted: [[NodeFlight]] = []
        var next = 0
        for set in sets {
            let flights = flights[next..<next + set.nodes.count]
            next += set.nodes.count
            wanted.append(flights.filter { isWanted(set, $0.collector.description) })
        }
        let first = await ask(wanted.flatMap(\.self), deadline: deadline) { collector, report, deadline in
            await collector.ask(deadline: deadline)
        }
        var reports: [ReplicationSetReport] = []
        next = 0
        for (set, flights) in zip(sets, wanted) where !flights.isEmpty {
            let nodes = zip(flights, first[next..<next + flights.count])
            next += flights.count
            reports.append(
                ReplicationSetReport(
                    name: set.name, thresholds: set.thresholds, nodes: nodes.map { .init($0.collector.description, $1) }
                ))
        }
        return await followUp(reports, wanted.filter { !$0.isEmpty }, deadline: deadline)
    }

    /// Closes all connections and lets the nodes' threads end. Who asks for a round after that gets timeouts.
    /// - Parameter successor: a fleet that goes on with some of the collectors: those, and their threads, stay.
    package func close(keeping successor: FleetCollector? = nil) async {
        if isClosed.exchange(true, ordering: .relaxed) { return }
        let kept = successor?.flights ?? []
        let keptCollectors = Swift.Set(kept.map { ObjectIdentifier($0.collector) })
        let ending = flights.filter { !keptCollectors.contains(ObjectIdentifier($0.collector)) }
        await withDiscardingTaskGroup { group in
            for flight in ending {
                group.addTask {
                    // A call that was left behind would connect anew after the close.
                    await flight.landed()
                    await flight.collector.close()
                }
            }
        }
        // Only now: threads may be shared, and a job given to one that has ended never runs.
        let keptThreads = Swift.Set(kept.map { ObjectIdentifier($0.collector.executor) })
        for flight in ending where !keptThreads.contains(ObjectIdentifier(flight.collector.executor)) {
            flight.collector.executor.stop()
        }
    }

    private func followUp(
        _ reports: [ReplicationSetReport], _ flights: [[NodeFlight]], deadline: ContinuousClock.Instant
    ) async -> [ReplicationSetReport] {
        var places: [(set: Int, node: Int, asks: Swift.Set<FollowUp>)] = []
        for (set, report) in reports.enumerated() {
            let asks = followUps(report, remember(report))
            for (node, entry) in report.nodes.enumerated() {
                var ask = asks[entry.description.name] ?? []
                flights[set][node].collector.isIndexNeeded.store(ask.contains(.binlogIndex), ordering: .relaxed)
                if entry.report.facts?.binaryLog?.isIndexFresh == true { ask.remove(.binlogIndex) }
                if !ask.isEmpty { places.append((set, node, ask)) }
            }
        }
        if places.isEmpty { return reports }
        var reports = reports
        let asked = places
        let first = reports
        let answers = await ask(asked.map { flights[$0.set][$0.node] }, deadline: deadline) {
            collector, place, deadline in
            let (set, node, asks) = asked[place]
            return await collector.ask(asks, adding: first[set].nodes[node].report, deadline: deadline)
        }
        for (place, answer) in zip(places, answers) where answer.facts != nil {
            reports[place.set].nodes[place.node].report = answer
        }
        return reports
    }

    /// Keeps what the nodes have now for the next round.
    /// - Returns: what they had in the last round in which they told.
    private func remember(_ report: ReplicationSetReport) -> [String: TransactionHistory] {
        previous.withLock { previous in
            let before = previous[report.name] ?? [:]
            for node in report.nodes {
                guard let transactions = node.report.facts?.transactions else { continue }
                previous[report.name, default: [:]][node.description.name] = transactions
            }
            return before
        }
    }

    /// Starts all calls and waits for them, but no longer than the deadline.
    private func ask(
        _ flights: [NodeFlight], deadline: ContinuousClock.Instant, _ call: @escaping NodeFlight.Call
    ) async -> [NodeReport] {
        let round = Round(count: flights.count)
        // The same instants for the calls and for whoever watches over them: a watch that looks a moment before a call is
        // overdue never looks again.
        let now = ContinuousClock.now
        let deadlines = flights.map { min(deadline, now + $0.collector.timeout) }
        for (place, flight) in flights.enumerated() {
            flight.ask(deadline: deadlines[place], place: place, call) { round.put($0, at: place) }
        }
        let watch = Task {
            // Whoever is still being sent bytes is cut off.
            for moment in Swift.Set(deadlines).sorted() {
                try await Task.sleep(until: moment, clock: .continuous)
                for flight in flights { flight.collector.interrupter.interruptIfOverdue() }
            }
            // A cut-off call reports within milliseconds; only a name look-up cannot be cut off, and is left behind.
            try await Task.sleep(for: .milliseconds(50))
            round.end()
        }
        let reports = await round.reports()
        watch.cancel()
        return reports
    }
}
