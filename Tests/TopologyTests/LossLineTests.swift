import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// MariaDB servers with logs of their own, whose channels use GTIDs.
@Suite("What is known to be lost, when servers change their places")
struct LossLineTests {
    private struct World {
        private(set) var memory = SetMemory()
        private var time = 0.0

        mutating func round(_ nodes: ReplicationSetReport.Node...) -> SetFindings { memory.fold(report(nodes)) }

        mutating func glimpse(_ nodes: ReplicationSetReport.Node...) -> SetFindings { memory.glimpse(report(nodes)) }

        /// A second later. Sources first: they were asked after their replicas had answered.
        private mutating func report(_ nodes: [ReplicationSetReport.Node]) -> ReplicationSetReport {
            time += 1
            return ReplicationSetReport(
                name: "shop", thresholds: Thresholds(),
                nodes: nodes.enumerated().map { $0.element.read(at: time + 0.5 - 0.1 * Double($0.offset)) })
        }

        mutating func accept(_ node: String) { memory.accept(node) }
    }

    private func server(
        _ id: UInt32, _ end: BinlogCoordinate, _ state: String, from source: UInt32? = nil, replicated: String = "",
        read: BinlogCoordinate? = nil
    ) -> ReplicationSetReport.Node {
        let last = state.split(separator: ",").last.map(String.init) ?? ""
        let node = node("db\(id)", id: id, binlog: end).positions(replicated: replicated, logged: last, state: state)
        guard let source else { return node }
        return node.with {
            $0.channels = [
                channel(
                    from: AddressText("db\(source)"), id: source, read: read, executed: read, behind: 0
                ).with {
                    $0.usesGTID = true
                }
            ]
        }
    }

    /// db2 lacks what db1 has lost, and has gone on with what db1 has written since.
    private func lose(_ world: inout World) throws {
        _ = world.round(
            server(1, "bin.000001:1200", "0-1-15"),
            server(2, "b.000001:900", "0-1-12", from: 1, replicated: "0-1-12", read: "bin.000001:900"),
            server(3, "c.000001:900", "0-1-12", from: 2, replicated: "0-1-12", read: "b.000001:900"))
        let lost = world.round(
            server(1, "bin.000001:329", ""),
            server(2, "b.000001:900", "0-1-12", from: 1, replicated: "0-1-12", read: "bin.000001:900"),
            server(3, "c.000001:900", "0-1-12", from: 2, replicated: "0-1-12", read: "b.000001:900"))
        #expect(try lost["db2"].channel().lag == nil)
        let past = world.round(
            server(1, "bin.000001:2000", "0-1-40"),
            server(2, "b.000001:2000", "0-1-40", from: 1, replicated: "0-1-40", read: "bin.000001:2000"),
            server(3, "c.000001:2000", "0-1-40", from: 2, replicated: "0-1-40", read: "b.000001:2000"))
        #expect(try past["db2"].channel().lag == nil)
    }

    @Test("A replica that answers again while its source is silent is compared with it all the same")
    func silentSource() throws {
        var world = World()
        let behind = server(2, "b.000001:900", "0-9-12", from: 1, replicated: "0-9-12", read: "bin.000001:900")
        _ = world.round(server(1, "bin.000001:1200", "0-9-12,0-1-15"), behind)
        _ = world.round(server(1, "bin.000001:400", "0-1-1"), silent("db2"))
        for _ in 0..<2 { _ = world.round(silent("db1"), behind) }
        let later = world.round(
            server(1, "bin.000001:4000", "0-1-41"),
            server(2, "b.000001:4000", "0-9-12,0-1-41", from: 1, replicated: "0-1-41", read: "bin.000001:4000"))
        let channel = try later["db2"].channel()
        #expect(channel.lag == nil && channel.logLoss != nil && channel.checks[.binaryLog] == false)
    }

