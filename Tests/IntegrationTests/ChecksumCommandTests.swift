import MariaDB
import Sandbox
import Testing

extension IntegrationSuite {
    /// Through the real program, on real servers.
    @Suite("The command checksum")
    struct ChecksumCommandTests {
        private static let tables = ["--tables", "shop.orders,shop.parts,shop.nothing"]

        @Test(
            "equal data is equal on every replica; a difference is found in its chunk, and in no other",
            arguments: try await Matrix.thorough.value)
        func comparison(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 2), software: software) { sandbox in
                try await ShopTables.fill(try sandbox.server("db1"))
                for size in ["1", "7", "1000000"] {
                    let run = try await ChecksumCommandRun.result(
                        Self.tables + ["--chunk-size", size, "--chunk-time", "1ms"], in: sandbox)
                    #expect(run.status == .exited(0), "\(run.output)")
                    let report = try run.report
                    #expect(report.status == "equal")
                    // Every row is counted once.
                    #expect(["orders", "parts", "nothing"].map { report.table("shop.\($0)")?.rows } == [300, 320, 0])
                    for table in report.tables {
                        #expect(table.replicas?.map(\.node) == ["db2", "db3"])
                        #expect(table.replicas?.allSatisfy { $0.answer == "equal" } == true)
                    }
                }
                try await findDifferences(in: sandbox)
            }
        }

        private func findDifferences(in sandbox: Sandbox) async throws {
            let replica = try sandbox.server("db2")
            // 300 rows in chunks of 100: up to 1000, 2000, 3000, then what lies before 10 and after 3000.
            for statement in [
                "UPDATE shop.orders SET v = X'00FE' WHERE id = 510",  // changed: chunk 1
                "DELETE FROM shop.orders WHERE id = 1500",  // missing: chunk 2
                "INSERT INTO shop.orders (id) VALUES (2005)",  // extra, between two chunks: 3
                "INSERT INTO shop.orders (id) VALUES (5)",  // before the first row: chunk 4
                "INSERT INTO shop.orders (id) VALUES (9000)",  // after the last: chunk 5
                "INSERT INTO shop.nothing VALUES (1)",
                "UPDATE shop.parts SET v = v + 1 WHERE a = 3 AND b = '😀' AND c = X'0100'",
            ] { try await replica.withoutBinlog(statement) }
            let run = try await ChecksumCommandRun.result(
                Self.tables + ["--chunk-size", "100", "--chunk-time", "0"], in: sandbox)
            #expect(run.status == .exited(2), "\(run.output)")
            let report = try run.report
            #expect(
                report.table("shop.orders")?.replica("db2")?.differences == [
                    .init(chunk: 1, range: "id >= 10 and id <= 1000", rows_on_source: 100, rows_on_replica: 100),
                    .init(chunk: 2, range: "id > 1000 and id <= 2000", rows_on_source: 100, rows_on_replica: 99),
                    .init(chunk: 3, range: "id > 2000 and id <= 3000", rows_on_source: 100, rows_on_replica: 101),
                    .init(chunk: 4, range: "id < 10", rows_on_source: 0, rows_on_replica: 1),
                    .init(chunk: 5, range: "id > 3000", rows_on_source: 0, rows_on_replica: 1),
                ])
            #expect(
                report.table("shop.nothing")?.replica("db2")?.differences == [
                    .init(chunk: 1, range: "the whole table", rows_on_source: 0, rows_on_replica: 1)
                ])
            // 32 rows for each value of a; 'ü' and '😀' come after row 100 of the key's order, all of a = 3 before row 200.
            let parts = try #require(report.table("shop.parts")?.replica("db2")?.differences)
            #expect(parts.map(\.chunk) == [2])
            #expect(parts.first?.range.hasPrefix("(a, b, c) > (3, ") == true, "\(parts)")
            for table in report.tables { #expect(table.replica("db3")?.answer == "equal") }

            let exporter = try await RunningExporter.start(
                try sandbox.writeExporterConfiguration(adding: "checksums: {}"), in: sandbox)
            let scrape = try await exporter.scrape()
            #expect(scrape.value("checksum_differences", "db2", ["table": "orders"]) == 5)
            #expect(scrape.value("checksum_differences", "db2", ["table": "nothing"]) == 1)
            #expect(scrape.value("checksum_differences", "db3", ["table": "orders"]) == 0)
            #expect(await exporter.stop() == .exited(0))
        }
    }
}
