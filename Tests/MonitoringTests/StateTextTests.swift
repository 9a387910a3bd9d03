import Testing
import Topology

@testable import Monitoring

@Suite("The text of a state file")
struct StateTextTests {
    private func state(uuid: String?, start: Double? = 1_790_000_000) -> StateText {
        StateText(
            time: 1_790_000_100,
            record: .init(
                nodes: [.init(name: "db1", address: "h:3306", serverID: 1, serverUUID: uuid, startTime: start)],
                writers: ["db1"], operatorsWord: nil))
    }

    @Test("It reads back as it was written", arguments: ["3e11fa47-71ca-11e1-9e33-c80aa9429562", nil])
    func whole(uuid: String?) {
        let state = state(uuid: uuid)
        #expect(StateText(parsing: state.text) == state)
    }

    @Test(
        "A server whose UUID is not one can neither add lines nor damage others",
        arguments: ["-\nword db2\nnode db2 h:3307 2 -", "two words", ""])
    func forged(uuid: String) {
        #expect(StateText(parsing: state(uuid: uuid).text) == state(uuid: nil))
    }
}
