import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// The cases in which Seconds_Behind is wrong, and what one round's facts reveal.
@Suite("The lag of a replica, and when it cannot be known")
struct LagTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var source: ReplicationSetReport.Node
        var replica: ReplicationSetReport.Node
        var lag: Lag?
        var transfer = true
        var apply = true
        var isInTime: Bool?

        init(
            _ description: String, _ channel: Channel, executed: String? = nil, of source: String? = nil, lag: Lag?,
            transfer: Bool = true, apply: Bool = true, isInTime: Bool?
        ) {
            testDescription = description
            self.source = LagTests.source
            replica = node("db2", id: 2, uuid: 2, from: channel)
            if let executed { replica = replica.executed(executed) }
            if let source { self.source = self.source.executed(source) }
            self.lag = lag
            self.transfer = transfer
            self.apply = apply
            self.isInTime = isInTime
        }
    }

    /// At byte 400 MB of file 5.
    static let source = node("db1", id: 1, uuid: 1, binlog: "bin.000005:400000000")
    static let end: BinlogCoordinate = "bin.000005:400000000"
    static let farBehind: BinlogCoordinate = "bin.000005:1000"

    static func seconds(_ seconds: Double) -> Lag { Lag(seconds: seconds, method: .secondsBehindSource) }
    static func applier(_ seconds: Double) -> Lag { Lag(seconds: seconds, method: .applierTimestamps) }
    static func events(_ seconds: Double) -> Lag { Lag(seconds: seconds, method: .eventTimes) }

    /// What the replica lacks may be of any age: no limit is met.
    static func unbounded(_ lag: Lag) -> Lag {
        var lag = lag
        lag.limiting = nil
        return lag
    }

    static func busy(_ age: Double) -> (inout Channel) -> Void {
        { $0.applierTimes = .init(applyingAge: age) }
    }

    static func idle(_ channel: inout Channel) {
        channel.applierTimes = .init()
    }

    static func silence(_ seconds: Double, period: Double?) -> (inout Channel) -> Void {
        {
            $0.sourceSilence = seconds
            $0.heartbeatPeriod = period
        }
    }

    static let cases: [Case] = [
        // All is well.
        Case("up to date", channel(uuid: 1, read: end, behind: 0), lag: seconds(0), isInTime: true),
        Case("late, within the threshold", channel(uuid: 1, read: end, behind: 30), lag: seconds(30), isInTime: true),
        Case("late", channel(uuid: 1, read: end, behind: 31), lag: seconds(31), isInTime: false),

        // IO thread stopped or connecting: MariaDB reports NULL even while SQL still applies, MySQL keeps counting.
        Case(
            "IO stopped, MariaDB", channel(uuid: 1, io: .stopped, read: end), lag: nil, transfer: false, isInTime: nil),
        Case(
            "IO connecting, MySQL, relay log not drained", channel(uuid: 1, io: .connecting, read: end, behind: 3),
            lag: nil, transfer: false, isInTime: nil),
        Case(
            "IO preparing, MariaDB", channel(uuid: 1, io: .preparing, read: end, behind: 3), lag: nil, transfer: false,
            isInTime: nil),
        Case(
            "IO stopped, an applier that still works",
            channel(uuid: 1, io: .stopped, read: end, behind: 3).with(busy(2)),
            lag: nil, transfer: false, isInTime: nil),
        Case(
            "IO stopped, and far behind by bytes", channel(uuid: 1, io: .stopped, read: farBehind), lag: nil,
            transfer: false, isInTime: false),

        // SQL thread stopped: NULL.
        Case("SQL stopped", channel(uuid: 1, applies: false, read: end), lag: nil, apply: false, isInTime: nil),
        Case(
            "SQL stopped, whatever the server says", channel(uuid: 1, applies: false, read: end, behind: 0), lag: nil,
            apply: false, isInTime: nil),
        Case(
            "SQL running, retrying after an error",
            channel(uuid: 1, read: end, behind: 0).with { $0.applierError = .init(number: 1205, message: "lock wait") },
            lag: seconds(0), apply: false, isInTime: true),
        Case(
            "error number 0 means no error",
            channel(uuid: 1, read: end, behind: 0).with { $0.applierError = .init(number: 0, message: "") },
            lag: seconds(0), isInTime: true),

        // A frozen or partitioned source: IO runs, 0 seconds behind.
        Case(
            "source silent for more than two heartbeats",
            channel(uuid: 1, read: end, behind: 0).with(silence(60.1, period: 30)), lag: nil, transfer: false,
            isInTime: nil),
        Case(
            "source silent for two heartbeats, one of which may be late",
            channel(uuid: 1, read: end, behind: 0).with(silence(60, period: 30)), lag: seconds(0), isInTime: true),
        Case(
            "source silent, its heartbeats switched off",
            channel(uuid: 1, read: end, behind: 0).with(silence(600, period: 0)), lag: seconds(0), isInTime: true),
        Case(
            "source silent, the period is not reported",
            channel(uuid: 1, read: end, behind: 0).with(silence(600, period: nil)), lag: seconds(0), isInTime: true),

        // A slow network: 0 seconds behind, but much to fetch.
        Case(
            "slow network, by bytes", channel(uuid: 1, read: farBehind, behind: 0), lag: nil, isInTime: false),
        Case(
            "a commit on its way to an idle applier, which took long for the last one",
            channel(uuid: 1, read: end, behind: 0).with(idle),
            executed: "1:1-10", of: "1:1-12", lag: nil, isInTime: nil),

        // A long transaction: the start time of its event counts.
        Case(
            "long transaction, by its commit on the source (MySQL 8)",
            channel(uuid: 1, read: end, behind: 600).with(busy(0.7)), lag: applier(0.7), isInTime: true),
        Case(
            "long transaction, by event times (MariaDB 11.6)",
            channel(uuid: 1, read: end, behind: 600).with { $0.eventTimes = .init(difference: 1) }, lag: events(1),
            isInTime: true),
        Case(
            "event times that stand still behind a lock while the server counts (11.8)",
            channel(uuid: 1, read: end, executed: "bin.000005:399999000", behind: 9)
                .with { $0.eventTimes = .init(difference: 0) }, lag: unbounded(seconds(9)), isInTime: nil),
        Case(
            "event times that are more informative than the server's count",
            channel(uuid: 1, read: end, executed: "bin.000005:399999000", behind: 1)
                .with { $0.eventTimes = .init(difference: 8) }, lag: unbounded(events(8)), isInTime: nil),
        Case(
            "event times before the first event",
            channel(uuid: 1, read: end, behind: 4).with { $0.eventTimes = .init(difference: nil) }, lag: seconds(4),
            isInTime: true),
        Case(
            "event times that run backwards",
            channel(uuid: 1, read: end, behind: 4).with { $0.eventTimes = .init(difference: -3) }, lag: seconds(4),
            isInTime: true),

        // A deliberately delayed replica.
        Case(
            "delayed, lagging by exactly its delay",
            channel(uuid: 1, read: end, executed: farBehind, behind: 3600).with { $0.configuredDelay = 3600 },
            lag: unbounded(seconds(3600)), isInTime: nil),
        Case(
            "delayed, lagging by more than its delay",
            channel(uuid: 1, read: end, executed: farBehind, behind: 3631).with { $0.configuredDelay = 3600 },
            lag: unbounded(seconds(3631)), isInTime: false),
        Case(
            "delayed, lagging by less than its delay",
            channel(uuid: 1, read: end, behind: 0).with { $0.configuredDelay = 3600 }, lag: seconds(0), isInTime: true),

        // The last applied transaction is history, not lag.
        Case(
            "idle and caught up by GTID, whatever the last transaction took",
            channel(uuid: 1, read: end, behind: 7).with(idle), executed: "1:1-10", of: "1:1-10",
            lag: applier(0), isInTime: true),
        Case(
            "idle and caught up by bytes", channel(uuid: 1, read: end, behind: 7).with(idle),
            lag: applier(0), isInTime: true),
        Case(
            "idle, and the source's position is not known: history proves nothing",
            channel(uuid: 5, read: end, behind: 7).with(idle), lag: seconds(7), isInTime: true),
        Case(
            "idle, behind, and nothing applied since the start",
            channel(uuid: 1, read: end, behind: 5).with(idle),
            executed: "1:1-10", of: "1:1-12", lag: unbounded(seconds(5)), isInTime: nil),
        Case(
            "applying the oldest of several transactions",
            channel(uuid: 1, read: end, behind: 0).with(busy(12)),
            lag: applier(12), isInTime: true),

        Case("no number", channel(uuid: 1, read: end, behind: .nan), lag: nil, isInTime: nil),
        Case("no finite number", channel(uuid: 1, read: end, behind: .infinity), lag: nil, isInTime: nil),
        Case(
            "no number of events", channel(uuid: 1, read: end).with { $0.eventTimes = .init(difference: .infinity) },
            lag: nil, isInTime: nil),
        Case("a negative number", channel(uuid: 1, read: end, behind: -1), lag: nil, isInTime: nil),
        Case("NULL, for no reason that can be seen", channel(uuid: 1, read: end), lag: nil, isInTime: nil),
    ]

    @Test("Each case in which Seconds_Behind tells half the truth", arguments: cases)
    func lag(_ scene: Case) throws {
        let set = ReplicationSetReport(
            scene.source, scene.replica, thresholds: Thresholds(lag: .seconds(30), bytes: 100_000_000))
        let findings = try SetFindings(set)["db2"].channel()
        #expect(findings.lag == scene.lag)
        #expect(findings.checks[.transfer] == scene.transfer)
        #expect(findings.checks[.apply] == scene.apply)
        #expect(findings.checks[.lag] == scene.isInTime)
    }
}
