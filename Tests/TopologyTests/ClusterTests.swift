import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// A case is written as the nodes' numbers and the states that they were recorded in; the expected values follow from the manuals'
/// definitions and from who could commit when it was recorded.
@Suite("The views of a cluster's members side by side")
struct ClusterTests {
    private static func report(_ nodes: (Int, String?)...) throws -> ReplicationSetReport {
        ReplicationSetReport(
            name: "shop", thresholds: Thresholds(),
            nodes: try nodes.map { number, state in
                try state.map { try RecordedClusters.node(number, $0) } ?? silent("db\(number)")
            })
    }

    private static func findings(_ nodes: (Int, String?)...) throws -> SetFindings {
        SetFindings(
            ReplicationSetReport(
                name: "shop", thresholds: Thresholds(),
                nodes: try nodes.map { number, state in
                    try state.map { try RecordedClusters.node(number, $0) } ?? silent("db\(number)")
                }))
    }

    // MARK: - Group Replication

    @Test("A healthy group: one component, one primary, one failure tolerated")
    func healthyGroup() throws {
        let findings = try Self.findings((1, "gr-healthy"), (2, "gr-healthy"), (3, "gr-healthy"))
        let cluster = try #require(findings.clusters.first)
        #expect(findings.clusters.count == 1 && cluster.kind == .group)
        #expect(cluster.component?.nodes == ["db1", "db2", "db3"] && cluster.component?.isConfirmed == true)
        #expect(cluster.missing.isEmpty && cluster.unknown.isEmpty && cluster.stale.isEmpty)
        #expect(cluster.arePrimariesAgreed == true && cluster.failuresTolerated == 1 && !cluster.isMultiWriter)
        #expect(findings.writers == cluster.primaries && findings.writers.count == 1)
        #expect(findings.nodes.compactMap(\.role).sorted { $0.rawValue < $1.rawValue } == [.member, .member, .primary])
    }

    @Test("A minority's primary still says that it is one, and that it is writable: the majority's is the writer")
    func minority() throws {
        let state = "gr-partition-minority-primary"
        let findings = try Self.findings((1, state), (2, state), (3, state))
        let cluster = try #require(findings.clusters.first)
        let old = try #require(findings.nodes.first { $0.report.facts?.cluster?.hasQuorum == false })
        #expect(old.isWritable && old.report.facts?.cluster?.isPrimary == true)
        #expect(cluster.missing == [old.description.name])
        #expect(findings.writers.count == 1 && !findings.writers.contains(old.description.name))
        #expect(cluster.failuresTolerated == 0)
        // Seen alone, it has no quorum: nobody takes writes there; where they are taken is not known.
        let number = try #require(Int(old.description.name.dropFirst(2)))
        let alone = try Self.findings((number, state), (7, nil), (8, nil))
        #expect(alone.clusters.first?.components.isEmpty == true && alone.writers.isEmpty)
    }

    @Test("A member that was frozen says that all are online: only the number of its view is older")
    func frozen() throws {
        let findings = try Self.findings((2, "gr-expelled-seen"), (3, "gr-after-cont"))
        let cluster = try #require(findings.clusters.first)
        let woke = try #require(findings.node(named: "db3")?.report.facts?.cluster)
        #expect(woke.isOperating && woke.view?.members.allSatisfy { $0.state == .online } == true)
        #expect(cluster.component?.nodes == ["db2"] && cluster.stale == ["db3"] && cluster.missing == ["db3"])
    }

    @Test("Without quorum no member takes writes, whatever it says of itself")
    func noQuorum() throws {
        let findings = try Self.findings((2, "gr-no-quorum-2of3-stopped"), (1, nil), (3, nil))
        #expect(findings.node(named: "db2")?.isWritable == true)
        let cluster = try #require(findings.clusters.first)
        #expect(cluster.component == nil && cluster.components.isEmpty && cluster.failuresTolerated == nil)
        #expect(findings.writers.isEmpty)
    }

