import Replication
import Testing

@testable import Collection

@Suite("A heartbeat that is watched")
struct HeartbeatWatchTests {
    private static let start = ContinuousClock.now

    /// What is known of the row of server 1 when it is read this many seconds after the start.
    private func look(
        _ watch: inout HeartbeatWatch, at second: Double, row time: Double, server: UInt32? = 1, isReplica: Bool = false
    ) -> OwnHeartbeat? {
        var facts = NodeFacts(
            identity: ServerIdentity(flavor: .mariadb, version: ServerVersion(10, 11, 6), serverID: 1))
        facts.askedAt = 1_700_000_000 + second
        facts.clockOffset = 0.25
        let now = Self.start + .seconds(second)
        facts.channels =
            isReplica
            ? [Channel(name: "", source: .init(host: "db9", port: 3306), ioThread: .running, isApplierRunning: true)]
            : []
        facts.heartbeat = HeartbeatReading(
            rows: [
                HeartbeatRow(serverID: 2, time: 5),
                HeartbeatRow(serverID: server, time: Int64((1_700_000_000 + time) * 1e6)),
            ], reading: Reading(asked: now, told: now))
        watch.note(&facts, at: now)
        return facts.heartbeat?.own
    }

    @Test("is known to be written once it was seen to change")
    func change() {
        var watch = HeartbeatWatch()
        #expect(look(&watch, at: 0, row: 0)?.unchanged == nil)
        #expect(look(&watch, at: 15, row: 0)?.unchanged == nil, "written before the first look")
        #expect(look(&watch, at: 30, row: 29)?.unchanged == 0)
        #expect(look(&watch, at: 45, row: 29)?.unchanged == 15)
    }

    @Test("shows its writer's time zone, to a quarter of an hour", arguments: [0, -18_000, 19_800, 20_700, -12_600.0])
    func zone(offset: Double) {
        var watch = HeartbeatWatch()
        #expect(look(&watch, at: 0, row: offset)?.zone == nil)
        #expect(look(&watch, at: 15, row: 3 + offset)?.zone == -offset)
        #expect(look(&watch, at: 6000, row: 3 + offset)?.zone == -offset, "kept while it does not change")
    }

    @Test("shows no time zone if it was not read for long")
    func longAgo() {
        var watch = HeartbeatWatch()
        _ = look(&watch, at: 0, row: 0)
        #expect(look(&watch, at: 500, row: 1)?.zone == nil)
    }

    @Test("is not attributed to a replica if the row has no server id")
    func legacy() {
        var watch = HeartbeatWatch()
        #expect(look(&watch, at: 0, row: 0, server: nil) != nil)
        watch = HeartbeatWatch()
        #expect(look(&watch, at: 0, row: 0, server: nil, isReplica: true) == nil)
        #expect(look(&watch, at: 0, row: 0, isReplica: true) != nil, "written on it, in addition to what is replicated")
    }
}
