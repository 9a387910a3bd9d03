import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("Replicas of an intermediate that does not log what it replicates")
struct UnservedReplicaTests {
    private let db1 = node("db1", id: 1, readOnly: false)
    private let db2 = replica("db2", id: 2, from: channel(from: "db1", id: 1, behind: 0)).unlogged()
    private let db3 = replica("db3", id: 3, from: channel(from: "db2", id: 2, behind: 0))

    private func unserved(by name: String = "db2", _ nodes: ReplicationSetReport.Node...) throws -> [String]? {
        try SetFindings(ReplicationSetReport(name: "shop", nodes: nodes))[name].unservedReplicas
    }

    @Test("The intermediate has the trouble, which names them; nobody else has one")
    func chain() throws {
        let db4 = replica("db4", id: 4, from: channel(from: "db2", id: 2, behind: 0))
        let set = findings(db1, db2, db3, db4)
        #expect(
            try set["db2"].troubles == [
                Trouble(
                    .changesNotLogged,
                    "does not log what it replicates (log_slave_updates is off), so db3 and db4 never get it")
            ])
        #expect(set.nodes.map(\.unservedReplicas) == [[], ["db3", "db4"], [], []])
        #expect(set.nodes.flatMap { $0.channels.flatMap(\.troubles) } == [])
        #expect(
            try findings(db1, db2, db3)["db2"].troubles.map(\.text) == [
                "does not log what it replicates (log_slave_updates is off), so db3 never gets it"
            ])
    }

    @Test(
        "The variable has the name that it has on that server",
        arguments: [(5, 7, 44, "slave"), (8, 0, 25, "slave"), (8, 0, 26, "replica"), (9, 7, 0, "replica")])
    func mySQL(major: Int, minor: Int, patch: Int, word: String) throws {
        let db2 = node("db2", id: 2, uuid: 2, readOnly: true, from: channel(from: "db1", id: 1, uuid: 1, behind: 0))
            .unlogged().with { $0.identity.version = ServerVersion(major, minor, patch) }
        let set = findings(
            node("db1", id: 1, uuid: 1, readOnly: false), db2,
            node("db3", id: 3, uuid: 3, readOnly: true, from: channel(from: "db2", id: 2, uuid: 2, behind: 0)))
        #expect(try set["db2"].troubles.map(\.text).first?.contains("(log_\(word)_updates is off)") == true)
    }

    @Test("What is not known is no trouble: the variable, or whether the node takes the writes")
    func unknown() throws {
        let untold = db2.with { $0.binaryLog?.recordsReplicated = nil }
        #expect(try unserved(db1, untold, db3) == nil)
        #expect(try findings(db1, untold, db3)["db2"].troubles == [])
        // Its source does not answer, and it is writable itself.
        let writable = db2.with { $0.isReadOnly = false }
        #expect(try unserved(silent("db1"), writable, db3) == nil)
        #expect(try unserved(silent("db1"), db2, db3) == ["db3"])
        // With read_only left off, it is a replica all the same.
        #expect(try unserved(db1, writable, db3) == ["db3"])
    }

    @Test("Without a binary log it is its replicas' trouble: they are refused")
    func noLog() throws {
        let set = findings(db1, db2.with { $0.binaryLog = BinaryLog(isEnabled: false) }, db3)
        #expect(try set["db2"].unservedReplicas == nil && set["db2"].troubles == [])
        #expect(try set["db3"].channel().troubles.map(\.kind) == [.binaryLogMissing])
    }

    @Test("In a ring of two, each has what the other replicates from it; a third node below the passive one lacks it")
    func ring() throws {
        let active = node("db1", id: 1, readOnly: false, from: channel(from: "db2", id: 2, behind: 0)).unlogged()
        let below = replica("db4", id: 4, from: channel(from: "db1", id: 1, behind: 0))
        #expect(try unserved(active, db2) == [])
        #expect(try unserved(by: "db1", active, db2, below) == [])
        #expect(try unserved(active, db2, db3) == ["db3"])
        let passive = active.with { $0.isReadOnly = true }
        #expect(try unserved(passive, db2) == [])
        // What a replica of the node that takes the writes lacks is not the writer's concern.
        let three = node("db1", id: 1, readOnly: false, from: channel(from: "db3", id: 3, behind: 0)).unlogged()
        let set = findings(three, db2, db3.unlogged())
        #expect(set.nodes.map(\.unservedReplicas) == [[], ["db3"], []])
    }

    @Test("A replica that gets the same changes along another way lacks nothing")
    func anotherWay() throws {
        let both = replica(
            "db3", id: 3, from: channel("a", from: "db1", id: 1, behind: 0), channel("b", from: "db2", id: 2, behind: 0)
        )
        #expect(try unserved(db1, db2, both) == [])
        let db4 = replica("db4", id: 4, from: channel(from: "db1", id: 1, behind: 0))
        let through = replica(
            "db3", id: 3, from: channel("a", from: "db4", id: 4, behind: 0), channel("b", from: "db2", id: 2, behind: 0)
        )
        #expect(try unserved(db1, db2, through, db4) == [])
        #expect(try unserved(db1, db2, through, db4.unlogged()) == ["db3"])
    }

    @Test("What comes from outside the set is missing too")
    func outside() throws {
        let gathering = replica(
            "db2", id: 2, from: channel("in", from: "db1", id: 1, behind: 0), channel("out", from: "far", behind: 0)
        ).unlogged()
        let direct = replica(
            "db3", id: 3, from: channel("a", from: "db1", id: 1, behind: 0), channel("b", from: "db2", id: 2, behind: 0)
        )
        #expect(try unserved(db1, gathering, direct) == ["db3"])
        let all = replica(
            "db3", id: 3, from: channel("a", from: "db1", id: 1, behind: 0),
            channel("b", from: "db2", id: 2, behind: 0),
            channel("c", from: "far", behind: 0))
        #expect(try unserved(db1, gathering, all) == [])
    }

    @Test("A channel that is stopped on purpose brings nothing, and so nothing is missing")
    func parked() throws {
        let old = Channel(
            name: "", source: .init(host: "//db1", port: 3306, serverID: 1), ioThread: .stopped, isApplierRunning: false
        )
        #expect(try unserved(db1, replica("db2", id: 2, from: old).unlogged(), db3) == [])
        let detached = replica(
            "db3", id: 3,
            from: Channel(
                name: "", source: .init(host: "//db2", port: 3306, serverID: 2), ioThread: .stopped,
                isApplierRunning: false))
        #expect(try unserved(db1, db2, detached) == [])
    }
}

extension ReplicationSetReport.Node {
    /// It does not write what it replicates to its own binary log.
    fileprivate func unlogged() -> Self { with { $0.binaryLog?.recordsReplicated = false } }
}
