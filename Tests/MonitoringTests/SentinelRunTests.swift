import FaultServer
import MariaDB
import Replication
import ReplicationTesting
import Synchronization
import Testing
import Topology

@testable import Monitoring

private let table = SentinelTable(table: TableName(database: "p", table: "s"))
private let inTime = "@writable AND UNIX_TIMESTAMP(NOW(6)) <= LATEST"
private let check =
    "SET @writable = \(WriteGuard.isWritable) AND @@global.server_id = 1 AND UNIX_TIMESTAMP(NOW(6)) <= LATEST"
private let look = "SELECT value FROM `p`.`s` WHERE id = 'KEY'"
private let insertion = "INSERT INTO `p`.`s` (id, value) SELECT 'KEY', 1 FROM DUAL WHERE \(inTime)"
private let update = "UPDATE `p`.`s` SET value = 2 WHERE id = 'KEY' AND value = 1 AND \(inTime)"
private let deletion = "DELETE FROM `p`.`s` WHERE id = 'KEY' AND \(inTime)"
private let identity = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_id', 'server_uuid')"

/// - Parameter patience: far, unless it is what is tested.
private func run(
    on primary: PretendServer, replicas: PretendServer..., known: KnownPrimary = KnownPrimary(),
    over session: Session? = nil, patience: Duration = .seconds(60)
) -> SentinelRun {
    SentinelRun(
        table: table, primary: KnownPrimary.db1, connection: session ?? primary.session,
        replicas: replicas.map(\.session), patience: patience, watch: known.watch)
}

extension [SentinelOperation: SentinelOutcome] {
    fileprivate var words: [SentinelOperation: String] {
        mapValues { outcome in
            if case .seen = outcome { "seen" } else { "missed" }
        }
    }
}

