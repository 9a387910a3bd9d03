import MariaDB
import Monitoring
import Replication
import Testing

@Suite("Why a probe failed")
struct ProbeFailureTests {
    @Test("A failure names the node, the action and the server's message")
    func description() {
        let error = MySQLError(phase: .query, code: 1142, message: "INSERT command denied")
        #expect(
            ProbeFailure(error, node: "db1", while: "writing the heartbeat").description
                == "db1: writing the heartbeat: INSERT command denied (error 1142)")
    }
}
