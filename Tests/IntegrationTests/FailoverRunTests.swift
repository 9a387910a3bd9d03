import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Synchronization
import Testing

extension IntegrationSuite {
    /// The three cases that the failover answer is for, in one run: all is well; the master dies; the master comes
    /// back. A ring of two, the script's own table, HAProxy in front of it with `deploy/haproxy/failover.cfg`, and
    /// snmpd asking.
    @Suite("Failover answer, behind HAProxy")
    struct FailoverRunTests {
        @Test(
            "Clients that keep writing lose no confirmed row, and none is written to the standby after the return",
            arguments: try await Matrix.flavors.value)
        func threeCases(software: ServerSoftware) async throws {
            try await withSandbox(.ring, software: software) { sandbox in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                for statement in [
                    "CREATE DATABASE replication_probe", "CREATE DATABASE shop",
                    "CREATE TABLE replication_probe.lastcheck (lastcheck BIGINT)",
                    "CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, server INT, written DATETIME(6))",
                ] { try await db1.sql(statement) }
                for privileges in [
                    "SELECT, INSERT, UPDATE ON replication_probe.lastcheck", "SELECT, INSERT ON shop.orders",
                ] { try await sandbox.grant(privileges) }
                let path = try sandbox.writeExporterConfiguration(
                    probes: "failover: {preferred: db1, standby: db2, table: replication_probe.lastcheck}")
                let exporter = try await RunningExporter.start(
                    ["--config.file", path, "--agent.listen-address", "127.0.0.1:0"], in: sandbox)
                let agentPort = try await exporter.agentPort()
                let proxy = try await HAProxy.start(
                    in: sandbox, by: "failover.cfg", listeners: ["3306": "orders"],
                    replacing: [
                        ("port 19104", "port \(exporter.port)"), ("agent-port 19105", "agent-port \(agentPort)"),
                        ("/failover/shop?", "/failover/demo?"),
                    ])
                let daemon = try await SNMPDaemon.start(path, in: sandbox)
                func settles(_ name: String) async throws {
                    try await eventually(
                        "\(name) alone: \(try proxy.servers())\n\(proxy.log)\n\(try exporter.output())",
                        within: .seconds(60), every: .milliseconds(50)
                    ) {
                        let states = try proxy.servers()
                        return states["mysql/\(name)"]?.hasTraffic == true
                            && states.filter { $0.key.hasPrefix("mysql/") && $0.value.hasTraffic }.count == 1
                    }
                }

                // All is well.
                try await settles("db1")
                try await daemon.firstLine(becomes: "100")
                let clients = [
                    Client(proxy, 0, of: 3), Client(proxy, 1, of: 3, writes: 7), Client(proxy, 2, of: 3, writes: 5),
                ]
                func allHaveConfirmed() async throws {
                    for client in clients { try await client.hasConfirmed(further: 100) }
                }
                try await allHaveConfirmed()

                // The master dies.
                await db1.kill()
                try await settles("db2")
                try await daemon.firstLine(becomes: "200")
                try await allHaveConfirmed()

                // The master comes back.
                try await db1.start()
                try await settles("db1")
                try await daemon.firstLine(becomes: "100")
                try await allHaveConfirmed()
                var confirmed: Set<Int64> = []
                for client in clients { confirmed.formUnion(await client.stop()) }

                try await sandbox.catchUp()
                let rows = try await self.rows(db1)
                let missing = confirmed.subtracting(rows.map(\.id))
                #expect(missing.isEmpty, "lost: \(missing.sorted())")
                #expect(try await self.rows(db2) == rows)
                // By the time at which each write started; all servers share this machine's clock.
                let turns = rows.filter { confirmed.contains($0.id) }.sorted { $0.written < $1.written }.map(\.server)
                    .reduce(into: [UInt64]()) { turns, server in
                        if turns.last != server { turns.append(server) }
                    }
                #expect(turns == [1, 2, 1], "\(turns)")
                print(
                    "\(software): \(confirmed.count) rows confirmed of \(rows.count); "
                        + "\(rows.count { $0.server == 2 }) on the standby while the master was dead; none lost")
                await daemon.stop()
                await proxy.stop()
                #expect(await exporter.stop() == .exited(0))
            }
        }

        private struct Row: Equatable {
            let id: Int64
            let server: UInt64
            let written: String
        }

        private func rows(_ server: Server) async throws -> [Row] {
            try await server.sql("SELECT id, server, written FROM shop.orders ORDER BY id").rows.compactMap { row in
                guard let id = row.integer("id"), let server = row.unsigned("server"), let time = row.text("written")
                else { return nil }
                return Row(id: id, server: server, written: time)
            }
        }
    }
}

/// Writes one row after the other through HAProxy, and remembers those that were confirmed.
private struct Client {
    private final class Record: Sendable {
        let confirmed = Mutex<Set<Int64>>([])
    }

    private let record = Record()
    private let task: Task<Void, Never>

    /// - Parameters:
    ///   - number: of this client among several; their IDs do not collide.
    ///   - writes: the number of writes after which it reconnects; nil to keep its connection as long as it lasts.
    init(_ proxy: HAProxy, _ number: Int64, of count: Int64, writes: Int64? = nil) {
        task = Task { [record] in
            var session: HAProxy.Client?
            var id = number
            while !Task.isCancelled {
                if session == nil { session = await proxy.session("orders") }
                if let open = session {
                    id += count
                    let written = id
                    if await open.isDone("INSERT INTO shop.orders VALUES (\(id), @@global.server_id, NOW(6))") {
                        record.confirmed.withLock { _ = $0.insert(written) }
                        if let writes, id / count % writes == 0 {
                            await open.close()
                            session = nil
                        }
                    } else {
                        await open.close()
                        session = nil
                    }
                }
                try? await Task.sleep(for: .milliseconds(5))
            }
            await session?.close()
        }
    }

    /// Waits until this many more writes have been confirmed.
    func hasConfirmed(further count: Int) async throws {
        let wanted = record.confirmed.withLock { $0.count } + count
        try await eventually("the client's writes are confirmed", within: .seconds(60)) {
            record.confirmed.withLock { $0.count } >= wanted
        }
    }

    func stop() async -> Set<Int64> {
        task.cancel()
        await task.value
        return record.confirmed.withLock { $0 }
    }
}