@Suite("What a run of the sentinel writes on the primary", .timeLimit(.minutes(5)))
struct SentinelRunTests {
    @Test("A row comes, changes and goes, word for word, and a replica is only looked at")
    func statements() async throws {
        let (primary, replica) = (try PretendServer("db1"), try PretendServer("db2"))
        primary.replicates(to: replica)
        let outcomes = try await run(on: primary, replicas: replica).carryOut()
        #expect(outcomes["db2"]?.words == [.insert: "seen", .update: "seen", .delete: "seen"])
        #expect(
            primary.words == [
                identity, look, check, insertion, check, update, check, deletion,
                "SELECT id FROM `p`.`s` WHERE written < CURRENT_TIMESTAMP - INTERVAL 2400 SECOND "
                    + "ORDER BY written LIMIT 16",
            ])
        #expect(Set(replica.words) == [look])
        let keys = Set(
            (primary.statements + replica.statements).flatMap { $0.matches(of: #/'[0-9a-f]{32}'/#).map(\.0) })
        #expect(keys.count == 1)
        #expect(primary.state.rows.isEmpty)
    }

    private static func creation(_ definition: String) -> [String] {
        [
            "SET @statement = IF(\(inTime), \(SQLText.literal(definition)), _utf8mb4 'DO 0')",
            "PREPARE probe FROM @statement", "EXECUTE probe", "DEALLOCATE PREPARE probe",
        ]
    }

    @Test("The table is made where there is none, and its database if that is missing", arguments: [true, false])
    func creating(hasDatabase: Bool) async throws {
        let primary = try PretendServer("db1") {
            $0.hasTable = false
            $0.hasDatabase = hasDatabase
        }
        _ = try await run(on: primary).carryOut()
        #expect(primary.state.hasTable)
        let table = Self.creation(
            """
            CREATE TABLE IF NOT EXISTS `p`.`s` (id CHAR(32) NOT NULL PRIMARY KEY, value TINYINT UNSIGNED NOT NULL, \
            written TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE = InnoDB
            """)
        let first = [identity, look, check] + table
        let expected =
            hasDatabase
            ? first
            : first.dropLast() + [check] + Self.creation("CREATE DATABASE IF NOT EXISTS `p`") + table
        #expect(Array(primary.words.prefix(expected.count)) == expected)
        #expect(primary.writes.suffix(3) == [insertion, update, deletion])
    }

    /// What a server is like, what is answered there, and what comes of it.
    struct Obstacle: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var change: @Sendable (inout PretendServer.State) -> Void = { _ in }
        var answer: @Sendable (String) -> Reply? = { _ in nil }
        let message: String
        /// Sent, and carried out by a server that is what it was.
        var writes: [String] = []
    }

    @Test(
        "Nothing is left on a server that must not be written to, and no write is repeated",
        arguments: [
            Obstacle(
                testDescription: "another server has the address", change: { $0.serverID = 2 },
                message: "a different server answers than in the last round"),
            Obstacle(
                testDescription: "it does not say who it is", answer: { $0 == identity ? .ok : nil },
                message: "a different server answers than in the last round"),
            Obstacle(
                testDescription: "the key has been drawn before",
                answer: { $0.hasPrefix("SELECT value") ? .table(columns: ["value"], rows: [["1"]]) : nil },
                message: "a row with this key exists already"),
            Obstacle(
                testDescription: "it must not be read",
                answer: {
                    $0.hasPrefix("SELECT") ? .refusal(code: 1142, sqlState: "42000", message: "denied") : nil
                }, message: "denied (error 1142)"),
            Obstacle(
                testDescription: "read-only", change: { $0.isReadOnly = true },
                message: "the node is read-only now, or the row is not as expected", writes: [insertion]),
            Obstacle(
                testDescription: "read-only, and without the table",
                change: {
                    $0.isReadOnly = true
                    $0.hasTable = false
                }, message: "Table doesn't exist", writes: ["EXECUTE probe", insertion]),
            Obstacle(
                testDescription: "it refuses the row",
                answer: {
                    $0.hasPrefix("INSERT") ? .refusal(code: 1290, sqlState: "HY000", message: "read only") : nil
                }, message: "read only (error 1290)", writes: [insertion]),
            Obstacle(
                testDescription: "the connection is lost within the write",
                answer: { $0.hasPrefix("INSERT") ? .steps([.close]) : nil }, message: "the sentinel's insert: ",
                writes: [insertion]),
        ])
    func obstacles(obstacle: Obstacle) async throws {
        let (primary, replica) = (try PretendServer("db1", obstacle.change), try PretendServer("db2"))
        primary.answer(obstacle.answer)
        let failure = await #expect(throws: ProbeFailure.self) {
            try await run(on: primary, replicas: replica).carryOut()
        }
        #expect(failure?.node == "db1")
        #expect(failure?.message.contains(obstacle.message) == true, "\(String(describing: failure))")
        #expect(primary.writes == obstacle.writes)
        #expect(primary.state.rows.isEmpty)
        #expect(primary.server.journal.connections == 1)
        #expect(replica.statements.isEmpty)
    }

