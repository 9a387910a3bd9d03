import Replication
import Testing

@testable import Traffic

@Suite("Agent reply")
struct AgentReplyTests {
    @Test(
        "The weight falls with the lag, but never to zero",
        arguments: [
            (0, "up 100%"), (0.25, "up 75%"), (0.994, "up 1%"), (1, "up 1%"),
            (-1, "up 100%"), (5, "up 1%"),
        ])
    func weight(load: Double, line: String) {
        #expect(AgentReply(NodeVerdict(isPassed: true, reason: "well", load: load), .ready).line == line)
    }

    @Test("By the failover answer one node is up and the other down; without an answer both stay as they are")
    func failover() {
        let policy = FailoverPolicy(
            preferred: "db1", standby: "db2", table: TableName(database: "p", table: "t"))
        func lines(_ cause: FailoverDecision.Cause) -> [String] {
            ["db1", "db2"].map { AgentReply(FailoverDecision(cause: cause, reason: "why"), of: policy, for: $0).line }
        }
        #expect(lines(.unbroken) == ["up 100%", "down # db1: why"])
        #expect(lines(.preferredFailed) == ["down # db2: why", "up 100%"])
        #expect(lines(.notChecked) == ["100%", "100%"])
        let none = FailoverDecision(cause: .notChecked, reason: "why")
        #expect(AgentReply(none, of: policy, for: "db1", .drain).line == "drain")
        #expect(AgentReply(none, of: policy, for: "db1", .ready, endsMaintenance: true).line == "ready 100%")
    }

    @Test("The operator's setting takes precedence, whatever the state", arguments: [true, false])
    func operators(isPassed: Bool) {
        let verdict = NodeVerdict(isPassed: isPassed, reason: "so")
        #expect(AgentReply(verdict, .drain).line == "drain")
        #expect(AgentReply(verdict, .maintenance).line == "maint")
    }

    @Test("Ready is sent only if maintenance has to be ended, even for a node that is down")
    func endsMaintenance() {
        let verdict = NodeVerdict(isPassed: true, reason: "well", load: 0.25)
        #expect(AgentReply(verdict, .ready, endsMaintenance: true).line == "ready up 75%")
        #expect(AgentReply(.refused("late"), .ready, endsMaintenance: true).line == "ready down # late")
        #expect(AgentReply(verdict, .maintenance, endsMaintenance: true).line == "maint")
    }

    @Test("A reason is one line of ASCII, separated from the word before it")
    func reason() {
        #expect(AgentReply(.refused("late: 12 s"), .ready).line == "down # late: 12 s")
        #expect(AgentReply(.refused("a\nup\r\té"), .ready).line == "down # a?up???")
    }
}

@Suite("Check reply")
struct CheckReplyTests {
    @Test(
        "A status, and the reason for it",
        arguments: [
            (true, OperatorState.ready, 200, "so"), (false, .ready, 503, "so"),
            (true, .drain, 404, "db1 is being drained (set by an operator)"), (false, .drain, 503, "so"),
            (true, .maintenance, 503, "db1 is in maintenance (set by an operator)"),
            (false, .maintenance, 503, "db1 is in maintenance (set by an operator)"),
        ])
    func reply(isPassed: Bool, state: OperatorState, status: Int, reason: String) {
        let reply = CheckReply(NodeVerdict(isPassed: isPassed, reason: "so"), state, of: "db1")
        #expect(reply.status == status && reply.reason == reason)
    }
}
