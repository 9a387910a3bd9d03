import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// The situations that users encounter, each with its correct answer.
@Suite("Which node takes the writes, over time")
struct WriterScenarioTests {
    @Test(
        "A primary and its replicas: at once, even if read_only was left off on all of them",
        arguments: [true, false])
    func healthy(readOnly: Bool) {
        var world = World.primary(replicas: 2, readOnly: readOnly)
        let set = world.round()
        #expect(set.writers == ["db1"])
        #expect(set.rivals == [])
        #expect(set.writing.standings["db2"]?.isWritableReplica == !readOnly)
    }

    @Test(
        "A writable replica is not promoted by its primary's silence, whatever its source is called",
        arguments: [nil, "10.0.0.1"])
    func silentPrimary(host: String?) {
        for restarted in [false, true] {
            var world = World.primary(replicas: 2, readOnly: true)
            world["db2"].isReadOnly = false
            world["db2"].links[0].host = host
            if !restarted { #expect(world.round().writers == ["db1"]) }
            world.freeze("db1")
            for _ in 0..<90 {
                let set = world.round()
                #expect(set.writers == [])
                #expect(set.primary.reason?.contains("db1") == true, "\(set.primary)")
            }
            world.thaw("db1")
            #expect(world.round().writers == ["db1"])
        }
    }

    @Test("Failover by an orchestrator: the promoted node at once, while the old one is silent", arguments: [2, 1])
    func failover(replicas: Int) {
        var world = World.primary(replicas: replicas)
        world.round()
        world.crash("db1")
        #expect(world.round().writers == [])
        world.promote("db2")
        #expect(world.round().writers == ["db2"])
    }

    @Test("A promoted node in a set without other replicas waits if its promotion was not seen")
    func probation() {
        var world = World.primary(replicas: 1, readOnly: false)
        world.round()
        world.crash("db1")
        world.round()
        world.promote("db2")
        world.start("db2", readOnly: false)
        let first = world.round()
        #expect(first.writers == [] && first.writing.standings["db2"]?.wait != nil)
        for _ in 0..<28 { #expect(world.round().writers == []) }
        world.round()
        world.round()
        #expect(world.round().writers == ["db2"])
    }

    @Test("A replica that still receives from the silent primary keeps any other node from being the primary")
    func partitionedExporter() {
        var world = World.primary(replicas: 2)
        world.round()
        world["db1"].isHidden = true
        world.promote("db2", repointing: false)
        world.legitimate = "db1"
        for _ in 0..<60 {
            let set = world.round()
            #expect(set.writers == [])
            #expect(set.primary.reason == "db1 is silent but not dead: db3 still receives from it")
        }
        world["db1"].isHidden = false
        world.round()
        #expect(world.round().rivals == ["db1", "db2"])
    }

    @Test("In a set of one node, the answer is what the node reports")
    func single() {
        var world = World([("db1", false, nil)])
        #expect(world.round().writers == ["db1"])
        world["db1"].isReadOnly = true
        #expect(world.round().writing.writers == .none("every node is read-only"))
    }

    // MARK: - The old primary

    @Test(
        "The old primary comes back writable: it never unseats one that answers, nor takes its place when that stalls")
    func oldPrimaryReturns() {
        for behind in [true, false] {
            for replicas in [1, 2] {
                var world = World.primary(replicas: replicas)
                world.write("db1", 5)
                world.round()
                // Written, but never sent to a replica.
                if !behind { world["db1"].executed[1, default: 0] += 3 }
                world.crash("db1")
                world.promote("db2")
                world.round()
                world.write("db2", 5)
                world.start("db1", readOnly: false)
                for _ in 0..<5 {
                    let set = world.round()
                    #expect(set.writers == ["db2"])
                    #expect(set.rivals == ["db1", "db2"])
                }
                world.freeze("db2")
                for _ in 0..<120 { #expect(world.round().writers == []) }
                world.thaw("db2")
                #expect(world.round().writers == ["db2"])
                world["db1"].isReadOnly = true
                let set = world.round()
                #expect(set.writers == ["db2"] && set.rivals == [])
            }
        }
    }

    @Test("The old primary comes back read-only with transactions of its own: the writer remains the writer")
    func errantReturn() {
        var world = World.primary(replicas: 2)
        world.round()
        world["db1"].executed[1, default: 0] += 3
        world.crash("db1")
        world.promote("db2")
        world.round()
        world.start("db1", readOnly: true)
        #expect(world.round().writers == ["db2"])
        world.crash("db1")
        #expect(world.round().writers == ["db2"])
    }

    @Test("A frozen primary wakes up alongside its successor: the one with two of three merits wins")
    func thawed() {
        var world = World.primary(replicas: 2)
        world.write("db1", 5)
        world.round()
        world.freeze("db1")
        world.promote("db2")
        // db3 follows db2: no node receives from db1 any longer.
        #expect(world.round().writers == ["db2"])
        world.thaw("db1")
        for _ in 0..<3 { #expect(world.round().writers == ["db2"]) }
        // The node that woke up diverges; db2 remains the writer, and its silence makes no other node the writer.
        world.write("db1", 3)
        world.write("db2", 3)
        #expect(world.round().writers == ["db2"])
        world.freeze("db2")
        for _ in 0..<60 { #expect(world.round().writers == []) }
    }

    @Test(
        "A writer wakes up alongside a node that was promoted meanwhile but never named: no writer, however often it sleeps",
        arguments: [true, false], [true, false])
    func silentSuccession(isPromotionSeen: Bool, hasRestarted: Bool) {
        var world = World.primary(replicas: 2, readOnly: false)
        world.crash("db1")
        world.promote("db2")
        #expect(world.round().writers == ["db2"])
        world.freeze("db2")
        #expect(world.round().writers == [])
        if hasRestarted {
            world.crash("db3")
            world.round()
            world.start("db3", readOnly: false)
            if isPromotionSeen { #expect(world.round().writers == []) }
        }
        // db1, which this exporter has never seen, may be taking writes for all it knows.
        world.promote("db3", repointing: false)
        if isPromotionSeen { #expect(world.round().writers == []) }
        for _ in 0..<3 {
            world.thaw("db2")
            for _ in 0..<3 {
                let set = world.round()
                #expect(set.writers == [] && set.rivals == ["db2", "db3"])
                #expect(set.primary.reason?.contains("POST /sets/<set>/writer") == true, "\(set.primary)")
            }
            world.freeze("db2")
            for _ in 0..<3 { #expect(world.round().writers == []) }
        }
        world.thaw("db2")
        world["db2"].isReadOnly = true
        world.start("db1", readOnly: true)
        world.round()
        #expect(world.round().writers == ["db3"])
    }

    @Test("A writer wakes up while the node that was promoted meanwhile is silent in turn: no writer")
    func silentSuccessor() {
        var world = World.primary(replicas: 1, readOnly: false)
        world.round()
        world.freeze("db1")
        world.round()
        world["db2"].links[0].isDetached = true
        // Nothing else confirms it, so it waits.
        #expect(world.round().writers == [])
        world.freeze("db2")
        world.round()
        world.thaw("db1")
        for _ in 0..<60 { #expect(world.round().writers == []) }
        world.start("db2", readOnly: true)
        #expect(world.round().writers == ["db1"])
    }

    @Test(
        "What happened while the writer was silent survives a restart with a state directory",
        arguments: [true, false])
    func successionOverRestart(isSeenBefore: Bool) {
        var world = World.primary(replicas: 2, readOnly: false)
        world.crash("db1")
        world.promote("db2")
        world.round()
        world.freeze("db2")
        world.round()
        world.promote("db3", repointing: false)
        world.round()
        if isSeenBefore {
            world.thaw("db2")
            #expect(world.round().writers == [])
            world.restartExporterWithState()
        } else {
            world.restartExporterWithState()
            #expect(world.round().writers == [])
            world.thaw("db2")
        }
        for _ in 0..<3 { #expect(world.round().writers == []) }

        // A writer without a successor is the writer at once, even alongside a rival.
        var calm = World.primary(replicas: 2)
        calm.round()
        calm["db3"].links = []
        calm["db3"].isReadOnly = false
        #expect(calm.round().writers == ["db1"])
        calm.restartExporterWithState()
        #expect(calm.round().writers == ["db1"])
    }

    @Test("Two that take writes with nothing to decide between them: no writer, until an operator names one")
    func word() {
        var world = World([("db1", false, nil), ("db2", false, nil)])
        world["db1"].executed = [1: 5]
        world["db2"].executed = [2: 5]
        #expect(world.round().writers == [])
        let set = world.round()
        #expect(set.writers == [] && set.rivals == ["db1", "db2"])
        #expect(set.primary.reason?.contains("POST /sets/<set>/writer") == true)
        world.crash("db1")
        for _ in 0..<60 { #expect(world.round().writers == []) }
        world.start("db1", readOnly: false)
        world.round()
        world.memory.takeWord(for: "db2")
        for _ in 0..<3 { #expect(world.round().writers == ["db2"]) }
        // It holds until the node is seen read-only or restarted, or another turns writable.
        world["db2"].isReadOnly = true
        #expect(world.round().writers != ["db2"])
        #expect(world.memory.word == nil)
    }

    @Test("An operator's word ends when another node turns writable, and with a restart")
    func wordEnds() {
        for ending in 0..<2 {
            var world = World([("db1", false, nil), ("db2", false, nil), ("db3", true, "db2")])
            world.round()
            world.round()
            world.memory.takeWord(for: "db1")
            #expect(world.round().writers == ["db1"])
            if ending == 0 {
                world["db3"].isReadOnly = false
                world["db3"].links = []
            } else {
                world.time += 10
                world.start("db1", readOnly: false)
            }
            world.round()
            #expect(world.memory.word == nil)
        }
    }

    // MARK: - Switchover and maintenance

    @Test("A switchover by hand: read-only, promoted, repointed")
    func switchover() {
        var world = World.primary(replicas: 2)
        world.round()
        world["db1"].isReadOnly = true
        #expect(world.round().writing.writers == .none("every node is read-only"))
        // Replication is not stopped yet: it replicates from a node that does not follow it.
        world["db2"].isReadOnly = false
        #expect(world.round().primary.reason?.contains("RESET REPLICA ALL") == true)
        world.promote("db2")
        #expect(world.round().writers == ["db2"])
        world["db1"].links = [.init(source: "db2")]
        #expect(world.round().writers == ["db2"])
    }

    @Test(
        "A rolling restart of replicas with a feed from outside: the primary stays the primary",
        arguments: [true, false])
    func rollingRestart(readOnly: Bool) {
        var world = World.primary(replicas: 2, readOnly: readOnly)
        world["db1"].links = [.init(channel: "feed", source: "elsewhere")]
        #expect(world.round().writers == ["db1"])
        for replica in ["db2", "db3"] {
            world.crash(replica)
            for _ in 0..<40 { #expect(world.round().writers == ["db1"]) }
            world.start(replica, readOnly: readOnly)
            #expect(world.round().writers == ["db1"])
        }
        // All of them at once.
        for replica in ["db2", "db3"] { world.crash(replica) }
        for _ in 0..<40 { #expect(world.round().writers == ["db1"]) }
    }

    @Test("A ring of two in which the standby reboots: its silence does not unseat the writer")
    func ring() {
        var world = World([("db1", false, "db2"), ("db2", true, "db1")])
        world.legitimate = "db1"
        #expect(world.round().writers == ["db1"])
        world.crash("db2")
        for _ in 0..<60 { #expect(world.round().writers == ["db1"]) }
        world.start("db2", readOnly: true)
        #expect(world.round().writers == ["db1"])
        world.crash("db1")
        #expect(world.round().writers == [])
    }

    @Test("A primary that restarts is the primary again as soon as all answer")
    func restart() {
        var world = World.primary(replicas: 2)
        world.round()
        world.crash("db1")
        world.round()
        world.start("db1", readOnly: false)
        #expect(world.round().writers == ["db1"])
    }

    @Test("Both threads stopped on a writable replica: it still follows the primary")
    func stoppedReplica() {
        var world = World.primary(replicas: 2, readOnly: false)
        world.round()
        world["db2"].links[0].isReceiverOn = false
        world["db2"].links[0].isApplierOn = false
        let set = world.round()
        #expect(set.writers == ["db1"] && set.rivals == [])
    }

    @Test("A channel that orchestrator detached, or whose source is configured as outside, does not count as a tie")
    func untied() {
        var world = World.primary(replicas: 1)
        world.round()
        world.crash("db1")
        world.round()
        world["db2"].isReadOnly = false
        world["db2"].links[0].isDetached = true
        #expect(world.round().writers == ["db2"])

        var fed = World([("db1", false, "elsewhere")])
        #expect(fed.round().primary.reason?.contains("source: outside") == true)
        fed["db1"].intending = ["": NodeDescription.outside]
        #expect(fed.round().writers == ["db1"])
    }

    // MARK: - Several sources, and none

    @Test("Two primaries that one replica gathers write side by side; the silence of one does not affect the other")
    func fanIn() {
        var world = World([("db1", false, nil), ("db2", false, nil), ("db3", true, nil)])
        world["db3"].links = [.init(channel: "one", source: "db1"), .init(channel: "two", source: "db2")]
        world["db1"].executed = [1: 5]
        world["db2"].executed = [2: 5]
        var set = world.round()
        #expect(set.writers == ["db1", "db2"] && set.rivals == [])
        world.crash("db1")
        #expect(world.round().writers == ["db2"])
        world.start("db1", readOnly: false)
        set = world.round()
        #expect(set.writers == ["db1", "db2"] && set.rivals == [])
    }

    @Test(
        "Two nodes with a common history are not side by side just because one replica follows both, unless configured so"
    )
    func commonHistory() {
        var world = World([("db1", false, nil), ("db2", false, nil), ("db3", true, nil)])
        world["db3"].links = [.init(channel: "one", source: "db1"), .init(channel: "two", source: "db2")]
        world["db1"].executed = [1: 5]
        world["db2"].executed = [1: 5]
        world.round()
        #expect(world.round().writers == [])
        world["db3"].intending = ["one": "db1", "two": "db2"]
        #expect(world.round().writers == ["db1", "db2"])
    }

    @Test("A set whose primary is intentionally not configured has none; a stray replica does not make such a set")
    func outside() {
        var world = World([("db2", true, "elsewhere"), ("db3", true, "db2")])
        #expect(world.round().writing.writers == .outside)
        var stray = World([("db2", true, nil), ("db3", true, "elsewhere")])
        #expect(stray.round().writing.writers == .none("every node is read-only"))
    }

    @Test(
        "A node that does not report whether it takes writes is an obstacle to others, but not to the incumbent writer")
    func untold() {
        var world = World.primary(replicas: 1)
        world["db2"].isReadOnly = nil
        world["db2"].links = []
        #expect(world.round().primary.reason == "it is not known whether db2 takes writes")
        world["db2"].isReadOnly = true
        #expect(world.round().writers == ["db1"])
        world["db2"].isReadOnly = nil
        #expect(world.round().writers == ["db1"])
    }

    @Test("The exporter starts after a failover: the promoted node has a replica, or waits for an operator's word")
    func restartedExporter() {
        for replicas in [2, 1] {
            var world = World.primary(replicas: replicas)
            world.crash("db1")
            world.promote("db2")
            let set = world.round()
            if replicas == 2 {
                #expect(set.writers == ["db2"])
            } else {
                #expect(set.primary.reason?.contains("has not answered since the exporter started") == true)
                world.memory.takeWord(for: "db2")
                #expect(world.round().writers == ["db2"])
            }
        }
    }

    @Test("An answer that arrives late changes nothing")
    func late() {
        var world = World.primary(replicas: 1)
        let early = world.report()
        world["db1"].isReadOnly = true
        #expect(world.round().writers == [])
        var memory = world.memory
        #expect(memory.fold(early).writers == [])
    }
}
