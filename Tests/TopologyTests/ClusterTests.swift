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
        if expected == .outside {
            // Seen alone, it belongs to no group that is at work: a server like any other.
            #expect(findings.clusters.isEmpty)
            return
        }
        for node in findings.nodes where node.report.facts?.cluster?.state == expected {
            #expect(!findings.writers.contains(node.description.name))
            #expect(findings.clusters.first?.missing.contains(node.description.name) == true)
        }
    }

    @Test("Beside members of its group that are at work, one that is OFFLINE is out, though it is writable")
    func offline() throws {
        let findings = SetFindings(
            report([
                try RecordedClusters.node(2, "gr-expelled-seen"), try RecordedClusters.node(1, "gr-restarted-offline"),
            ]))
        let out = try #require(findings.nodes.last)
        #expect(out.isWritable && findings.clusters.first?.missing.contains(out.description.name) == true)
        #expect(!findings.writers.contains(out.description.name))
        #expect(out.troubles.map(\.kind) == [.memberOutside])
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

    // MARK: - Where views mislead

    /// Members of a group at a time, whose states are those that were recorded, with another view.
    private static func member(
        _ number: Int, _ state: String = "gr-healthy", view number2: UInt64, of history: String = "17",
        among ids: [Int] = [1, 2, 3]
    ) throws -> ReplicationSetReport.Node {
        var node = try RecordedClusters.node(number, state)
        let uuids = try ids.map { try #require(try RecordedClusters.node($0, "gr-healthy").identity?.serverUUID) }
        let (primary, _) = try roles()
        let primaryID = try RecordedClusters.node(primary, "gr-healthy").identity?.serverUUID
        node.report.facts?.cluster?.view = ClusterView(
            id: "\(history):\(number2) \(ids)", history: history, number: number2, size: ids.count,
            members: uuids.map { .init(id: $0, address: $0, state: .online, isPrimary: $0 == primaryID) })
        return node
    }

    /// The number of the healthy group's primary, and the others'.
    private static func roles() throws -> (primary: Int, others: [Int]) {
        let primary = try #require(
            try [1, 2, 3].first { try RecordedClusters.node($0, "gr-healthy").report.facts?.cluster?.isPrimary == true }
        )
        return (primary, [1, 2, 3].filter { $0 != primary })
    }

    private func report(_ nodes: [ReplicationSetReport.Node]) -> ReplicationSetReport {
        ReplicationSetReport(name: "shop", thresholds: Thresholds(), nodes: nodes)
    }

    @Test("A member whose peers were seen with a newer view is stale, though they do not answer now")
    func rememberedView() throws {
        let (primary, others) = try Self.roles()
        var memory = SetMemory()
        _ = memory.fold(
            report([silent("db\(primary)")] + (try others.map { try Self.member($0, view: 10, among: others) })))
        let woke = memory.fold(
            report([try Self.member(primary, view: 9)] + others.map { silent("db\($0)") }))
        #expect(woke.clusters.first?.stale == ["db\(primary)"] && woke.writers.isEmpty)
        #expect(!woke.writing.writers.isKnown)
    }

    @Test("The word of few counts only while they go on showing what most have shown, without having been silent")
    func fewWords() throws {
        let (primary, others) = try Self.roles()
        let all = [primary] + others
        let name = "db\(primary)"
        let whole = report(try all.map { try Self.member($0, view: 9) })
        let alone = report([try Self.member(primary, view: 9)] + others.map { silent("db\($0)") })
        let nobody = report(all.map { silent("db\($0)") })
        var memory = SetMemory()
        #expect(memory.fold(alone).writers.isEmpty, "an exporter that has just started")
        #expect(memory.fold(whole).writers == [name])
        #expect(memory.fold(alone).writers == [name])
        #expect(memory.fold(nobody).writers.isEmpty)
        #expect(memory.fold(alone).writers.isEmpty, "it may have been frozen")
    }

    @Test("Numbers of two lives of a cluster are not compared")
    func histories() throws {
        let (primary, others) = try Self.roles()
        let findings = SetFindings(
            report(
                [try Self.member(primary, view: 21, of: "17")]
                    + (try others.map { try Self.member($0, view: 5, of: "18", among: others) })))
        #expect(findings.clusters.first?.isSplit == true && findings.writers.isEmpty)
    }

    @Test("A member that does not say now what it is in its cluster is silent, no rival and no writer")
    func withoutFact() throws {
        let (primary, others) = try Self.roles()
        var memory = SetMemory()
        _ = memory.fold(report(try ([primary] + others).map { try Self.member($0, view: 9) }))
        var late = try Self.member(primary, view: 9)
        late.report.facts?.cluster = nil
        let findings = memory.fold(report([late] + (try others.map { try Self.member($0, view: 9) })))
        #expect(findings.clusters.first?.silent == ["db\(primary)"])
        #expect(findings.writers.isEmpty && findings.writing.standings["db\(primary)"]?.obstacles.isEmpty == true)
        #expect(memory.fold(report(try ([primary] + others).map { try Self.member($0, view: 9) })).writers.count == 1)
    }

    @Test("A group that was set up and never started is none")
    func neverStarted() throws {
        let findings = SetFindings(report([try RecordedClusters.node(1, "gr-never")]))
        #expect(findings.clusters.isEmpty && findings.writers == ["db1"])
    }

    @Test(
        "A group that replicates from a writable server is not the writer; nor is it known which is while that one is silent"
    )
    func inbound() throws {
        let (primary, others) = try Self.roles()
        let source = node("db9", id: 99, uuid: 99, readOnly: false)
        var member = try Self.member(primary, view: 9)
        member.report.facts?.channels = [channel("in", from: "db9", id: 99, uuid: 99)]
        let rest = try others.map { try Self.member($0, view: 9) }
        var memory = SetMemory()
        #expect(memory.fold(report([source, member] + rest)).writers == ["db9"])
        let silentSource = memory.fold(report([silent("db9"), member] + rest))
        #expect(silentSource.writers.isEmpty && !silentSource.writing.writers.isKnown)
    }

    @Test("What a group writes itself is not errant on the member that also replicates from elsewhere")
    func ownWrites() throws {
        var scene = ClusterScene(.group)
        let foreign = "63636363-0000-0000-0000-000000000099:1-5"
        func round(_ seconds: Double, excess: String = "") throws -> UInt64? {
            var source = node("db9", id: 99, uuid: 99, readOnly: false)
            var member = try scene.member(1, committed: 100, at: seconds)
            member.report.facts?.channels = [channel("in", from: "db9", id: 99, uuid: 99)]
            member.report.facts?.transactions = .set(
                executed: try GTIDSet(
                    parsing: "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:1-100,\(foreign)\(excess)"), server: nil)
            member.report.facts?.clusterSettings?.cluster = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
            let later = scene.instant(seconds + 1)
            source.report.facts?.transactionsRead = Reading(asked: later, told: later)
            source.report.facts?.transactions = .set(executed: try GTIDSet(parsing: foreign), server: nil)
            let findings = scene.fold(
                source, member, try scene.member(2, committed: 100, at: seconds),
                try scene.member(3, committed: 100, at: seconds))
            return findings.node(named: "db1")?.channels.first?.errant
        }
        #expect(try round(0) == 0)
        // What bears another name is.
        #expect(try round(5, excess: ",63636363-0000-0000-0000-000000000001:1-2") ?? 0 > 0)
    }

    @Test("One half of a split does not become the cluster because the other falls silent, nor after a start")
    func silentHalf() throws {
        var nodes = try RecordedClusters.nodes("galera-split-brain")
        var memory = SetMemory()
        #expect(memory.fold(report(nodes)).clusters.first?.isSplit == true)
        let alone = try #require(nodes.indices.first { nodes[$0].report.facts?.cluster?.view?.size == 1 })
        for index in nodes.indices where index != alone { nodes[index] = silent(nodes[index].description.name) }
        for _ in 0..<3 {
            let findings = memory.fold(report(nodes))
            let cluster = try #require(findings.clusters.first)
            #expect(cluster.component == nil && cluster.otherParts.count == 2 && !cluster.isBelieved)
            #expect(findings.writers.isEmpty && findings.troubles.contains { $0.kind == .clusterSplit })
        }
        let started = SetFindings(report(nodes))
        #expect(started.clusters.first?.component?.isConfirmed == false && started.writers.isEmpty)
    }

    @Test(
        "A node that lost its quorum, and then is a component of its own, is not believed while those it was with are silent"
    )
    func seceded() throws {
        var nodes = try RecordedClusters.nodes("galera-healthy")
        var memory = SetMemory()
        #expect(memory.fold(report(nodes)).writers == ["db1"])
        let whole = try #require(nodes[0].report.facts?.cluster?.view)
        let others = (nodes[1], nodes[2])
        (nodes[1], nodes[2]) = (silent("db2"), silent("db3"))
        // Cut off.
        nodes[0].report.facts?.cluster?.state = .outside
        nodes[0].report.facts?.cluster?.hasQuorum = false
        nodes[0].report.facts?.cluster?.view = nil
        #expect(memory.fold(report(nodes)).writers.isEmpty)
        // Bootstrapped.
        var alone = whole
        alone.id = "alone"
        alone.number = (whole.number ?? 0) + 1
        alone.size = 1
        alone.members = whole.members.filter { $0.id == nodes[0].report.facts?.cluster?.id }
        nodes[0].report.facts?.cluster?.state = .online
        nodes[0].report.facts?.cluster?.hasQuorum = true
        nodes[0].report.facts?.cluster?.view = alone
        for _ in 0..<3 {
            let findings = memory.fold(report(nodes))
            #expect(findings.writers.isEmpty && !findings.writing.writers.isKnown)
            #expect(findings.clusters.first?.isBelieved == false)
            guard case .unknown(let reason) = findings.writing.writers else { continue }
            #expect(reason.hasPrefix("db1 lost the quorum and then became a component of its own; db2 and db3 may be"))
        }
        // Taken out of the configuration.
        var without = memory
        #expect(without.fold(report([nodes[0]])).writers == ["db1"])
        // One answers, and has left; the other still is what it was.
        nodes[1] = others.0
        nodes[1].report.facts?.cluster?.state = .outside
        nodes[1].report.facts?.cluster?.view = nil
        #expect(memory.fold(report(nodes)).writers.isEmpty)
        // Both answer, each without a quorum, and reach each other in the next moment.
        nodes[1] = others.0
        nodes[2] = others.1
        for index in 1...2 {
            nodes[index].report.facts?.cluster?.state = .outside
            nodes[index].report.facts?.cluster?.hasQuorum = false
            nodes[index].report.facts?.cluster?.view = nil
        }
        #expect(memory.fold(report(nodes)).writers.isEmpty)
        // An exporter that has just started cannot know which of them were the cluster.
        let fresh = SetFindings(report(nodes))
        #expect(fresh.writers.isEmpty && !fresh.writing.writers.isKnown && fresh.clusters.first?.isBelieved == false)
        // They join it: what it is now is the cluster.
        var joined = memory
        for index in 1...2 {
            nodes[index].report.facts?.cluster?.state = .joining
            nodes[index].report.facts?.cluster?.hasQuorum = true
        }
        #expect(joined.fold(report(nodes)).writers == ["db1"])
    }

    @Test("A server that is set up for no cluster, and refuses to tell its state in one, hides no writer")
    func noMember() {
        var replica = node("db2", id: 2, uuid: 2)
        replica.report.facts?.channels = [channel("", from: "db1", id: 1, uuid: 1)]
        replica.report.facts?.missing[.cluster] = .permission
        let nodes = [node("db1", id: 1, uuid: 1, readOnly: false), replica]
        #expect(SetFindings(report(nodes)).writers == ["db1"])
        // Whether it is set up for one is not known: then it may be a member.
        var doubtful = nodes
        doubtful[1].report.facts?.missing[.clusterSettings] = .timeout
        #expect(SetFindings(report(doubtful)).writers.isEmpty)
    }

    @Test("A member that has lost its quorum may go on by itself; one that was stopped, or joins, does not")
    func lostQuorum() {
        func member(_ kind: ClusterMember.Kind, _ state: ClusterMember.State, quorum: Bool = false) -> Bool {
            var member = ClusterMember(kind: kind, cluster: "c", id: "1", state: state)
            member.hasQuorum = quorum
            return member.hasLostQuorum
        }
        #expect(
            member(.galera, .outside) && !member(.galera, .joining, quorum: true)
                && !member(.galera, .online, quorum: true))
        #expect(member(.group, .online) && member(.group, .joining))
        #expect(!member(.group, .outside) && !member(.group, .failed) && !member(.group, .online, quorum: true))
    }

    @Test("A cluster that shrinks member by member is believed, though those that left are silent")
    func shrinking() throws {
        var nodes = try RecordedClusters.nodes("galera-healthy")
        var memory = SetMemory()
        #expect(memory.fold(report(nodes)).writers == ["db1"])
        let own = try #require(nodes[0].report.facts?.cluster?.id)
        let whole = try #require(nodes[0].report.facts?.cluster?.view)
        nodes[0].report.facts?.cluster?.view?.id = "alone"
        nodes[0].report.facts?.cluster?.view?.number = (whole.number ?? 0) + 2
        nodes[0].report.facts?.cluster?.view?.size = 1
        nodes[0].report.facts?.cluster?.view?.members = whole.members.filter { $0.id == own }
        (nodes[1], nodes[2]) = (silent("db2"), silent("db3"))
        #expect(memory.fold(report(nodes)).writers == ["db1"])
    }

    @Test("Views of one number that share members are one, though size and addresses are those of different moments")
    func inTheMiddle() throws {
        var nodes = try RecordedClusters.nodes("galera-healthy")
        nodes[1].report.facts?.cluster?.view?.members.removeLast()
        nodes[1].report.facts?.cluster?.view?.id += " in the middle"
        nodes[2].report.facts?.cluster?.view?.size = 2
        nodes[2].report.facts?.cluster?.view?.id += " in the middle, too"
        var memory = SetMemory()
        let findings = memory.fold(report(nodes))
        let cluster = try #require(findings.clusters.first)
        #expect(!cluster.isSplit && cluster.component?.nodes == ["db1", "db2", "db3"] && cluster.stale.isEmpty)
        #expect(cluster.component?.view.size == 3 && findings.writers == ["db1"])
    }

    @Test("The source of a cluster keeps the writes while the member that replicates from it is silent")
    func silentReceiver() throws {
        var scene = ClusterScene(.group)
        let (primary, others) = try Self.roles()
        func round(_ seconds: Double, receiver isAnswering: Bool) throws -> [String] {
            var receiver = try scene.member(primary, committed: 100, at: seconds)
            receiver.report.facts?.channels = [channel("in", from: "db9", id: 99, uuid: 99)]
            return scene.fold(
                node("db9", id: 99, uuid: 99, readOnly: false),
                isAnswering ? receiver : silent("db\(primary)"),
                try scene.member(others[0], committed: 100, at: seconds),
                try scene.member(others[1], committed: 100, at: seconds)
            ).writers
        }
        #expect(try round(0, receiver: true) == ["db9"])
        #expect(try round(1, receiver: false) == ["db9"])
        #expect(try round(2, receiver: true) == ["db9"])
    }

    @Test("A member does not take the writes of its source by that becoming read-only, while the channel runs")
    func readOnlySource() throws {
        var scene = ClusterScene(.group)
        let (primary, others) = try Self.roles()
        func round(_ seconds: Double, readOnly: Bool, isStopped: Bool = false) throws -> [String] {
            var receiver = try scene.member(primary, committed: 100, at: seconds)
            receiver.report.facts?.channels = [
                channel("in", from: "db9", id: 99, uuid: 99, io: isStopped ? .stopped : .running, applies: !isStopped)
            ]
            let others = try others.map { try scene.member($0, committed: 100, at: seconds) }
            return scene.fold(
                node("db9", id: 99, uuid: 99, readOnly: readOnly), receiver, others[0], others[1]
            ).writers
        }
        #expect(try round(0, readOnly: false) == ["db9"])
        #expect(try round(1, readOnly: true).isEmpty)
        #expect(try round(2, readOnly: true, isStopped: true) == ["db\(primary)"])
    }

    @Test("A silent source of a cluster keeps its office while a member has a channel from it, stopped or not")
    func silentSource() throws {
        let (primary, others) = try Self.roles()
        for hasChannel in [true, false] {
            var scene = ClusterScene(.group)
            func round(_ seconds: Double, _ source: ReplicationSetReport.Node, _ channels: [Channel]) throws -> [String]
            {
                var receiver = try scene.member(others[0], committed: 100, at: seconds)
                receiver.report.facts?.channels = channels
                return scene.fold(
                    source, receiver, try scene.member(primary, committed: 100, at: seconds),
                    try scene.member(others[1], committed: 100, at: seconds)
                ).writers
            }
            let solo = node("db9", id: 99, uuid: 99, readOnly: false)
            let stopped = channel("in", from: "db9", id: 99, uuid: 99, io: .stopped, applies: false)
            var before = SetMemory()
            before.incumbents = ["db9"]
            scene.memory = before
            #expect(try round(0, solo, [stopped]) == ["db9"])
            let now = try round(1, silent("db9"), hasChannel ? [stopped] : [])
            #expect(now.isEmpty == hasChannel)
        }
    }

    @Test("A writable server that is seen for the first time unseats no member in office, and is a rival")
    func stranger() throws {
        var scene = ClusterScene(.galera)
        let first = try scene.round(at: 0, 1, 1, 1)
        #expect(first.writers == ["db1"])
        let nodes = try (1...3).map { try scene.member($0, committed: 1, at: 1) }
        let beside = scene.fold(nodes[0], nodes[1], nodes[2], node("db9", id: 99, uuid: 99, readOnly: false))
        #expect(beside.writers == ["db1"] && Set(beside.rivals) == ["db1", "db9"])
        #expect(beside.troubles.contains { $0.kind == .severalWriters })
    }

    @Test("Members whose states are not told yet in an exporter's first round are nobody's rivals")
    func untold() throws {
        var scene = ClusterScene(.galera)
        var nodes = try (1...3).map { try scene.member($0, committed: 1, at: 0) }
        for index in nodes.indices {
            nodes[index].report.facts?.cluster = nil
            // It was asked because the settings name a cluster.
            #expect(nodes[index].report.facts?.clusterSettings != nil)
            nodes[index].report.facts?.missing[.cluster] = .timeout
        }
        let first = scene.fold(nodes[0], nodes[1], nodes[2])
        #expect(first.writers.isEmpty && first.rivals.isEmpty)
        #expect(try scene.round(at: 1, 1, 1, 1).writers == ["db1"])
    }

    @Test("A round in which nobody is known to take the writes ends no office")
    func roundOfDoubt() throws {
        var scene = ClusterScene(.group)
        let (primary, others) = try Self.roles()
        func round(_ seconds: Double, isNamed: Bool = true, isStopped: Bool = false) throws -> [String] {
            var receiver = try scene.member(primary, committed: 100, at: seconds)
            receiver.report.facts?.channels = [
                channel("in", from: "db9", id: 99, uuid: 99, io: isStopped ? .stopped : .running, applies: !isStopped)
            ]
            var members = try others.map { try scene.member($0, committed: 100, at: seconds) }
            if !isNamed {
                // Neither its settings nor the group's name: it is a writable server of its own in this round.
                members[0].report.facts?.cluster = nil
                members[0].report.facts?.clusterSettings = nil
                members[0].report.facts?.isReadOnly = false
            }
            return scene.fold(
                node("db9", id: 99, uuid: 99, readOnly: false), receiver, members[0], members[1]
            ).writers
        }
        #expect(try round(0) == ["db9"])
        #expect(try round(1, isNamed: false).isEmpty)
        #expect(try round(2, isStopped: true) == ["db9"])
    }

    @Test("The source of a group keeps the writes when another member is the primary, and the channel is stopped")
    func stoppedReceiver() throws {
        let (primary, others) = try Self.roles()
        func writers(isStopped: Bool, before: Bool) throws -> [String] {
            var scene = ClusterScene(.group)
            func round(_ seconds: Double, primaryIsMoved: Bool) throws -> [String] {
                let nodes = try [primary, others[0], others[1]].map { number in
                    var member = try scene.member(number, committed: 100, at: seconds)
                    guard number == primary || primaryIsMoved else { return member }
                    let now = primaryIsMoved ? others[0] : primary
                    if number == primary {
                        member.report.facts?.channels = [
                            channel(
                                from: "db9", id: 99, uuid: 99, io: primaryIsMoved && isStopped ? .stopped : .running,
                                applies: !(primaryIsMoved && isStopped))
                        ]
                    }
                    let id = try #require(RecordedClusters.node(now, "gr-healthy").report.facts?.cluster?.id)
                    member.report.facts?.cluster?.isPrimary = number == now
                    member.report.facts?.isReadOnly = number != now
                    for index in member.report.facts?.cluster?.view?.members.indices ?? 0..<0 {
                        let isNow = member.report.facts?.cluster?.view?.members[index].id == id
                        member.report.facts?.cluster?.view?.members[index].isPrimary = isNow
                    }
                    return member
                }
                return scene.fold(
                    node("db9", id: 99, uuid: 99, readOnly: false), nodes[0], nodes[1], nodes[2]
                ).writers
            }
            if before { #expect(try round(0, primaryIsMoved: false) == ["db9"]) }
            return try round(1, primaryIsMoved: true)
        }
        #expect(try writers(isStopped: true, before: true) == ["db9"])
        // Not known to have been the source of the group's writes.
        #expect(try writers(isStopped: true, before: false).isEmpty)
    }

    @Test("The writer of a Galera cluster that becomes a donor stays it while no other node has settled")
    func donatingWriter() throws {
        var scene = ClusterScene(.galera)
        _ = scene.fold(
            silent("db1"), try scene.member(2, committed: 1, at: 0), try scene.member(3, committed: 1, at: 0))
        func round(_ seconds: Double) throws -> [String] {
            var donor = try scene.member(2, committed: 1, at: seconds)
            donor.report.facts?.cluster?.state = .donor
            return scene.fold(try scene.member(1, committed: 1, at: seconds), donor, silent("db3")).writers
        }
        #expect(try round(1) == ["db2"] && round(2) == ["db2"])
        // By then it has been in the component for half a minute.
        #expect(try round(40) == ["db1"])
    }

    @Test("A server under two names is one member")
    func twoNames() throws {
        var scene = ClusterScene(.galera)
        var twin = try scene.member(1, committed: 1, at: 0)
        twin.description.name = "db1b"
        let findings = scene.fold(try scene.member(1, committed: 1, at: 0), twin)
        let component = try #require(findings.clusters.first?.component)
        #expect(component.voices == 1 && !component.isConfirmed && findings.writers.isEmpty)
        let all = scene.fold(
            try scene.member(1, committed: 1, at: 1), twin, try scene.member(2, committed: 1, at: 1),
            try scene.member(3, committed: 1, at: 1))
        #expect(all.clusters.first?.isSplit == false && all.writers == ["db1"])
    }

    @Test("A member whose settings were not read, as behind a statement that hangs, is silent and no rival")
    func unreadSettings() throws {
        var scene = ClusterScene(.galera)
        _ = try scene.round(at: 0, 1, 1, 1)
        var donor = try scene.member(1, committed: 1, at: 1)
        donor.report.facts?.clusterSettings = nil
        donor.report.facts?.cluster = nil
        donor.report.facts?.missing[.clusterSettings] = .timeout
        for _ in 0..<2 {
            let findings = scene.fold(
                donor, try scene.member(2, committed: 1, at: 1), try scene.member(3, committed: 1, at: 1))
            #expect(findings.clusters.first?.silent == ["db1"] && findings.writers == ["db2"])
        }
    }

    @Test("A node that has never told is recognised by the address at which the others see it")
    func neverTold() throws {
        let (primary, others) = try Self.roles()
        var member = try Self.member(primary, view: 9)
        let away = try #require(try RecordedClusters.node(others[0], "gr-healthy").identity?.serverUUID)
        let members = member.report.facts?.cluster?.view?.members.map { other in
            var other = other
            if other.id == away { other.address = "far.example.com:3306" }
            return other
        }
        member.report.facts?.cluster?.view?.members = members ?? []
        var unseen = silent("db9")
        unseen.description.address = .tcp(host: "far.example.com", port: 3306)
        let cluster = try #require(
            SetFindings(report([unseen, member, try Self.member(others[1], view: 9)])).clusters.first)
        #expect(cluster.members == ["db9", "db\(primary)", "db\(others[1])"] && cluster.unknown.isEmpty)
        #expect(cluster.silent == ["db9"] && cluster.missing == ["db9"])
    }

    @Test("A Galera node that only feeds another is the writer if there is no other")
    func loneDonor() throws {
        let state = "galera-donor-during-sst"
        let nodes = try RecordedClusters.nodes(state)
        let findings = SetFindings(report(nodes))
        let states = nodes.compactMap { $0.report.facts?.cluster?.state }
        #expect(states.contains(.donor))
        #expect(findings.writers.count == 1)
        let donor = try #require(nodes.first { $0.report.facts?.cluster?.state == .donor })
        var alone = donor
        alone.report.facts?.cluster?.view?.size = 1
        #expect(SetFindings(report([alone])).writers == [donor.description.name])
    }

    @Test("Views that list no members are compared with none; more nodes than members are parts")
    func unlisted() throws {
        func node(_ number: Int, view: UInt64) throws -> ReplicationSetReport.Node {
            var node = try RecordedClusters.node(number, "galera-healthy")
            node.report.facts?.cluster?.view = ClusterView(
                id: "u \(view) 2", history: "u", number: view, size: 2, members: [])
            return node
        }
        let parts = SetFindings(report([try node(1, view: 7), try node(2, view: 8), try node(3, view: 8)]))
        #expect(parts.clusters.first?.isSplit == true && parts.writers.isEmpty)
        let same = SetFindings(report([try node(1, view: 8), try node(2, view: 8), try node(3, view: 8)]))
        #expect(same.clusters.first?.isSplit == true && same.writers.isEmpty)
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

    @Test("An exporter that has just started knows from the one before it which Galera node was the writer")
    func recordedWriter() throws {
        var scene = ClusterScene(.galera)
        var before = SetMemory()
        before.incumbents = ["db2"]
        scene.memory = before
        #expect(try scene.round(at: 0, 1, 1, 1).writers == ["db2"])
        #expect(try scene.round(at: 29, 1, 1, 1).writers == ["db2"])
        #expect(try scene.round(at: 31, 1, 1, 1).writers == ["db1"])
        scene = ClusterScene(.galera)
        before.incumbents = ["db9"]
        scene.memory = before
        #expect(try scene.round(at: 0, 1, 1, 1).writers == ["db1"])
    }

    @Test("A writable server beside the cluster that belongs to it no more makes the writer unknown")
    func beside() throws {
        let state = "gr-healthy"
        var report = try Self.report((1, state), (2, state), (3, state))
        report.nodes.append(node("db9", id: 99, uuid: 99, readOnly: false))
        let beside = SetFindings(report)
        #expect(beside.writers.isEmpty && beside.rivals.count == 2 && beside.rivals.contains("db9"))
        #expect(beside.troubles.contains { $0.kind == .severalWriters })
        report.nodes[3] = node("db9", id: 99, uuid: 99, readOnly: true)
        let alone = SetFindings(report)
        #expect(alone.writers.count == 1 && alone.rivals.isEmpty)
    }
}
