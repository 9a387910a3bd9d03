import FaultServer
import MariaDB
import Replication
import Synchronization
import Testing

@testable import Collection

@Suite("A node", .timeLimit(.minutes(5)))
struct NodeCollectorTests {
    static let denied = Reply.refusal(code: 1227, sqlState: "42000", message: "Access denied")
    static let binlogStatus = "SHOW BINLOG STATUS"
    static let channels = "SHOW ALL SLAVES STATUS"

    /// A MariaDB replica that answers some statements differently. Nil: as recorded.
    private func script(_ change: @escaping @Sendable (Query, String) -> Reply?) throws -> Script {
        let recording = try Fixture(name: "mariadb-10.11/replica").recording
        return Script(
            greeting: { _ in Step.welcome(version: recording.version) },
            answer: { query in query.steps { change(query, $0) ?? recording.reply(to: $0) } })
    }

    @Test("A refused statement is dropped from the batch; the others are complete, and it is not sent again")
    func refusedStatement() async throws {
        let script = try script { $1 == Self.binlogStatus ? Self.denied : nil }
        try await withNode(script) { server, node in
            let first = await node.ask(deadline: .never)
            #expect(first.isUp)
            #expect(first.roundTrips == 2)
            #expect(first.facts?.missing == [.binlogStatus: .permission])
            #expect(first.facts?.transactions != nil)
            #expect(first.facts?.uptime != nil)
            #expect(first.facts?.channels?.count == 1)

            let second = await node.ask(deadline: .never)
            #expect(second.isUp)
            #expect(second.roundTrips == 1)
            #expect(second.facts?.missing == [.binlogStatus: .permission])
            #expect(server.journal.statements.count { $0 == Self.binlogStatus } == 1)
            #expect(server.journal.connections == 1)
        }
    }

    @Test("The first error is kept: a denial is not hidden by what follows")
    func firstError() async throws {
        let script = try script { $1 == Self.channels ? Self.denied : $1 == Self.binlogStatus ? .syntaxError : nil }
        try await withNode(script) { _, node in
            let report = await node.ask(deadline: .never)
            #expect(report.failure?.reason == .permission)
            #expect(report.failure?.message.contains("GRANT SLAVE MONITOR") == true)
            #expect(report.facts?.missing[.replicationStatus] == .permission)
            #expect(report.facts?.missing[.binlogStatus] == .unsupported)
        }
    }

    @Test(
        "A configured table that does not exist is reported as such, not as unsupported by the server",
        arguments: [(UInt16(1146), "42S02"), (1049, "42000")])
    func noTable(code: UInt16, state: String) async throws {
        let refusal = Reply.refusal(code: code, sqlState: state, message: "no such table")
        let tables = NodeExtras(
            checksumTable: "`p`.`checksums`", heartbeatTable: "`p`.`heartbeat`")
        let script = try script { _, statement in statement.contains("`p`") ? refusal : nil }
        try await withNode(script, extras: tables) { _, node in
            let missing = await node.ask(deadline: .never).facts?.missing
            #expect(missing?[.heartbeat] == .noTable)
            #expect(missing?[.checksums] == .noTable)
        }
        // A missing table of the server's own is something else.
        let own = try self.script { $1 == Self.binlogStatus ? refusal : nil }
        try await withNode(own) { _, node in
            #expect(await node.ask(deadline: .never).facts?.missing == [.binlogStatus: .unsupported])
        }
    }