    @Test(
        "A member's own state counts, not what it shows of others",
        arguments: [
            ("gr-stopped-offline", ClusterMember.State.outside), ("gr-restarted-offline", .outside),
            ("gr-never", .outside), ("gr-recovering-clone", .joining), ("gr-applier-error", .failed),
            ("gr-error-offline-mode", .failed),
        ] as [(String, ClusterMember.State)])
    func ownState(state: String, expected: ClusterMember.State) throws {
        let nodes = try RecordedClusters.nodes(state)
        let members = nodes.compactMap(\.report.facts?.cluster)
        #expect(members.contains { $0.state == expected && !$0.isOperating && !$0.isReady }, "\(members.map(\.state))")
        let findings = SetFindings(ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes))
        for node in findings.nodes where node.report.facts?.cluster?.state == expected {
            #expect(!findings.writers.contains(node.description.name))
            #expect(findings.clusters.first?.missing.contains(node.description.name) == true)
        }
    }

    @Test("Several primaries are the writers side by side")
    func multiPrimary() throws {
        let state = "gr-multi-primary"
        let findings = try Self.findings((1, state), (2, state), (3, state))
        #expect(findings.writers.sorted() == ["db1", "db2", "db3"])
        #expect(findings.clusters.first?.isMultiWriter == true)
        #expect(findings.writing.conflicts.isEmpty)
    }

    // MARK: - Galera

    @Test("A healthy Galera cluster: the first of its nodes is the writer, and no node is another's rival")
    func healthyGalera() throws {
        let state = "galera-healthy"
        let findings = try Self.findings((1, state), (2, state), (3, state))
        let cluster = try #require(findings.clusters.first)
        #expect(cluster.kind == .galera && cluster.name == "lab")
        #expect(cluster.component?.nodes == ["db1", "db2", "db3"] && cluster.component?.isConfirmed == true)
        #expect(cluster.failuresTolerated == 1 && cluster.unknown.isEmpty && cluster.isMultiWriter)
        #expect(findings.writers == ["db1"] && findings.rivals.isEmpty && findings.duplicates.isEmpty)
    }

    @Test("A node that was frozen shows Primary, Synced and ready: its view is older than its peers'")
    func frozenGalera() throws {
        let after = "galera-node3-stopped-after-expel"
        let findings = try Self.findings((3, "galera-after-cont"), (1, after), (2, after))
        let cluster = try #require(findings.clusters.first)
        #expect(findings.node(named: "db3")?.report.facts?.cluster?.isOperating == true)
        #expect(cluster.stale == ["db3"] && cluster.component?.nodes == ["db1", "db2"])
        #expect(findings.writers == ["db1"])
    }

    @Test("The halves of a split agree in number, state and GTID; only their members differ: nobody is the writer")
    func split() throws {
        let state = "galera-split-brain"
        let findings = try Self.findings((1, state), (2, state), (3, state))
        let cluster = try #require(findings.clusters.first)
        let views = findings.nodes.compactMap { $0.report.facts?.cluster?.view }
        #expect(Set(views.map(\.number)).count == 1)
        #expect(cluster.isSplit && cluster.components.count == 2 && cluster.component == nil)
        #expect(findings.writers.isEmpty && !findings.writing.writers.isKnown)
    }

    @Test("Outside the primary component, inconsistent, or rejecting queries: no writer")
    func outside() throws {
        for (number, state, expected) in [
            (1, "galera-non-primary-isolated", ClusterMember.State.outside),
            (1, "galera-last-survivor-non-primary", .outside), (3, "galera-inconsistent-evicted", .failed),
        ] {
            let alone = try Self.findings((number, state))
            let member = try #require(alone.nodes[0].report.facts?.cluster, "\(state)")
            guard member.state == expected else {
                // Recorded on both sides: this one is in the component.
                #expect(member.isOperating, "\(state) \(member.state)")
                continue
            }
            #expect(member.view == nil && !member.isReady && alone.writers.isEmpty, "\(state)")
        }
        let rejecting = try Self.findings((3, "galera-reject-queries"))
        let member = try #require(rejecting.nodes[0].report.facts?.cluster)
        #expect(member.isOperating && !member.isReady && rejecting.writers.isEmpty)
    }

    @Test(
        "A donor, and a node that is desynchronised, are in the component, and are not the writer while another is synced"
    )
    func donors() throws {
        let donor = try RecordedClusters.node(3, "galera-lag-ftwrl").report.facts?.cluster
        #expect(donor?.state == .donor && donor?.isOperating == true)
        #expect(donor?.applyQueue ?? 0 > 0)
        let desynced = try RecordedClusters.node(3, "galera-desynced").report.facts?.cluster
        #expect(desynced?.state == .desynced && desynced?.isOperating == true)
        let findings = try Self.findings((3, "galera-lag-ftwrl"), (1, "galera-lag-ftwrl"))
        #expect(findings.writers == ["db1"])
    }

    @Test("Only the culprit asks for a pause; flow control is counted on all")
    func flowControl() throws {
        let members = try [1, 3].map { try RecordedClusters.node($0, "galera-flow-control").report.facts?.cluster }
        #expect(members.map { $0?.requestsPause } == [false, true])
        #expect(members.allSatisfy { $0?.pausedSeconds ?? 0 > 0 })
    }

    @Test("A MariaDB server that is no Galera node belongs to no cluster")
    func standalone() throws {
        let findings = try Self.findings((4, "galera-standalone-no-wsrep"))
        #expect(findings.clusters.isEmpty && findings.nodes[0].report.facts?.cluster == nil)
        #expect(findings.nodes[0].role == .standalone)
    }

    // MARK: - Over time

    @Test("A Galera node that comes back is the writer again after half a minute, not at once")
    func settling() throws {
        var memory = SetMemory()
        let (start, clock) = (ContinuousClock.now, "galera-healthy")
        func fold(_ seconds: Int, _ nodes: [(Int, String?)]) throws -> [String] {
            let told = start + .seconds(seconds)
            let report = ReplicationSetReport(
                name: "shop", thresholds: Thresholds(),
                nodes: try nodes.map { number, state in
                    guard let state else { return silent("db\(number)") }
                    var node = try RecordedClusters.node(number, state)
                    node.report.facts?.identityRead = Reading(asked: told, told: told)
                    return node
                })
            return memory.fold(report).writers
        }
        let all = [(1, clock), (2, clock), (3, clock)] as [(Int, String?)]
        #expect(try fold(0, all) == ["db1"])
        // Silent for the exporter alone: the others still list it.
        #expect(try fold(1, [(1, nil), (2, clock), (3, clock)]) == ["db2"])
        #expect(try fold(2, all) == ["db1"])
        let without = "galera-node3-stopped-after-expel"
        #expect(try fold(10, [(3, nil), (1, without), (2, without)]) == ["db1"])
        // db3 has been out of the view, and comes first in the order.
        let back = [(3, clock), (1, clock), (2, clock)] as [(Int, String?)]
        #expect(try fold(20, back) == ["db1"])
        #expect(try fold(49, back) == ["db1"])
        #expect(try fold(50, back) == ["db3"])
    }

    @Test("A writable server beside the cluster that belongs to it no more makes the writer unknown")
    func beside() throws {
        let state = "gr-healthy"
        var report = try Self.report((1, state), (2, state), (3, state))
        report.nodes.append(node("db9", id: 99, uuid: 99, readOnly: false))
        #expect(SetFindings(report).writers.isEmpty)
        report.nodes[3] = node("db9", id: 99, uuid: 99, readOnly: true)
        #expect(SetFindings(report).writers.count == 1)
    }
}