    @Test("A primary that is silent within a write gets nothing more")
    func hanging() async throws {
        let primary = try PretendServer("db1")
        primary.answer { $0.hasPrefix("INSERT") ? .steps([.silence]) : nil }
        let failure = await #expect(throws: ProbeFailure.self) {
            try await run(on: primary, patience: .zero).carryOut()
        }
        #expect(failure?.message.contains("no answer before the deadline") == true, "\(String(describing: failure))")
        #expect(primary.writes.count <= 1)
        #expect(primary.server.journal.connections <= 1)
    }

    @Test("A primary that has moved after a write is not written to again", arguments: ["INSERT", "UPDATE"])
    func moved(after write: String) async throws {
        let (primary, known) = (try PretendServer("db1"), KnownPrimary())
        primary.answer { statement in
            if statement.hasPrefix(write) { known.moves() }
            return nil
        }
        let failure = await #expect(throws: ProbeFailure.self) { try await run(on: primary, known: known).carryOut() }
        #expect(failure?.message.hasSuffix("the node is no longer the primary") == true)
        #expect(primary.writes == (write == "INSERT" ? [insertion] : [insertion, update]))
    }

    @Test("A row whose change fails is taken away, once, and only on the server that has it", arguments: [1, 2])
    func failedUpdate(serverID: UInt32) async throws {
        let primary = try PretendServer("db1")
        primary.answer { [weak primary] statement in
            guard statement.hasPrefix("UPDATE") else { return nil }
            // Lost; whoever answers then may be another.
            primary?.change { $0.serverID = serverID }
            return .steps([.close])
        }
        let failure = await #expect(throws: ProbeFailure.self) { try await run(on: primary).carryOut() }
        #expect(failure?.message.hasPrefix("the sentinel's update: ") == true)
        #expect(primary.writes == [insertion, update, deletion])
        #expect(primary.state.rows.isEmpty == (serverID == 1))
    }

    @Test(
        "A run that is stopped before its row is there writes none; one that is stopped afterwards takes it away",
        arguments: [("SELECT value", []), ("INSERT", [insertion, deletion])])
    func cancelled(at statement: String, writes: [String]) async throws {
        let (primary, replica) = (try PretendServer("db1"), try PretendServer("db2"))
        let task = Mutex<Task<Void, any Error>?>(nil)
        primary.answer { told in
            if told.hasPrefix(statement) { task.withLock { $0?.cancel() } }
            return nil
        }
        let running = task.withLock { task in
            let running = Task<Void, any Error> { _ = try await run(on: primary, replicas: replica).carryOut() }
            task = running
            return running
        }
        try await running.value
        #expect(primary.writes == writes)
        #expect(primary.state.rows.isEmpty)
    }
}

@Suite("What a run of the sentinel finds on replicas", .timeLimit(.minutes(5)))
struct SentinelArrivalTests {
    @Test("A replica that misses the row misses the rest without being asked, and the others go on")
    func missed() async throws {
        while true {
            let (primary, good, bad) = (try PretendServer("db1"), try PretendServer("db2"), try PretendServer("db3"))
            primary.replicates(to: good)
            primary.change { $0.old = [String(repeating: "a", count: 32)] }
            // Not in time on a machine that is that busy.
            guard let outcomes = try await outcomes(of: primary, good, bad) else { continue }
            expect(outcomes, primary, bad)
            return
        }
    }

    /// - Returns: nil if the primary or the replica that replicates did not manage in time.
    private func outcomes(
        of primary: PretendServer, _ good: PretendServer, _ bad: PretendServer
    ) async throws -> [String: [SentinelOperation: SentinelOutcome]]? {
        // Connected before: the primary too has only so long for each statement.
        let session = primary.session
        _ = try await session.run(["DO 0"], deadline: .now + .seconds(250))
        do throws(ProbeFailure) {
            let outcomes = try await run(
                on: primary, replicas: good, bad, over: session, patience: .seconds(4)
            ).carryOut()
            return outcomes["db2"]?.words == [.insert: "seen", .update: "seen", .delete: "seen"] ? outcomes : nil
        } catch {
            if error.message.contains("no answer before the deadline") { return nil }
            throw error
        }
    }

    private func expect(
        _ outcomes: [String: [SentinelOperation: SentinelOutcome]], _ primary: PretendServer, _ bad: PretendServer
    ) {
        #expect(outcomes["db3"]?.words == [.insert: "missed", .update: "missed", .delete: "missed"])
        let updated = primary.server.journal.queries.first { $0.query.text.hasPrefix("UPDATE") }?.time ?? 0
        #expect(bad.server.journal.queries.allSatisfy { $0.time <= updated })
        #expect(bad.server.journal.queries.count > 2)
        // Nobody knows what it has: what was left behind stays.
        #expect(primary.words.last == deletion)
    }

