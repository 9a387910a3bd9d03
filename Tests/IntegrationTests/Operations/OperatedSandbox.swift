import Foundation
import MariaDB
import Operations
import Sandbox

/// Real servers on which the operations of an `OperatedSet` are carried out, and the exporter that monitors them.
final class OperatedSandbox {
    private let sandbox: Sandbox
    private let relay: Relay
    private let arguments: [String]
    private let states: String
    let checks: BalancerChecks
    private(set) var exporter: RunningExporter

    /// The servers' options: duplicate or missing rows do not stop an applier, and a replica notices within seconds
    /// that its source hangs.
    static func settings(_ software: ServerSoftware) -> ServerSettings {
        let replica = software.flavor == .mariadb ? "slave" : "replica"
        var settings = ServerSettings()
        settings.arguments = [
            "--binlog-format=ROW", "--\(replica)-exec-mode=IDEMPOTENT", "--\(replica)-net-timeout=4",
        ]
        return settings
    }

    init(_ sandbox: Sandbox, readOnly: Bool) async throws {
        self.sandbox = sandbox
        relay = try Relay.start(in: sandbox)
        states = "\(sandbox.folder)/states"
        try FileManager.default.createDirectory(atPath: states, withIntermediateDirectories: true)
        try await Self.prepareTables(in: sandbox)
        if !readOnly {
            for server in sandbox.servers { try await server.sql("SET GLOBAL read_only = 0") }
        }
        arguments = [
            "--config.file",
            try sandbox.writeExporterConfiguration(
                probes: """
                    heartbeat: {table: replication_probe.heartbeat, write: true, interval: 500ms}
                    sentinel: {table: replication_probe.sentinel, interval: 4s}
                    """), "--state.directory", states,
        ]
        exporter = try await RunningExporter.start(arguments, in: sandbox)
        checks = BalancerChecks(of: sandbox.servers.map(\.name))
        checks.ask(exporter)
        checks.start()
    }

    func end() async -> ExitStatus {
        await checks.stop()
        await relay.stop()
        return await exporter.stop()
    }

    // MARK: - What the probes write

    /// The probes' tables, as they would create them, and triggers that record on which server a change was made:
    /// replicas do not run them for replicated rows.
    private static func prepareTables(in sandbox: Sandbox) async throws {
        let primary = try sandbox.server("db1")
        var statements = [
            "CREATE DATABASE replication_probe",
            """
            CREATE TABLE replication_probe.heartbeat (ts VARCHAR(26) NOT NULL, \
            server_id INT UNSIGNED NOT NULL PRIMARY KEY, file VARCHAR(255) DEFAULT NULL, \
            position BIGINT UNSIGNED DEFAULT NULL, relay_master_log_file VARCHAR(255) DEFAULT NULL, \
            exec_master_log_pos BIGINT UNSIGNED DEFAULT NULL) ENGINE = InnoDB
            """,
            """
            CREATE TABLE replication_probe.sentinel (id CHAR(32) NOT NULL PRIMARY KEY, \
            value TINYINT UNSIGNED NOT NULL, written TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE = InnoDB
            """,
            "CREATE TABLE replication_probe.changes (server INT UNSIGNED, made DATETIME(6), what VARCHAR(20))",
        ]
        for table in ["heartbeat", "sentinel"] {
            for event in ["INSERT", "UPDATE", "DELETE"] {
                statements.append(
                    """
                    CREATE TRIGGER replication_probe.\(table)_\(event) AFTER \(event) ON replication_probe.\(table) \
                    FOR EACH ROW INSERT INTO replication_probe.changes \
                    VALUES (@@global.server_id, UTC_TIMESTAMP(6), '\(event) \(table)')
                    """)
            }
        }
        for statement in statements { try await primary.sql(statement) }
        try await sandbox.grant("CREATE, SELECT, INSERT, UPDATE, DELETE ON replication_probe.*")
    }

    struct Change: Hashable {
        let serverID: UInt32
        /// Epoch seconds; all servers have this machine's clock.
        let time: Double
        let what: String
    }

