import Foundation
import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite(
        "Compared with the real pt-table-checksum",
        .enabled(
            if: Peer.tableChecksum != nil,
            "!!! pt-table-checksum is not installed here: NOT compared with it (Debian: percona-toolkit)"))
    struct PerconaToolkitTests {
        /// Runs pt-table-checksum on db1; it finds the replicas through a table.
        private func percona(_ arguments: [String], in sandbox: Sandbox) async throws -> ChecksumCommandRun.Result {
            let account = sandbox.accounts.monitor
            let primary = try sandbox.server("db1")
            func address(_ server: Server) -> String {
                "h=127.0.0.1,P=\(server.port),u=\(account.user),p=\(account.password)"
            }
            try await primary.sql("CREATE DATABASE IF NOT EXISTS percona")
            try await primary.sql(
                "CREATE TABLE IF NOT EXISTS percona.dsns (id INT PRIMARY KEY, parent_id INT, dsn VARCHAR(255))")
            for (number, server) in sandbox.servers.dropFirst().enumerated() {
                try await primary.sql("REPLACE INTO percona.dsns VALUES (\(number), NULL, '\(address(server))')")
            }
            try await sandbox.catchUp()
            let log = "\(sandbox.folder)/pt-\(UUID().uuidString).log"
            let process = try ChildProcess.start(
                [
                    try #require(Peer.tableChecksum), "--no-version-check", "--no-check-binlog-format",
                    "--databases=shop",
                    "--recursion-method=dsn=D=percona,t=dsns",
                ] + arguments + [address(primary)], group: sandbox.processGroup, output: log)
            let status = await process.ended()
            return .init(status: status, output: try String(contentsOfFile: log, encoding: .utf8))
        }

        private func checksums(_ server: Server) async throws -> [String] {
            try await server.sql(
                "SELECT * FROM percona.checksums WHERE db = 'shop' AND tbl <> 'nothing' ORDER BY db, tbl, chunk"
            ).rows.map { row in
                ["tbl", "chunk", "chunk_index", "lower_boundary", "upper_boundary", "this_cnt"].map {
                    row.text($0) ?? "NULL"
                }.joined(separator: " ")
            }
        }

        @Test(
            "the same chunks have the same boundaries; each reads the other's results",
            arguments: try await Matrix.toolkit.value)
        func bothWays(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 2), software: software) { sandbox in
                try await ShopTables.fill(try sandbox.server("db1"))
                try await compareChunks(in: sandbox)
                let replica = try sandbox.server("db2")
                try await replica.withoutBinlog("DELETE FROM shop.orders WHERE id = 1500")
                try await letThemReadOurs(in: sandbox)
                try await replica.withoutBinlog("UPDATE shop.parts SET v = 77 WHERE a = 3 AND b = 'a'")
                try await readTheirs(in: sandbox)
            }
        }

        private func compareChunks(in sandbox: Sandbox) async throws {
            let primary = try sandbox.server("db1")
            let run = try await ChecksumCommandRun.result(
                ["--tables", "shop.orders,shop.parts", "--chunk-size", "1000"], in: sandbox)
            #expect(run.status == .exited(0), "\(run.output)")
            let ours = try await checksums(primary)
            #expect(ours.count == 2)
            let theirs = try await percona(["--chunk-size=1000"], in: sandbox)
            #expect(theirs.status == .exited(0), "\(theirs.output)")
            #expect(try await checksums(primary) == ours)
            // Its method misses what ours finds: its results are not something to resume from.
            let resumed = try await ChecksumCommandRun.result(
                ["--tables", "shop.orders,shop.parts", "--chunk-size", "1000", "--resume"], in: sandbox)
            #expect(try resumed.report.tables.map(\.earlier_run) == [false, false])
        }

        private func letThemReadOurs(in sandbox: Sandbox) async throws {
            let run = try await ChecksumCommandRun.result(
                ["--tables", "shop.orders", "--chunk-size", "100", "--chunk-time", "0"], in: sandbox)
            #expect(run.status == .exited(2), "\(run.output)")
            let theirs = try await percona(["--replicate-check-only"], in: sandbox)
            // 16: TABLE_DIFF.
            #expect(theirs.status == .exited(16), "\(theirs.output)")
            // TABLE CHUNK CNT_DIFF CRC_DIFF CHUNK_INDEX LOWER_BOUNDARY UPPER_BOUNDARY
            #expect(theirs.output.contains("shop.orders 2 -1 1 PRIMARY 1000 2000"), "\(theirs.output)")
            #expect(theirs.output.components(separatedBy: "shop.orders").count == 2)
        }

        private func readTheirs(in sandbox: Sandbox) async throws {
            let theirs = try await percona(["--chunk-size=1000"], in: sandbox)
            #expect(theirs.status == .exited(16), "\(theirs.output)")
            let exporter = try await RunningExporter.start(
                try sandbox.writeExporterConfiguration(adding: "checksums: {}"), in: sandbox)
            let scrape = try await exporter.scrape()
            for table in ["orders", "parts"] {
                #expect(scrape.value("checksum_differences", "db2", ["table": table]) == 1)
                #expect(scrape.value("checksum_differences", "db3", ["table": table]) == 0)
                #expect(scrape.value("checksum_pending_chunks", "db2", ["table": table]) == 0)
            }
            #expect(scrape.value("checksum_differences", "db2", ["table": "nothing"]) == 0)
            let run = try #require(scrape.value("checksum_last_run_timestamp_seconds", "db2"))
            #expect(abs(run - Date().timeIntervalSince1970) < 120)
            #expect(await exporter.stop() == .exited(0))
        }
    }
}
