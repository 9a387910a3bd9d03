import Foundation
import MariaDB
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("Clusters behind a load balancer")
    struct ClusterTrafficTests {
        private func withCluster(
            _ kind: ClusterKind, _ body: (Sandbox, RunningExporter, HAProxy) async throws -> Void
        ) async throws {
            let software = try await ServerSoftware.find(kind == .group ? "mysql-9" : "mariadb")
            try await withSandbox(.cluster(kind, members: 3), software: software) { sandbox in
                let exporter = try await RunningExporter.start(
                    [
                        "--config.file", try sandbox.writeExporterConfiguration(), "--agent.listen-address",
                        "127.0.0.1:0",
                    ],
                    in: sandbox)
                try await body(sandbox, exporter, try await HAProxy.start(in: sandbox, exporter))
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test(
            "One member gets the writes, the others the reads: a late one, a frozen writer, its return, a lost quorum",
            arguments: ClusterKind.allCases)
        func haproxy(_ kind: ClusterKind) async throws {
            try await withCluster(kind) { sandbox, exporter, proxy in
                let (db1, db3) = (try sandbox.server("db1"), try sandbox.server("db3"))
                try await proxy.settles(writer: ["db1"], reader: ["db2", "db3"])
                #expect(await proxy.answerers("writer", 3) == [1])
                for node in ["db1", "db2", "db3"] {
                    #expect(try await exporter.get("/nodes/\(node)/member").status == 200)
                }

                // Late: it applies nothing.
                try await db3.lock()
                let row = try await db1.write()
                try await proxy.settles(writer: ["db1"], reader: ["db2"])
                let late = try await exporter.get("/nodes/db3/replica?max_lag=1s")
                #expect(late.status == 503 && late.body.contains("behind"), "\(late.body)")
                await db3.unlock()
                try await proxy.settles(writer: ["db1"], reader: ["db2", "db3"])
                #expect(try await db3.has(row: row))

                // What commits while the writer is frozen and comes back.
                let witness = proxy.witness("writer")
                await db1.freeze()
                try await eventually("another writes: \(try proxy.servers())\n\(proxy.log)") {
                    let writers = try proxy.nodes("writer")
                    return writers.count == 1 && writers != ["db1"]
                }
                let successor = try #require(try proxy.nodes("writer").first)
                let other = successor == "db2" ? "db3" : "db2"
                try await proxy.settles(writer: [successor], reader: [other], within: .seconds(60))
                let after = try await sandbox.server(successor).write()

                // It wakes with its old view, in which all is well.
                await db1.thaw()
                try await eventually("db1 is a member again:\n\(proxy.log)") {
                    try await exporter.get("/nodes/db1/member").status == 200
                }
                witness.cancel()
                let ids = await witness.value
                // Synced does not mean that the queue is empty.
                try await eventually("db1 has what it missed") { (try? await db1.has(row: after)) == true }
                let number: UInt64 = successor == "db2" ? 2 : 3
                // First db1, then the successor: never another, and db1 not again before it is a member again.
                let turns = ids.reduce(into: [UInt64]()) { if $0.last != $1 { $0.append($1) } }
                #expect(turns == [1, number] || turns == [number], "\(turns)")

                // Two of three are gone: nobody is in a majority.
                let gone = kind == .group ? ["db1", other] : ["db2", "db3"]
                for name in gone { try await sandbox.server(name).freeze() }
                // The last one has to notice that itself: until then, it still sees all three.
                var passing: [String] = []
                try await eventually("nobody has traffic: \(passing)", every: .milliseconds(200)) {
                    passing = []
                    for node in ["db1", "db2", "db3"] {
                        for check in ["primary", "replica", "read-only", "member"]
                        where try await exporter.get("/nodes/\(node)/\(check)").status != 503 {
                            passing.append("\(node)/\(check)")
                        }
                    }
                    return passing.isEmpty
                }
                try await proxy.settles(writer: [], reader: [], within: .seconds(60))
                for name in gone { try await sandbox.server(name).thaw() }
            }
        }
    }
}
