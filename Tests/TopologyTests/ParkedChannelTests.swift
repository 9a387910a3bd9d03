import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// From real servers: MySQL 9.7.4, a group of two with a channel "ext" from a third server; and, pasted into reports, a channel that
/// orchestrator has detached (bitpoke/mysql-operator#388).
@Suite("Channels that are stopped on purpose")
struct ParkedChannelTests {
    private let source = node("src", id: 1, uuid: 1, readOnly: false, binlog: "bin.000003:768")

    /// A member of the group, which runs the channel or does not.
    private func member(
        _ name: String, id: UInt32, uuid: Int, runs: Bool, group: [Int], applierError: UInt32 = 0
    ) -> ReplicationSetReport.Node {
        let ext = channel(
            "ext", from: "src", id: 1, uuid: runs ? 1 : nil, io: runs ? .running : .stopped, applies: runs, behind: 0
        ).with { $0.applierError = .init(number: applierError, message: "") }
        return node(name, id: id, uuid: uuid, readOnly: !runs, from: ext).with {
            guard !group.isEmpty else { return }
            var member = ClusterMember(
                kind: .group, cluster: "group", id: uuidText(uuid), state: group.contains(uuid) ? .online : .outside)
            member.view = ClusterView(
                id: "17:3", history: "17", number: 3, size: group.count,
                members: group.map { .init(id: uuidText($0), address: "", state: .online) })
            $0.cluster = member
        }
    }

    @Test("In a group, a channel that another member runs is parked: no trouble, no check, no lag")
    func group() throws {
        let findings = findings(
            source, member("m1", id: 2, uuid: 2, runs: true, group: []),
            member("m2", id: 3, uuid: 3, runs: false, group: [2, 3]))
        let parked = try findings["m2"].channel("ext")
        #expect(parked.isParked)
        #expect(parked.troubles == [])
        #expect(parked.checks == [:])
        #expect(parked.lag == nil)
        #expect(parked.applyDelta == nil && parked.readDelta == nil && parked.purgeHeadroom == nil)
        #expect(try findings["m2"].troubles == [])
        #expect(try !findings["m1"].channel("ext").isParked)
        #expect(try findings["m1"].channel("ext").checks[.transfer] == true)
    }

    @Test("In a group in which no member runs the channel, and where its applier has failed, it is not parked")
    func notRunning() throws {
        let none = findings(
            source, member("m1", id: 2, uuid: 2, runs: false, group: [2, 3]),
            member("m2", id: 3, uuid: 3, runs: false, group: [2, 3]))
        #expect(try none["m1"].channel("ext").troubles.map(\.kind) == [.receiverStopped, .applierStopped])
        #expect(try none["m2"].channel("ext").troubles.map(\.kind) == [.receiverStopped, .applierStopped])
        let failed = findings(
            source, member("m1", id: 2, uuid: 2, runs: true, group: []),
            member("m2", id: 3, uuid: 3, runs: false, group: [2, 3], applierError: 1062))
        #expect(try failed["m2"].channel("ext").troubles.map(\.kind) == [.receiverStopped, .applierFailing])
    }

    @Test("A replica that somebody has stopped is not parked, though another replica runs a channel of that name")
    func stoppedReplica() throws {
        let findings = findings(
            source, member("db2", id: 2, uuid: 2, runs: true, group: []),
            member("db3", id: 3, uuid: 3, runs: false, group: []),
            member("db4", id: 4, uuid: 4, runs: false, group: [4, 5]))
        for name in ["db3", "db4"] {
            #expect(try !findings[name].channel("ext").isParked)
            #expect(try findings[name].channel("ext").troubles.map(\.kind) == [.receiverStopped, .applierStopped])
        }
    }

    @Test(
        "A channel that leads nowhere is parked, whatever its threads say",
        arguments: [("//db1", Channel.IOThreadState.connecting, 2005), ("", .stopped, 0), ("//db1", .stopped, 0)]
            as [(String, Channel.IOThreadState, UInt32)])
    func detached(host: String, io: Channel.IOThreadState, error: UInt32) throws {
        var old = Channel(name: "", source: .init(host: host, port: 36001), ioThread: io, isApplierRunning: true)
        old.ioError = .init(number: error, message: "error connecting to master 'repl@//db1:3306'")
        let promoted = node("db2", id: 2, uuid: 2, readOnly: false, from: old)
        let findings = findings(
            promoted, node("db3", id: 3, uuid: 3, readOnly: true, from: channel(from: "db2", uuid: 2)))
        #expect(try findings["db2"].channel().isParked)
        #expect(try findings["db2"].channel().troubles == [])
        #expect(try findings["db2"].troubles == [])
        #expect(findings.writers == ["db2"])
    }

