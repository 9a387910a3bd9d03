internal import Glibc
package import Logging
package import MariaDB
package import Replication
internal import Synchronization

/// Writes a heartbeat on the primary of a set periodically, and remembers what it wrote and when.
///
/// The table has pt-heartbeat's layout, so that `pt-heartbeat --monitor --utc` reads it. One write at a time: a primary that
/// hangs finds a single statement waiting when it recovers, and that one has expired by then.
package final class HeartbeatWriter: Probe {
    /// The least time that a write gets, if the interval is shorter.
    private static let shortestDeadline = Duration.seconds(1)

    /// Times in UTC, whatever the server's time zone; short waits for other sessions' locks.
    package static let session = [
        "SET SESSION time_zone = '+00:00', autocommit = 1, lock_wait_timeout = 1, innodb_lock_wait_timeout = 1"
    ]

    private let table: TableName
    private let interval: Duration
    private let watch: SetWatch
    private let connect: @Sendable (_ node: String) -> Session?
    private let log: ProbeLog
    private let memory: Mutex<HeartbeatHistory>

    /// - Parameter connect: a connection to a node of the set, with `session` as its set-up.
    package init(
        table: TableName, interval: Duration, watch: SetWatch, logger: Logger,
        connect: @escaping @Sendable (_ node: String) -> Session?
    ) {
        self.table = table
        self.interval = interval
        self.watch = watch
        self.connect = connect
        log = ProbeLog(probe: "heartbeat", logger: logger)
        memory = Mutex(HeartbeatHistory(interval: interval.seconds))
    }

    /// What was written so far.
    package var history: HeartbeatHistory { memory.withLock { $0 } }

    // MARK: - Writing

    /// A connection to the primary.
    private struct Post {
        let node: WritableNode
        let connection: Session
        /// The table exists and has the row.
        var isReady = false
        var failures = 0
        var notBefore = ContinuousClock.now
    }

    package func run() async {
        var post: Post?
        _ = await watch.view(notOlderThan: WriteTarget.renewal)
        var next = ContinuousClock.now
        while !Task.isCancelled {
            await beat(&post)
            // Missed beats are not made up for.
            next = max(next + interval, .now)
            do { try await Task.sleep(until: next, clock: .continuous) } catch { break }
        }
        await post?.connection.close()
    }

    private func beat(_ post: inout Post?) async {
        // A write that fails may be the first sign of a failover; one that keeps failing is not.
        let mayHaveFailedOver = post.map { (1...2).contains($0.failures) } ?? false
        let view = await watch.newest(renewing: mayHaveFailedOver ? .seconds(1) : WriteTarget.renewal)
        switch WriteTarget(view, at: .now) {
        case .nobody(let reason):
            await post?.connection.close()
            post = nil
            rest(reason)
        case .node(let node):
            if post.map({ !$0.node.isSame(as: node) }) ?? true {
                await post?.connection.close()
                post = connect(node.name).map { Post(node: node, connection: $0) }
            }
            guard var current = post, current.notBefore <= .now else { return }
            do throws(ProbeFailure) {
                if !current.isReady {
                    try await prepare(current.connection, node)
                    current.isReady = true
                }
                try await write(current.connection, node)
                current.failures = 0
                log.working(on: node.name)
            } catch {
                // Try less and less often, so that statements that hang on the server do not pile up there.
                current.failures += 1
                current.notBefore = .now + .seconds(1 << min(current.failures - 1, 3))
                current.isReady = false
                rest(error.description)
            }
            post = current
        }
    }

    private func rest(_ reason: String) {
        // What a probe that is ending did not get to know says nothing of the servers.
        if !Task.isCancelled { log.idle(reason) }
    }

    private func write(_ connection: Session, _ node: WritableNode) async throws(ProbeFailure) {
        let sent = ContinuousClock.now
        let patience = max(interval, Self.shortestDeadline)
        let wallClock = WallClock.microseconds()
        do throws(MySQLError) {
            try await connection.change(on: node, by: watch, deadline: sent + patience) { condition in
                """
                UPDATE \(table.quoted) SET ts = '\(HeartbeatTime.text(wallClock))' \
                WHERE server_id = \(node.serverID) AND \(condition)
                """
            }
            remember(.init(time: wallClock, sent: sent, confirmed: .now))
        } catch {
            // The write may have been executed all the same.
            if error.breaksConnection {
                remember(.init(time: wallClock, sent: sent, confirmed: nil))
            }
            throw ProbeFailure(error, node: node.name, while: "writing the heartbeat")
        }
    }

    private func remember(_ beat: HeartbeatHistory.Beat) {
        memory.withLock { $0.append(beat) }
    }

    // MARK: - Preparing a primary

    /// Makes sure that this is the intended server, and that it has the table and the row.
    private func prepare(_ connection: Session, _ node: WritableNode) async throws(ProbeFailure) {
        let deadline = ContinuousClock.now + max(interval, .seconds(2))
        do throws(MySQLError) {
            try await connection.recognise(node, deadline: deadline)
            var rows: [HeartbeatRow]
            do throws(MySQLError) {
                rows = try await read(connection, deadline)
            } catch  where error.isForWantOfTable {
                try await connection.create(table, OwnTable.heartbeat(table), on: node, by: watch, deadline: deadline)
                rows = try await read(connection, deadline)
            }
            if !rows.contains(where: { $0.serverID == node.serverID }) { try await insert(connection, node, deadline) }
            memory.withLock { memory in
                if memory.node != node.name {
                    memory.begin(on: node.name, holding: rows, wallClock: WallClock.microseconds(), now: .now)
                }
            }
        } catch {
            throw ProbeFailure(error, node: node.name, while: "preparing the heartbeat table \(table.quoted)")
        }
    }

    private func read(_ connection: Session, _ deadline: ContinuousClock.Instant) async throws(MySQLError)
        -> [HeartbeatRow]
    {
        let statement = "SELECT server_id, ts FROM \(table.quoted) ORDER BY ts DESC LIMIT 64"
        let answer = try await connection.run([statement], isRepeatable: true, deadline: deadline)
        return answer.first?.rows.compactMap { row in
            row.text("ts").flatMap(HeartbeatTime.microseconds).map {
                HeartbeatRow(serverID: row.unsigned32("server_id"), time: $0)
            }
        } ?? []
    }

    private func insert(
        _ connection: Session, _ node: WritableNode, _ deadline: ContinuousClock.Instant
    ) async throws(MySQLError) {
        try await connection.change(on: node, by: watch, deadline: deadline) { condition in
            """
            INSERT INTO \(table.quoted) (ts, server_id) SELECT '\(HeartbeatTime.text(WallClock.microseconds()))', \
            \(node.serverID) FROM DUAL WHERE \(condition)
            """
        }
    }
}
