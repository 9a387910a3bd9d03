import Sandbox
import Testing

extension IntegrationSuite {
    /// What sequence numbers do not show.
    @Suite("MariaDB's sequence numbers")
    struct SequenceNumberTests {
        private static let software: Task<[ServerSoftware], any Error> = Task {
            try await Matrix.all.value.filter { $0.flavor == .mariadb }
        }

        @Test("Skipped numbers are no transactions", arguments: try await software.value)
        func skipped(software: ServerSoftware) async throws {
            try await withExporter(of: .primary(replicas: 1), software: software) { sandbox, exporter in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                try await db2.write()
                try await db2.sql("SET SESSION gtid_seq_no = 600")
                try await db2.write()
                try await exporter.scrape(until: "it is errant") { $0.value("errant_transactions", "db2") == 1 }
                let topology = try await exporter.get("/topology.json").body
                #expect(topology.contains("at least 1 errant transaction: 0-"), "\(topology)")
                #expect(topology.contains(#""errant_exact":false"#), "\(topology)")
                let page = try await exporter.get("/").body
                #expect(page.contains("at least 1 errant<"), "\(page)")

                try await db2.sql("STOP SLAVE SQL_THREAD")
                try await db1.sql("SET SESSION gtid_seq_no = 5000")
                try await db1.write()
                try await exporter.scrape(until: "a distance is seen") {
                    $0.value("missing_transactions", "db2") ?? 0 > 1
                }
                let later = try await exporter.get("/").body
                #expect(later.contains("sequence numbers behind"), "\(later)")
                #expect(try await exporter.get("/topology.json").body.contains(#""missing_exact":false"#))
            }
        }

        @Test(
            "A domain that is deleted from the source's log makes nothing errant", arguments: try await software.value)
        func deletedDomain(software: ServerSoftware) async throws {
            try await withExporter(of: .primary(replicas: 1), software: software) { sandbox, exporter in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                try await db1.sql("SET SESSION gtid_domain_id = 7")
                let row = try await db1.write()
                try await db1.sql("SET SESSION gtid_domain_id = 0")
                try await eventually("db2 to have it", deadline: .now + .seconds(20)) { () throws(SandboxError) in
                    try await db2.has(row: row)
                }
                try await exporter.scrape(until: "it is up to date") {
                    $0.value("errant_transactions", "db2") == 0 && $0.value("missing_transactions", "db2") == 0
                }
                try await db1.sql("FLUSH BINARY LOGS")
                try await db1.purgeBinlogs()
                try await db1.sql("FLUSH BINARY LOGS DELETE_DOMAIN_ID = (7)")
                for _ in 0..<3 {
                    let scrape = try await exporter.scrape()
                    #expect(scrape.value("errant_transactions", "db2") == nil)
                    #expect(scrape.value("missing_transactions", "db2") == 0)
                }
                #expect(try await !exporter.get("/topology.json").body.contains("ahead of its source"))
                // What the replica writes itself is counted all the same.
                try await db2.write()
                try await exporter.scrape(until: "it is errant") { $0.value("errant_transactions", "db2") == 1 }
                // The same statement on the replica settles it.
                try await db2.sql("FLUSH BINARY LOGS")
                try await db2.purgeBinlogs()
                try await db2.sql("FLUSH BINARY LOGS DELETE_DOMAIN_ID = (7)")
                #expect(try await exporter.scrape().value("errant_transactions", "db2") == 1)
            }
        }

        @Test("A source that leaves out what is marked is not silent", arguments: try await software.value)
        func filteredBySource(software: ServerSoftware) async throws {
            try await withExporter(of: .primary(replicas: 1), software: software) { sandbox, exporter in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                try await db2.sql("STOP SLAVE")
                try await db2.sql("SET GLOBAL replicate_events_marked_for_skip = FILTER_ON_MASTER")
                try await db2.sql("START SLAVE")
                try await exporter.scrape(until: "it is up to date") { $0.value("missing_transactions", "db2") == 0 }
                try await db1.sql("SET SESSION skip_replication = 1")
                // Longer than the stall of a source takes to show.
                let end = ContinuousClock.now + .seconds(15)
                while ContinuousClock.now < end {
                    try await db1.write()
                    let scrape = try await exporter.scrape()
                    #expect(scrape.check("transfer", "db2") != 0)
                    #expect(scrape.value("missing_transactions", "db2") ?? 0 == 0)
                    #expect(scrape.value("lag_seconds", "db2") ?? 0 < 2)
                }
                try await db1.sql("SET SESSION skip_replication = 0")
                let row = try await db1.write()
                try await eventually("db2 to have it", deadline: .now + .seconds(20)) { () throws(SandboxError) in
                    try await db2.has(row: row)
                }
                try await exporter.scrape(until: "it is up to date") {
                    $0.value("missing_transactions", "db2") == 0 && $0.check("transfer", "db2") == 1
                }
            }
        }
    }
}
