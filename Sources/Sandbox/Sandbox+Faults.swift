import MariaDB

/// Faults between servers.
extension Sandbox {
    /// Breaks a replica's applier with a duplicate key (error 1062): a row is inserted on the replica, bypassing the
    /// binlog, and then the same row on its primary. Returns when the applier has stopped.
    package func breakSQL(_ name: String, channel: String? = nil) async throws(SandboxError) {
        let replica = try server(name)
        guard let link = replica.node.links.first(where: { channel == nil || $0.channel == channel }) else {
            throw .wiring("\(name) is not a replica")
        }
        let primary = try writableServer(above: link.source)
        let conflicts = SandboxTable.conflicts
        let newest = try await primary.sql("SELECT COALESCE(MAX(id), 0) AS id FROM \(conflicts)")
        let id = (newest.first?.unsigned("id") ?? 0) + 1
        try await replica.withoutBinlog("INSERT INTO \(conflicts) (id, note) VALUES (\(id), '\(Self.ownRow)')")
        try await primary.sql("INSERT INTO \(conflicts) (id, note) VALUES (\(id), 'from \(primary.name)')")
        try await replica.waitUntil("applier stopped by a duplicate key", channel: link.channel) {
            $0.sqlThread == "No" && $0.sqlErrno != 0
        }
    }

    /// Repairs what `breakSQL` broke, and restarts the applier.
    package func repairSQL(_ name: String, channel: String? = nil) async throws(SandboxError) {
        let replica = try server(name)
        guard let link = replica.node.links.first(where: { channel == nil || $0.channel == channel }) else {
            throw .wiring("\(name) is not a replica")
        }
        try await replica.withoutBinlog("DELETE FROM \(SandboxTable.conflicts) WHERE note = '\(Self.ownRow)'")
        try await replica.startSQL(channel: link.channel)
        try await replica.waitUntil("applier runs", channel: link.channel) { $0.sqlThread == "Yes" }
    }

    /// Makes a replica follow another node than it was wired to, or the same one again.
    /// - Parameters:
    ///   - address: the source's address as given to the replica, if not the node's own.
    ///   - isRebuilt: whether to declare that it has what its source has, as if restored from a backup of that.
    ///     Otherwise it cannot follow a source that lacks one of its transactions (MariaDB).
    package func repoint(
        _ name: String, to source: String, channel: String = "", at address: (host: String, port: UInt16)? = nil,
        isRebuilt: Bool = false
    ) async throws(SandboxError) {
        let (replica, source) = (try server(name), try server(source))
        try await replica.sql(replica.statements.stop(.both, channel: channel))
        if isRebuilt, let position = try await source.gtidPosition {
            try await replica.sql("SET GLOBAL gtid_slave_pos = '\(position)'")
        }
        try await replica.sql(
            replica.statements.changeSource(
                channel: channel, host: address?.host ?? "127.0.0.1", port: address?.port ?? source.port,
                account: accounts.replication, settings: settings))
        try await replica.sql(replica.statements.start(.both, channel: channel))
    }

    /// Makes a node forget its source.
    package func forgetSource(_ name: String, channel: String = "") async throws(SandboxError) {
        let server = try server(name)
        try await server.sql(server.statements.stop(.both, channel: channel))
        try await server.sql(server.statements.forgetSource(channel: channel))
    }

    /// Marks a replica as detached, as orchestrator does: its source's host begins with `//`, and both threads are
    /// stopped.
    package func detach(_ name: String, channel: String = "") async throws(SandboxError) {
        let server = try server(name)
        try await server.sql(server.statements.stop(.both, channel: channel))
        try await server.sql(server.statements.changeHost(to: "//127.0.0.1", channel: channel))
    }

    /// Makes a node's binary log start over (RESET MASTER), without anything that its replicas have.
    package func resetBinlogs(_ name: String) async throws(SandboxError) {
        let server = try server(name)
        try await server.sql(server.statements.resetBinlogs)
    }

    /// Makes a replica forget what it has applied and its source, and start over at its source's first binary log.
    package func startOver(_ name: String, channel: String = "") async throws(SandboxError) {
        let replica = try server(name)
        guard let link = replica.node.links.first(where: { $0.channel == channel }) else {
            throw .wiring("\(name) has no channel \(channel)")
        }
        try await replica.sql(replica.statements.stop(.both, channel: channel))
        for statement in replica.statements.forgetReplication(channel: channel) { try await replica.sql(statement) }
        try await repoint(name, to: link.source, channel: channel)
    }

    /// Purges binlogs of a replica's source that the replica has not read yet, so that it can never catch up on its own
    /// (error 1236). Returns when the replica has noticed.
    package func loseBinlog(_ name: String) async throws(SandboxError) {
        let replica = try server(name)
        guard let link = replica.node.links.first else { throw .wiring("\(name) is not a replica") }
        let source = try server(link.source)
        try await replica.stopIO(channel: link.channel)
        try await writableServer(above: link.source).write(note: "never read by \(name)")
        if !source.node.isWritable { try await catchUp(source) }
        try await source.purgeBinlogs()
        try await replica.startIO(channel: link.channel)
        try await replica.waitUntil("IO thread stopped by a missing binlog", channel: link.channel) {
            $0.ioThread == "No" && $0.ioErrno != 0
        }
    }

    private func catchUp(_ server: Server) async throws(SandboxError) {
        for link in server.node.links {
            try await server.catchUp(with: self.server(link.source), channel: link.channel)
        }
    }

    /// Marks the row that only the replica has.
    private static let ownRow = "only on the replica"
}
