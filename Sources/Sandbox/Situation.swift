/// A state that replication can be in, produced with real servers so that it can be recorded.
package struct Situation: Sendable {
    package let name: String
    /// The fixture's name for each node that is worth recording.
    package let cases: [String: String]
    package var wiring: Wiring
    package var settings = ServerSettings()
    /// Brings the situation about, and returns when the servers show it.
    package let prepare: @Sendable (Sandbox) async throws -> Void

    init(
        _ name: String, _ cases: [String: String], _ wiring: Wiring = .primary(replicas: 1),
        settings: ServerSettings = ServerSettings(), prepare: @escaping @Sendable (Sandbox) async throws -> Void
    ) {
        self.name = name
        self.cases = cases
        self.wiring = wiring
        self.settings = settings
        self.prepare = prepare
    }

    /// The situation with further options for one node's server program.
    func with(_ arguments: [String], on name: String) -> Situation {
        var copy = self
        for index in copy.wiring.nodes.indices where copy.wiring.nodes[index].name == name {
            copy.wiring.nodes[index].arguments += arguments
        }
        return copy
    }

    package static func all(for flavor: ServerSoftware.Flavor) -> [Situation] {
        common + (flavor == .mariadb ? ofMariaDB : ofMySQL)
    }

    private static var common: [Situation] {
        [
            Situation("standalone", ["db1": "standalone"], .primary(replicas: 0)) { _ in },
            Situation("healthy", ["db1": "primary", "db2": "replica"]) { try await $0.writeAcrossFiles() },
            Situation("chain", ["db2": "intermediate"], .chain(of: 3)) { try await $0.writeAcrossFiles() },
            Situation("ring", ["db1": "ring"], .ring) { sandbox in
                for server in sandbox.servers { try await server.write() }
                try await sandbox.catchUp()
            },
            Situation("multi-source", ["db3": "replica-multi-source"], .multiSource()) { sandbox in
                for name in ["db1", "db2"] { try await sandbox.server(name).write() }
                try await sandbox.catchUp()
                try await sandbox.server("db3").stopIO(channel: "db2")
            },
            Situation("by-position", ["db2": "replica-by-position"], settings: byPosition) {
                try await $0.writeAcrossFiles()
            },
            Situation("io-stopped", ["db2": "replica-io-stopped"]) { sandbox in
                try await sandbox.writeAcrossFiles()
                try await sandbox.server("db2").stopIO()
            },
            Situation("sql-stopped", ["db2": "replica-sql-stopped"]) { sandbox in
                try await sandbox.server("db2").stopSQL()
                try await sandbox.readAhead()
            },
            Situation("stopped", ["db2": "replica-stopped"]) { sandbox in
                try await sandbox.server("db2").stopIO()
                try await sandbox.server("db2").stopSQL()
            },
            Situation("sql-broken", ["db2": "replica-sql-broken"]) { try await $0.breakSQL("db2") },
            Situation("source-down", ["db2": "replica-source-down"]) { sandbox in
                try await sandbox.server("db1").kill()
                try await sandbox.server("db2").waitUntil("cannot connect") {
                    // Before that, it reports that it lost its connection (2013).
                    $0.ioThread == "Connecting" && $0.ioErrno == 2003
                }
            },
            Situation("binlog-lost", ["db2": "replica-binlog-lost"]) { try await $0.loseBinlog("db2") },
            Situation("lagging", ["db2": "replica-lagging"]) { sandbox in
                try await sandbox.server("db2").lock()
                try await sandbox.readAhead()
                try await sandbox.server("db2").waitUntil("is behind") { ($0.secondsBehindSource ?? 0) > 0 }
            },
            Situation("delayed", ["db2": "replica-delayed"]) { sandbox in
                try await sandbox.delay("db2", seconds: 600)
                try await sandbox.readAhead()
            },
            Situation("errant", ["db1": "primary-of-errant", "db2": "replica-errant"]) { sandbox in
                try await sandbox.server("db2").write(note: "errant")
                try await sandbox.writeAcrossFiles()
            },
            Situation("no-binlog", ["db2": "replica-no-binlog"]) { try await $0.writeAcrossFiles() }
                .with(["--skip-log-bin"], on: "db2"),
            Situation("filtered", ["db1": "primary-filtered", "db2": "replica-filtered"]) {
                try await $0.writeAcrossFiles()
            }
            .with(["--binlog-ignore-db=scratch"], on: "db1")
            .with(["--replicate-ignore-db=secret", "--replicate-wild-ignore-table=sandbox.tmp%"], on: "db2"),
            Situation("denied", ["db1": "primary-denied", "db2": "replica-denied"]) { sandbox in
                let monitor = "'\(sandbox.accounts.monitor.user)'@'127.0.0.1'"
                for server in sandbox.servers {
                    try await server.withoutBinlog("REVOKE ALL PRIVILEGES, GRANT OPTION FROM \(monitor)")
                }
            },
        ]
    }

    static var byPosition: ServerSettings {
        var settings = ServerSettings()
        settings.usesGTID = false
        return settings
    }
}

extension Sandbox {
    /// Writes rows into two binlog files, and waits until the replicas have applied them and report so.
    fileprivate func writeAcrossFiles() async throws(SandboxError) {
        let primary = try server("db1")
        for _ in 1...3 { try await primary.write() }
        try await primary.rotateBinlog()
        try await primary.write()
        try await catchUp()
        for replica in servers {
            for link in replica.node.links {
                try await replica.waitUntil("is up to date", channel: link.channel) { $0.secondsBehindSource == 0 }
            }
        }
    }

    /// Writes rows on db1, and waits until db2 has fetched but not applied them.
    fileprivate func readAhead() async throws(SandboxError) {
        let (primary, replica) = (try server("db1"), try server("db2"))
        for _ in 1...3 { try await primary.write() }
        let end = try await primary.binlogPosition()
        try await replica.waitUntil("has fetched all") {
            $0.readFile == end.file && $0.readPosition == end.offset && $0.execPosition < end.offset
        }
    }
}