    @Test(
        "If asked for its transactions again, a semi-synchronous source first shows which commits are waiting",
        arguments: [
            ("mariadb-10.11/primary-semi-sync", true), ("mysql-9.7/primary-semi-sync", true),
            ("mariadb-10.11/primary", false), ("mysql-9.7/primary", false),
        ])
    func transactionsAgain(name: String, isSemiSync: Bool) async throws {
        try await withNode(try Fixture(name: name).recording.script) { server, node in
            let first = await node.ask(deadline: .never)
            let asked = server.journal.statements
            // In a round, too, the number of waiting commits is read before the transactions.
            let (status, transactions) = (
                asked.firstIndex { $0.contains("WAIT_SESSIONS") || $0.contains("wait_sessions") },
                asked.firstIndex { $0.contains("@@global.gtid_") && !$0.contains("clock") }
            )
            let (statusPlace, transactionsPlace) = (try #require(status), try #require(transactions))
            #expect(statusPlace < transactionsPlace)
            let second = await node.ask([.transactions], adding: first, deadline: .never)
            let again = server.journal.statements.dropFirst(asked.count)
            #expect(again.count == (isSemiSync ? 2 : 1))
            #expect(again.last.map { asked[transactionsPlace].hasPrefix($0) } == true)
            if isSemiSync { #expect(again.first == asked[statusPlace]) }
            #expect(second.facts?.isSecondLook == true && second.facts?.semiSync == first.facts?.semiSync)

            // If the counters are from an earlier round, they are read first all the same.
            let third = await node.ask(deadline: .never)
            let before = server.journal.statements.count
            let fourth = await node.ask([.transactions], adding: third, deadline: .never)
            if third.facts?.isStatusKept == true || isSemiSync {
                #expect(server.journal.statements.dropFirst(before).first == asked[statusPlace])
            }
            #expect(fourth.facts?.isStatusKept == false && fourth.facts?.startTime == first.facts?.startTime)
        }
    }

    @Test("A denied essential statement is tried again in the next round, on a new connection")
    func grantCame() async throws {
        let script = try script { $0.connection == 0 && $1 == Self.channels ? Self.denied : nil }
        try await withNode(script) { server, node in
            #expect(await node.ask(deadline: .never).isUp == false)
            let report = await node.ask(deadline: .never)
            #expect(report.isUp)
            #expect(report.facts?.missing == [:])
            #expect(server.journal.connections == 2)
        }
    }

    @Test("Refused statements are tried again on a new connection")
    func retriedAfterReconnecting() async throws {
        let script = try script { $0.connection == 0 && $1 == Self.binlogStatus ? Self.denied : nil }
        try await withNode(script) { server, node in
            #expect(await node.ask(deadline: .never).facts?.missing == [.binlogStatus: .permission])
            server.dropConnections()
            let report = await node.ask(deadline: .never)
            #expect(report.isUp)
            #expect(report.facts?.missing == [:])
        }
    }

    @Test("If the server has closed the idle connection, it is asked over a new one, in the same round")
    func idleConnectionClosed() async throws {
        let server = try FaultServer(script { _, _ in nil })
        defer { server.stop() }
        try await withNode(server) { node in
            var events = server.events.makeAsyncIterator()
            #expect(await node.ask(deadline: .never).isUp)
            server.dropConnections()
            while let event = await events.next(), event != .disconnected(0) {}
            let report = await node.ask(deadline: .never)
            #expect(report.isUp)
            #expect(report.failure == nil)
            #expect(report.roundTrips == 2, "the one that failed, and the one that did not")
            #expect(server.journal.connections == 2)
        }
    }

    @Test("A connection lost in the middle of an answer is made again; the two answers are not mixed")
    func lostMidAnswer() async throws {
        let recording = try Fixture(name: "mariadb-10.11/replica").recording
        let half = Payload.header(columns: ["Connection_name"]).map(Step.packet)
        let script = Script(
            greeting: { _ in Step.welcome(version: recording.version) },
            answer: { query in
                guard query.number == 1 else { return query.steps { recording.reply(to: $0) } }
                return query.steps { $0 == Self.channels ? .steps(half + [.close]) : recording.reply(to: $0) }
            })
        try await withNode(script) { server, node in
            #expect(await node.ask(deadline: .never).isUp)
            let report = await node.ask(deadline: .never)
            #expect(report.isUp)
            #expect(report.facts?.missing == [:])
            #expect(server.journal.connections == 2)
        }
    }

    @Test("A server that hangs up on every question is down, and asked at most twice per round")
    func hangsUp() async throws {
        let script = Script { _ in [.close] }
        try await withNode(script) { server, node in
            for round in 1...3 {
                let report = await node.ask(deadline: .never)
                #expect(report.failure?.reason == .connect)
                #expect(server.journal.queries.count <= 2 * round)
            }
        }
    }

    @Test("A proxy that allows no SET does not take the node down")
    func setRefused() async throws {
        let script = try script {
            $1.hasPrefix("SET SESSION")
                ? .refusal(code: 1193, sqlState: "HY000", message: "Unknown system variable") : nil
        }
        try await withNode(script) { server, node in
            let first = await node.ask(deadline: .never)
            #expect(first.isUp)
            #expect(first.facts?.missing == [:])
            #expect(first.roundTrips == 1 + Dialect.mariaDB.session.count)
            #expect(await node.ask(deadline: .never).roundTrips == 1)
            #expect(server.journal.queries.last?.query.text.contains("SET SESSION") == false)
        }
    }

    @Test("If everything is refused, the failure says why, and nothing loops")
    func everythingRefused() async throws {
        try await withNode(Script.replying { _ in Self.denied }) { server, node in
            let report = await node.ask(deadline: .never)
            #expect(report.failure?.reason == .permission)
            #expect(report.facts?.channels == nil)
            // The merged statement first, the question about the service, and the list of binary logs.
            #expect(report.roundTrips == Dialect.mariaDB.session.count + 1 + Dialect.mariaDB.facts.count + 2)
        }
    }

    @Test(
        "Facts with invalid values are missing, with the reason",
        arguments: [
            (channels, FactName.replicationStatus), ("SELECT @@global.server_id", .identity),
            (binlogStatus, .binlogStatus), ("SELECT @@global.gtid_slave_pos", .transactions),
        ])
    func nonsense(statement: String, fact: FactName) async throws {
        let script = try script { query, text in
            text.hasPrefix(statement) ? .table(columns: ["x", "replicated"], rows: [["y", "not-a-gtid"]]) : nil
        }
        try await withNode(script) { _, node in
            let report = await node.ask(deadline: .never)
            #expect(report.facts?.missing[fact] == .error)
            #expect(report.facts?.unreadable[fact]?.isEmpty == false)
            #expect(report.isUp == (fact != .replicationStatus && fact != .identity))
            if !report.isUp { #expect(report.failure?.reason == .protocol) }
        }
    }

    @Test(
        "An unsupported version is named, and so are the supported ones",
        arguments: [
            ("10.4.34-MariaDB-log", "mariadb 10.4.34"), ("5.6.51-log", "mysql 5.6.51"),
        ])
    func unsupported(handshake: String, name: String) async throws {
        try await withNode(.replying(version: handshake) { _ in .ok }) { server, node in
            let report = await node.ask(deadline: .never)
            #expect(report.failure?.reason == .protocol)
            #expect(
                report.failure?.message
                    == "\(name) is not supported; MariaDB 10.5 and MySQL 5.7 are the oldest")
            #expect(server.journal.statements.isEmpty)
        }
    }

    @Test("An invalid version")
    func noVersion() async throws {
        try await withNode(.replying(version: "proxy") { _ in .ok }) { _, node in
            let report = await node.ask(deadline: .never)
            #expect(report.failure?.message == "the server reports an unknown version, \"proxy\"")
        }
    }

    @Test("If the password cannot be read, the node is down, and no connection is made")
    func noPassword() async throws {
        let server = try FaultServer(.replying { _ in .ok })
        defer { server.stop() }
        let thread = try SessionThread(name: "test")
        let collector = NodeCollector(
            NodeDescription(name: "db1", address: .tcp(host: "127.0.0.1", port: server.port)), timeout: .seconds(250),
            on: thread
        ) { () throws(NodeFailure) in throw NodeFailure(reason: .authentication, message: "/run/secrets/x: not there") }
        let report = await collector.ask(deadline: .never)
        #expect(report.failure == NodeFailure(reason: .authentication, message: "/run/secrets/x: not there"))
        #expect(server.journal.connections == 0)
    }

    @Test("Repeated attempts to connect are spaced out; the failure is reported meanwhile")
    func backOff() async throws {
        let script = Script.saying(Step.turnAway(code: 1040, sqlState: "08004", message: "Too many connections"))
        try await withNode(script) { server, node in
            var reports: [NodeReport] = []
            // On a slow machine the first waits may end before the next question; they get longer.
            for _ in 0..<20 { reports.append(await node.ask(deadline: .never)) }
            #expect(reports.allSatisfy { $0.failure?.reason == .connectionLimit })
            #expect(
                reports.allSatisfy { $0.failure?.message.contains("the server has reached max_connections") == true })
            #expect(reports.allSatisfy { $0.failure?.message.hasPrefix("connecting to 127.0.0.1:") == true })
            let spared = reports.map { $0.failure?.message.hasSuffix("; not tried again yet") == true }
            #expect(spared.prefix(2) == [false, false], "the first failure causes no wait")
            #expect(spared.contains(true))
            #expect(server.journal.connections == spared.count { !$0 })
        }
    }

    @Test("The time of asking is that of reading the clock, whatever follows")
    func clock() async throws {
        let gate = try Gate()
        let recording = try Fixture(name: "mariadb-10.11/replica").recording
        // The second batch, without the refused statement, is answered late.
        let script = Script(
            greeting: { _ in Step.welcome(version: recording.version) },
            answer: { query in
                (query.number == 1 ? [.wait(gate)] : [])
                    + query.steps { $0 == Self.binlogStatus ? Self.denied : recording.reply(to: $0) }
            })
        try await withNode(script) { server, node in
            let answer = Task { await node.ask(deadline: .never) }
            var queries = 0
            for await event in server.events {
                if case .queried = event { queries += 1 }
                if queries == 2 { break }
            }
            try await Task.sleep(for: .milliseconds(100))  // how late the answer would be
            gate.open()
            let facts = try #require(await answer.value.facts)
            let (asked, offset) = (try #require(facts.askedAt), try #require(facts.clockOffset))
            #expect(asked <= server.journal.queries[1].time)
            #expect(asked >= server.journal.queries[0].time - 5)
            let clock = recording.results.first { $0.sql.hasPrefix("SELECT @@global.server_id") }?.rows?.first?.last
            #expect(abs(asked + offset - (Double((clock ?? nil) ?? "") ?? 0)) < 0.001)
        }
    }

    @Test("MySQL with the Performance Schema off: facts are absent, not wrong")
    func noPerformanceSchema() async throws {
        var recording = try Fixture(name: "mysql-8.4/replica").recording
        for place in recording.results.indices where recording.results[place].sql.contains("performance_schema.replic")
        {
            recording.results[place].rows = []
        }
        for place in recording.results.indices where recording.results[place].sql.contains("performance_schema.threads")
        {
            recording.results[place].rows = [[nil]]
        }
        try await withNode(recording.script) { _, node in
            let report = await node.ask(deadline: .never)
            #expect(report.isUp)
            #expect(report.facts?.connectedReplicas == nil)
            #expect(report.facts?.missing == [.connectedReplicas: .unsupported])
            let channel = try #require(report.facts?.channels?.first)
            #expect(channel.workers == nil)
            #expect(channel.applierTimes == nil)
            #expect(channel.heartbeatsReceived == nil)
            #expect(channel.sourceSilence == nil)
        }
    }

    @Test("MySQL before the first heartbeat: silence is not known")
    func noHeartbeatYet() async throws {
        var recording = try Fixture(name: "mysql-8.4/replica").recording
        for place in recording.results.indices where recording.results[place].sql.contains("HEARTBEAT_INTERVAL") {
            recording.results[place].rows = [["", "0", "30.000", nil, nil, "0"]]
        }
        try await withNode(recording.script) { _, node in
            let channel = await node.ask(deadline: .never).facts?.channels?.first
            #expect(channel?.heartbeatsReceived == 0)
            #expect(channel?.heartbeatPeriod == 30)
            #expect(channel?.sourceSilence == nil)
        }
    }

    @Test("The list of binary logs is read again when the server writes to a new file")
    func newFile() async throws {
        let recording = try Fixture(name: "mariadb-10.11/replica").recording
        let isRotated = Mutex(false)
        let script = Script(
            greeting: { _ in Step.welcome(version: recording.version) },
            answer: { query in
                let rotated = isRotated.withLock(\.self)
                return query.steps { statement in
                    switch statement {
                    case Self.binlogStatus where rotated:
                        .table(columns: ["File", "Position"], rows: [["binlog.000077", "4"]])
                    case "SHOW BINARY LOGS" where rotated:
                        .table(
                            columns: ["Log_name", "File_size"],
                            rows: [["binlog.000076", "900"], ["binlog.000077", "4"]])
                    default: recording.reply(to: statement)
                    }
                }
            })
        try await withNode(script) { _, node in
            #expect(await node.ask(deadline: .never).roundTrips == 1)
            #expect(await node.ask(deadline: .never).facts?.binaryLog?.isIndexFresh == false)
            isRotated.withLock { $0 = true }
            let report = await node.ask(deadline: .never)
            #expect(report.facts?.binaryLog?.index?.totalBytes == 904)
            #expect(report.roundTrips == 2)
            #expect(await node.ask(deadline: .never).roundTrips == 1)
        }
    }
}