    @Test("A read-only node that only has channels that lead nowhere is cut off, which is told")
    func cutOff() throws {
        let old = Channel(
            name: "", source: .init(host: "//db1", port: 3306), ioThread: .stopped, isApplierRunning: false)
        let lost = node("db2", id: 2, uuid: 2, readOnly: true, from: old)
        #expect(
            try findings(lost)["db2"].troubles == [
                Trouble(.cutOff, "is read-only and receives nothing: it replicates from //db1:3306")
            ])
    }

    @Test("Nor is a channel that leads nowhere calm with an applier error: that is older than its being detached")
    func detachedAfterError() throws {
        var old = Channel(
            name: "", source: .init(host: "//db1", port: 3306), ioThread: .stopped, isApplierRunning: false)
        old.applierError = .init(number: 1062, message: "Duplicate entry")
        let findings = findings(node("db2", id: 2, uuid: 2, readOnly: false, from: old))
        #expect(try !findings["db2"].channel().isParked)
        #expect(try findings["db2"].channel().troubles.contains { $0.kind == .applierFailing })
        #expect(try findings["db2"].channel().checks[.apply] == false)
    }

    @Test(
        "A channel that leads nowhere although a source is configured for it by its name has the wrong source, unless it may be parked"
    )
    func detachedByName() throws {
        func channel(
            _ name: String = "db1", _ sources: [String: String] = ["DB1": "db1", "db2": "db2"],
            at host: String = "//127.0.0.1", parking: Set<String> = []
        ) throws -> ChannelFindings {
            // MySQL still knows the source's UUID.
            let detached = Channel(
                name: name, source: .init(host: host, port: 3306, serverID: 1, serverUUID: uuidText(1)),
                ioThread: .connecting, isApplierRunning: true
            ).with { $0.ioError = .init(number: 2005, message: "Unknown server host") }
            var replica = node(
                "db3", id: 3, uuid: 3, readOnly: true, intending: sources,
                from: detached, ReplicationTesting.channel("db2", from: "db2", id: 2, uuid: 2, behind: 0))
            replica.description.parkedChannels = parking
            return try findings(
                node("db1", id: 1, uuid: 1, readOnly: false), node("db2", id: 2, uuid: 2, readOnly: false), replica
            )["db3"].channel(name)
        }
        let wrong = try channel()
        #expect(!wrong.isParked)
        #expect(wrong.checks[.source] == false && wrong.checks[.transfer] == false)
        #expect(
            wrong.troubles.first
                == Trouble(
                    .wrongSource, "replicates from //127.0.0.1:3306, which leads nowhere, instead of db1"))
        #expect(wrong.troubles.map(\.kind).contains(.receiverFailing))
        #expect(try channel(at: "").troubles.first?.text == "replicates from nowhere instead of db1")
        // The default channel has no name; an entry of its own beside others is one for it.
        #expect(try channel("", ["": "db1", "db2": "db2"]).checks[.source] == false)
        // Its source is meant for whatever channel there is: orchestrator detaches the replica that it has promoted.
        for parked in [
            try channel("", ["": "db1"]), try channel("db1", ["": "db1", "db2": "db2"]), try channel("db1", [:]),
            try channel(parking: ["Db1"]),
        ] {
            #expect(parked.isParked && parked.checks == [:] && parked.troubles == [])
        }
    }

    @Test("A channel that the configuration names is parked while both of its threads are stopped without an error")
    func configured() throws {
        func findings(
            _ name: String, io: Channel.IOThreadState = .stopped, applies: Bool = false, ioError: UInt32 = 0,
            applierError: UInt32 = 0
        ) throws -> ChannelFindings {
            let eu = channel("Eu", from: "db1", id: 1, io: io, applies: applies).with {
                $0.ioError = .init(number: ioError, message: "")
                $0.applierError = .init(number: applierError, message: "")
            }
            var replica = node("db2", id: 2, uuid: 2, readOnly: true, from: eu)
            replica.description.parkedChannels = [name]
            return try SetFindings(ReplicationSetReport(node("db1", id: 1, uuid: 1), replica))["db2"].channel("Eu")
        }
        #expect(try findings("eu").troubles == [])
        #expect(try findings("us").troubles.map(\.kind) == [.receiverStopped, .applierStopped])
        #expect(try findings("eu", applies: true).troubles.map(\.kind) == [.receiverStopped])
        #expect(try findings("eu", io: .connecting).troubles.map(\.kind) == [.receiverFailing, .applierStopped])
        #expect(try findings("eu", ioError: 1236).troubles.map(\.kind) == [.receiverFailing, .applierStopped])
        #expect(try findings("eu", applierError: 1062).troubles.map(\.kind) == [.receiverStopped, .applierFailing])
    }
}
