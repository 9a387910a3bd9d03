import Testing

@testable import Traffic

@Suite("Agent reply")
struct AgentReplyTests {
    @Test(
        "The weight falls with the lag, and never to nothing",
        arguments: [
            (0, "up ready 100%"), (0.25, "up ready 75%"), (0.994, "up ready 1%"), (1, "up ready 1%"),
            (-1, "up ready 100%"), (5, "up ready 1%"),
        ])
    func weight(load: Double, line: String) {
        #expect(AgentReply(NodeVerdict(isPassed: true, reason: "well", load: load), .ready).line == line)
    }

    @Test("The operator's word goes before, whatever the state", arguments: [true, false])
    func operators(isPassed: Bool) {
        let verdict = NodeVerdict(isPassed: isPassed, reason: "so")
        #expect(AgentReply(verdict, .drain).line == "drain")
        #expect(AgentReply(verdict, .maintenance).line == "maint")
        #expect(!verdict.under(.drain, of: "db1").isPassed && !verdict.under(.maintenance, of: "db1").isPassed)
        #expect(verdict.under(.ready, of: "db1") == verdict)
    }

    @Test("A reason stays one line of ASCII, apart from the word before it")
    func reason() {
        #expect(AgentReply(.refused("late: 12 s"), .ready).line == "down # late: 12 s")
        #expect(AgentReply(.refused("a\nup\r\té"), .ready).line == "down # a?up???")
    }
}
