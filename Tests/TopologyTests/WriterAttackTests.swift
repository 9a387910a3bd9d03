import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// Situations in which the rule once named the wrong node, or none although it was clear. Found by attacks on real
/// servers.
@Suite("Which node takes the writes, in cases that once went wrong")
struct WriterAttackTests {
    @Test("A channel that is stopped, or leads to a server without data of its own, does not make a second writer")
    func formerFanIn() {
        var world = World([("db1", false, nil), ("db2", false, nil), ("db3", true, "db1")])
        world["db3"].links.append(
            .init(channel: "b", source: "db2", isReceiverOn: false, isApplierOn: false))
        world["db1"].executed = [1: 5]
        for _ in 0..<3 {
            #expect(world.round().writers == ["db1"])
            world.write("db1")
            world.write("db2")
        }
    }

    @Test(
        "A stopped replica whose source only the exporter cannot reach is not the primary, whatever the source's address"
    )
    func stoppedBehindAnotherAddress() {
        var world = World([("db1", false, nil), ("db2", false, "db1"), ("db3", true, "db2")])
        world["db2"].links[0].host = "10.0.0.9"
        world["db2"].links[0].isReceiverOn = false
        world["db2"].links[0].isApplierOn = false
        world["db1"].isHidden = true
        for _ in 0..<60 { #expect(world.round().writers == []) }
        world["db1"].isHidden = false
        for _ in 0..<3 { #expect(world.round().writers != ["db2"]) }
    }

    @Test("Half a ring is stopped and both write: the one that lacks transactions of the other is not the primary")
    func halfARing() {
        var world = World([("db1", false, "db2"), ("db2", true, "db1")])
        world["db1"].links[0].isApplierOn = false
        #expect(world.round().writers == ["db1"])
        world.crash("db1")
        world["db2"].isReadOnly = false
        for _ in 0..<40 { #expect(world.round().writers == []) }
        world.write("db2", 3)
        world.start("db1", readOnly: false)
        world["db1"].links[0].isReceiverOn = false
        for _ in 0..<3 { #expect(world.round().writers == []) }
    }

    @Test(
        "A planned switchover with read_only off everywhere, with or without a round in between",
        arguments: [true, false])
    func openSwitchover(isSeen: Bool) {
        var world = World.primary(replicas: 2, readOnly: false)
        world.write("db1", 3)
        #expect(world.round().writers == ["db1"])
        world["db2"].links = []
        if isSeen { #expect(world.round().writers == ["db1"]) }
        world["db3"].links = [.init(source: "db2")]
        world["db1"].links = [.init(source: "db2")]
        for _ in 0..<3 {
            #expect(world.round().writers == ["db2"])
            world.write("db2")
        }
        // An exporter that starts now says the same.
        world.restartExporter()
        #expect(world.round().writers == ["db2"])
    }

    @Test("The writer follows a node that lacks its transactions: no writer")
    func losingSwitchover() {
        var world = World.primary(replicas: 2, readOnly: false)
        world.round()
        world["db2"].links = []
        world["db1"].executed[1, default: 0] += 3
        world["db1"].links = [.init(source: "db2")]
        for _ in 0..<3 { #expect(world.round().writers == []) }
    }

    @Test(
        "A writable replica that only receives is not a rival of a restarted primary, nor after a restart of the exporter"
    )
    func stoppedApplier() {
        var world = World.primary(replicas: 1, readOnly: false)
        world["db2"].links[0].isApplierOn = false
        world.round()
        world.write("db1", 3)
        world.crash("db1")
        world.round()
        world.start("db1", readOnly: false)
        #expect(world.round().writers == ["db1"])
        world.restartExporter()
        #expect(world.round().writers == ["db1"])
    }

    @Test("Writes on their way to a replica that does not report its channels do not unseat the writer")
    func writesUnderway() {
        var world = World.primary(replicas: 1, readOnly: false)
        world.write("db1")
        world.round()
        world["db2"].hidesReplication = true
        for _ in 0..<10 {
            world["db2"].executed[1, default: 0] += 1
            #expect(world.round().writers == ["db1"])
            world["db1"].executed[1, default: 0] += 1
        }
        world["db2"].executed[2] = 5
        world.round()
        for _ in 0..<3 { #expect(world.round().writers == [], "it writes for itself") }
    }

    @Test(
        "An operator's word outlives the exporter only until another node takes writes",
        arguments: [true, false])
    func wordOverRestart(isRecent: Bool) {
        var world = World.primary(replicas: 2)
        world.round()
        world.memory.takeWord(for: "db1")
        #expect(world.round().writers == ["db1"])
        world.restartExporterWithState(isRecent: isRecent)
        #expect(world.round().writing.operatorsWord == "db1")
        world.promote("db2")
        world.restartExporterWithState(isRecent: isRecent)
        let set = world.round()
        #expect(set.writing.operatorsWord == nil)
        if !isRecent { #expect(set.writers == ["db2"]) }
    }

    @Test("An operator's word ends when the node it was given against is promoted later")
    func wordAgainstTheNextWriter() {
        var world = World([("db1", false, nil), ("db2", false, nil), ("db3", true, "db1")])
        world.round()
        world.memory.takeWord(for: "db1")
        #expect(world.round().writers == ["db1"])
        // As documented.
        world["db2"].isReadOnly = true
        world["db2"].links = [.init(source: "db1")]
        #expect(world.round().writers == ["db1"])
        world.freeze("db1")
        world.round()
        world.promote("db2")
        world.write("db2")
        #expect(world.round().writers == ["db2"])
        world.thaw("db1")
        for _ in 0..<3 {
            #expect(world.round().writers == ["db2"])
            world.write("db2")
        }
    }

    /// db1 was the writer; db2 was promoted while db1 was silent, and db1 is back: both take writes.
    private func torn(replicas: Int = 1) -> World {
        var world = World.primary(replicas: replicas)
        world.write("db1", 3)
        world.round()
        world.freeze("db1")
        world.round()
        world["db2"].links = []
        world["db2"].isReadOnly = false
        world.thaw("db1")
        world.round()
        world.write("db1")
        world.write("db2")
        return world
    }

    @Test("An operator's word for a silent node does not make the node it was given against the writer")
    func wordForSilent() {
        var world = torn()
        #expect(world.round().writers == [])
        world.freeze("db1")
        #expect(world.round().writers == [])
        world.memory.takeWord(for: "db1")
        for _ in 0..<60 {
            let set = world.round()
            #expect(set.writers == [])
            #expect(set.primary.reason?.contains("an operator has named db1, which is silent") == true)
        }
        world.thaw("db1")
        #expect(world.round().writers == ["db1"])
    }

    @Test(
        "An operator's word stands while its node is silent, across a restart of the node and of the exporter",
        arguments: [1, 2], [nil, true, false])
    func wordOverSilence(replicas: Int, restartsRecently: Bool?) {
        var world = torn(replicas: replicas)
        world.round()
        world.memory.takeWord(for: "db1")
        #expect(world.round().writers == ["db1"])
        world.crash("db1")
        for _ in 0..<20 { #expect(world.round().writers == []) }
        if let restartsRecently { world.restartExporterWithState(isRecent: restartsRecently) }
        for _ in 0..<40 { #expect(world.round().writers == []) }
        world.start("db1", readOnly: false)
        for _ in 0..<3 {
            #expect(world.round().writers != ["db2"])
            world.write("db2")
        }
        // What it lost in the crash is not known.
        #expect(world.round().primary.reason?.contains("db1 and db2 both take writes") == true)
        // The other node no longer takes writes: whatever it has is reported, and changes nothing.
        world["db2"].isReadOnly = true
        #expect(world.round().writers == ["db1"])
    }

    @Test("A failover that moves the replicas away from the silent named node ends the operator's word")
    func failoverFromNamed() {
        var world = torn(replicas: 2)
        world.round()
        world.memory.takeWord(for: "db1")
        #expect(world.round().writers == ["db1"])
        world.freeze("db1")
        #expect(world.round().writers == [])
        world["db3"].links = [.init(source: "db2")]
        world.write("db2")
        #expect(world.round().writers == ["db2"])
        #expect(world.memory.word == nil)
        world.thaw("db1")
        for _ in 0..<3 {
            #expect(world.round().writers == ["db2"])
            world.write("db2")
        }
    }

    @Test("A named node that falls silent is not replaced by one that the replicas already followed when it was named")
    func namedOverFollowed() {
        var world = torn(replicas: 2)
        world["db3"].links = [.init(source: "db2")]
        world.round()
        world.memory.takeWord(for: "db1")
        #expect(world.round().writers == ["db1"])
        world.freeze("db1")
        for _ in 0..<40 {
            let set = world.round()
            #expect(set.writers == [])
            #expect(set.writing.operatorsWord == "db1")
        }
        world.thaw("db1")
        #expect(world.round().writers == ["db1"])
    }

    @Test("A replica that returns to the other node while the named one is silent has not moved")
    func returningFollower() {
        for keepsState in [false, true] {
            var world = torn(replicas: 3)
            world["db3"].links = [.init(source: "db2")]
            world["db4"].links = [.init(source: "db2")]
            world.round()
            world.crash("db4")
            world.round()
            world.memory.takeWord(for: "db1")
            #expect(world.round().writers == ["db1"])
            world.freeze("db1")
            #expect(world.round().writers == [])
            if keepsState { world.restartExporterWithState() }
            world.start("db4", readOnly: true)
            for _ in 0..<20 { #expect(world.round().writers == []) }
            world.thaw("db1")
            #expect(world.round().writers == ["db1"])
        }
    }

    @Test(
        "A word is kept at once, for a silent node and for one that was never seen as well", arguments: [true, false])
    func wordIsKept(isSeen: Bool) {
        var world: World
        if isSeen {
            world = torn(replicas: 2)
            world["db3"].links = [.init(source: "db2")]
            world.round()
            world.freeze("db1")
        } else {
            world = World([("db1", false, nil), ("db2", false, nil), ("db3", true, "db2")])
            world["db1"].isHidden = true
        }
        world.round()
        world.memory.takeWord(for: "db1")
        world.restartExporterWithState()
        for _ in 0..<3 { #expect(world.round().writers == []) }
        world.restartExporterWithState()
        for _ in 0..<40 { #expect(world.round().writers == []) }
        world.thaw("db1")
        world["db1"].isHidden = false
        #expect(world.round().writers == ["db1"])
    }

    @Test(
        "A word for a node that took writes alongside the writer counts at once, even after a restart of the exporter")
    func namedRival() {
        var world = World.primary(replicas: 2)
        world.write("db1", 3)
        world.round()
        world["db2"].links = []
        world["db2"].isReadOnly = false
        #expect(world.round().writers == ["db1"])
        world.memory.takeWord(for: "db2")
        world.restartExporterWithState()
        #expect(world.round().writers == ["db2"])
    }

    @Test("A node that was never seen can be named: no other node becomes the writer until it answers")
    func unseenNamed() {
        var world = World([("db1", false, nil), ("db2", false, nil), ("db3", true, "db2"), ("db4", true, "db1")])
        world["db1"].isHidden = true
        #expect(world.round().writers == [] || world.round().writers == ["db2"])
        world.memory.takeWord(for: "db1")
        for _ in 0..<40 { #expect(world.round().writers == []) }
        world["db1"].isHidden = false
        for _ in 0..<3 { #expect(world.round().writers == ["db1"]) }
    }

    @Test(
        "A source of a fan-in not seen since the exporter started may take writes: no probe writes to the other",
        arguments: [true, false])
    func unseenPartner(isConfigured: Bool) {
        var world = World([("db1", false, nil), ("db2", false, nil), ("db3", true, "db1")])
        world["db3"].links.append(.init(channel: "b", source: "db2"))
        if isConfigured { world["db3"].intending = ["": "db1", "b": "db2"] }
        world["db1"].executed = [1: 5]
        world["db2"].executed = [2: 5]
        world.round()
        world["db1"].isHidden = true
        world.restartExporter()
        for _ in 0..<40 {
            let set = world.round()
            #expect(set.primary.name == nil)
            #expect(set.writers == [] || set.writing.silentPartners == ["db1"])
        }
    }

    @Test(
        "A node that took writes alongside the writer waits, even across a restart of the exporter and an unanswered round",
        arguments: ["restart", "restart, unseen", "silent status"])
    func rivalWaits(what: String) {
        var world = torn(replicas: 2)
        world.round()
        world.memory.takeWord(for: "db1")
        #expect(world.round().writers == ["db1"])
        world["db1"].isReadOnly = true
        if what != "restart, unseen" { #expect(world.round().writers == []) }
        if what == "silent status" {
            world["db2"].hidesReplication = true
            world.round()
            world["db2"].hidesReplication = false
        } else {
            world.restartExporterWithState()
        }
        for _ in 0..<20 { #expect(world.round().writers == []) }
        world.promote("db3")
        world["db1"].links = [.init(source: "db3")]
        for _ in 0..<3 {
            #expect(world.round().writers != ["db2"])
            world.write("db3")
        }
    }

    @Test(
        "The writer turns read-only amid a switchover to a third: a node that took writes alongside it is not the writer",
        arguments: [false, true])
    func switchoverBesideRival(isNamed: Bool) {
        var world = World.primary(replicas: 3)
        world.write("db1", 3)
        world.round()
        world["db2"].links = []
        world["db2"].isReadOnly = false
        #expect(world.round().writers == ["db1"])
        if isNamed { world.memory.takeWord(for: "db1") }
        #expect(world.round().writers == ["db1"])
        world["db1"].isReadOnly = true
        for _ in 0..<5 {
            let set = world.round()
            #expect(set.writers == [])
            #expect(
                set.primary.reason?.hasPrefix("db2 took writes alongside the primary, which takes none now; ") == true)
        }
        world.promote("db3")
        world["db1"].links = [.init(source: "db3")]
        world["db4"].links = [.init(source: "db3")]
        for _ in 0..<3 {
            #expect(world.round().writers == ["db3"])
            world.write("db3")
        }
    }

    @Test("One server under two names is reported as such, without advice to make it read-only")
    func oneServer() {
        var memory = SetMemory()
        let nodes = ["db1", "vip"].map { name in
            var node = node(name, id: 1, uuid: 1)
            node.report.facts?.isReadOnly = false
            return node
        }
        let set = memory.fold(ReplicationSetReport(name: "shop", nodes: nodes))
        #expect(set.writers == [])
        #expect(set.primary.reason?.hasPrefix("db1 and vip are one server under two names") == true)
    }

    @Test("Of two sources of a fan-in, the silent one remains a writer: no probe takes the other for the only one")
    func silentPartner() {
        var world = World([("db1", false, nil), ("db2", false, nil), ("db3", true, "db1")])
        world["db3"].links.append(.init(channel: "b", source: "db2"))
        world["db1"].executed = [1: 5]
        world["db2"].executed = [2: 5]
        #expect(world.round().writers.sorted() == ["db1", "db2"])
        world["db1"].isHidden = true
        let set = world.round()
        #expect(set.writers == ["db2"])
        #expect(set.primary == .unknown("db1 and db2 take the writes side by side"))
        world["db1"].isHidden = false
        #expect(world.round().writers.sorted() == ["db1", "db2"])
    }

    @Test("A failover while the exporter is down: the promoted node is not a newcomer because of the saved state")
    func restartedDuringFailover() {
        var world = World.primary(replicas: 2, readOnly: true)
        world.write("db1", 3)
        world.round()
        world.freeze("db1")
        world.promote("db2")
        world.write("db2")
        world.thaw("db1")
        world.restartExporterWithState()
        for _ in 0..<3 {
            #expect(world.round().writers == ["db2"])
            world.write("db2")
        }
    }

    @Test("A node made writable by mistake while the exporter is down: the saved writer remains the writer")
    func restartedDuringMistake() {
        var world = World.primary(replicas: 2, readOnly: true)
        world.round()
        world["db2"].links = []
        world["db2"].isReadOnly = false
        world.write("db1", 3)
        world.restartExporterWithState()
        for _ in 0..<3 {
            #expect(world.round().writers == ["db1"])
            world.write("db1")
        }
    }

    @Test("An operator's word is not directed against the partner of a fan-in, and cannot make a replica the writer")
    func wordAndOthers() {
        var fanIn = World([("db1", false, nil), ("db2", false, nil), ("db3", true, "db1")])
        fanIn["db3"].links.append(.init(channel: "b", source: "db2"))
        fanIn["db1"].executed = [1: 5]
        fanIn["db2"].executed = [2: 5]
        #expect(fanIn.round().writers.sorted() == ["db1", "db2"])
        fanIn.memory.takeWord(for: "db1")
        #expect(fanIn.round().writers.sorted() == ["db1", "db2"])

        var replica = World.primary(replicas: 2, readOnly: false)
        #expect(replica.round().writers == ["db1"])
        replica.memory.takeWord(for: "db2")
        #expect(replica.round().writers == ["db1"])
    }
}
