import MariaDB
import Replication

/// The statements that were running when a node's timeout ended. The server may still be executing them, each on a connection
/// that it does not release meanwhile: nothing that would take another connection is asked again until then.
struct UnansweredStatements {
    struct Entry {
        /// The server's id of the connection that was closed.
        let connection: UInt32
        /// The facts it asks for; none for a statement that sets the session up, without which nothing is asked.
        let facts: [FactName]
        /// For people.
        let statement: String
        let since: ContinuousClock.Instant
        /// An earlier client of the same account asked for it.
        var isAdopted = false
    }

    /// The most connections that are put at risk. Usually there is one: statements that may hang for the same reason are not sent
    /// meanwhile, except essential ones.
    static let limit = 2

    private(set) var entries: [Entry] = []
    /// Set if the process list was not answered either: it is not asked for again before this.
    private var notBefore: ContinuousClock.Instant?

    mutating func note(_ entry: Entry) { entries.append(entry) }

    /// Forgets statements that have ended.
    /// - Parameter own: the connection that asked; after a restart of the server it may have the id of one that hung.
    mutating func settle(by processes: ResultTable, askedOver own: UInt32) {
        notBefore = nil
        entries.removeAll { $0.connection == own || !ProcessList.shows($0.connection, atWorkIn: processes) }
    }

    /// Notes the statements that earlier clients of the same account have left in the server, such as an earlier run of a command.
    /// - Parameters:
    ///   - own: the connection that asked for the list.
    ///   - limit: a client has given up what has been running for as long.
    mutating func adopt(
        from processes: ResultTable, askedOver own: UInt32, askingFor facts: [Fact], givenUpAfter limit: Duration,
        at now: ContinuousClock.Instant
    ) {
        for process in ProcessList.others(of: own, atWorkIn: processes)
        where process.seconds >= limit.seconds && process.connection != own {
            let hanging = facts.filter { process.shows($0.statement) && !contains($0.name) }
            guard let statement = hanging.first?.statement else { continue }
            note(
                Entry(
                    connection: process.connection, facts: hanging.map(\.name), statement: statement,
                    since: now - .seconds(min(process.seconds, 1e9)), isAdopted: true))
        }
    }

    private func contains(_ fact: FactName) -> Bool { entries.contains { $0.facts.contains(fact) } }

    /// Forgets old and essential statements: if the process list is refused, as by a proxy, nothing better can be done.
    mutating func settleBlindly(at now: ContinuousClock.Instant) {
        entries.removeAll { entry in
            let isEssential =
                entry.facts.isEmpty || entry.facts.contains { $0 == .identity || $0 == .replicationStatus }
            return isEssential || entry.since.duration(to: now) > .seconds(60)
        }
    }

    /// Records that the process list was not answered on this connection.
    mutating func listIsUnanswered(on connection: UInt32, at now: ContinuousClock.Instant) {
        let isFirst = !entries.contains { $0.statement == ProcessList.statement }
        notBefore = now + .seconds(isFirst ? 10 : 60)
        entries.removeAll { $0.statement == ProcessList.statement }
        note(Entry(connection: connection, facts: [], statement: ProcessList.statement, since: now))
    }

    /// Why nothing can be asked now; nil if it can.
    func obstacle(at now: ContinuousClock.Instant, isSettled: Bool) -> MySQLError? {
        if isSettled {
            guard entries.count >= Self.limit || entries.contains(where: \.facts.isEmpty) else { return nil }
        } else {
            guard let notBefore, now < notBefore else { return nil }
        }
        let reasons = entries.map { $0.reason(at: now) }.joined(separator: "; ")
        return MySQLError(phase: .timeout, code: ErrorCode.serverLost, message: reasons)
    }

    /// Why a fact must not be asked for now; nil if it may be.
    func reason(against fact: Fact, at now: ContinuousClock.Instant) -> String? {
        if let own = entries.first(where: { $0.facts.contains(fact.name) }) {
            return own.reason(at: now) + "; not asked again before that ends"
        }
        guard let first = entries.first(where: { $0.facts.contains(where: fact.mayHang) }) else {
            return nil
        }
        return "not asked while \(first.statement) hangs in the server (connection \(first.connection))"
    }
}

extension UnansweredStatements.Entry {
    fileprivate func reason(at now: ContinuousClock.Instant) -> String {
        let seconds = since.duration(to: now).components.seconds
        let time = isAdopted ? "for \(seconds) s" : "given up \(seconds) s ago"
        return "\(statement) hangs in the server (connection \(connection)), \(time)"
    }
}
