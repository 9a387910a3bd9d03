import Operations
import Monitoring
import Replication
import ReplicationTesting
import Testing
import Topology

@Suite("A balancer's round", .timeLimit(.minutes(1)))
struct BalancerRoundTests {
    /// The node that a probe would write to.
    private func target(_ monitor: OperatedMonitor) async -> String? {
        guard case .node(let node) = WriteTarget(await monitor.view, at: .now) else { return nil }
        return node.name
    }

    @Test(
        "reports a switchover to the probes at once, but not a primary that is silent only because the round is short")
    func switchover() async throws {
        var set = OperatedSet(replicas: 2, readOnly: true)
        let servers = try OperatedServers(set, .mariaDB)
        // Longer than a balancer's patience.
        let monitor = try await OperatedMonitor(
            set, on: servers, intended: true, hasProbes: false, timeout: .seconds(20))
        _ = try await monitor.round()
        #expect(await target(monitor) == "db1")

        set.apply(.switchOver(to: "db2"))
        servers.follow(set, after: .switchOver(to: "db2"))
        // A balancer's answer is at most a second old; the check that shows the switchover shows it to the probes.
        try await eventually("the balancer learns of it") { try await monitor.check()["db2"]?.status == 200 }
        #expect(await target(monitor) == "db2")

        set.apply(.freeze("db2"))
        servers.follow(set, after: .freeze("db2"))
        try await eventually("the balancer learns of it") { try await monitor.check()["db2"]?.status == 503 }
        #expect(await target(monitor) == "db2", "a slow primary keeps its heartbeat")
        await monitor.end()
        servers.stop()
    }

    @Test(
        "A short scrape makes no node count as silent: one that becomes writable meanwhile has not succeeded the primary"
    )
    func hurry() async throws {
        var set = OperatedSet(replicas: 1, readOnly: true)
        let servers = try OperatedServers(set, .mariaDB)
        let monitor = try await OperatedMonitor(set, on: servers, intended: true, hasProbes: false)
        #expect(try await monitor.round().writers == ["db1"])
        await monitor.hurriedRound()
        for operation in [SetOperation.reset("db2"), .setReadOnly("db2", false)] {
            set.apply(operation)
            servers.follow(set, after: operation)
        }
        await monitor.hurriedRound()
        for _ in 0..<3 {
            #expect(try await monitor.round().writers == ["db1"])
            await monitor.hurriedRound()
        }
        await monitor.end()
        servers.stop()
    }
}
