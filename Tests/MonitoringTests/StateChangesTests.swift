import Logging
import Replication
import ReplicationTesting
import Testing

@testable import Monitoring

@Suite("Changes of state in the log")
struct StateChangesTests {
    private static let up = NodeReport(facts: facts())
    private static let down = NodeReport(failure: NodeFailure(reason: .connect, message: "connection refused"))
    private static let hung = NodeReport(failure: NodeFailure(reason: .timeout, message: "no answer"))
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
            Self.up, Self.up, Self.down, Self.down, Self.down, Self.hung, Self.partial, Self.partial, Self.up,
        ] {
            changes.note(set(report))
        }
        #expect(
            log.lines == [
                "info node is up", "error node is not up reason=connect", "error node is not up reason=timeout",
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
