import Replication
import ReplicationTesting
import Testing
import Topology

@testable import Traffic

@Suite("Load balancer checks")
struct VerdictTests {
    // db1 <- db2 <- db3, unless a test specifies otherwise.

    private static let primary = node("db1", id: 1, readOnly: false)
    private static let db2 = replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 4))
    private static let leaf = replica("db3", id: 3, from: channel(from: "db2", id: 2, behind: 3))

    @Test("In a chain, each node gets the traffic it is for")
    func chain() {
        let set = findings(Self.primary, Self.db2, Self.leaf)
        #expect(set.passes("db1") == [.primary, .readOnly, .health])
        #expect(set.passes("db2") == [.replica, .readOnly, .health])
        #expect(set.passes("db3") == [.replica, .readOnly, .health])
        #expect(set.verdict("db2", .primary).reason == "db1 is the primary")
        #expect(set.verdict("db1", .replica).reason == "db1 is the primary")
    }

    @Test("A replica's lag includes that of all nodes above it")
    func sum() {
        let set = findings(Self.primary, Self.db2, Self.leaf)
        #expect(set.verdict("db2", .replica, ReplicaLimits(lag: 6)).isPassed)
        #expect(set.verdict("db3", .replica, ReplicaLimits(lag: 7)).isPassed)
        let late = set.verdict("db3", .replica, ReplicaLimits(lag: 6))
        #expect(!late.isPassed && late.reason == "db3 is 7 s behind; the limit is 6 s")
    }

    @Test("The load is the fraction of the limits that is used up")
    func load() {
        let set = findings(Self.primary, Self.db2)
        #expect(set.verdict("db2", .replica, ReplicaLimits(lag: 16)).load == 0.25)
        #expect(set.verdict("db1", .readOnly, ReplicaLimits(lag: 16)).load == 0)
        let all = ReplicaLimits(lag: 0)
        #expect(!set.verdict("db2", .replica, all).isPassed)
        let caughtUp = findings(Self.primary, replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 0)))
        #expect(caughtUp.verdict("db2", .replica, all) == .passed("db2 is 0 s behind"))
    }

    @Test("A configured delay counts as staleness")
    func delayed() {
        var delayed = channel(from: "db1", id: 1, behind: 3600)
        delayed.configuredDelay = 3600
        let set = findings(Self.primary, replica("db2", id: 2, from: delayed))
        #expect(!set.verdict("db2", .replica, ReplicaLimits(lag: 30)).isPassed)
    }

    @Test("Bytes count only if a limit is given, and unknown bytes mean no")
    func bytes() throws {
        let read = try #require(BinlogFile("bin.000001"))
        var source = Self.primary
        source.report.facts?.binaryLog?.end = BinlogCoordinate(file: read, position: 1500)
        var behind = channel(from: "db1", id: 1, behind: 0)
        behind.readPosition = BinlogCoordinate(file: read, position: 1000)
        behind.executedPosition = behind.readPosition
        // What it lacks was written between the two rounds.
        var memory = SetMemory()
        var before = source
        before.report.facts?.binaryLog?.end = behind.readPosition
        let reading = replica("db2", id: 2, from: behind)
        _ = memory.fold(ReplicationSetReport(before.read(at: 0.1), reading.read(at: 0)))
        let set = memory.fold(ReplicationSetReport(source.read(at: 0.3), reading.read(at: 0.2)))
        #expect(set.verdict("db2", .replica, ReplicaLimits(lag: 10, bytes: 500)).isPassed)
        let over = set.verdict("db2", .replica, ReplicaLimits(lag: 10, bytes: 499))
        #expect(!over.isPassed && over.reason == "db2 is 0 s and 500 B behind; the limit is 10 s and 499 B")
        let unknown = findings(Self.primary, Self.db2)
        #expect(unknown.verdict("db2", .replica, ReplicaLimits(lag: 10)).isPassed)
        let refused = unknown.verdict("db2", .replica, ReplicaLimits(lag: 10, bytes: 1_000_000))
        #expect(!refused.isPassed && refused.reason == "db2: it is not known how many bytes it is behind")
    }

    @Test("Of several channels, the stalest counts")
    func channels() {
        var gathering = replica(
            "db3", id: 3, from: channel("a", from: "db1", id: 1, behind: 1),
            channel("b", from: "db2", id: 2, behind: 9))
        gathering.description.intendedSources = ["a": "db1", "b": "db2"]
        let set = findings(Self.primary, node("db2", id: 2, readOnly: false), gathering)
        #expect(set.passes("db1") == [.primary, .readOnly, .health])
        #expect(!set.verdict("db3", .replica, ReplicaLimits(lag: 8)).isPassed)
        #expect(set.verdict("db3", .replica, ReplicaLimits(lag: 9)).isPassed)
    }

    @Test("Two writable nodes: neither is the primary, and no replica serves what only one of them wrote")
    func splitBrain() {
        let set = findings(
            Self.primary, node("db2", id: 2, readOnly: false),
            replica("db3", id: 3, from: channel(from: "db1", id: 1, behind: 0)))
        #expect(set.passes("db1") == [.health])
        #expect(set.passes("db2") == [.health])
        #expect(set.passes("db3") == [.health])
        #expect(set.verdict("db1", .primary).reason.hasPrefix("no primary: db1 and db2 both take writes; "))
        #expect(set.verdict("db3", .replica).reason == "db1 and db2 both take writes")
    }

    @Test("A replica of an old primary that has come back gets no traffic")
    func cutOff() {
        let set = findings(
            replica("db1", id: 1), node("db2", id: 2, readOnly: false),
            replica("db3", id: 3, from: channel(from: "db1", id: 1, behind: 0)))
        #expect(set.passes("db2") == [.primary, .readOnly, .health])
        #expect(set.passes("db3") == [.health])
        #expect(set.verdict("db3", .readOnly).reason == "db3 follows db1, which is not the primary")
        #expect(set.verdict("db1", .readOnly).reason == "db1 does not replicate")
    }

    @Test(
        "What is not known counts as no",
        arguments: [
            (channel(from: "db1", id: 1, io: .connecting, behind: 0), "db2: IO thread connecting"),
            (channel(from: "db1", id: 1, applies: false, behind: 0), "db2: SQL thread stopped"),
            (channel(from: "db1", id: 1, silence: 99, behind: 0), "db2: its source is silent"),
            (channel(from: "db1", id: 1, behind: nil), "db2: the lag is not known"),
        ])
    func unknown(channel: Channel, reason: String) {
        let set = findings(Self.primary, replica("db2", id: 2, from: channel))
        #expect(set.passes("db2") == [.health])
        #expect(set.verdict("db2", .replica).reason == reason)
    }

    @Test(
        "A stopped thread, on any hop, means no however small the heartbeat lag; a lost connection does not",
        arguments: [
            (.running, true, nil), (.connecting, true, nil), (.preparing, true, nil), (.running, false, "SQL thread"),
            (.connecting, false, "SQL thread"), (.stopped, true, "IO thread"), (.stopped, false, "IO thread"),
        ] as [(Channel.IOThreadState, Bool, String?)])
    func stopped(io: Channel.IOThreadState, applies: Bool, thread: String?) {
        var set = findings(
            Self.primary,
            replica("db2", id: 2, from: channel(from: "db1", id: 1, io: io, applies: applies, behind: nil)),
            Self.leaf)
        for index in set.nodes.indices where !set.nodes[index].channels.isEmpty {
            set.nodes[index].channels[0].lag = Lag(seconds: 0, method: .heartbeat)
        }
        let serves: Set<NodeCheck> = thread == nil ? [.replica, .readOnly, .health] : [.health]
        #expect(set.passes("db2") == serves)
        #expect(set.passes("db3") == serves)
        if let thread {
            #expect(set.verdict("db2", .replica).reason == "db2: \(thread) stopped")
            #expect(set.verdict("db3", .replica).reason == "db2: \(thread) stopped")
        }
    }

    @Test("If only the exporter has lost the source, its replica keeps its traffic; below an intermediate it does not")
    func silentSource() {
        let lost = findings(silent("db1"), replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 0)))
        #expect(lost.passes("db1") == [])
        #expect(lost.passes("db2") == [.replica, .readOnly, .health])
        #expect(lost.verdict("db1", .health).reason == "db1 is not up (timeout)")
        let below = findings(
            Self.primary, silent("db2", intending: ["": "db1"]),
            replica("db3", id: 3, from: channel(from: "db2", id: 2, behind: 0)))
        #expect(below.passes("db3") == [.health])
        #expect(below.verdict("db3", .replica).reason == "db3 follows db2, which does not answer")
    }

    @Test("A ring without a writer serves nothing; with a primary, its replica does")
    func ring() {
        let one = channel(from: "db1", id: 1, behind: 0)
        let two = channel(from: "db2", id: 2, behind: 0)
        let closed = findings(replica("db1", id: 1, from: two), replica("db2", id: 2, from: one))
        #expect(closed.passes("db1") == [.health])
        #expect(closed.verdict("db2", .replica).reason == "db1 follows db2, which follows it in turn")
        let open = findings(node("db1", id: 1, readOnly: false, from: two), replica("db2", id: 2, from: one))
        #expect(open.passes("db1") == [.primary, .readOnly, .health])
        #expect(open.passes("db2") == [.replica, .readOnly, .health])
    }

    @Test("A node that does not report whether it is read-only gets no traffic")
    func untold() {
        let set = findings(node("db1", id: 1, readOnly: nil), Self.db2)
        #expect(set.passes("db1") == [.health])
        let replica = findings(
            Self.primary, node("db2", id: 2, readOnly: nil, from: channel(from: "db1", id: 1, behind: 0)))
        #expect(replica.verdict("db2", .replica).reason == "it is not known whether db2 is read-only")
        let writable = findings(
            silent("db1"), node("db2", id: 2, readOnly: false, from: channel(from: "db1", id: 1, behind: 0)))
        #expect(writable.verdict("db2", .replica).reason == "db2 is writable but not the primary")
    }

    @Test("A replica of a server outside the set does not start serving reads when the primary falls silent")
    func foreign() {
        let replicas = [
            replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 0)),
            replica("db3", id: 3, from: channel(from: "staging", id: 9, behind: 0)),
        ]
        var memory = SetMemory()
        for primary in [node("db1", id: 1, readOnly: false), silent("db1")] {
            let set = memory.fold(ReplicationSetReport(name: "shop", nodes: [primary] + replicas))
            #expect(set.passes("db3").isDisjoint(with: [.replica, .readOnly]))
        }
    }

    @Test("Only the exporter has lost one of two sources of a fan-in: a replica that hears from it keeps its reads")
    func silentPartner() {
        var both = replica(
            "db3", id: 3, from: channel("a", from: "db1", id: 1, behind: 0), channel("b", from: "db2", id: 2, behind: 0)
        )
        both.description.intendedSources = ["a": "db1", "b": "db2"]
        let one = replica("db4", id: 4, from: channel(from: "db1", id: 1, behind: 0))
        let deaf = replica("db5", id: 5, from: channel(from: "db1", id: 1, silence: 60, behind: 0))
        var memory = SetMemory()
        for primary in [node("db1", id: 1, readOnly: false), silent("db1")] {
            let set = memory.fold(
                ReplicationSetReport(
                    name: "shop", nodes: [primary, node("db2", id: 2, readOnly: false), both, one, deaf]))
            #expect(set.passes("db3").isSuperset(of: [.replica, .readOnly]))
            #expect(set.passes("db4").isSuperset(of: [.replica, .readOnly]))
            #expect(set.passes("db5").isDisjoint(with: [.replica, .readOnly]))
        }
    }

    @Test("The lag of a replica whose source is outside the set is what it reports")
    func outside() {
        let set = findings(replica("db2", id: 2, from: channel(from: "elsewhere", id: 77, behind: 5)))
        #expect(set.verdict("db2", .replica, ReplicaLimits(lag: 5)).isPassed)
        #expect(!set.verdict("db2", .replica, ReplicaLimits(lag: 4)).isPassed)
    }

    @Test("Once over the limit, a replica comes back at half of it")
    func hysteresis() {
        var gate = LagGate()
        func verdict(behind: Double) -> NodeVerdict {
            findings(Self.primary, replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: behind)))
                .verdict(on: "db2", .replica, within: ReplicaLimits(lag: 10), gate: &gate)
        }
        #expect(verdict(behind: 9).isPassed)
        #expect(verdict(behind: 11).reason == "db2 is 11 s behind; the limit is 10 s")
        #expect(verdict(behind: 9).reason == "db2 is 9 s behind; the limit is 5 s")
        #expect(verdict(behind: 5).isPassed)
        #expect(verdict(behind: 9).isPassed)
    }

    @Test("A node that was away comes back at half of the limit")
    func back() {
        var gate = LagGate()
        _ = findings(Self.primary, silent("db2")).verdict(
            on: "db2", .replica, within: ReplicaLimits(lag: 10), gate: &gate)
        let late = findings(Self.primary, replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 9)))
        #expect(!late.verdict(on: "db2", .replica, within: ReplicaLimits(lag: 10), gate: &gate).isPassed)
    }

    @Test("An unknown name is refused")
    func stranger() {
        #expect(findings(Self.primary).passes("db9") == [])
    }
}

extension SetFindings {
    fileprivate func passes(_ node: String) -> Set<NodeCheck> {
        Set(NodeCheck.allCases.filter { verdict(node, $0).isPassed })
    }

    /// At the first look.
    fileprivate func verdict(
        _ node: String, _ check: NodeCheck, _ limits: ReplicaLimits = ReplicaLimits(lag: 30)
    ) -> NodeVerdict {
        var gate = LagGate()
        return verdict(on: node, check, within: limits, gate: &gate)
    }
}
