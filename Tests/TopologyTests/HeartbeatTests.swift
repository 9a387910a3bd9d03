import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("Lag by heartbeat")
struct HeartbeatTests {
    private static let start = ContinuousClock.now
    private static let epoch: Int64 = 1_700_000_000_000_000

    private func microseconds(_ second: Double) -> Int64 { Self.epoch + Int64(second * 1e6) }

    /// A replica of `source`, or none; `rows` are seconds by server id, read at `second`.
    private func server(
        _ name: String, id: UInt32, from sources: String..., showing rows: [UInt32?: Double]?, at second: Double = 10,
        own: OwnHeartbeat? = nil
    ) -> ReplicationSetReport.Node {
        node(name, id: id).with { facts in
            facts.channels = sources.enumerated().map { index, source in
                channel(index == 0 ? "" : "\(index)", from: AddressText(source), behind: 7)
            }
            facts.askedAt = Double(microseconds(second)) / 1e6
            facts.clockOffset = 0
            let read = Self.start + .seconds(second)
            facts.heartbeat = rows.map { rows in
                HeartbeatReading(
                    rows: rows.map { HeartbeatRow(serverID: $0.key, time: microseconds($0.value)) },
                    reading: Reading(asked: read, told: read), own: own)
            }
        }
    }

    private func findings(_ writing: HeartbeatWriting, _ nodes: ReplicationSetReport.Node...) -> SetFindings {
        SetFindings(ReplicationSetReport(name: "shop", nodes: nodes, heartbeat: writing))
    }

    /// Heartbeats on a node at every second up to 10.
    private func own(on node: String = "db1") -> HeartbeatWriting {
        var history = HeartbeatHistory(interval: 1)
        history.begin(on: node, holding: [], wallClock: Self.epoch, now: Self.start)
        for second in 0...10 {
            let sent = Self.start + .seconds(second)
            history.append(.init(time: microseconds(Double(second)), sent: sent, confirmed: sent))
        }
        return .own(history)
    }

    private func seen(_ second: Double, zone: Double = 0, unchanged: Double? = 0) -> OwnHeartbeat {
        OwnHeartbeat(time: microseconds(second), unchanged: unchanged, zone: zone)
    }

    @Test("Takes precedence over any other method, even if threads are stopped")
    func first() throws {
        var replica = server("db2", id: 2, from: "db1", showing: [1: 7])
        replica = replica.with { $0.channels?[0].isApplierRunning = false }
        let set = findings(own(), server("db1", id: 1, showing: [1: 10]), replica)
        #expect(try set["db2"].channel().lag == Lag(seconds: 2, method: .heartbeat))
        #expect(try set["db1"].heartbeatAge == 0)
        #expect(try set["db2"].heartbeatAge == 3)
    }

    @Test("Measures the whole path down a chain")
    func chain() throws {
        let set = findings(
            own(), server("db1", id: 1, showing: [1: 10]), server("db2", id: 2, from: "db1", showing: [1: 10]),
            server("db3", id: 3, from: "db2", showing: [1: 4]))
        #expect(try set["db2"].channel().lag == Lag(seconds: 0, method: .heartbeat))
        #expect(try set["db3"].channel().lag == Lag(seconds: 5, method: .heartbeat))
    }

    @Test("Says nothing about a channel that does not lead to the writer, nor about two that do")
    func ways() throws {
        let set = findings(
            own(), server("db1", id: 1, showing: [1: 10]), server("db2", id: 2, from: "db1", showing: [1: 10]),
            server("db3", id: 3, from: "db1", "elsewhere", showing: [1: 4]),
            server("db4", id: 4, from: "db1", "db2", showing: [1: 4]))
        #expect(try set["db3"].channel().lag?.method == .heartbeat)
        #expect(try set["db3"].channel("1").lag?.method == .secondsBehindSource)
        #expect(try set["db4"].channel().lag?.method == .secondsBehindSource)
        #expect(try set["db4"].channel("1").lag?.method == .secondsBehindSource)
    }

    @Test("Says nothing about the primary in a ring, and nothing if the table was not read")
    func silence() throws {
        let set = findings(
            own(), server("db1", id: 1, from: "db2", showing: [1: 3]), server("db2", id: 2, from: "db1", showing: nil))
        #expect(try set["db1"].channel().lag?.method == .secondsBehindSource)
        #expect(try set["db2"].channel().lag?.method == .secondsBehindSource)
        #expect(try set["db2"].heartbeatAge == nil)
    }

