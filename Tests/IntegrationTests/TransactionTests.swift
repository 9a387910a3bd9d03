import MariaDB
import Replication
import Sandbox
import Testing

extension IntegrationSuite {
    @Suite("Transactions")
    struct TransactionTests {
        /// Source and replica are never asked at the same moment, so under load the replica often seems to have more.
        @Test("no false errant transaction in 1,000 rounds under write load", arguments: try await Matrix.all.value)
        func noFalseErrant(software: ServerSoftware) async throws {
            try await withExporter(of: .primary(replicas: 2), software: software) { sandbox, exporter in
                let load = Task { [primary = try sandbox.server("db1")] in
                    await WriteLoad(on: primary, rate: 500).run { Issue.record($0) }
                }
                defer { load.cancel() }
                // Three at once, as Prometheus servers in pairs and dashboards do: rounds that overlap share answers.
                let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                    for rounds in [400, 300, 300] {
                        group.addTask {
                            var answers = 0
                            for _ in 0..<rounds {
                                let errant = try await exporter.scrape().all("errant_transactions")
                                answers += errant.count
                                try #require(errant.allSatisfy { $0.value == 0 })
                            }
                            return answers
                        }
                    }
                    return try await group.reduce(0, +)
                }
                // A busy machine may not answer in time now and then, and what is not known is absent.
                #expect((1900...2000).contains(answers), "\(answers)")
                load.cancel()
                await load.value

                // It does see a real one, with and without that load.
                try await sandbox.server("db3").write(note: "errant")
                try await exporter.scrape(until: "the errant transaction") {
                    ($0.value("errant_transactions", "db3") ?? 0) >= 1 && $0.value("errant_transactions", "db2") == 0
                }
                // It keeps reporting it, whatever other clients ask. On a busy machine the primary's second answer may come
                // too late: then the number is unknown, but never 0.
                let known = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<2 {
                        group.addTask {
                            var known = 0
                            for _ in 0..<50 {
                                let errant = try await exporter.scrape().value("errant_transactions", "db3")
                                try #require(errant ?? 1 >= 1)
                                if errant != nil { known += 1 }
                            }
                            return known
                        }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(known >= 95)
            }
        }

        @Test(
            "what a replica has applied while its commit on the source still waits for acknowledgement is not errant",
            arguments: try await Matrix.flavors.value)
        func waitingCommit(software: ServerSoftware) async throws {
            let isMySQL = software.flavor == .mysql
            let (source, replica) = isMySQL ? ("source", "replica") : ("master", "slave")
            var settings = ServerSettings()
            if isMySQL {
                settings.arguments = ["--plugin-load-add=semisync_source.so", "--plugin-load-add=semisync_replica.so"]
            }
            try await withExporter(of: .primary(replicas: 1), software: software, settings: settings) {
                sandbox, exporter in
                let (db1, db2) = (try sandbox.server("db1"), try sandbox.server("db2"))
                try await exporter.scrape(until: "all is well") { $0.isHealthyReplica("db2", knowsTransactions: true) }
                // MySQL waits for two acknowledgements, of which one arrives. MariaDB waits for one, and none arrives:
                // the replica is an ordinary one.
                var settings = ["\(source)_timeout = 600000", "\(source)_wait_point = 'AFTER_SYNC'"]
                if isMySQL { settings += ["\(source)_wait_for_replica_count = 2"] }
                for setting in settings + ["\(source)_enabled = 1"] {
                    try await db1.sql("SET GLOBAL rpl_semi_sync_\(setting)")
                }
                if isMySQL {
                    try await db2.sql("SET GLOBAL rpl_semi_sync_\(replica)_enabled = 1")
                    try await db2.stopIO()
                    try await db2.startIO()
                }
                func waiting() async throws -> UInt64? {
                    try await db1.sql("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_\(source)_wait_sessions'").first?
                        .unsigned("Value")
                }
                // The server continues with it after the client has given up.
                let executed = try await db2.sql(Self.executed(software)).first?.text("executed")
                _ = try? await db1.sql("CREATE DATABASE waits", within: .seconds(1))
                try await eventually("the commit waits, and the replica has it", deadline: .now + .seconds(20)) {
                    let now = try? await db2.sql(Self.executed(software)).first?.text("executed")
                    return (try? await waiting()) == 1 && now != executed
                }
                for _ in 0..<20 {
                    let scrape = try await exporter.scrape()
                    let errant = scrape.value("errant_transactions", "db2")
                    try #require(errant == nil || errant == 0, "\(scrape.text)")
                }
                #expect(try await waiting() == 1)
                try await db1.sql("SET GLOBAL rpl_semi_sync_\(source)_enabled = 0")
                try await exporter.scrape(until: "none is errant") { $0.value("errant_transactions", "db2") == 0 }
                try await db2.write(note: "errant")
                try await exporter.scrape(until: "one is errant") { $0.value("errant_transactions", "db2") ?? 0 >= 1 }
            }
        }

        private static func executed(_ software: ServerSoftware) -> String {
            "SELECT @@global.\(software.flavor == .mysql ? "gtid_executed" : "gtid_slave_pos") AS executed"
        }

        @Test(
            "set arithmetic agrees with GTID_SUBTRACT and GTID_SUBSET of a real server",
            arguments: try await Matrix.all.value.filter { $0.flavor == .mysql })
        func agreesWithServer(software: ServerSoftware) async throws {
            try await withSandbox(.primary(replicas: 0), software: software) { sandbox in
                let server = try sandbox.server("db1")
                var random = SystemRandomNumberGenerator()
                for _ in 0..<300 {
                    let (a, b) = (RandomSet(&random), RandomSet(&random))
                    let row = try #require(
                        try await server.sql(
                            "SELECT GTID_SUBTRACT('\(a.text)', '\(b.text)') AS rest, GTID_SUBSET('\(a.text)', '\(b.text)') AS subset"
                        ).first)
                    let rest = try GTIDSet(parsing: try #require(row.text("rest")))
                    let (setA, setB) = (try GTIDSet(parsing: a.text), try GTIDSet(parsing: b.text))
                    try #require(setA.subtracting(setB) == rest, "\(a.text) minus \(b.text)")
                    try #require(setA.isSubset(of: setB) == row.flag("subset"), "\(a.text) in \(b.text)")
                }
            }
        }
    }
}

/// A GTID set as a person may write it: unsorted, overlapping, with tags, in groups.
private struct RandomSet {
    let text: String

    init(_ random: inout some RandomNumberGenerator) {
        let uuids = ["3e11fa47-71ca-11e1-9e33-c80aa9429562", "3E11FA47-71CA-11E1-9E33-C80AA9429563"]
        var groups: [String] = []
        for uuid in uuids where Bool.random(using: &random) {
            var group = uuid + Self.intervals(&random)
            for tag in ["blue", "green_2"] where Int.random(in: 0..<3, using: &random) == 0 {
                group += ":\(tag)" + Self.intervals(&random)
            }
            groups.append(group)
        }
        text = groups.shuffled(using: &random).joined(separator: ",\n")
    }

    private static func intervals(_ random: inout some RandomNumberGenerator) -> String {
        (0..<Int.random(in: 1...6, using: &random)).map { _ in
            let first = Int.random(in: 1...40, using: &random)
            return Bool.random(using: &random)
                ? ":\(first)" : ":\(first)-\(first + Int.random(in: 0...9, using: &random))"
        }.joined()
    }
}
