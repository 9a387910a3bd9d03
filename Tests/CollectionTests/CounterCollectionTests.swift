import FaultServer
import MariaDB
import Replication
import Synchronization
import Testing

@testable import Collection

/// A server that answers as recorded, except for changes made while it runs.
private final class ChangingServer: Sendable {
    let server: FaultServer
    private final class Box: Sendable { let changes = Mutex<[@Sendable (Query, String) -> Reply?]>([]) }
    private let box: Box

    init(_ name: String) throws {
        let recording = try Fixture(name: name).recording
        let box = Box()
        server = try FaultServer(
            Script(
                greeting: { Step.welcome(version: recording.version, thread: UInt32($0 + 100)) },
                answer: { query in
                    let changes = box.changes.withLock(\.self)
                    return query.steps { statement in
                        changes.lazy.compactMap { $0(query, statement) }.first ?? recording.reply(to: statement)
                    }
                }))
        self.box = box
    }

    /// The last change to a statement takes effect.
    func change(_ reply: @escaping @Sendable (Query, String) -> Reply?) {
        box.changes.withLock { $0.insert(reply, at: 0) }
    }

    /// Changes cells of a statement's reply, by column.
    func change(
        _ name: String, of fixture: String, where isAsked: @escaping @Sendable (String) -> Bool, to value: String
    ) throws {
        let recording = try Fixture(name: fixture).recording
        change { _, statement in
            guard isAsked(statement), let result = recording.result(of: statement), let columns = result.columns,
                let index = columns.firstIndex(of: name)
            else { return nil }
            let rows = result.rows?.map { row in row.enumerated().map { $0 == index ? value : $1 } }
            return .table(columns: columns, rows: rows ?? [])
        }
    }

    func count(_ isCounted: (String) -> Bool) -> Int { server.journal.statements.count(where: isCounted) }
}

@Suite("What is not asked in every round", .timeLimit(.minutes(5)))
struct CounterCollectionTests {
    private static let replica = "mariadb-10.11/replica"
    private static let isStatus: @Sendable (String) -> Bool = { $0.hasPrefix("SHOW STATUS") }
    private static let isMerged: @Sendable (String) -> Bool = {
        $0.contains("gtid_slave_pos") && $0.contains("sync_binlog")
    }
    private static let denied = Reply.refusal(code: 1227, sqlState: "42000", message: "Access denied")

    private func withServer(
        _ name: String = replica, _ body: (ChangingServer, NodeCollector) async throws -> Void
    ) async throws {
        let server = try ChangingServer(name)
        defer { server.server.stop() }
        try await withNode(server.server) { try await body(server, $0) }
    }

    @Test("The counters are read in the first round of a connection, and kept for the following ones")
    func kept() async throws {
        try await withServer { server, node in
            let first = try #require(await node.ask(deadline: .never).facts)
            #expect(first.isStatusFresh && first.startTime != nil && first.connectedReplicas == 0)
            for _ in 0..<3 {
                let report = await node.ask(deadline: .never)
                #expect(report.roundTrips == 1)
                let facts = try #require(report.facts)
                #expect(facts.isStatusKept && facts.uptime == nil)
                #expect(facts.startTime == first.startTime && facts.connectedReplicas == 0)
                #expect(facts.semiSync == first.semiSync && facts.missing == [:])
            }
            #expect(server.count(Self.isStatus) == 1)
            server.server.dropConnections()
            let again = await node.ask(deadline: .never)
            #expect(again.facts?.isStatusFresh == true && again.facts?.startTime == first.startTime)
            #expect(server.count(Self.isStatus) == 2)
        }
    }

    @Test("Counters that cannot be read are missing in every round, and absent")
    func refused() async throws {
        try await withServer { server, node in
            server.change { Self.isStatus($1) ? Self.denied : nil }
            for _ in 0..<3 {
                let facts = await node.ask(deadline: .never).facts
                #expect(facts?.missing == [.status: .permission])
                #expect(facts?.startTime == nil && facts?.connectedReplicas == nil)
                #expect(facts?.semiSync?.clients == nil && facts?.semiSync?.isSourceEnabled == false)
            }
            #expect(server.count(Self.isStatus) == 1)
        }
    }

    @Test("Another server behind a proxy, or the same after a restart, is asked for them in the round that shows it")
    func behindProxy() async throws {
        for (column, value) in [("server_id", "9"), ("connection", "4711")] {
            try await withServer { server, node in
                let first = try #require(await node.ask(deadline: .never).facts)
                try server.change(
                    column, of: Self.replica, where: { $0.hasPrefix("SELECT @@global.server_id") }, to: value)
                server.change { query, statement in
                    !Self.isStatus(statement)
                        ? nil : .table(columns: ["Variable_name", "Value"], rows: [["Uptime", "1000000"]])
                }
                let report = await node.ask(deadline: .never)
                let facts = try #require(report.facts)
                // The list of binary logs is that of the other server, too.
                #expect(report.roundTrips == 3 && facts.isStatusFresh && facts.connectedReplicas == nil)
                #expect(try #require(facts.startTime) < (try #require(first.startTime)) - 900_000)
                #expect(await node.ask(deadline: .never).roundTrips == 1)
            }
        }
    }

