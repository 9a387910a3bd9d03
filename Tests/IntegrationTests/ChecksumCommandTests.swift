import Foundation
import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    /// Through the real program, on real servers.
    @Suite("The command checksum")
    struct ChecksumCommandTests {
        /// Rows 10, 20 … 3000 of every column type that there is a rule for, with NULLs, and a key of several columns.
        private static let tables = [
            "CREATE DATABASE shop",
            """
            CREATE TABLE shop.orders (id INT UNSIGNED PRIMARY KEY, n VARCHAR(40) NULL, c CHAR(5), d DECIMAL(10, 2), \
            at TIMESTAMP(6) NULL, dt DATETIME(3), f FLOAT, g DOUBLE, b BLOB, v VARBINARY(9) NULL, e ENUM('x', 'y'), \
            t TEXT NULL) CHARSET latin1
            """,
            """
            CREATE TABLE shop.parts (a SMALLINT, b VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, \
            c VARBINARY(8), v INT, PRIMARY KEY (a, b, c))
            """,
            "CREATE TABLE shop.nothing (id INT PRIMARY KEY)",
        ]

        private static func fill(_ server: Server) async throws {
            for statement in tables { try await server.sql(statement) }
            for block in 0..<3 {
                let rows = (block * 100 + 1...block * 100 + 100).map { i in
                    """
                    (\(i * 10), \(i % 7 == 0 ? "NULL" : "'note é \(i)'"), 'c\(i % 9)', \(i).25, \
                    '2026-01-01 00:00:00.\(100_000 + i)', '2026-02-02 02:02:02.123', \(i) / 7, \(i) / 11, \
                    REPEAT('b', \(i % 50)), \(i % 5 == 0 ? "NULL" : "X'00FF'"), \(i % 2 + 1), 'text, \(i)')
                    """
                }
                try await server.sql("INSERT INTO shop.orders VALUES \(rows.joined(separator: ", "))")
            }
            // Commas, quotes, backslashes, an empty text, case, four bytes a character.
            let texts = ["", "a", "B", "ü", "zz,x", "q\\\\", "''", "😀"]
            let parts = (0..<10).flatMap { a in
                texts.flatMap { b in (0..<4).map { c in "(\(a), '\(b)', X'0\(c)00', \(a * c))" } }
            }
            try await server.sql("INSERT INTO shop.parts VALUES \(parts.joined(separator: ", "))")
        }

        @Test(
            "equal data is equal on every replica, and every row is counted once", arguments: try await Matrix.all.value
        )
        func equal(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 2), software: software) { sandbox in
                try await Self.fill(try sandbox.server("db1"))
                for size in ["1", "7", "100", "1000000"] {
                    let run = try await ChecksumCommandRun.result(
                        [
                            "--chunk-size", size, "--chunk-time", "1ms", "--tables",
                            "shop.orders,shop.parts,shop.nothing",
                        ],
                        in: sandbox)
                    #expect(run.status == .exited(0), "\(run.output)")
                    let report = try run.report
                    #expect(report.status == "equal")
                    #expect(report.table("shop.orders")?.rows == 300)
                    #expect(report.table("shop.parts")?.rows == 320)
                    #expect(report.table("shop.nothing")?.rows == 0)
                    for table in report.tables {
                        #expect(table.replicas?.map(\.node) == ["db2", "db3"])
                        #expect(table.replicas?.allSatisfy { $0.answer == "equal" } == true)
                    }
                }
                // Nothing was written but to its own table; the binary logs of replicas hold nothing of their own.
                for name in ["db2", "db3"] {
                    let exporter = try await sandbox.server(name).sql("SELECT COUNT(*) AS n FROM shop.orders")
                    #expect(exporter.first?.unsigned("n") == 300)
                }
            }
        }

        @Test("what differs is found in its chunk, and in no other", arguments: try await Matrix.all.value)
        func differences(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 2), software: software) { sandbox in
                try await Self.fill(try sandbox.server("db1"))
                try await sandbox.catchUp()
                let replica = try sandbox.server("db2")
                // 300 rows in chunks of 100: through 1000, 2000, 3000, then what lies before 10, and after 3000.
                for statement in [
                    "UPDATE shop.orders SET v = X'00FE' WHERE id = 510",  // changed: chunk 1
                    "DELETE FROM shop.orders WHERE id = 1500",  // missing: chunk 2
                    "INSERT INTO shop.orders (id) VALUES (5)",  // too many, before the first: chunk 4
                    "INSERT INTO shop.orders (id) VALUES (9000)",  // after the last: chunk 5
                    "INSERT INTO shop.nothing VALUES (1)",
                    "UPDATE shop.parts SET v = v + 1 WHERE a = 3 AND b = '😀' AND c = X'0100'",
                ] { try await replica.withoutBinlog(statement) }
                let tables = ["--tables", "shop.orders,shop.parts,shop.nothing"]
                let sizes = ["--chunk-size", "100", "--chunk-time", "0"]
                let run = try await ChecksumCommandRun.result(tables + sizes, in: sandbox)
                #expect(run.status == .exited(2), "\(run.output)")
                let report = try run.report
                let orders = try #require(report.table("shop.orders"))
                #expect(
                    orders.replica("db2")?.differences == [
                        .init(chunk: 1, range: "id >= 10 and id <= 1000", rows_on_source: 100, rows_on_replica: 100),
                        .init(chunk: 2, range: "id > 1000 and id <= 2000", rows_on_source: 100, rows_on_replica: 99),
                        .init(chunk: 4, range: "id < 10", rows_on_source: 0, rows_on_replica: 1),
                        .init(chunk: 5, range: "id > 3000", rows_on_source: 0, rows_on_replica: 1),
                    ])
                #expect(
                    report.table("shop.nothing")?.replica("db2")?.differences == [
                        .init(chunk: 1, range: "the whole table", rows_on_source: 0, rows_on_replica: 1)
                    ])
                // 32 rows for each value of a: rows 101 to 200 begin in a = 3 and end in a = 6.
                let parts = try #require(report.table("shop.parts")?.replica("db2")?.differences)
                #expect(parts.count == 1)
                #expect(parts.first?.range.hasPrefix("(a, b, c) ") == true)
                for table in report.tables { #expect(table.replica("db3")?.answer == "equal") }

                // The scrape says the same, once it reads the table anew.
                let exporter = try await RunningExporter.start(
                    try sandbox.writeExporterConfiguration(adding: "checksums: {}"), in: sandbox)
                let scrape = try await exporter.scrape()
                #expect(scrape.value("checksum_differences", "db2", ["table": "orders"]) == 4)
                #expect(scrape.value("checksum_differences", "db2", ["table": "nothing"]) == 1)
                #expect(scrape.value("checksum_differences", "db3", ["table": "orders"]) == 0)
                #expect(await exporter.stop() == .exited(0))
            }
        }

        @Test("a row too many between two chunks is found", arguments: try await Matrix.all.value)
        func gap(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 1), software: software) { sandbox in
                try await Self.fill(try sandbox.server("db1"))
                try await sandbox.catchUp()
                // The source has 1000 and 1010, the ends of two chunks.
                try await sandbox.server("db2").withoutBinlog("INSERT INTO shop.orders (id) VALUES (1005)")
                let run = try await ChecksumCommandRun.result(
                    ["--tables", "shop.orders", "--chunk-size", "100", "--chunk-time", "0"], in: sandbox)
                #expect(
                    try run.report.table("shop.orders")?.replica("db2")?.differences == [
                        .init(chunk: 2, range: "id > 1000 and id <= 2000", rows_on_source: 100, rows_on_replica: 101)
                    ])
            }
        }
    }
}