    @Test("What a failover check has seen to be lost is remembered")
    func glimpsed() throws {
        var world = World()
        let behind = server(2, "b.000001:900", "0-1-12", from: 1, replicated: "0-1-12", read: "bin.000001:900")
        let third = server(3, "c.000001:100", "5-3-1")
        _ = world.round(server(1, "bin.000001:1200", "0-1-15"), behind, third)
        _ = world.glimpse(server(1, "bin.000001:329", ""), behind)
        let passed = server(2, "b.000001:2000", "0-1-40", from: 1, replicated: "0-1-40", read: "bin.000001:2000")
        for _ in 0..<2 {
            let seen = world.glimpse(server(1, "bin.000001:2000", "0-1-40"), passed)
            #expect(try seen["db2"].channel().lag == nil)
        }
        let later = world.round(server(1, "bin.000001:2000", "0-1-40"), passed, third)
        #expect(try later["db2"].channel().lag == nil)
    }

    @Test("A domain that is dropped from a replica's position ends no loss in another")
    func droppedDomain() throws {
        for (position, isLost) in [("0-1-43", true), ("0-1-9,7-9-1", false)] {
            var world = World()
            func replica(_ position: String, _ state: String, _ read: BinlogCoordinate) -> ReplicationSetReport.Node {
                server(2, "b.000001:900", state, from: 1, replicated: position, read: read)
            }
            _ = world.round(
                server(1, "bin.000001:1200", "7-9-1,0-1-15"),
                replica("0-1-12,7-9-1", "7-9-1,0-1-12", "bin.000001:900"))
            _ = world.round(
                server(1, "bin.000001:329", ""), replica("0-1-12,7-9-1", "7-9-1,0-1-12", "bin.000001:900"))
            let later = world.round(
                server(1, "bin.000001:4000", "0-1-43"), replica(position, "7-9-1,0-1-43", "bin.000001:4000"))
            #expect(try (later["db2"].channel().logLoss != nil) == isLost, "\(position)")
        }
    }

    @Test("A replica that was silent while its source used the numbers again lacks what it lacked before")
    func silentReplica() throws {
        for hasLog in [true, false] {
            var world = World()
            func replica(_ has: String, _ read: BinlogCoordinate) -> ReplicationSetReport.Node {
                server(2, "b.000001:900", has, from: 1, replicated: has, read: read).with {
                    if !hasLog { $0.binaryLog = BinaryLog(isEnabled: false) }
                }
            }
            _ = world.round(server(1, "bin.000001:1200", "0-1-15"), replica("0-1-12", "bin.000001:900"))
            _ = world.round(server(1, "bin.000001:400", "0-1-1"), silent("db2"))
            let later = world.round(server(1, "bin.000001:4000", "0-1-41"), replica("0-1-41", "bin.000001:4000"))
            #expect(try later["db2"].channel().lag == nil, "\(hasLog)")
        }
    }

    @Test("A replica that was detached while its source lost something is compared when it is attached again")
    func detached() throws {
        var world = World()
        let alone = server(2, "b.000001:900", "0-1-12", replicated: "0-1-12").with { $0.channels = [] }
        _ = world.round(
            server(1, "bin.000001:1200", "0-1-15"),
            server(2, "b.000001:900", "0-1-12", from: 1, replicated: "0-1-12", read: "bin.000001:900"))
        _ = world.round(server(1, "bin.000001:1200", "0-1-15"), alone)
        for _ in 0..<2 { _ = world.round(server(1, "bin.000001:400", "0-1-1"), alone) }
        let again = world.round(
            server(1, "bin.000001:4000", "0-1-41"),
            server(2, "b.000001:4000", "0-1-41", from: 1, replicated: "0-1-41", read: "bin.000001:4000"))
        #expect(try again["db2"].channel().lag == nil)
    }

