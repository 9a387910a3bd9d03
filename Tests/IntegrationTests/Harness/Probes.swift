import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Testing

extension Sandbox {
    /// The exporter's configuration with more keys for the replication set, such as `heartbeat: {…}`.
    /// - Returns: the configuration file's path.
    func writeExporterConfiguration(probes: String) throws -> String {
        let path = try writeExporterConfiguration()
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try (text + probes.split(separator: "\n").map { "    \($0)\n" }.joined()).write(
            toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Grants the exporter's account what its probes need, through replication, and waits until it has arrived
    /// everywhere.
    func grant(_ privileges: String, on name: String = "db1") async throws {
        try await server(name).sql("GRANT \(privileges) TO '\(accounts.monitor.user)'@'127.0.0.1'")
        try await catchUp()
    }

    /// Makes `name` take the writes instead of the others, as a failover does: it no longer follows any node, and the
    /// nodes that are up follow it.
    func promote(_ name: String, insteadOf old: String) async throws {
        let promoted = try server(name)
        for statement in [
            promoted.software.flavor == .mariadb ? "STOP SLAVE" : "STOP REPLICA",
            promoted.software.flavor == .mariadb ? "RESET SLAVE ALL" : "RESET REPLICA ALL",
            "SET GLOBAL read_only = 0",
        ] { try await promoted.sql(statement) }
        for server in servers where server.name != name && server.name != old {
            if await server.pid != nil { try await repoint(server.name, to: name) }
        }
    }

    /// The rows of a node's heartbeat table: times by server ID.
    func heartbeats(on name: String) async throws -> [UInt64: String] {
        var heartbeats: [UInt64: String] = [:]
        for row in try await server(name).sql("SELECT server_id, ts FROM replication_probe.heartbeat").rows {
            if let id = row.unsigned("server_id") { heartbeats[id] = row.text("ts") }
        }
        return heartbeats
    }

    /// Waits until a node's row of a server contains another time than `known`.
    @discardableResult
    func heartbeat(of id: UInt64, on name: String, after known: String?, within time: Duration = .seconds(40))
        async throws -> String
    {
        try await eventualValue("a new heartbeat of server \(id) on \(name)", within: time) {
            let text = (try? await heartbeats(on: name))?[id]
            return text == known ? nil : text
        }
    }
}

/// Servers that replicate as wired, with the grants for the exporter's probes, and an exporter that runs them.
func withProbes(
    _ probes: String, of wiring: Wiring, software: ServerSoftware, settings: ServerSettings = ServerSettings(),
    grants: String = "CREATE, SELECT, INSERT, UPDATE, DELETE ON replication_probe.*",
    _ body: (Sandbox, RunningExporter) async throws -> Void
) async throws {
    try await withSandbox(wiring, software: software, settings: settings) { sandbox in
        if !grants.isEmpty { try await sandbox.grant(grants) }
        let exporter = try await RunningExporter.start(
            try sandbox.writeExporterConfiguration(probes: probes), in: sandbox)
        do {
            try await body(sandbox, exporter)
        } catch {
            throw Failure("\(error)\nthe exporter's log:\n\((try? exporter.output()) ?? "")")
        }
        #expect(await exporter.stop() == .exited(0))
    }
}
