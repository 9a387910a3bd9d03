import Foundation
import MariaDB
import Replication
import ReplicationTesting
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("A disturbed comparison")
    struct ChecksumInterruptionTests {
        /// 300 rows, one per chunk: 300 chunks, and the two beyond the ends.
        private static let oneByOne = ["--tables", "shop.orders", "--chunk-size", "1", "--chunk-time", "0"]

        @Test(
            "it continues where it ended; it waits for replicas, and never mistakes old results for new ones",
            arguments: try await Matrix.flavors.value)
        func disturbed(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 2), software: software) { sandbox in
                try await ShopTables.fill(try sandbox.server("db1"))
                try await kill(in: sandbox)
                try await interrupt(in: sandbox)
                try await pause(in: sandbox)
                try await outrun(in: sandbox)
            }
        }

        /// After being killed it continues, and repeats nothing.
        private func kill(in sandbox: Sandbox) async throws {
            let primary = try sandbox.server("db1")
            let first = try await ChecksumCommandRun.start(Self.oneByOne, in: sandbox)
            try await first.compares(chunks: 40, of: "orders", on: primary)
            first.process.signal(SIGKILL)
            _ = try await first.ended()
            func done() async throws -> [String] {
                try await primary.sql(
                    "SELECT CONCAT(chunk, ' ', chunk_time, ' ', ts) AS done FROM percona.checksums WHERE chunk <= 40"
                ).rows.compactMap { $0.text("done") }
            }
            let before = try await done()

            let second = try await ChecksumCommandRun.result(Self.oneByOne + ["--resume"], in: sandbox)
            #expect(second.status == .exited(0), "\(second.output)")
            #expect(second.output.contains("shop.orders: resuming after"))
            #expect(try second.report.table("shop.orders")?.chunks == 302)
            #expect(try second.report.table("shop.orders")?.rows == 300)
            #expect(before.count == 40)
            #expect(try await done() == before)

            // Nothing is left to do: only the results are read again.
            let third = try await ChecksumCommandRun.result(Self.oneByOne + ["--resume"], in: sandbox)
            #expect(third.status == .exited(0))
            #expect(try third.report.table("shop.orders")?.chunks == 302)
            #expect(try second.report.table("shop.orders")?.earlier_run == false)
            #expect(try third.report.table("shop.orders")?.earlier_run == true)
        }

        /// On SIGINT it ends after the current chunk, and can be resumed.
        private func interrupt(in sandbox: Sandbox) async throws {
            let primary = try sandbox.server("db1")
            try await primary.sql("DELETE FROM percona.checksums")
            let first = try await ChecksumCommandRun.start(Self.oneByOne, in: sandbox)
            try await first.compares(chunks: 20, of: "orders", on: primary)
            first.process.signal(SIGINT)
            let ended = try await first.ended()
            #expect(ended.status == .exited(3))
            #expect(try ended.report.interrupted)
            let pending = try await primary.sql("SELECT COUNT(*) AS n FROM percona.checksums WHERE master_crc IS NULL")
            #expect(pending.first?.unsigned("n") == 0)
            let second = try await ChecksumCommandRun.result(Self.oneByOne + ["--resume"], in: sandbox)
            #expect(second.status == .exited(0), "\(second.output)")
            #expect(try second.report.table("shop.orders")?.rows == 300)
        }

        /// It does nothing while a replica is not applying.
        private func pause(in sandbox: Sandbox) async throws {
            let (primary, replica) = (try sandbox.server("db1"), try sandbox.server("db2"))
            try await replica.stopSQL()
            let run = try await ChecksumCommandRun.start(["--tables", "shop.orders"], in: sandbox)
            try await run.says("paused: db2 is not applying")
            // The old results are unchanged: nothing was started.
            let count = try await primary.sql("SELECT COUNT(*) AS n FROM percona.checksums")
            #expect(count.first?.unsigned("n") == 302)
            try await replica.startSQL()
            let ended = try await run.ended()
            #expect(ended.output.contains("continuing"))
            #expect(ended.status == .exited(0), "\(ended.output)")
            // Without --resume it started over: 300 rows fit in one chunk.
            #expect(try ended.report.table("shop.orders")?.chunks == 1)
        }

        /// A replica whose results do not arrive is not reported equal, whatever its table still says about the last
        /// run.
        private func outrun(in sandbox: Sandbox) async throws {
            let replica = try sandbox.server("db2")
            // Both threads run, but nothing is applied.
            try await replica.sql("FLUSH TABLES WITH READ LOCK")
            let tables = ["--tables", "shop.orders"]
            let run = try await ChecksumCommandRun.result(
                tables + ["--patience", "2s", "--max-lag", "1h"], isLetIn: true, in: sandbox)
            #expect(run.status == .exited(3), "\(run.output)")
            #expect(try run.report.table("shop.orders")?.replica("db2")?.answer == "unknown")
            #expect(try run.report.table("shop.orders")?.replica("db3")?.answer == "equal")
            try await replica.sql("UNLOCK TABLES")
            let again = try await ChecksumCommandRun.result(tables + ["--resume"], in: sandbox)
            #expect(again.status == .exited(0), "\(again.output)")
        }

        @Test(
            "it continues on a new connection as long as it regains its lock, and writes nothing without it",
            arguments: try await Matrix.flavors.value)
        func lostLock(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let primary = try sandbox.server("db1")
                try await ShopTables.fill(primary)
                let first = try await ChecksumCommandRun.start(Self.oneByOne, in: sandbox)
                try await first.compares(chunks: 20, of: "orders", on: primary)
                try await Self.killComparison(on: primary)
                let whole = try await first.ended()
                #expect(whole.status == .exited(0), "\(whole.output)")
                #expect(try whole.report.table("shop.orders")?.chunks == 302)

                try await primary.sql("DELETE FROM percona.checksums")
                let second = try await ChecksumCommandRun.start(Self.oneByOne, in: sandbox)
                try await second.compares(chunks: 20, of: "orders", on: primary)
                // Another comparison waits for the lock, and gets it.
                let waiter = Self.administrator(of: primary)
                let waiting = Task {
                    try await waiter.run(
                        ["SELECT GET_LOCK(\(Self.lock), 30) AS got"], deadline: .now + .seconds(40))
                }
                let waiters = "SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'"
                try await eventually("it waits for the lock", every: .milliseconds(2)) {
                    try await !primary.sql(waiters).isEmpty
                }
                try await Self.killComparison(on: primary)
                #expect(try await waiting.value.first?.first?.flag("got") == true)
                let done = try await primary.sql("SELECT * FROM percona.checksums").rowCount
                let ended = try await second.ended()
                #expect(ended.status == .exited(3), "\(ended.output)")
                #expect(ended.output.contains("another comparison has the lock now"), "\(ended.output)")
                #expect(try await primary.sql("SELECT * FROM percona.checksums").rowCount == done)
                await waiter.close()
            }
        }

        private static func administrator(of server: Server) -> Session {
            let options = ConnectionOptions(address: .unix(path: server.socketPath), user: "root", password: "")
            return Session(node: server.name) { options }
        }

        private static let lock = "'mysql-replication-exporter checksum'"

        private static func killComparison(on primary: Server) async throws {
            let owner = try await primary.sql("SELECT IS_USED_LOCK(\(lock)) AS id").first?.unsigned("id")
            try await primary.sql("KILL \(try #require(owner))")
        }

        @Test("reports no false difference while other sessions write", arguments: try await Matrix.thorough.value)
        func writeLoad(software: ServerSoftware) async throws {
            var settings = ServerSettings()
            // Appliers that work ahead must run into the chunk's locks.
            if software.flavor == .mariadb {
                settings.arguments = ["--slave-parallel-threads=4", "--slave-parallel-mode=optimistic"]
            }
            try await withSandbox(.primary(replicas: 2), software: software, settings: settings) { sandbox in
                let primary = try sandbox.server("db1")
                try await ShopTables.fill(primary)
                let writers = (0..<2).map { _ in Task { try await Self.write(on: primary) } }
                for size in ["25", "1000"] {
                    let run = try await ChecksumCommandRun.result(
                        [
                            "--tables", "shop.orders,shop.parts", "--chunk-size", size, "--chunk-time", "0",
                            "--max-lag",
                            "10s",
                        ], in: sandbox)
                    #expect(run.status == .exited(0), "\(run.output)")
                    #expect(try run.report.tables.allSatisfy { $0.outcome == "compared" })
                }
                writers.forEach { $0.cancel() }
                var written = 0
                for writer in writers { written += try await writer.value }
                #expect(written > 100)
                try await sandbox.catchUp()
            }
        }

        /// Inserts, changes and deletes rows everywhere in the tables, on a connection of its own, until the task is
        /// cancelled.
        /// - Returns: the number of statements executed.
        private static func write(on server: Server) async throws -> Int {
            let session = administrator(of: server)
            var random = SystemRandomNumberGenerator()
            var written = 0
            while !Task.isCancelled {
                let id = Int.random(in: 1...3300, using: &random)
                let statement =
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: "INSERT IGNORE INTO shop.orders (id, n, f) VALUES (\(id), 'new', RAND())"
                    case 1: "DELETE FROM shop.orders WHERE id = \(id)"
                    case 2: "UPDATE shop.orders SET n = 'changed \(written)' WHERE id BETWEEN \(id) AND \(id + 30)"
                    default: "UPDATE shop.parts SET v = v + 1 WHERE a = \(id % 10)"
                    }
                // In format STATEMENT, RAND() replicates by its seed; what is locked is not written.
                do {
                    _ = try await session.run([statement], deadline: .now + .seconds(30))
                    written += 1
                } catch {
                    if error.breaksConnection { throw error }
                }
                // A load, but not a flood that leaves no moment without a lock.
                try? await Task.sleep(for: .milliseconds(2))
            }
            await session.close()
            return written
        }
    }
}
