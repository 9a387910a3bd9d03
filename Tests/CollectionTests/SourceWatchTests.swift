import Replication
import ReplicationTesting
import Testing

@testable import Collection

@Suite("The source's server ID, which MariaDB keeps showing after CHANGE MASTER")
struct SourceWatchTests {
    private func serverID(_ watch: inout SourceWatch, _ channel: Channel, flavor: Flavor = .mariadb) -> UInt32? {
        var facts = NodeFacts(identity: ServerIdentity(flavor: flavor, version: ServerVersion(10, 11, 0)))
        facts.channels = [channel]
        watch.note(&facts)
        return facts.channels?.first?.source.serverID
    }

    @Test("While it is not connected, it is that of the address at which it was last seen connected")
    func connected() {
        var watch = SourceWatch()
        #expect(serverID(&watch, channel(from: "db1:3306", id: 1)) == 1)
        #expect(serverID(&watch, channel(from: "db1:3306", id: 1, io: .stopped)) == 1)
        #expect(serverID(&watch, channel(from: "db1:3306", id: 1, io: .connecting)) == 1)
        // F8
        #expect(serverID(&watch, channel(from: "db9:3306", id: 1, io: .connecting)) == nil)
        #expect(serverID(&watch, channel(from: "db1:3307", id: 1, io: .connecting)) == nil)
        #expect(serverID(&watch, channel(from: "db9:3306", id: 2)) == 2)
        #expect(serverID(&watch, channel(from: "db9:3306", id: 2, io: .stopped)) == 2)
    }

    @Test("Of a channel that was not seen connected, it is known only if GTIDs are used and it has read something")
    func afterStart() {
        var watch = SourceWatch()
        let read = channel(id: 1, io: .stopped, read: "bin.000001:40")
        #expect(serverID(&watch, channel(id: 1, io: .connecting)) == nil)
        #expect(serverID(&watch, channel(id: 1, io: .connecting).with { $0.usesGTID = true }) == nil)
        #expect(serverID(&watch, read.with { $0.usesGTID = true }) == 1)
        // CHANGE MASTER TO MASTER_HOST=…, MASTER_LOG_FILE=… gives it a position before it has been connected.
        #expect(serverID(&watch, read.with { $0.usesGTID = false }) == nil)
    }

    @Test("MySQL forgets it by itself")
    func mysql() {
        var watch = SourceWatch()
        #expect(serverID(&watch, channel(id: 1, io: .connecting), flavor: .mysql) == 1)
    }
}
