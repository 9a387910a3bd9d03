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
        var wanted: [(set: Set, flights: [NodeFlight])] = []
        var next = 0
        for set in sets {
            let flights = flights[next..<next + set.nodes.count].filter { isWanted(set, $0.collector.description) }
            next += set.nodes.count
            if !flights.isEmpty { wanted.append((set, flights)) }
        }
        let started = ContinuousClock.now
        let all = wanted.flatMap(\.flights)
        let round = Round(count: all.count)
        for (place, flight) in all.enumerated() { flight.look { round.put($0, at: place) } }

        // Whoever hangs must not cost the others what is asked once more: for that there has to be time left.
        await round.wait(until: started + started.duration(to: deadline) * 0.7)
        let early = round.reports
        var reports = assemble(await completed(early, all), of: wanted, since: started)
        reports = await followUp(reports, wanted.map(\.flights), isDone: early.map { $0 != nil }, deadline: deadline)
        if round.isComplete {
            if early.contains(where: { $0 == nil }) { takeLate(round.reports, missing: early, into: &reports) }
        } else {
            await round.wait(until: deadline)
            takeLate(await completed(round.reports, all), missing: early, into: &reports)
        }
        return reports
    }

    /// Adds what nodes that are not done have told by now: a slow statement is not silence.
    private func completed(_ answers: [NodeReport?], _ flights: [NodeFlight]) async -> [NodeReport?] {
        var answers = answers
        for place in answers.indices where answers[place] == nil {
            answers[place] = await flights[place].collector.reportSoFar()
        }
        return answers
    }

    /// A report of every node; of one that has not answered, that it has not.
    private func assemble(
        _ answers: [NodeReport?], of wanted: [(set: Set, flights: [NodeFlight])], since started: ContinuousClock.Instant
    ) -> [ReplicationSetReport] {
        var answers = answers[...]
        return wanted.map { set, flights in
            let nodes = zip(flights, answers).map { flight, answer in
                ReplicationSetReport.Node(
                    flight.collector.description,
                    answer
                        ?? NodeReport(
                            failure: NodeFailure(
                                reason: .timeout,
                                message:
                                    "no answer before the end of the scrape (a server or a name look-up that hangs)"),
                            duration: started.duration(to: .now).seconds))
            }
            answers = answers.dropFirst(flights.count)
            return ReplicationSetReport(name: set.name, thresholds: set.thresholds, nodes: nodes)
        }
    }

    /// Whoever answered between the first assembly and the end.
    private func takeLate(
        _ answers: [NodeReport?], missing early: [NodeReport?], into reports: inout [ReplicationSetReport]
    ) {
        var place = 0
        for set in reports.indices {
            for node in reports[set].nodes.indices {
                if early[place] == nil, let answer = answers[place] { reports[set].nodes[node].report = answer }
                place += 1
            }
        }
    }

    /// Closes all connections and lets the nodes' threads end. Who asks for a round after that gets timeouts. Who is stuck
    /// in a name look-up is closed when that ends, and not waited for.
    /// - Parameter successor: a fleet that goes on with some of the collectors: those, and their threads, stay.
    package func close(keeping successor: FleetCollector? = nil) async {
        if isClosed.exchange(true, ordering: .relaxed) { return }
        let kept = successor?.flights ?? []
        let keptCollectors = Swift.Set(kept.map { ObjectIdentifier($0.collector) })
        let ending = flights.filter { !keptCollectors.contains(ObjectIdentifier($0.collector)) }
        let closed = Round(count: ending.count)
        for (place, flight) in ending.enumerated() {
            Task {
                await flight.idle()
                await flight.collector.close()
                closed.put(NodeReport(), at: place)
            }
        }
        await closed.wait(until: .now + .seconds(1))
    }

    private func followUp(
        _ reports: [ReplicationSetReport], _ flights: [[NodeFlight]], isDone: [Bool], deadline: ContinuousClock.Instant
    ) async -> [ReplicationSetReport] {
        var places: [(set: Int, node: Int, asks: Swift.Set<FollowUp>)] = []
        var isDone = isDone[...]
        for (set, report) in reports.enumerated() {
            var previous: [String: TransactionHistory] = [:]
            for (node, flight) in zip(report.nodes, flights[set]) {
                previous[node.description.name] = flight.remember(node.report.facts?.transactions)
            }
            let asks = followUps(report, previous)
            for (node, entry) in report.nodes.enumerated() {
                var ask = asks[entry.description.name] ?? []
                flights[set][node].collector.isIndexNeeded.store(ask.contains(.binlogIndex), ordering: .relaxed)
                if entry.report.facts?.binaryLog?.isIndexFresh == true { ask.remove(.binlogIndex) }
                // Whose first look is still under way would be asked once more only after it.
                if isDone.removeFirst(), !ask.isEmpty { places.append((set, node, ask)) }
            }
        }
        if places.isEmpty { return reports }
        let round = Round(count: places.count)
        for (place, (set, node, asks)) in places.enumerated() {
            let first = reports[set].nodes[node].report
            flights[set][node].again { collector in
                // Too late to be of use to anybody.
                if deadline <= .now { return first }
                // The node's own time, as for a look: a list that takes long is of use to the next round.
                return await collector.ask(asks, adding: first, deadline: .now + collector.timeout)
            } _: {
                round.put($0, at: place)
            }
        }
        await round.wait(until: deadline)
        var reports = reports
        for (place, answer) in zip(places, round.reports) {
            if let answer, answer.facts != nil { reports[place.set].nodes[place.node].report = answer }
        }
        return reports
    }
}
