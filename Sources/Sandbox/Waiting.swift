import MariaDB

/// Polls until the condition holds, for what a server offers no event for.
/// - Throws: `SandboxError.timeout` at the deadline, or if the task is cancelled; also whatever the condition throws.
package func eventually(
    _ what: String, deadline: ContinuousClock.Instant, condition: () async throws(SandboxError) -> Bool
) async throws(SandboxError) {
    var pause = Duration.milliseconds(5)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw .timeout(waitingFor: what) }
        do {
            try await Task.sleep(for: pause)
        } catch {
            throw .timeout(waitingFor: "\(what) (cancelled)")
        }
        pause = min(pause * 2, .milliseconds(100))
    }
}

extension Server {
    /// The replication streams of this server; none if it is not a replica.
    package func channels() async throws(SandboxError) -> [ChannelStatus] {
        try await sql(statements.replicaStatus).rows.map { ChannelStatus($0, flavor: software.flavor) }
    }

    /// The end of this server's binlog.
    package func binlogPosition() async throws(SandboxError) -> BinlogPosition {
        guard let row = try await sql(statements.binlogStatus).first,
            let file = row.text("File"), let offset = row.unsigned("Position")
        else { throw .wiring("\(name) writes no binlog") }
        let executed = row.text("Executed_Gtid_Set") ?? ""
        return BinlogPosition(file: file, offset: offset, executedGTIDs: executed.filter { !$0.isWhitespace })
    }

    /// Waits until a replication stream of this server is in a state.
    package func waitUntil(
        _ what: String, channel: String = "", within time: Duration = .seconds(30),
        _ condition: (ChannelStatus) -> Bool
    ) async throws(SandboxError) {
        let deadline = ContinuousClock.now + time
        try await eventually("\(name): \(what)", deadline: deadline) { () throws(SandboxError) in
            try await channels().contains { $0.channel == channel && condition($0) }
        }
    }

    /// Waits until this replica has applied everything that its source has written so far.
    package func catchUp(
        with source: Server, channel: String = "", within time: Duration = .seconds(30)
    ) async throws(SandboxError) {
        let position = try await source.binlogPosition()
        let seconds = Int(time.components.seconds)
        let statement = statements.waitForPosition(
            position, channel: channel, seconds: seconds, usesGTID: settings.usesGTID)
        let deadline = ContinuousClock.now + time
        // The server's wait returns NULL while the applier is starting; only then ask again.
        try await eventually("\(name)'s applier to run", deadline: deadline) { () throws(SandboxError) in
            let reached = try await sql(statement, within: time + .seconds(5)).first?.integer("reached")
            if let reached, reached < 0 { throw .timeout(waitingFor: "\(name) to catch up with \(source.name)") }
            return reached != nil
        }
    }
}