    @Test(
        "A replica that does not let itself be asked has missed nothing",
        arguments: [(1142, "42000"), (1045, "28000")] as [(UInt16, String)])
    func denied(code: UInt16, sqlState: String) async throws {
        let (primary, replica) = (try PretendServer("db1"), try PretendServer("db2"))
        replica.answer { _ in .refusal(code: code, sqlState: sqlState, message: "denied") }
        #expect(try await run(on: primary, replicas: replica).carryOut().isEmpty)
        #expect(replica.statements.count == 1)
    }

    @Test("A replica is asked again while the table is not there yet, or its connection is lost")
    func later() async throws {
        let (primary, replica) = (try PretendServer("db1"), try PretendServer("db2"))
        primary.replicates(to: replica)
        replica.change { $0.hasTable = false }
        let looks = Mutex(0)
        replica.answer { [weak replica] _ in
            switch looks.withLock({ looks in
                looks += 1
                return looks
            }) {
            case 2: return .steps([.close])
            case 4:
                replica?.change { $0.hasTable = true }
                return nil
            default: return nil
            }
        }
        let outcomes = try await run(on: primary, replicas: replica).carryOut()
        #expect(outcomes["db2"]?.words == [.insert: "seen", .update: "seen", .delete: "seen"])
    }
}

@Suite("What earlier runs of the sentinel have left behind", .timeLimit(.minutes(5)))
struct SentinelLeftoverTests {
    private static let everywhere = String(repeating: "a", count: 32)
    private static let onlyHere = String(repeating: "b", count: 32)

    /// Two rows on the primary, of which each replica has one or both.
    private func set() throws -> (primary: PretendServer, replicas: [PretendServer]) {
        let rows = [Self.everywhere: "1", Self.onlyHere: "2"]
        let primary = try PretendServer("db1") {
            $0.rows = rows
            $0.old = [Self.everywhere, Self.onlyHere, "' OR '1' = '1", String(repeating: "A", count: 32)]
        }
        let replicas = [try PretendServer("db2"), try PretendServer("db3")]
        for replica in replicas { replica.change { $0.rows = rows } }
        return (primary, replicas)
    }

    /// The replicas see the run's own row, and keep what they have of others.
    private func see(_ primary: PretendServer, _ replica: PretendServer, lacking key: String? = nil) {
        replica.answer { [weak primary, weak replica] statement in
            replica?.change { state in
                state.rows = primary?.state.rows ?? [:]
                if let key { state.rows[key] = nil }
            }
            return nil
        }
    }

    @Test("go if every replica has them; a key that is none of ours stands in no statement")
    func everywhereAlone() async throws {
        let (primary, replicas) = try set()
        see(primary, replicas[0])
        see(primary, replicas[1], lacking: Self.onlyHere)
        _ = try await run(on: primary, replicas: replicas[0], replicas[1]).carryOut()
        #expect(primary.state.rows == [Self.onlyHere: "2"])
        #expect(
            replicas[0].statements.last
                == "SELECT id FROM `p`.`s` WHERE id IN ('\(Self.everywhere)', '\(Self.onlyHere)')")
        #expect(!(primary.statements + replicas[0].statements).contains { $0.contains("OR '1'") })
    }

    @Test("stay where a replica cannot be asked, or the primary has moved", arguments: [true, false])
    func unknown(isMoved: Bool) async throws {
        let (primary, replicas) = try set()
        let known = KnownPrimary()
        see(primary, replicas[0])
        replicas[1].answer { [weak primary, weak replica = replicas[1]] statement in
            replica?.change { $0.rows = primary?.state.rows ?? [:] }
            guard statement.contains(" IN (") else { return nil }
            if isMoved { known.moves() }
            return isMoved ? nil : .refusal(code: 1317, sqlState: "70100", message: "interrupted")
        }
        _ = try await run(on: primary, replicas: replicas[0], replicas[1], known: known).carryOut()
        #expect(primary.state.rows == [Self.everywhere: "1", Self.onlyHere: "2"])
        #expect(primary.writes.count { $0 == deletion } == 1)
    }
}