    @Test("What came through a replica that lacks something lacks it too, when it follows the source itself")
    func movedUp() throws {
        var world = World()
        try lose(&world)
        for _ in 0..<2 {
            let moved = world.round(
                server(1, "bin.000001:2200", "0-1-43"),
                server(2, "b.000001:2200", "0-1-43", from: 1, replicated: "0-1-43", read: "bin.000001:2200"),
                server(3, "c.000001:2200", "0-1-43", from: 1, replicated: "0-1-43", read: "bin.000001:2200"))
            for name in ["db2", "db3"] { #expect(try moved[name].channel().lag == nil, "\(name)") }
        }
        // Rebuilt meanwhile.
        world = World()
        try lose(&world)
        let rebuilt = world.round(
            server(1, "bin.000001:2200", "0-1-43"),
            server(2, "b.000001:2200", "0-1-43", from: 1, replicated: "0-1-43", read: "bin.000001:2200"),
            server(3, "c.000001:329", "", from: 1, replicated: "0-1-43", read: "bin.000001:2200"))
        #expect(try rebuilt["db3"].channel().lag?.seconds == 0)
    }

    @Test("A replica that lacks something lacks it beside another source, unless that lacks the same")
    func sibling() throws {
        var world = World()
        try lose(&world)
        // db3 has everything that db2 has.
        let under = world.round(
            server(3, "c.000001:2200", "0-1-43"),
            server(2, "b.000001:2200", "0-1-43", from: 3, replicated: "0-1-43", read: "c.000001:2200"),
            server(4, "d.000001:2200", "0-1-43"))
        #expect(try under["db2"].channel().sourceNode == "db3")
        let other = world.round(
            server(4, "d.000001:2300", "0-1-44"),
            server(2, "b.000001:2300", "0-1-44", from: 4, replicated: "0-1-44", read: "d.000001:2300"),
            server(3, "c.000001:2200", "0-1-43"))
        #expect(try other["db2"].channel().lag == nil)
    }

    @Test("A replica that has not gone on without what it lacks gets that from another source, if this had it")
    func givenBySibling() throws {
        for isSiblingComplete in [true, false] {
            var world = World()
            let behind = server(2, "b.000001:900", "0-1-12", from: 1, replicated: "0-1-12", read: "bin.000001:900")
            // One that follows nothing may have its data from anywhere.
            let sibling =
                isSiblingComplete
                ? server(3, "c.000001:1200", "0-1-15", from: 1, replicated: "0-1-15", read: "bin.000001:1200")
                : server(3, "c.000001:1200", "0-1-15")
            _ = world.round(server(1, "bin.000001:1200", "0-1-15"), behind, sibling)
            _ = world.round(server(1, "bin.000001:329", ""), behind, sibling)
            // db3 becomes the primary.
            _ = world.round(server(1, "bin.000001:329", ""), behind, server(3, "c.000001:1200", "0-1-15"))
            let moved = world.round(
                server(3, "c.000001:2200", "0-1-15,0-3-20"),
                server(2, "b.000001:2200", "0-1-15,0-3-20", from: 3, replicated: "0-3-20", read: "c.000001:2200"),
                server(1, "bin.000001:329", ""))
            #expect(try (moved["db2"].channel().lag == nil) == !isSiblingComplete)
        }
    }

    @Test("A source that wrote on after its log was reset, and follows another by now, ends nothing")
    func followingSource() throws {
        var world = World()
        func replica(_ read: BinlogCoordinate, _ has: String) -> ReplicationSetReport.Node {
            server(2, "b.000001:900", has, from: 1, replicated: has, read: read)
        }
        _ = world.round(server(1, "bin.000001:1200", "0-1-15"), replica("bin.000001:1200", "0-1-15"))
        _ = world.round(server(1, "bin.000001:329", ""), replica("bin.000001:1200", "0-1-15"))
        let following = server(
            1, "bin.000001:6000", "9-9-1,0-1-30", from: 9, replicated: "9-9-1", read: "x.000001:900")
        _ = world.round(following, replica("bin.000001:1200", "0-1-15"))
        let later = world.round(following, replica("bin.000001:6000", "0-1-30"))
        #expect(try later["db2"].channel().lag == nil)
    }

    @Test("A source that is given its former record, without the log, ends it for a replica that had everything")
    func givenRecord() throws {
        for end in ["bin.000001:370", "renamed.000001:370"] as [BinlogCoordinate] {
            for had in ["0-1-15", "0-1-12"] {
                var world = World()
                func replica(_ read: BinlogCoordinate, _ has: String) -> ReplicationSetReport.Node {
                    server(2, "b.000001:900", has, from: 1, replicated: has, read: read)
                }
                _ = world.round(server(1, "bin.000001:1200", "0-1-15"), replica("bin.000001:1200", had))
                let reset = BinlogCoordinate(file: end.file, position: 329)
                let lost = world.round(server(1, reset, ""), replica("bin.000001:1200", had))
                #expect(try lost["db2"].channel().lag == nil)
                _ = world.round(server(1, end, "0-1-15"), replica(end, had))
                let given = try world.round(
                    server(1, BinlogCoordinate(file: end.file, position: 900), "0-1-17"),
                    replica(BinlogCoordinate(file: end.file, position: 900), "0-1-17"))["db2"].channel()
                #expect((given.lag?.seconds == 0) == (had == "0-1-15"), "\(end) \(had)")
            }
        }
    }

    @Test("A source that was rebuilt from its replica has nothing left that this lacks")
    func rebuiltSource() throws {
        var world = World()
        try lose(&world)
        // db2 is promoted as it is; db1 is rebuilt from it, and follows it.
        let promoted = server(2, "b.000001:2200", "0-1-40,0-2-43")
        _ = world.round(promoted, server(1, "bin.000001:329", "", replicated: "0-2-43"), silent("db3"))
        _ = world.round(
            promoted, server(1, "bin.000001:329", "", from: 2, replicated: "0-2-43", read: "b.000001:2200"),
            silent("db3"))
        let back = world.round(
            server(1, "bin.000001:600", "0-1-44", replicated: "0-2-43"),
            server(2, "b.000001:2300", "0-2-43,0-1-44", from: 1, replicated: "0-1-44", read: "bin.000001:600"),
            silent("db3"))
        #expect(try back["db2"].channel().lag?.seconds == 0)
        // It only follows it for a while: what it has, db2 still lacks.
        world = World()
        try lose(&world)
        _ = world.round(
            promoted,
            server(1, "bin.000001:2200", "0-1-40,0-2-43", from: 2, replicated: "0-2-43", read: "b.000001:2200"),
            silent("db3"))
        let again = world.round(
            server(1, "bin.000001:2300", "0-2-43,0-1-44", replicated: "0-2-43"),
            server(2, "b.000001:2300", "0-2-43,0-1-44", from: 1, replicated: "0-1-44", read: "bin.000001:2300"),
            silent("db3"))
        #expect(try again["db2"].channel().lag == nil)
    }

    @Test("A log that begins anew shows that its source was reset, though it has passed the former numbers already")
    func passedNumbers() throws {
        for (end, isLost) in [("bin.000001:4000", true), ("bin.000001:370", false)] as [(BinlogCoordinate, Bool)] {
            var world = World()
            func replica(_ read: BinlogCoordinate, _ has: String) -> ReplicationSetReport.Node {
                server(2, "b.000001:900", has, from: 1, replicated: has, read: read)
            }
            _ = world.round(server(1, "bin.000004:300", "0-1-18"), replica("bin.000004:300", "0-1-18"))
            _ = world.round(server(1, end, "0-1-30"), replica("bin.000004:300", "0-1-18"))
            let later = world.round(server(1, "bin.000001:6000", "0-1-31"), replica("bin.000001:6000", "0-1-31"))
            #expect(try (later["db2"].channel().lag == nil) == isLost, "\(end)")
        }
    }

    @Test(
        "What a source writes while it has no binary log is lost; what it cannot write is not",
        arguments: [true, false])
    func withoutLog(isReadOnly: Bool) throws {
        var world = World()
        func replica(_ read: BinlogCoordinate, _ has: String) -> ReplicationSetReport.Node {
            server(2, "b.000001:900", has, from: 1, replicated: has, read: read)
        }
        _ = world.round(server(1, "bin.000001:300", "0-1-18"), replica("bin.000001:300", "0-1-18"))
        _ = world.round(server(1, "bin.000001:300", "0-1-18"), replica("bin.000001:300", "0-1-18"))
        let without = server(1, "bin.000001:300", "0-1-18").with {
            $0.binaryLog = BinaryLog(isEnabled: false)
            $0.isReadOnly = isReadOnly
        }
        _ = world.round(without, replica("bin.000001:300", "0-1-18"))
        let later = world.round(server(1, "bin.000002:500", "0-1-19"), replica("bin.000002:500", "0-1-19"))
        #expect(try (later["db2"].channel().lag == nil) == !isReadOnly)
    }

    @Test("A heartbeat that arrives meets no limit beside what is lost")
    func heartbeat() throws {
        var world = World()
        try lose(&world)
        let set = world.round(
            server(1, "bin.000001:2200", "0-1-43"),
            server(2, "b.000001:2200", "0-1-43", from: 1, replicated: "0-1-43", read: "bin.000001:2200"))
        let channel = try set["db2"].channel()
        let lag = Lag(
            channel, heartbeat: 0.5, nil, isSourceAnswering: true, isEndSeen: true, isSourceComparable: true,
            Thresholds())
        #expect(lag?.seconds == 0.5 && lag?.limiting == nil)
    }

    @Test("A switchover in which the old primary's log is reset is no loss for a replica that had everything")
    func switchover() throws {
        var world = World()
        func third(from source: UInt32, _ read: BinlogCoordinate, _ has: String = "0-1-15") -> ReplicationSetReport.Node
        {
            server(3, "c.000001:900", has, from: source, replicated: has, read: read)
        }
        _ = world.round(
            server(1, "bin.000001:1200", "0-1-15").with { $0.isReadOnly = false },
            server(2, "b.000001:1200", "0-1-15", from: 1, replicated: "0-1-15", read: "bin.000001:1200").with {
                $0.isReadOnly = true
            },
            third(from: 1, "bin.000001:1200"))
        // db1 is reset when db2 is the primary already; db3 still follows it in this round.
        let promoted = server(2, "b.000001:1200", "0-1-15").with { $0.isReadOnly = false }
        _ = world.round(
            server(1, "bin.000001:1200", "0-1-15").with { $0.isReadOnly = true }, promoted,
            third(from: 1, "bin.000001:1200"))
        _ = world.round(
            server(1, "bin.000001:329", "").with { $0.isReadOnly = true }, promoted, third(from: 1, "bin.000001:1200"))
        let old = server(1, "bin.000001:329", "", from: 2, replicated: "0-1-15", read: "b.000001:1200").with {
            $0.isReadOnly = true
        }
        for _ in 0..<2 {
            let moved = world.round(promoted, old, third(from: 2, "b.000001:1200"))
            #expect(try moved["db3"].channel().lag?.seconds == 0)
        }
        // By now it has written down what the new primary has.
        let written = server(1, "bin.000001:9900", "0-2-17", from: 2, replicated: "0-2-17", read: "b.000001:9900")
        _ = world.round(promoted, written, third(from: 2, "b.000001:1200"))
        let back = world.round(
            server(1, "bin.000001:900", "0-1-17", replicated: "0-1-15"),
            server(2, "b.000001:1600", "0-1-17", from: 1, replicated: "0-1-17", read: "bin.000001:900"),
            third(from: 1, "bin.000001:900", "0-1-17"))
        for name in ["db2", "db3"] { #expect(try back[name].channel().lag?.seconds == 0, "\(name)") }
    }

    @Test("An operator's word that a replica is complete ends it")
    func accepted() throws {
        var world = World()
        try lose(&world)
        world.accept("db2")
        let accepted = world.round(
            server(1, "bin.000001:2200", "0-1-43"),
            server(2, "b.000001:2200", "0-1-43", from: 1, replicated: "0-1-43", read: "bin.000001:2200"))
        #expect(try accepted["db2"].channel().lag?.seconds == 0)
    }
}
