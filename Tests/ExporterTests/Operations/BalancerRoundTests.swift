import Operations
import Monitoring
import Replication
import Testing
import Topology

@Suite("A balancer's round", .timeLimit(.minutes(1)))
struct BalancerRoundTests {
    /// Whom a probe would write to.
    private func target(_ monitor: OperatedMonitor) async -> String? {
        guard case .node(let node) = WriteTarget(await monitor.view, at: .now) else { return nil }
        return node.name
    }

    @Test("tells the probes of a switchover at once; of a primary that is silent to its hurry alone it tells nothing")
    func switchover() async throws {
        var set = OperatedSet(replicas: 2, readOnly: true)
        let servers = try OperatedServers(set, .mariaDB)
        // Longer than a balancer's patience.
        let monitor = try await OperatedMonitor(
            set, on: servers, intended: true, hasProbes: false, timeout: .seconds(20))
        _ = try await monitor.round()
        #expect(await target(monitor) == "db1")

        // What a balancer is told is a second old at most.
        try await Task.sleep(for: .milliseconds(1100))
        set.apply(.switchOver(to: "db2"))
        servers.follow(set, after: .switchOver(to: "db2"))
        #expect(try await monitor.check()["db2"]?.status == 200)
        #expect(await target(monitor) == "db2")

        try await Task.sleep(for: .milliseconds(1100))
        set.apply(.freeze("db2"))
        servers.follow(set, after: .freeze("db2"))
        #expect(try await monitor.check()["db2"]?.status == 503)
        #expect(await target(monitor) == "db2", "a slow primary keeps its heartbeat")
        await monitor.end()
        servers.stop()
    }

    @Test(
        "A scrape in a hurry makes nobody silent: a node that is made writable meanwhile has not succeeded the primary")
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
