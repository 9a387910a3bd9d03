internal import MariaDB
internal import Replication
internal import Topology

/// One run of the sentinel: a row is inserted, updated and deleted on the primary, and followed to each replica.
struct SentinelRun {
    let table: SentinelTable
    let primary: WritableNode
    let connection: Session
    let replicas: [Session]
    /// How long to wait for each operation to arrive on a replica.
    let patience: Duration
    /// Knows whether the primary is still the primary.
    let watch: SetWatch
    private let key = SentinelTable.newKey()

    /// Carries out the run.
    /// - Returns: outcomes by node and operation. A replica that misses one operation misses the rest; the others continue.
    /// - Throws: `ProbeFailure` if the primary refuses an operation, which says nothing about the replicas.
    func carryOut() async throws(ProbeFailure) -> [String: [SentinelOperation: SentinelOutcome]] {
        var outcomes: [String: [SentinelOperation: SentinelOutcome]] = [:]
        var following = replicas
        try await prepare()
        for operation in SentinelOperation.allCases {
            if Task.isCancelled {
                if operation == .insert { return [:] }
                // A run that is stopped deletes its row all the same.
                if operation == .update { continue }
            }
            let confirmed = try await perform(operation)
            let arrivals = await arrivals(of: operation, at: following, since: confirmed)
            for replica in replicas {
                guard let arrival = arrivals[replica.node] else {
                    if outcomes[replica.node]?.values.contains(.missed) == true {
                        outcomes[replica.node]?[operation] = .missed
                    }
                    continue
                }
                if let outcome = arrival.outcome { outcomes[replica.node, default: [:]][operation] = outcome }
            }
            following.removeAll { arrivals[$0.node]?.isSeen != true }
        }
        await clear(following)
        return outcomes
    }

    // MARK: - On the primary

    private func prepare() async throws(ProbeFailure) {
        let deadline = deadline
        do throws(MySQLError) {
            try await connection.recognise(primary, deadline: deadline)
            do throws(MySQLError) {
                // An existing row with this key would belong to another run.
                let found = try await connection.run([table.look(for: key)], isRepeatable: true, deadline: deadline)
                guard found.first?.isEmpty == true else {
                    throw MySQLError(phase: .query, code: 0, message: "a row with this key exists already")
                }
            } catch  where error.isForWantOfTable {
                try await connection.create(
                    table.table, table.definition, on: primary, by: watch, deadline: deadline)
            }
        } catch {
            throw ProbeFailure(error, node: primary.name, while: "preparing the sentinel table \(table.table.quoted)")
        }
    }

    /// - Returns: when the primary confirmed it.
    private func perform(_ operation: SentinelOperation) async throws(ProbeFailure) -> ContinuousClock.Instant {
        do throws(MySQLError) {
            try await change(operation, key)
            return .now
        } catch {
            if operation == .update {
                // Best effort: if this fails, a later run deletes the row.
                try? await change(.delete, key)
            }
            throw ProbeFailure(error, node: primary.name, while: "the sentinel's \(operation.rawValue)")
        }
    }

    private func change(_ operation: SentinelOperation, _ key: String) async throws(MySQLError) {
        try await connection.change(on: primary, by: watch, deadline: deadline) {
            table.statement(operation, key: key, if: $0)
        }
    }

    private var deadline: ContinuousClock.Instant { .now + max(patience, .seconds(1)) }

    // MARK: - On the replicas

    /// How long a replica may take to show the row.
    private static let answerTime = Duration.seconds(2)

    private struct Arrival {
        let node: String
        /// Nil if it cannot be known.
        let outcome: SentinelOutcome?

        var isSeen: Bool {
            if case .seen = outcome { true } else { false }
        }
    }

    private func arrivals(
        of operation: SentinelOperation, at replicas: [Session], since confirmed: ContinuousClock.Instant
    ) async -> [String: Arrival] {
        await withTaskGroup(of: Arrival.self) { group in
            for replica in replicas {
                group.addTask { await arrival(of: operation, at: replica, since: confirmed) }
            }
            var arrivals: [String: Arrival] = [:]
            for await arrival in group { arrivals[arrival.node] = arrival }
            return arrivals
        }
    }

    private func arrival(
        of operation: SentinelOperation, at replica: Session, since confirmed: ContinuousClock.Instant
    ) async -> Arrival {
        let end = confirmed + patience
        while true {
            var isAnswering = true
            do throws(MySQLError) {
                // A server that hangs is asked again, and does not hold up a probe that is to end.
                let answer = try await replica.run(
                    [table.look(for: key)], isRepeatable: true, deadline: min(end, .now + Self.answerTime))
                if table.shows(operation, answer.first) {
                    return Arrival(
                        node: replica.node, outcome: .seen(after: max(0, confirmed.duration(to: .now).seconds)))
                }
            } catch {
                switch error.phase {
                // The row may well have arrived; the account cannot or may not look.
                case .configuration, .permission, .authentication: return Arrival(node: replica.node, outcome: nil)
                default: isAnswering = error.isForWantOfTable
                }
            }
            let now = ContinuousClock.now
            let next = now + PollPace.pause(after: confirmed.duration(to: now), isAnswering: isAnswering)
            guard next < end, (try? await Task.sleep(until: next, clock: .continuous)) != nil else {
                return Arrival(node: replica.node, outcome: .missed)
            }
        }
    }

    // MARK: - What was left behind

    /// Deletes rows of runs that were cut short, each only if every replica has it: in ROW format, deleting a row that a replica
    /// lacks stops its applier. If a replica did not follow this run, it cannot be asked, so nothing is deleted.
    private func clear(_ following: [Session]) async {
        guard following.count == replicas.count, !Task.isCancelled else { return }
        let age = Int64(max(patience.seconds * 40, 60))
        do throws(MySQLError) {
            let found = try await connection.run(
                [table.leftovers(olderThan: age)], isRepeatable: true, deadline: deadline)
            var keys = table.keys(found.first)
            for replica in replicas where !keys.isEmpty {
                let present = try await replica.run([table.present(keys)], isRepeatable: true, deadline: deadline)
                let there = table.keys(present.first)
                keys.removeAll { !there.contains($0) }
            }
            for key in keys {
                try await change(.delete, key)
            }
        } catch {
            // They do no harm, and the next run tries again.
        }
    }
}
