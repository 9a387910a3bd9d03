import Configuration
import Documents
import Logging
import Monitoring
import Replication
import Testing
import Traffic
import Web

@testable import Exporter

@Suite("Setting the state of a node by POST")
struct NodeStateTests {
    @Test("is refused with a query, which may name another node, and otherwise done", arguments: OperatorState.allCases)
    func query(state: OperatorState) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let account = ["MYSQL_REPLICATION_EXPORTER_USER": "nobody"]
        let nodes = try ["db1", "db2"].map { Node(name: $0, address: try Address("127.0.0.1:1")) }
        let configuration = Configuration(sets: [ReplicationSet(name: "shop", nodes: nodes)])
        let fleet = try Fleet(configuration, environment: account, keeping: .nothing, logger: logger)
        let live = try LiveFleet(fleet, logger: logger) { () throws(ConfigurationError) in
            (configuration, [])
        }
        let states = try OperatorDesk(directory: nil, logger: logger)
        let routes = Routes(
            live: live, counter: RequestCounter(routes: []), telemetryPath: "/metrics", timeoutOffset: .zero,
            isLifecycleEnabled: true,
            nodeChecks: NodeChecks(states))
        let before: OperatorState = state == .drain ? .maintenance : .drain
        try await states.set(before, of: "db2")
        func post(_ query: [(name: String, value: String)]) async -> Int {
            let request = Request(method: "POST", path: "/nodes/db2/\(state.rawValue)", query: query)
            return await routes.answer(request, routes.router).status
        }
        for name in ["node", "max_lag", "format", ""] {
            #expect(await post([(name: name, value: "db1")]) == 400)
        }
        #expect(await states.state(of: "db2").state == before)
        #expect(await post([]) == 200)
        #expect(await states.state(of: "db2").state == state)
        #expect(await states.state(of: "db1").state == .ready)
        await fleet.close()
    }
}
