package import Logging
package import MariaDB
package import Replication
internal import Synchronization
package import Topology

/// Sends a row through the replication of a set periodically: inserts, updates and deletes it on the primary, and looks for it
/// on every replica.
package final class SentinelProbe: Probe {
    /// Times in UTC, whatever the server's time zone; short waits for other sessions' locks.
    package static let session = HeartbeatWriter.session

    private let table: SentinelTable
    private let interval: Duration
    private let watch: SetWatch
    private let connections: SentinelConnections
    private let log: ProbeLog
    private let record = Mutex(SentinelRecord())

    /// - Parameter connect: a connection to a node of the set, with `session` as its set-up.
    package init(
        table: TableName, interval: Duration, watch: SetWatch, logger: Logger,
        connect: @escaping @Sendable (_ node: String) -> Session?
    ) {
        self.table = SentinelTable(table: table)
        self.interval = interval
        self.watch = watch
        connections = SentinelConnections(connect)
        log = ProbeLog(probe: "sentinel", logger: logger)
    }

    /// What the last run found.
    package var findings: [SentinelFindings] { record.withLock { $0.findings } }

    /// Whether the last run got its row through the primary; false before the first.
    package var isWorking: Bool { record.withLock { $0.isSent } }

    package func run() async {
        var routes = SentinelRoutes()
        var next = ContinuousClock.now
        while !Task.isCancelled {
            await tap(&routes)
            // Missed runs are not made up for.
            next = max(next + interval, .now)
            do { try await Task.sleep(until: next, clock: .continuous) } catch { break }
        }
        await connections.close()
    }

    /// One run over the set, if there is a primary to start it on.
    private func tap(_ routes: inout SentinelRoutes) async {
        guard let view = await watch.view(notOlderThan: WriteTarget.renewal) else {
            return rest("the nodes have not answered")
        }
        switch WriteTarget(view, at: .now) {
        case .nobody(let reason): rest(reason)
        case .node(let primary):
            guard let connection = connections[primary.name] else { return rest("\(primary.name) is not configured") }
            routes.learn(view.findings, from: primary.name)
            let run = SentinelRun(
                table: table, primary: primary, connection: connection,
                replicas: connections.connections(to: routes.channels.keys.sorted()), patience: interval / 4,
                watch: watch)
            do throws(ProbeFailure) {
                let outcomes = try await run.carryOut()
                if Task.isCancelled { return }
                log.working(on: primary.name)
                take(outcomes, over: routes)
            } catch {
                rest(error.description)
            }
        }
    }

    private func take(
        _ outcomes: [String: [SentinelOperation: SentinelOutcome]], over routes: SentinelRoutes
    ) {
        var run: [SentinelRecord.Place: [SentinelOperation: SentinelOutcome]] = [:]
        for (node, channels) in routes.channels {
            for channel in channels { run[.init(node: node, channel: channel)] = outcomes[node] ?? [:] }
        }
        record.withLock { $0.take(run, at: Double(WallClock.microseconds()) / 1e6) }
    }

    private func rest(_ reason: String) {
        // What a probe that is ending did not get to know says nothing of the servers.
        if Task.isCancelled { return }
        log.idle(reason)
        record.withLock { $0.rest() }
    }
}

/// The sentinel's connections, each made when first needed and kept for the next run.
private final class SentinelConnections: Sendable {
    private let connect: @Sendable (_ node: String) -> Session?
    private let open = Mutex<[String: Session]>([:])

    init(_ connect: @escaping @Sendable (_ node: String) -> Session?) {
        self.connect = connect
    }

    subscript(node: String) -> Session? {
        open.withLock { open in
            if let known = open[node] { return known }
            let new = connect(node)
            open[node] = new
            return new
        }
    }

    func connections(to nodes: [String]) -> [Session] { nodes.compactMap { self[$0] } }

    func close() async {
        let all = open.withLock { open in
            defer { open = [:] }
            return Array(open.values)
        }
        for connection in all { await connection.close() }
    }
}
