import Collection
import Configuration
import FaultServer
import Logging
import MariaDB
import Replication
import ReplicationTesting
import Synchronization
import Testing
import Topology

@testable import Monitoring

@Suite("A monitored set", .timeLimit(.minutes(1)))
struct SetMonitorTests {
    /// A MariaDB server that reports enough to be up; each query waits for `gate`, if there is one.
    private func healthy(_ gate: Gate? = nil) throws -> FaultServer {
        try FaultServer(
            Script(
                greeting: { _ in Step.welcome(version: "10.11.6-MariaDB") },
                answer: { query in
                    let steps = query.steps { statement in
                        statement.contains("CONNECTION_ID()")
                            ? .table(
                                columns: ["server_id", "read_only", "log_bin", "clock"], rows: [["1", "0", "0", "1.0"]])
                            : statement.hasPrefix("SHOW") || statement.hasPrefix("SELECT")
                                ? .table(columns: ["a"], rows: []) : .ok
                    }
                    return gate.map { [.wait($0)] + steps } ?? steps
                }))
    }

    private func withMonitor(
        _ servers: [FaultServer], timeout: Duration = .seconds(50), _ body: (Fleet, SetMonitor) async throws -> Void
    ) async throws {
        let nodes = try servers.enumerated().map { index, server in
            Node(
                name: "db\(index + 1)", address: try Address("127.0.0.1:\(server.port)"),
                tls: TLSOptions(mode: .disabled), timeout: timeout)
        }
        let fleet = try Fleet(
            Configuration(sets: [ReplicationSet(name: "shop", nodes: nodes)]),
            environment: ["MYSQL_REPLICATION_EXPORTER_USER": "exporter"], keeping: Keeping(checker: "test"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await body(fleet, try #require(fleet["shop"]))
        await fleet.close()
        for server in servers { server.stop() }
    }

    private func looks(_ server: FaultServer) -> Int {
        server.journal.statements.count { $0.contains("CONNECTION_ID()") }
    }

    @Test("Findings without an age come from a new round; findings that are young enough are returned again")
    func age() async throws {
        let server = try healthy()
        try await withMonitor([server]) { _, monitor in
            let first = await monitor.findings(deadline: .never)
            #expect(first.findings.nodes.map(\.report.isUp) == [true])
            #expect(await monitor.findings(notOlderThan: .seconds(3600), deadline: .never).asked == first.asked)
            #expect(looks(server) == 1)
            let second = await monitor.findings(deadline: .never)
            #expect(second.asked > first.asked)
            #expect(looks(server) == 2)
            #expect(await monitor.findings(notOlderThan: .nanoseconds(1), deadline: .never).asked > second.asked)
        }
    }

    @Test("Callers for which a running round is young enough share it, and it ends even if the first is gone")
    func shared() async throws {
        let gate = try Gate()
        let server = try healthy(gate)
        try await withMonitor([server]) { _, monitor in
            let first = Task { await monitor.findings(deadline: .never) }
            for await case .queried in server.events { break }
            let second = Task { await monitor.findings(notOlderThan: .seconds(3600), deadline: .never) }
            let third = Task { await monitor.findings(notOlderThan: .seconds(3600), deadline: .never) }
            first.cancel()
            let gone = await first.value
            #expect(gone.findings.nodes.map(\.report.isUp) == [false])
            gate.open()
            let answers = [await second.value, await third.value]
            #expect(answers.allSatisfy { $0.findings.nodes.first?.report.isUp == true })
            #expect(answers.allSatisfy { $0.asked == gone.asked })
            #expect(looks(server) == 1)
        }
    }

    @Test("However many ask while a round is under way, they share the one that follows it")
    func crowd() async throws {
        let gate = try Gate()
        let server = try healthy(gate)
        try await withMonitor([server]) { _, monitor in
            let first = Task { await monitor.findings(deadline: .never) }
            for await case .queried in server.events { break }
            let began = ContinuousClock.now
            let rounds = await withTaskGroup { group in
                for _ in 0..<200 { group.addTask { await monitor.findings(deadline: .never) } }
                gate.open()
                return await group.reduce(into: Set<ContinuousClock.Instant>()) {
                    #expect($1.round >= began && $1.findings.nodes[0].report.isUp)
                    $0.insert($1.round)
                }
            }
            // One, unless the machine is so busy that they ask at different times.
            #expect(rounds.count <= 20, "\(rounds.count)")
            _ = await first.value
        }
    }

    @Test("A round that all its callers have left is judged when it ends")
    func left() async throws {
        let gate = try Gate()
        let server = try healthy(gate)
        try await withMonitor([server]) { _, monitor in
            _ = await monitor.findings(deadline: .now + .milliseconds(20))
            #expect(await monitor.isRoundUnderWay)
            gate.open()
            try await eventually("the round is judged") { await !monitor.isRoundUnderWay }
            #expect(looks(server) == 1)
        }
    }

    @Test(
        "While a node hangs, no more rounds are kept than have callers, besides the newest and the one whose end is awaited"
    )
    func comingAndGoing() async throws {
        let gate = try Gate()
        let servers = [try healthy(gate), try healthy()]
        try await withMonitor(servers) { _, monitor in
            let staying = Task { await monitor.findings(deadline: .never) }
            for await case .queried in servers[0].events { break }
            for _ in 0..<50 {
                let leaving = Task { await monitor.findings(deadline: .never) }
                leaving.cancel()
                _ = await leaving.value
            }
            try await eventually("the rounds end: \(monitor.collector.waitingRounds)") {
                monitor.collector.waitingRounds <= 3
            }
            #expect(await monitor.isRoundUnderWay)
            gate.open()
            #expect(await staying.value.findings.nodes.map(\.report.isUp) == [true, true])
            try await eventually("the newest is judged") { await !monitor.isRoundUnderWay }
            #expect(looks(servers[0]) == 1)
        }
    }

    @Test("A round that ends after its monitor was replaced changes nothing in the shared memory")
    func replaced() async throws {
        let isReadOnly = Mutex("0")
        let server = try FaultServer(
            .replying(version: "10.11.6-MariaDB") { statement in
                statement.contains("CONNECTION_ID()")
                    ? .table(
                        columns: ["server_id", "read_only", "log_bin", "clock"],
                        rows: [["1", isReadOnly.withLock { $0 }, "0", "1.0"]])
                    : statement.hasPrefix("SHOW") || statement.hasPrefix("SELECT")
                        ? .table(columns: ["a"], rows: []) : .ok
            })
        try await withMonitor([server]) { _, monitor in
            #expect(await monitor.findings(deadline: .never).findings.writers == ["db1"])
            #expect(await monitor.takeWord(for: "db1"))
            monitor.isReplaced.store(true, ordering: .releasing)
            isReadOnly.withLock { $0 = "1" }
            // It is seen, but does not end the operator's word.
            #expect(await monitor.findings(deadline: .never).findings.writers == [])
            monitor.isReplaced.store(false, ordering: .releasing)
            server.stop()
            #expect(await monitor.findings(deadline: .never).findings.writing.operatorsWord == "db1")
        }
    }

    @Test("While a late statement hangs, a balancer gets what was read before it, with its age, until the look ends")
    func lateStatement() async throws {
        let gate = try Gate()
        let isHanging = Mutex(true)
        let timeout = Duration.seconds(4)
        let server = try FaultServer(
            .replying(version: "10.11.6-MariaDB") { statement in
                if statement.contains("CONNECTION_ID()") {
                    return .table(
                        columns: ["server_id", "read_only", "log_bin", "clock"], rows: [["1", "0", "1", "1.0"]])
                }
                if statement == "SHOW BINLOG STATUS", isHanging.withLock(\.self) { return .steps([.wait(gate)]) }
                return statement.hasPrefix("SHOW") || statement.hasPrefix("SELECT")
                    ? .table(columns: ["a"], rows: []) : .ok
            })
        try await withMonitor([server], timeout: timeout) { _, monitor in
            let began = ContinuousClock.now
            var ages: [Duration] = []
            while began.duration(to: .now) < timeout * 3 {
                let answer = await monitor.findings(
                    notOlderThan: .seconds(1), deadline: .now + SetMonitor.balancersPatience)
                let told = ContinuousClock.now
                guard let report = answer.findings.nodes.first?.report, report.isUp else {
                    // On a busy machine, the first balancers may be too early.
                    if ages.isEmpty { continue }
                    break
                }
                let read = try #require(report.facts?.identityRead?.asked)
                #expect(answer.asked <= read, "the age is that of the oldest facts")
                ages.append(read.duration(to: told))
                if report.facts?.binaryLog != nil || report.facts?.missing[.binlogStatus] == .timeout,
                    monitorHasEndedLook(server)
                {
                    break
                }
            }
            #expect(!ages.isEmpty)
            // A balancer's limit, its wait, and the time that a look may take.
            let most = .seconds(1) + SetMonitor.balancersPatience + timeout + .milliseconds(1500)
            #expect(ages.allSatisfy { $0 <= most }, "\(ages)")
            isHanging.withLock { $0 = false }
            gate.open()
        }
    }

    private func monitorHasEndedLook(_ server: FaultServer) -> Bool { server.journal.connections > 1 }

    @Test("An operator's word takes effect at once: what was found without it is not returned again")
    func word() async throws {
        let server = try healthy()
        try await withMonitor([server]) { _, monitor in
            let before = await monitor.findings(deadline: .never)
            #expect(await monitor.takeWord(for: "db1"))
            let after = await monitor.findings(notOlderThan: .seconds(3600), deadline: .never)
            #expect(after.asked > before.asked && after.findings.writing.operatorsWord == "db1")
        }
    }

    @Test("A node too slow for a short deadline is silent for that caller alone, and this is not remembered")
    func hurry() async throws {
        let gate = try Gate()
        let server = try healthy(gate)
        try await withMonitor([server]) { _, monitor in
            let hasty = await monitor.findings(deadline: .now + .milliseconds(20))
            #expect(hasty.findings.nodes.first?.report.failure?.reason == .timeout)
            async let patient = monitor.findings(notOlderThan: .seconds(3600), deadline: .never)
            gate.open()
            #expect(await patient.findings.nodes.map(\.report.isUp) == [true])
            // The result of the whole round is kept for others.
            let kept = await monitor.findings(notOlderThan: .seconds(3600), deadline: .now + .milliseconds(20))
            #expect(kept.findings.nodes.map(\.report.isUp) == [true])
            #expect(server.journal.connections == 1)
        }
    }

    @Test("After a standstill of the exporter, an answer that arrived meanwhile is read: the deadline is extended once")
    func standstill() async throws {
        let gate = try Gate()
        let server = try healthy(gate)
        try await withMonitor([server]) { _, monitor in
            let deadline = Deadline(
                .now + .milliseconds(400), grace: .seconds(40),
                sleep: { instant in
                    if ContinuousClock.now.duration(to: instant) > .seconds(10) {
                        // The extension.
                        gate.open()
                        try await Task.sleep(until: instant)
                    } else {
                        try await Task.sleep(until: instant + .milliseconds(200))
                    }
                })
            defer { deadline.cancel() }
            #expect(await monitor.findings(by: deadline).findings.nodes.map(\.report.isUp) == [true])
        }
    }

    @Test("A node that is silent after a standstill is not called up")
    func silentAfterStandstill() async throws {
        let server = try FaultServer(.saying([.silence]))
        try await withMonitor([server]) { _, monitor in
            func answer(lateBy delay: Duration) async -> SetAnswer {
                let deadline = Deadline(
                    .now + SetMonitor.balancersPatience, grace: .milliseconds(1),
                    sleep: { try await Task.sleep(until: $0 + delay) })
                defer { deadline.cancel() }
                return await monitor.findings(notOlderThan: .nanoseconds(1), by: deadline)
            }
            let first = await answer(lateBy: .milliseconds(150))
            #expect(first.findings.nodes.map(\.report.isUp) == [false])
        }
    }

    @Test("A load balancer waits less for a node that was silent in the round before, and no less for others")
    func knownSilence() async throws {
        let gate = try Gate()
        let servers = [try healthy(), try healthy(gate)]
        try await withMonitor(servers, timeout: .seconds(5)) { _, monitor in
            /// The caller's own deadline never passes: what ends before the node's timeout is the shorter wait.
            func answer() async -> SetAnswer {
                let deadline = Deadline(
                    .now + SetMonitor.balancersPatience, sleep: { _ in try await Task.sleep(for: .seconds(3600)) })
                defer { deadline.cancel() }
                return await monitor.findings(notOlderThan: .nanoseconds(1), by: deadline)
            }
            #expect(await answer().patience == SetAnswer.wholeRound, "it was not known to be silent")
            // On a busy machine, the shorter wait may be late, and does not count then.
            for _ in 0..<10 {
                let early = await answer()
                #expect(early.findings.nodes.map(\.report.isUp) == [true, false])
                if early.patience == SetMonitor.balancersPatience { break }
                #expect(early.patience == SetAnswer.wholeRound)
            }
            gate.open()
            try await eventually("it is up again") { await answer().findings.nodes.map(\.report.isUp) == [true, true] }
        }
    }

    @Test("Probes get the known findings at once, and if these are too old, a round starts for the next time")
    func renewing() async throws {
        let server = try healthy()
        try await withMonitor([server]) { _, monitor in
            #expect(await monitor.newest(renewing: .seconds(3600)) == nil)
            await monitor.renewal?.value
            let first = try #require(await monitor.newest(renewing: .seconds(3600))).asked
            #expect(looks(server) == 1)
            #expect(try #require(await monitor.newest(renewing: .zero)).asked == first)
            await monitor.renewal?.value
            let later = try #require(await monitor.newest(renewing: .seconds(3600))).asked
            #expect(later > first)
        }
    }

    @Test("No set waits for another's nodes, and each caller returns at its deadline")
    func apart() async throws {
        let (good, frozen) = (try healthy(), try FaultServer(.saying([.silence])))
        func node(_ name: String, _ server: FaultServer) throws -> Node {
            Node(
                name: name, address: try Address("127.0.0.1:\(server.port)"), tls: TLSOptions(mode: .disabled),
                timeout: .seconds(50))
        }
        let fleet = try Fleet(
            Configuration(sets: [
                ReplicationSet(name: "shop", nodes: [try node("db1", good)]),
                ReplicationSet(name: "stuck", nodes: [try node("db2", frozen)]),
            ]),
            environment: ["MYSQL_REPLICATION_EXPORTER_USER": "exporter"], keeping: Keeping(checker: "test"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let both = Task { await fleet.findings(deadline: .never) }
        // The good set's round is over although the other's is not.
        let shop = try #require(fleet["shop"])
        #expect(
            await shop.findings(notOlderThan: .seconds(3600), deadline: .never).findings.nodes.map(\.report.isUp)
                == [true])
        both.cancel()
        #expect(await both.value.map(\.name) == ["shop", "stuck"])
        let hasty = await fleet.findings(deadline: .now + .seconds(2))
        #expect(hasty.map { $0.nodes.map(\.report.isUp) } == [[true], [false]])
        await fleet.close()
        for server in [good, frozen] { server.stop() }
    }
}

@Suite("Answers that are kept")
struct KeptAnswersTests {
    private let now = ContinuousClock.now
    private static let known = findings(node("db1", id: 1, readOnly: false))
    private static let patiences: [Duration] = [.seconds(1), .seconds(2), .seconds(10)]

    private func answer(_ ago: Int, patience: Duration) -> SetAnswer {
        SetAnswer(Self.known, round: now - .seconds(ago), patience: patience)
    }

    @Test("The newest answer is returned for which nodes had as long as the caller would wait")
    func newest() {
        var kept = KeptAnswers(for: Self.patiences)
        kept.keep(answer(5, patience: SetAnswer.wholeRound))
        kept.keep(answer(2, patience: .seconds(1)))
        #expect(kept.newest(patience: .seconds(1))?.asked == now - .seconds(2))
        #expect(kept.newest(patience: .seconds(2))?.asked == now - .seconds(5))
    }

    @Test("An answer is as old as the oldest look in it, which may have begun before its round")
    func oldestLook() {
        let asked = now - .seconds(4)
        let early = node("db1", id: 1, readOnly: false).with {
            $0.identityRead = Reading(asked: asked, told: asked + .milliseconds(1))
        }
        let answer = SetAnswer(findings(early, silent("db2")), round: now, patience: SetAnswer.wholeRound)
        #expect(answer.asked == asked && answer.round == now)
    }

    @Test("No more are kept than there are kinds of callers, however callers' patience varies")
    func bounded() {
        var kept = KeptAnswers(for: Self.patiences)
        for number in 0..<1000 {
            // The longer ago, the longer nodes were given.
            kept.keep(
                SetAnswer(
                    Self.known, round: now + .milliseconds(number), patience: .milliseconds(20_000 - 19 * number)))
        }
        #expect(kept.answers.count <= Self.patiences.count + 1)
        // Each kind of caller gets the newest that it could have.
        #expect(kept.newest(patience: .seconds(10))?.round == now + .milliseconds(526))
        #expect(kept.newest(patience: .seconds(2))?.round == now + .milliseconds(947))
        #expect(kept.newest(patience: .seconds(1))?.round == now + .milliseconds(999))
    }

    @Test("What is older than any caller accepts is not kept beside a newer answer")
    func outdated() {
        var kept = KeptAnswers(for: Self.patiences)
        kept.keep(answer(40, patience: SetAnswer.wholeRound))
        #expect(kept.answers.count == 1)
        kept.keep(answer(5, patience: .seconds(2)))
        #expect(kept.answers.map(\.patience) == [.seconds(2)])
    }

    @Test("A late answer does not replace one that is newer and gave nodes more time")
    func late() {
        var kept = KeptAnswers(for: Self.patiences)
        kept.keep(answer(1, patience: SetAnswer.wholeRound))
        kept.keep(answer(3, patience: SetAnswer.wholeRound))
        kept.keep(answer(2, patience: .seconds(1)))
        #expect(kept.newest(patience: .zero)?.asked == now - .seconds(1))
        #expect(kept.newest(patience: .seconds(9))?.asked == now - .seconds(1))
    }
}

extension ContinuousClock.Instant {
    /// A deadline that no test reaches unless something hangs.
    fileprivate static var never: Self { .now + .seconds(50) }
}
