import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// What a restarted exporter knows from its predecessor.
@Suite("Which node takes the writes, after a restart of the exporter")
struct MemoryRecordTests {
    private func restart(_ world: inout World, isRecent: Bool = true, addresses: [String: Address]? = nil) {
        let record = world.memory.record
        let own = Dictionary(uniqueKeysWithValues: world.names.map { ($0, Address.tcp(host: $0, port: 3306)) })
        world.memory = SetMemory(record, isRecent: isRecent, addresses: addresses ?? own)
    }

    @Test("The writer of the last few minutes remains so, though another node has not answered since the start")
    func incumbent() {
        var world = World.primary(replicas: 1)
        world.round()
        world.crash("db2")
        world.round()
        restart(&world)
        #expect(world.round().writers == ["db1"])
        // Without it, db2 may be the writer for all the exporter knows.
        restart(&world, isRecent: false)
        #expect(world.round().writers == [])
    }

    @Test("It does not make a node the writer that has restarted, is read-only, or has another address")
    func noYes() {
        var restarted = World.primary(replicas: 1)
        restarted.round()
        restarted.crash("db2")
        restart(&restarted)
        restarted.time += 100
        restarted.start("db1", readOnly: false)
        #expect(restarted.round().writers == [])

        var moved = World.primary(replicas: 1)
        moved.round()
        moved.crash("db2")
        restart(&moved, addresses: ["db1": .tcp(host: "elsewhere", port: 3306)])
        #expect(moved.round().writers == [])

        // Known by its identity, but still not seen: it may be taking writes.
        var world = World.primary(replicas: 1)
        world.round()
        world.crash("db1")
        world.promote("db2")
        restart(&world, isRecent: false)
        #expect(world.round().primary.reason?.contains("db1 has not answered since the exporter started") == true)
    }

    @Test("Identities recognise a source that is silent after the start, whatever the replica calls it")
    func identities() {
        var world = World.primary(replicas: 1)
        world["db2"].isReadOnly = false
        world["db2"].links[0].host = "10.9.8.7"
        world.round()
        world.freeze("db1")
        restart(&world)
        let set = world.round()
        #expect(set.writers == [] && set.nodes[1].channels[0].sourceNode == "db1")
    }

    @Test("An operator's word continues, and ends as it would have otherwise")
    func word() {
        var world = World([("db1", false, nil), ("db2", false, nil)])
        world.round()
        world.memory.takeWord(for: "db2")
        world.round()
        restart(&world)
        #expect(world.round().writers == ["db2"])
        restart(&world)
        world["db2"].isReadOnly = true
        world.round()
        #expect(world.memory.word == nil)
    }
}