    @Test("If semi-synchronous replication is switched on, the same round reads its counters, before the transactions")
    func switchedOn() async throws {
        try await withServer { server, node in
            #expect(await node.ask(deadline: .never).isUp)
            try server.change("semi_sync_source", of: Self.replica, where: { $0.contains("sync_binlog") }, to: "1")
            let asked = server.server.journal.statements.count
            let report = await node.ask(deadline: .never)
            #expect(report.roundTrips == 2 && report.facts?.isStatusFresh == true)
            #expect(report.facts?.semiSync?.isSourceEnabled == true && report.facts?.semiSync?.waitingSessions == 0)
            let statements = server.server.journal.statements.dropFirst(asked)
            #expect(statements.suffix(2).first.map(Self.isStatus) == true)
            #expect(statements.last?.hasPrefix("SELECT @@global.gtid_slave_pos") == true)
            let next = await node.ask(deadline: .never)
            #expect(next.roundTrips == 1 && next.facts?.isStatusFresh == true)
        }
    }

    @Test("A refused fact splits a merged statement: the others are complete, and the connection remembers the split")
    func split() async throws {
        try await withServer { server, node in
            let unknown = Reply.refusal(code: 1193, sqlState: "HY000", message: "Unknown system variable")
            server.change { $1.contains("slave_parallel_threads") ? unknown : nil }
            let first = await node.ask(deadline: .never)
            #expect(first.isUp && first.roundTrips == 3)
            #expect(first.facts?.missing == [.applier: .unsupported])
            #expect(first.facts?.transactions != nil && first.facts?.durability[.redoLog] == true)
            for _ in 0..<2 {
                let report = await node.ask(deadline: .never)
                #expect(report.roundTrips == 1 && report.facts?.missing == [.applier: .unsupported])
                #expect(report.facts?.transactions != nil && report.facts?.durability[.redoLog] == true)
            }
            #expect(server.count(Self.isMerged) == 1)
            #expect(server.count { $0.contains("slave_parallel_threads") } == 2)
            #expect(server.server.journal.connections == 1)
        }
    }

    @Test("A statement killed once is split in the same round, and nothing is missing")
    func killed() async throws {
        try await withServer { server, node in
            let killed = Reply.refusal(code: 1317, sqlState: "70100", message: "Query execution was interrupted")
            server.change { Self.isMerged($1) ? killed : nil }
            let report = await node.ask(deadline: .never)
            #expect(report.isUp && report.facts?.missing == [:] && report.facts?.transactions != nil)
        }
    }

    @Test("A merged statement that hangs costs no essential fact, and one connection")
    func hangs() async throws {
        try await withServer { server, node in
            #expect(await node.ask(deadline: .never).isUp)
            server.change { query, statement in
                if statement == "SHOW PROCESSLIST" {
                    return .table(columns: ["Id", "Command"], rows: [["100", "Query"], ["101", "Query"]])
                }
                return Self.isMerged(statement) ? .steps([.silence]) : nil
            }
            let selected: Set<FactName> = [.transactions, .durability, .applier]
            // Long enough for the other statements on a machine that is busy with all other tests.
            var report = await node.ask(deadline: .now + .seconds(10))
            for round in 0..<3 {
                #expect(report.isUp && report.facts?.channels?.count == 1 && report.facts?.startTime != nil)
                #expect(report.facts?.missing.filter { selected.contains($0.key) }.count == 3)
                let reason = report.facts?.unreadable[.durability] ?? ""
                #expect(reason.hasPrefix("the statement for transactions, durability, "), "\(round): \(reason)")
                report = await node.ask(deadline: .never)
            }
            #expect(server.count { $0.contains("gtid_slave_pos") } == 2)
            #expect(server.server.journal.connections == 2)
        }
    }

    @Test("MySQL: the tables of channels are read only if the server has channels, and at once when it gets some")
    func becomesReplica() async throws {
        let source = "mysql-9.7/standalone"
        let channels = try #require(
            Fixture(name: "mysql-9.7/replica").recording.results.first { $0.sql == "SHOW REPLICA STATUS" })
        try await withServer(source) { server, node in
            let isOfChannels: (String) -> Bool = { $0.contains("performance_schema.replication_") }
            #expect(await node.ask(deadline: .never).isUp)
            let atFirst = server.count(isOfChannels)
            #expect(await node.ask(deadline: .never).roundTrips == 1)
            #expect(server.count(isOfChannels) == atFirst)
            server.change {
                $1 == "SHOW REPLICA STATUS" ? .table(columns: channels.columns ?? [], rows: channels.rows ?? []) : nil
            }
            let report = await node.ask(deadline: .never)
            #expect(report.roundTrips == 2 && report.facts?.channels?.count == 1)
            #expect(server.count(isOfChannels) == atFirst + 2)
            #expect(await node.ask(deadline: .never).roundTrips == 1)
            #expect(server.count(isOfChannels) == atFirst + 4)
        }
    }
}
