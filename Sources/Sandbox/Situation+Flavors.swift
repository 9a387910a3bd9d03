import MariaDB

/// Situations that exist in only one flavor, or are brought about in its own way.
extension Situation {
    static var ofMariaDB: [Situation] {
        [
            semiSync(
                source: ["--rpl-semi-sync-master-enabled=1", "--rpl-semi-sync-master-timeout=100"],
                replica: ["--rpl-semi-sync-slave-enabled=1"]),
            semiSyncFallenBack(
                source: ["--rpl-semi-sync-master-enabled=1", "--rpl-semi-sync-master-timeout=100"],
                replica: ["--rpl-semi-sync-slave-enabled=1"]),
            Situation("parallel", ["db2": "replica-parallel"]) { sandbox in
                try await sandbox.server("db1").write()
                try await sandbox.catchUp()
            }
            .with(["--slave-parallel-threads=4"], on: "db2"),
            Situation("performance-schema", ["db2": "replica-performance-schema"]) { sandbox in
                let monitor = "'\(sandbox.accounts.monitor.user)'@'127.0.0.1'"
                try await sandbox.server("db2").withoutBinlog("GRANT SELECT ON performance_schema.* TO \(monitor)")
                try await sandbox.server("db1").write()
                try await sandbox.catchUp()
            }
            .with(["--performance-schema=ON", "--slave-parallel-threads=4"], on: "db2"),
            // Error 1950: the replica already has a sequence number that its source now assigns to another transaction.
            Situation("gtid-out-of-order", ["db2": "replica-gtid-out-of-order"], settings: strict) { sandbox in
                let replica = try sandbox.server("db2")
                try await replica.write(note: "errant")
                try await sandbox.server("db1").write()
                try await replica.waitUntil("stops at a number it has") { $0.sqlThread == "No" && $0.sqlErrno != 0 }
            },
        ]
    }

    static var ofMySQL: [Situation] {
        let source = [
            "--plugin-load-add=semisync_source.so", "--rpl-semi-sync-source-enabled=1",
            "--rpl-semi-sync-source-timeout=100",
        ]
        let replica = ["--plugin-load-add=semisync_replica.so", "--rpl-semi-sync-replica-enabled=1"]
        return [
            semiSync(source: source, replica: replica),
            semiSyncFallenBack(source: source, replica: replica),
            Situation("single-threaded", ["db2": "replica-single-threaded"]) { sandbox in
                try await sandbox.server("db1").write()
                try await sandbox.catchUp()
            }
            .with(["--replica-parallel-workers=1"], on: "db2"),
            Situation("tagged-gtids", ["db1": "primary-tagged-gtids", "db2": "replica-tagged-gtids"]) { sandbox in
                let primary = try sandbox.server("db1")
                for tag in ["blue", "green", "blue"] {
                    try await primary.sql("SET SESSION gtid_next = 'AUTOMATIC:\(tag)'")
                    try await primary.write(note: tag)
                }
                try await primary.sql("SET SESSION gtid_next = 'AUTOMATIC'")
                try await sandbox.catchUp()
            },
        ]
    }

    private static func semiSync(source: [String], replica: [String]) -> Situation {
        Situation("semi-sync", ["db1": "primary-semi-sync", "db2": "replica-semi-sync"]) { sandbox in
            try await sandbox.waitForSemiSync(clients: 1)
            try await sandbox.server("db1").write()
            try await sandbox.catchUp()
        }
        .with(source, on: "db1").with(replica, on: "db2")
    }

    /// The only replica that acknowledged is gone: commits no longer wait for one.
    private static func semiSyncFallenBack(source: [String], replica: [String]) -> Situation {
        Situation("semi-sync-fallen-back", ["db1": "primary-semi-sync-fallen-back"]) { sandbox in
            try await sandbox.waitForSemiSync(clients: 1)
            try await sandbox.server("db2").kill()
            try await sandbox.server("db1").write()
            try await sandbox.waitForSemiSync(clients: 0)
        }
        .with(source, on: "db1").with(replica, on: "db2")
    }

    private static var strict: ServerSettings {
        var settings = ServerSettings()
        settings.isGTIDStrict = true
        return settings
    }
}

extension Sandbox {
    fileprivate func waitForSemiSync(clients: UInt64) async throws(SandboxError) {
        let primary = try server("db1")
        let word = software.flavor == .mariadb ? "master" : "source"
        try await eventually("\(clients) semi-sync clients", deadline: .now + .seconds(30)) { () throws(SandboxError) in
            let status = try await primary.sql("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_\(word)_clients'")
            return status.first?.unsigned("Value") == clients
        }
    }

    /// Makes a replica apply what it fetches only after a delay.
    package func delay(_ name: String, seconds: Int) async throws(SandboxError) {
        let replica = try server(name)
        guard let channel = replica.node.links.first?.channel else { throw .wiring("\(name) is not a replica") }
        try await replica.stopSQL(channel: channel)
        switch software.flavor {
        case .mariadb:
            // The delay cannot be changed while the receiver is running.
            try await replica.stopIO(channel: channel)
            try await replica.sql(
                "CHANGE MASTER \(channel.isEmpty ? "" : "'\(channel)' ")TO MASTER_DELAY = \(seconds)")
            try await replica.startIO(channel: channel)
        case .mysql:
            try await replica.sql("CHANGE REPLICATION SOURCE TO SOURCE_DELAY = \(seconds) FOR CHANNEL '\(channel)'")
        }
        try await replica.startSQL(channel: channel)
    }
}
