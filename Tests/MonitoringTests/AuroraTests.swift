import FaultServer
import MariaDB
import Replication
import ReplicationTesting
import Testing
import Traffic

@testable import Collection
@testable import Topology

/// What is said of an Aurora cluster, from replies that are constructed by the vendor's texts (`Tests/Fixtures/services/aurora.txt`): no
/// real one was to be had. Whatever is missing or odd must leave the set without a primary, or the reader without a lag.
@Suite("Aurora, by its instances' rows side by side", .timeLimit(.minutes(5)))
struct AuroraTests {
    private static let names = ["shop-1": "db1", "shop-2": "db2", "shop-3": "db3"]

    private static func description(of instance: String) -> NodeDescription {
        NodeDescription(
            name: names[instance] ?? instance,
            address: .tcp(host: "\(instance).c0ffee.eu-central-1.rds.amazonaws.com", port: 3306))
    }

    private static func ask(_ recording: Recording, as description: NodeDescription) async throws
        -> ReplicationSetReport.Node
    {
        let server = try FaultServer(recording.script)
        defer { server.stop() }
        let port = server.port
        let collector = NodeCollector(
            description, timeout: .seconds(250), on: try SessionThread(name: "test"), extras: NodeExtras()
        ) {
            ConnectionOptions(
                address: .tcp(host: "127.0.0.1", port: port), user: "exporter", password: "secret", tls: .disabled)
        }
        let report = await collector.ask(deadline: .now + .seconds(250))
        await collector.close()
        return .init(description, report)
    }

    private static func nodes(_ scene: String, silent: Set<String> = []) async throws -> [ReplicationSetReport.Node] {
        var nodes: [ReplicationSetReport.Node] = []
        for instance in names.keys.sorted() {
            let description = description(of: instance)
            if silent.contains(instance) {
                let failure = NodeFailure(reason: .timeout, message: "no answer")
                nodes.append(.init(description, NodeReport(failure: failure)))
            } else {
                nodes.append(try await ask(try ServiceRecordings.aurora(scene, instance), as: description))
            }
        }
        return nodes
    }