    @Test("If none has ever arrived that is lag, unless a filter may be the reason")
    func filtered() throws {
        let plain = server("db2", id: 2, from: "db1", showing: [:])
        let filtered = server("db3", id: 3, from: "db1", showing: [:]).with {
            $0.channels?[0].filters[.ignoreDatabase] = 1
        }
        let set = findings(own(), server("db1", id: 1, showing: [1: 10]), plain, filtered)
        #expect(try set["db2"].channel().lag == Lag(seconds: 10, method: .heartbeat))
        #expect(try set["db3"].channel().lag?.method == .secondsBehindSource)
    }

    @Test(
        "Another program's is compared with the source's row, whatever its time zone",
        arguments: [0, -18_000.0])
    func foreign(zone: Double) throws {
        let set = findings(
            .foreign(interval: 1),
            server("db1", id: 1, showing: [1: 9.5 - zone], own: seen(9.5 - zone, zone: zone)),
            server("db2", id: 2, from: "db1", showing: [1: 9.5 - zone]),
            server("db3", id: 3, from: "db1", showing: [1: 4.5 - zone]))
        #expect(try set["db2"].channel().lag == Lag(seconds: 0, method: .heartbeat))
        #expect(try set["db3"].channel().lag == Lag(seconds: 4, method: .heartbeat))
        #expect(try set["db1"].heartbeatAge == 0.5)
        #expect(try set["db3"].heartbeatAge == 5.5)
    }

    @Test("What was written between the two readings is not missing")
    func skew() throws {
        let set = findings(
            .foreign(interval: 1), server("db1", id: 1, showing: [1: 10], at: 10, own: seen(10)),
            server("db2", id: 2, from: "db1", showing: [1: 7], at: 8))
        #expect(try set["db2"].channel().lag == Lag(seconds: 0, method: .heartbeat))
    }

    @Test(
        "A writer that has stopped measures nothing, but the age of its row is known",
        arguments: [
            OwnHeartbeat(time: epoch + 3_000_000, unchanged: 7, zone: 0),
            // Stopped since the last look.
            OwnHeartbeat(time: epoch - 6_000_000, unchanged: 0, zone: 0),
            // The first look.
            OwnHeartbeat(time: epoch + 10_000_000, unchanged: nil, zone: nil),
        ])
    func ended(own: OwnHeartbeat) throws {
        let second = Double(own.time - Self.epoch) / 1e6
        let set = findings(
            .foreign(interval: 1), server("db1", id: 1, showing: [1: second], own: own),
            server("db2", id: 2, from: "db1", showing: [1: second]))
        #expect(try set["db2"].channel().lag?.method == .secondsBehindSource)
        #expect(try set["db2"].heartbeatAge == (own.zone == nil ? nil : 10 - second))
    }

    @Test("Of several writers, the nearest one above that still writes counts")
    func writers() throws {
        let primary = server("db1", id: 1, showing: [1: 10], own: seen(10))
        let set = findings(
            .foreign(interval: 1), primary,
            server("db2", id: 2, from: "db1", showing: [1: 4, 2: 10], own: seen(10)),
            server("db3", id: 3, from: "db2", showing: [1: 2, 2: 7]))
        #expect(try set["db2"].channel().lag?.seconds == 5)
        #expect(try set["db3"].channel().lag?.seconds == 2)
        let ended = findings(
            .foreign(interval: 1), primary,
            server("db2", id: 2, from: "db1", showing: [1: 4, 2: 1], own: seen(1, unchanged: 9)),
            server("db3", id: 3, from: "db2", showing: [1: 2, 2: 1]))
        #expect(try ended["db3"].channel().lag?.seconds == 7)
    }

    @Test("The old layout has one row for all")
    func legacy() throws {
        let set = findings(
            .foreign(interval: 1), server("db1", id: 1, showing: [nil: 10], own: seen(10)),
            server("db2", id: 2, from: "db1", showing: [nil: 4]))
        #expect(try set["db2"].channel().lag == Lag(seconds: 5, method: .heartbeat))
    }
}
