import Logging
import Replication
import ReplicationTesting
import Synchronization
import Testing

@testable import Monitoring

@Suite("Changes of state in the log")
struct StateChangesTests {
    private static let up = NodeReport(facts: facts())
    private static let down = NodeReport(failure: NodeFailure(reason: .connect, message: "connection refused"))
    private static let hung = NodeReport(failure: NodeFailure(reason: .timeout, message: "no answer"))
    private static let refusing = NodeReport(failure: NodeFailure(reason: .connectionLimit, message: "error 1226"))
    private static let partial: NodeReport = {
        var facts = StateChangesTests.facts()
        facts.missing[.status] = .permission
        facts.unreadable[.status] = "the statement for status was refused"
        return NodeReport(facts: facts)
    }()

    @Test("are logged on one line each, and an unchanged state is not logged")
    func lines() {
        let log = CapturedLog()
        let changes = StateChanges(logger: log.logger)
        for report in [
            Self.up, Self.up, Self.down, Self.down, Self.down, Self.hung, Self.refusing, Self.partial, Self.partial,
            Self.up,
        ] {
            changes.note(set(report))
        }
        #expect(
            log.lines == [
                "info node is up", "error node is not up reason=connect", "error node is not up reason=timeout",
                "warning node is not up reason=connection_limit",
                "warning node is up; some facts could not be read", "info node is up",
            ])
    }

    @Test("are logged again for nodes that were forgotten")
    func forgotten() {
        let log = CapturedLog()
        let changes = StateChanges(logger: log.logger)
        changes.note(set(Self.up))
        changes.forget(allBut: ["db1"])
        changes.note(set(Self.up))
        #expect(log.lines.count == 1)
        changes.forget(allBut: [])
        changes.note(set(Self.up))
        #expect(log.lines.count == 2)
    }

    @Test("Another server behind a node's address is logged, at most once a minute, and never for another address")
    func anotherServer() {
        let log = CapturedLog()
        let clock = Mutex(ContinuousClock.now)
        let changes = StateChanges(logger: log.logger) { clock.withLock(\.self) }
        func look(_ id: UInt32, uuid: String?, host: String = "a", at address: String = "vip", after seconds: Int = 15)
        {
            clock.withLock { $0 += .seconds(seconds) }
            var facts = Self.facts()
            facts.identity.serverID = id
            facts.identity.serverUUID = uuid
            facts.identity.hostname = host
            let node = NodeDescription(name: "db1", address: .tcp(host: address, port: 3306))
            changes.note(ReplicationSetReport(name: "s", nodes: [.init(node, NodeReport(facts: facts))]))
        }
        func count() -> Int { log.lines.count { $0.contains("another server answers at the node's address") } }
        look(1, uuid: "u1")
        look(1, uuid: "u1", host: "renamed")
        changes.note(set(Self.down))
        #expect(count() == 0)
        look(2, uuid: "u2")
        #expect(count() == 1)
        look(1, uuid: "u1")
        look(2, uuid: "u2")
        #expect(count() == 1, "a proxy that takes turns")
        look(1, uuid: "u1", after: 60)
        #expect(count() == 2)
        look(3, uuid: "u3", at: "elsewhere", after: 60)
        #expect(count() == 2, "another address was configured")
        // MariaDB has no UUIDs.
        look(4, uuid: nil, at: "m", after: 60)
        look(4, uuid: nil, at: "m", after: 60)
        #expect(count() == 2)
        look(4, uuid: nil, host: "clone", at: "m", after: 60)
        #expect(count() == 3)
    }

    @Test("A fact that is off on purpose is no warning, as in check and the alerts")
    func unsupported() {
        let log = CapturedLog()
        var facts = Self.facts()
        facts.missing[.connectedReplicas] = .unsupported
        StateChanges(logger: log.logger).note(set(NodeReport(facts: facts)))
        #expect(log.lines == ["info node is up"])
    }

    @Test("below the configured level are not written")
    func level() {
        let log = CapturedLog(level: .warning)
        let changes = StateChanges(logger: log.logger)
        for report in [Self.up, Self.down, Self.up] { changes.note(set(report)) }
        #expect(log.lines == ["error node is not up reason=connect"])
    }

    private static func facts() -> NodeFacts {
        var facts = NodeFacts(identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(11, 8, 3)))
        facts.channels = []
        return facts
    }

    private func set(_ report: NodeReport) -> ReplicationSetReport {
        let node = NodeDescription(name: "db1", address: .tcp(host: "h", port: 3306))
        return ReplicationSetReport(name: "s", nodes: [.init(node, report)])
    }
}