    /// Everything that probes have changed, as found on any of the servers that answer.
    func changes(_ set: OperatedSet) async throws -> Set<Change> {
        var changes: Set<Change> = []
        for name in set.names where set[name].answers {
            let rows = try await sandbox.server(name).sql(
                """
                SELECT DISTINCT server, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', made) AS made, what \
                FROM replication_probe.changes
                """)
            for row in rows.rows {
                guard let id = row.unsigned("server"), let time = row.integer("made"), let what = row.text("what")
                else { continue }
                changes.insert(Change(serverID: UInt32(id), time: Double(time) / 1e6, what: what))
            }
        }
        return changes
    }

    // MARK: - Operations

    /// - Parameters:
    ///   - before: the set as it is.
    ///   - after: as the operation leaves it.
    func carryOut(_ operation: SetOperation, _ before: OperatedSet, _ after: OperatedSet) async throws {
        func server(_ name: String) throws -> Server { try sandbox.server(name) }
        switch operation {
        case .kill(let name): try await server(name).kill()
        case .start(let name, let isReadOnly, let hasNewIdentity):
            if hasNewIdentity { try server(name).forgetIdentity() }
            try await server(name).start(
                with: ["--read-only=\(isReadOnly ? 1 : 0)", "--server-id=\(after[name].serverID)"])
        case .freeze(let name): try await server(name).freeze()
        case .thaw(let name): try await server(name).thaw()
        case .hide, .show, .nothing: break
        case .failOver(let name, let detaching):
            if detaching, before[name].links.contains(where: { !$0.isDetached }) {
                try await sandbox.detach(name)
            } else {
                try await sandbox.forgetSource(name)
            }
            try await promote(name, before, after)
        case .switchOver(let name):
            let old = before.legitimate
            try await server(old).sql("SET GLOBAL read_only = 1")
            try await sandbox.forgetSource(name)
            try await promote(name, before, after)
            try await sandbox.repoint(old, to: name, isRebuilt: true)
        case .setReadOnly(let name, let isReadOnly):
            try await server(name).sql("SET GLOBAL read_only = \(isReadOnly ? 1 : 0)")
        case .stopReplication(let name, let applierToo):
            try await server(name).stopIO()
            if applierToo { try await server(name).stopSQL() }
        case .repoint(let name, let way): try await repoint(name, way, after)
        case .reset(let name): try await sandbox.forgetSource(name)
        case .write(let names):
            for name in names { try await server(name).write() }
        case .restartExporter(let keepsState): try await restartExporter(keepsState: keepsState)
        }
    }

    private func promote(_ name: String, _ before: OperatedSet, _ after: OperatedSet) async throws {
        try await sandbox.server(name).sql("SET GLOBAL read_only = 0")
        for other in after.names where after[other].answers && before[other].links != after[other].links {
            if other != name, other != before.legitimate { try await repoint(other, .direct, after) }
        }
    }

    private func repoint(_ name: String, _ way: OperatedSet.Way, _ set: OperatedSet) async throws {
        let source = set.legitimate
        let address: (host: String, port: UInt16)? =
            switch way {
            case .direct: nil
            // "localhost" would be the replica's own socket.
            case .alias: ("127.1", try sandbox.server(source).port)
            case .proxy: ("127.0.0.1", relay.port(source))
            }
        try await sandbox.repoint(name, to: source, at: address, isRebuilt: set[source].answers)
    }

    private func restartExporter(keepsState: Bool) async throws {
        checks.ask(nil)
        _ = await exporter.stop()
        if !keepsState {
            for file in try FileManager.default.contentsOfDirectory(atPath: states) {
                try FileManager.default.removeItem(atPath: "\(states)/\(file)")
            }
        }
        exporter = try await RunningExporter.start(arguments, in: sandbox)
        checks.ask(exporter)
    }

    /// Restores the set to a healthy state.
    func heal(_ before: OperatedSet, _ after: OperatedSet) async throws {
        for name in before.names {
            let server = try sandbox.server(name)
            if !before[name].isUp {
                try await server.start(with: ["--server-id=\(after[name].serverID)"])
            } else if before[name].isFrozen {
                await server.thaw()
            }
        }
        let writer = after.legitimate
        try await sandbox.forgetSource(writer)
        for name in after.names where name != writer { try await sandbox.repoint(name, to: writer, isRebuilt: true) }
        for name in after.names {
            try await sandbox.server(name).sql("SET GLOBAL read_only = \(after[name].isReadOnly ? 1 : 0)")
        }
    }
}
