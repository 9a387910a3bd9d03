import Foundation
import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("Checksum results on a scrape")
    struct ChecksumResultsTests {
        /// In the layout of pt-table-checksum's manual.
        private static let table = """
            CREATE TABLE percona.checksums (
                db CHAR(64) NOT NULL, tbl CHAR(64) NOT NULL, chunk INT NOT NULL, chunk_time FLOAT NULL,
                chunk_index VARCHAR(200) NULL, lower_boundary TEXT NULL, upper_boundary TEXT NULL,
                this_crc CHAR(40) NOT NULL, this_cnt INT NOT NULL, master_crc CHAR(40) NULL, master_cnt INT NULL,
                ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
                PRIMARY KEY (db, tbl, chunk), INDEX ts_db_tbl (ts, db, tbl)
            ) ENGINE = InnoDB
            """

        @Test("are the replica's, by table, with the time of the run", arguments: try await Matrix.thorough.value)
        func results(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                let primary = try sandbox.server("db1")
                let replica = try sandbox.server("db2")
                try await primary.sql("CREATE DATABASE percona")
                try await primary.sql(Self.table)
                // Only the replica's rows differ: the source's are its own results.
                try await primary.sql(
                    """
                    INSERT INTO percona.checksums (db, tbl, chunk, this_crc, this_cnt, master_crc, master_cnt, ts) VALUES
                    ('shop', 'orders', 1, 'a', 10, 'a', 10, '2026-01-02 03:04:05'),
                    ('shop', 'orders', 2, 'a', 10, 'a', 10, '2026-01-02 03:04:06'),
                    ('shop', 'orders', 3, 'a', 10, 'a', 10, '2026-01-02 03:04:07'),
                    ('shop', 'orders', 4, 'a', 10, NULL, NULL, '2026-01-02 03:04:08'),
                    ('shop', 'customers', 1, 'b', 0, 'b', 0, '2026-01-02 03:04:09')
                    """)
                try await sandbox.catchUp()
                // Each server has its own account.
                for server in sandbox.servers {
                    try await server.withoutBinlog(
                        "GRANT SELECT ON percona.checksums TO '\(sandbox.accounts.monitor.user)'@'127.0.0.1'")
                }
                try await replica.sql(
                    "UPDATE percona.checksums SET this_crc = 'z', ts = ts WHERE chunk = 1 AND tbl = 'orders'")
                try await replica.sql("UPDATE percona.checksums SET this_cnt = 9, ts = ts WHERE chunk = 2")
                let run = try #require(
                    try await replica.sql("SELECT UNIX_TIMESTAMP(MAX(ts)) AS ts FROM percona.checksums").first?.number(
                        "ts"))

                let exporter = try await RunningExporter.start(
                    try sandbox.writeExporterConfiguration(adding: "checksums: {}"), in: sandbox)
                for _ in 0..<2 {
                    let scrape = try await exporter.scrape()
                    let orders = ["database": "shop", "table": "orders"]
                    let customers = ["database": "shop", "table": "customers"]
                    #expect(scrape.value("checksum_differences", "db2", orders) == 2)
                    #expect(scrape.value("checksum_pending_chunks", "db2", orders) == 1)
                    #expect(scrape.value("checksum_differences", "db2", customers) == 0)
                    #expect(scrape.value("checksum_pending_chunks", "db2", customers) == 0)
                    #expect(scrape.value("checksum_tables", "db2") == 2)
                    #expect(scrape.value("checksum_last_run_timestamp_seconds", "db2") == run)
                    #expect(scrape.value("checksum_last_run_timestamp_seconds", "db1") == run)
                    #expect(scrape.all("checksum_differences", "db1").isEmpty)
                    #expect(scrape.value("node_round_trips", "db2") == 1)
                    #expect(scrape.all("node_fact_missing").isEmpty)
                }
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test(
            "a table that does not exist is reported missing, with no further effect",
            arguments: try await Matrix.thorough.value)
        func noTable(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                for server in sandbox.servers {
                    try await server.withoutBinlog(
                        "GRANT SELECT ON percona.* TO '\(sandbox.accounts.monitor.user)'@'127.0.0.1'")
                }
                let exporter = try await RunningExporter.start(
                    try sandbox.writeExporterConfiguration(adding: "checksums: {}"), in: sandbox)
                let scrape = try await exporter.scrape()
                for node in ["db1", "db2"] {
                    #expect(scrape.value("up", node) == 1)
                    #expect(
                        scrape.value("node_fact_missing", node, ["fact": "checksums", "reason": "no_table"]) == 1)
                    #expect(scrape.all("checksum_last_run_timestamp_seconds", node).isEmpty)
                    #expect(scrape.all("checksum_differences", node).isEmpty)
                }
                #expect(await exporter.stop() == .exited(0))
            }
        }
    }
}