    private static func report(_ nodes: [ReplicationSetReport.Node]) -> ReplicationSetReport {
        ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes)
    }

    private static func passes(
        _ set: SetFindings, _ name: String, _ check: NodeCheck, lag: Double = 30
    ) -> Bool {
        var gate = LagGate()
        return set.verdict(on: name, check, within: ReplicaLimits(lag: lag), gate: &gate).isPassed
    }

    @Test(
        "The writer is the one that all name, that answers, and that accepts writes by its own word",
        arguments: [
            ("healthy", "db1"), ("late", "db1"), ("failed-over", "db2"), ("old-writer-awake", nil),
            ("disagreement", nil), ("deleted", "db1"), ("cloned", "db1"), ("autoscaled", "db1"), ("odd-lag", "db1"),
            ("not-current", "db1"), ("stale", nil), ("from-the-future", nil), ("two-writers", nil), ("empty", nil),
            ("denied", nil), ("second-claim-denied", nil), ("second-claim-empty", nil), ("unlisted-witness", nil),
        ] as [(String, String?)])
    func writer(scene: String, expected: String?) async throws {
        let healthy = try await Self.nodes("healthy")
        let nodes = try await Self.nodes(scene)
        let areUp = nodes.allSatisfy(\.report.isUp)
        #expect(areUp)
        var memory = SetMemory()
        // A second round must not make it bolder.
        for _ in 1...2 {
            let set = memory.fold(Self.report(nodes))
            #expect(set.writers == (expected.map { [$0] } ?? []), "\(set.writing.writers)")
            for name in ["db1", "db2", "db3"] { #expect(Self.passes(set, name, .primary) == (name == expected)) }
            #expect(set.duplicates.isEmpty && set.cycles.isEmpty)
            // By its own word, as for members of a group.
            if expected != nil { #expect(set.node(named: "db2")?.role == (expected == "db2" ? .primary : .member)) }
        }
        // Whatever was so before.
        var before = SetMemory()
        _ = before.fold(Self.report(healthy))
        #expect(before.fold(Self.report(nodes)).writers == (expected.map { [$0] } ?? []))
    }

    @Test(
        "A reader is as late as the writer's row of it says, and as that row is old",
        arguments: [
            ("healthy", 0.0185, 0.4185), ("late", 12.5, 12.9), ("odd-lag", nil, nil), ("not-current", nil, nil),
            ("stale", nil, nil), ("old-writer-awake", nil, nil), ("denied", nil, nil),
        ] as [(String, Double?, Double?)])
    func lag(scene: String, seconds: Double?, limit: Double?) async throws {
        let set = SetFindings(Self.report(try await Self.nodes(scene)))
        let lag = set.node(named: "db2")?.member?.lag
        #expect(lag.map { abs($0.seconds - (seconds ?? .infinity)) < 1e-9 } ?? (seconds == nil))
        #expect(lag?.limiting.map { abs($0 - (limit ?? .infinity)) < 1e-9 } ?? (limit == nil))
        #expect(lag?.method == (seconds == nil ? nil : .storage))
        #expect(Self.passes(set, "db2", .replica) == (seconds != nil))
        #expect(Self.passes(set, "db2", .replica, lag: 5) == (limit ?? .infinity <= 5))
        #expect(!Self.passes(set, "db1", .replica))
    }

    @Test("While the writer is silent, nobody is the primary, and no reader's lag is known")
    func silentWriter() async throws {
        var memory = SetMemory()
        let healthy = try await Self.nodes("healthy")
        #expect(memory.fold(Self.report(healthy)).writers == ["db1"])
        let nodes = try await Self.nodes("healthy", silent: ["shop-1"])
        for _ in 1...3 {
            let set = memory.fold(Self.report(nodes))
            #expect(set.writers.isEmpty && !set.writing.writers.isKnown)
            for name in ["db1", "db2", "db3"] {
                #expect(!Self.passes(set, name, .primary) && !Self.passes(set, name, .replica))
            }
        }
        // Never seen: it is recognised by the first label of its address.
        let fresh = SetFindings(Self.report(nodes))
        #expect(fresh.clusters.first?.members == ["db1", "db2", "db3"])
        #expect(fresh.clusters.first?.unknown == [] && fresh.writers.isEmpty)
    }

    @Test("An instance that is not configured is told; rows of deleted and foreign ones are not")
    func unlisted() async throws {
        for (scene, expected) in [
            ("autoscaled", ["application-autoscaling-7b0e"]), ("deleted", []), ("cloned", []), ("healthy", []),
        ] {
            let nodes = try await Self.nodes(scene)
            #expect(SetFindings(Self.report(nodes)).clusters.first?.unknown == expected)
        }
    }

    @Test("One instance behind two names is neither")
    func twice() async throws {
        var nodes = try await Self.nodes("healthy")
        nodes.append(
            try await Self.ask(
                try ServiceRecordings.aurora("healthy", "shop-1"),
                as: NodeDescription(
                    name: "cluster",
                    address: .tcp(host: "shop.cluster-c0ffee.eu-central-1.rds.amazonaws.com", port: 3306))))
        let set = SetFindings(Self.report(nodes))
        #expect(set.writers.isEmpty)
        #expect(
            set.clusters.first?.isInComponent("db1") == false && set.clusters.first?.isInComponent("cluster") == false)
        #expect(!Self.passes(set, "db1", .member) && !Self.passes(set, "cluster", .member))
    }

    @Test("A replica by binary log of the cluster follows whichever instance is the writer")
    func replicaOfTheCluster() async throws {
        for (scene, writer) in [("healthy", "db1"), ("failed-over", "db2")] {
            var nodes = try await Self.nodes(scene)
            let uuid = try #require(nodes.first?.report.identity?.serverUUID)
            var outside = node("report", id: 77, uuid: 77, readOnly: true)
            var stream = channel(from: "report", behind: 0)
            stream.source = .init(
                host: "shop.cluster-c0ffee.eu-central-1.rds.amazonaws.com", port: 3306, serverUUID: uuid)
            outside.report.facts?.channels = [stream]
            nodes.append(outside)
            let set = SetFindings(Self.report(nodes))
            #expect(set.node(named: "report")?.channels.first?.sourceNode == writer)
            #expect(set.writers == [writer])
        }
    }

    @Test("Cluster and proxy endpoints name no instance")
    func endpoints() {
        for host in [
            "shop.cluster-c0ffee.eu-central-1.rds.amazonaws.com",
            "shop.cluster-ro-c0ffee.eu-central-1.rds.amazonaws.com",
            "shop.proxy-c0ffee.eu-central-1.rds.amazonaws.com", "shop-1.example.com", "shop-1", "10.0.0.1", "",
        ] {
            #expect(NodeDescription(name: "a", address: .tcp(host: host, port: 3306)).instanceNames.isEmpty, "\(host)")
        }
        #expect(Self.description(of: "shop-1").instanceNames == ["shop-1"])
    }
}
