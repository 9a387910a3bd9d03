import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// Rounds over db1 and its replica db2, each at its time in seconds.
private struct Rounds {
    var memory = SetMemory()
    var flavor = Flavor.mariadb

    mutating func lag(
        at time: Double, end: BinlogCoordinate?, executed: BinlogCoordinate, read: BinlogCoordinate? = nil,
        id: UInt32 = 1, _ change: (inout Channel) -> Void = { _ in }
    ) -> Lag? {
        let source = end.map { node("db1", id: id, binlog: $0).read(at: time) } ?? silent("db1")
        let replica = node(
            "db2", id: 2,
            from: channel(from: "db1", id: end == nil ? nil : id, read: read ?? executed, executed: executed).with(
                change)
        ).with { [flavor] in $0.identity.flavor = flavor }.read(at: time)
        return memory.fold(ReplicationSetReport(source, replica)).nodes[1].channels[0].lag
    }
}

private func says(_ seconds: Double) -> (inout Channel) -> Void {
    { $0.secondsBehindSource = seconds }
}

private func stopped(_ channel: inout Channel) {
    channel.isApplierRunning = false
}

private func isNear(_ lag: Lag?, _ seconds: Double, _ method: Lag.Method, error: Double?) -> Bool {
    guard let lag, lag.method == method, abs(lag.seconds - seconds) < 0.05 else { return false }
    guard let error else { return lag.error == nil }
    return lag.error.map { abs($0 - error) < 0.05 } ?? false
}

@Suite("The lag between what looks at the source's log show")
struct LooksTests {
    @Test("A stalled network: the server says 0, and the oldest transaction that was seen grows old")
    func stalled() {
        var rounds = Rounds()
        for time in stride(from: 0.0, through: 30, by: 15) {
            let lag = rounds.lag(at: time, end: "bin.000001:100", executed: "bin.000001:100", says(0))
            #expect(isNear(lag, 0, .secondsBehindSource, error: 0.01))
            #expect(lag?.limiting == 0)
        }
        // Written between 30 and 45 s.
        let first = rounds.lag(at: 45, end: "bin.000001:200", executed: "bin.000001:100", says(0))
        #expect(isNear(first, 0, .secondsBehindSource, error: 15))
        let second = rounds.lag(at: 60, end: "bin.000001:900", executed: "bin.000001:100", says(0))
        #expect(isNear(second, 15, .secondsBehindSource, error: 15))
        // What the server says is put between the bounds from either side.
        let exaggerated = rounds.lag(at: 60, end: "bin.000001:900", executed: "bin.000001:100", says(4000))
        #expect(isNear(exaggerated, 30, .secondsBehindSource, error: 15))
        let inside = rounds.lag(at: 60, end: "bin.000001:900", executed: "bin.000001:100", says(20))
        #expect(isNear(inside, 20, .secondsBehindSource, error: 10))
        // It applies up to the middle of what was written between 45 and 60 s.
        let partly = rounds.lag(at: 75, end: "bin.000001:950", executed: "bin.000001:500", says(0))
        #expect(isNear(partly, 15, .secondsBehindSource, error: 15))
    }

    @Test("A source that leaves out what is marked: the replica's place does not show that it lacks anything")
    func filteredBySource() {
        var rounds = Rounds()
        func lag(at time: Double, end: BinlogCoordinate, executed: BinlogCoordinate) -> Lag? {
            rounds.lag(at: time, end: end, executed: executed) {
                $0.secondsBehindSource = 0
                $0.isFilteredBySource = true
            }
        }
        _ = lag(at: 0, end: "bin.000001:100", executed: "bin.000001:100")
        _ = lag(at: 10, end: "bin.000001:200", executed: "bin.000001:100")
        let unsure = lag(at: 60, end: "bin.000001:900", executed: "bin.000001:100")
        #expect(isNear(unsure, 0, .secondsBehindSource, error: 60))
        #expect(unsure?.limiting ?? 0 > 59.9)
        // What is not left out arrives.
        #expect(
            isNear(lag(at: 70, end: "bin.000001:950", executed: "bin.000001:950"), 0, .secondsBehindSource, error: 0.01)
        )
    }

    @Test("A stopped thread: observed, and compared with a limit by what it may be at most")
    func stoppedThread() {
        var rounds = Rounds()
        let fresh = rounds.lag(at: 0, end: "bin.000001:100", executed: "bin.000001:100", stopped)
        #expect(isNear(fresh, 0, .observed, error: 0.01))
        let late = rounds.lag(at: 10, end: "bin.000001:101", executed: "bin.000001:100", stopped)
        #expect(isNear(late, 0, .observed, error: 10))
        #expect(late?.limiting ?? 0 > 9.9)
        let later = rounds.lag(at: 30, end: "bin.000001:500", executed: "bin.000001:100", stopped)
        #expect(isNear(later, 20, .observed, error: 10))
    }

    @Test("Nothing seen is applied yet: what looks alone show is no lag, and no limit is met by what a server says")
    func nothingApplied() {
        var rounds = Rounds()
        #expect(rounds.lag(at: 0, end: "bin.000001:100", executed: "bin.000001:50", stopped) == nil)
        let said = rounds.lag(at: 0, end: "bin.000001:100", executed: "bin.000001:50", says(3))
        #expect(isNear(said, 3, .secondsBehindSource, error: nil))
        #expect(said?.limiting == nil)
        // It has received everything: what it says is what it has still to apply.
        let received = rounds.lag(
            at: 5, end: "bin.000001:100", executed: "bin.000001:50", read: "bin.000001:100", says(8))
        #expect(isNear(received, 8, .secondsBehindSource, error: nil) && received?.limiting == 8)
    }

    @Test(
        "Nothing bounds the lag although the source answers: no limit is met, and 0 s beside what is missing is no value"
    )
    func unbounded() throws {
        func channel(behind: Double, source: String, replica: String, knows: Bool = true) throws -> ChannelFindings {
            // The account may not ask for the binary log.
            let db1 = node("db1", id: 1, uuid: 1).executed(source)
            let db2 = node(
                "db2", id: 2, uuid: 2,
                from: ReplicationTesting.channel(
                    from: "db1", id: 1, uuid: 1, read: "bin.000001:100", executed: "bin.000001:100", behind: behind)
            ).executed(replica)
            return try SetFindings(
                ReplicationSetReport(knows ? db1.read(at: 1) : silent("db1"), db2.read(at: 1)))["db2"].channel()
        }
        let late = try channel(behind: 0, source: "1:1-9", replica: "1:1-5")
        #expect(late.lag == nil && late.checks[.lag] == nil)
        let said = try channel(behind: 3, source: "1:1-9", replica: "1:1-5")
        #expect(said.lag?.seconds == 3 && said.lag?.limiting == nil && said.checks[.lag] == nil)
        let complete = try channel(behind: 0, source: "1:1-5", replica: "1:1-5")
        #expect(complete.lag?.limiting == 0 && complete.checks[.lag] == true)
        // Perhaps only the exporter has lost it.
        #expect(try channel(behind: 0, source: "", replica: "1:1-5", knows: false).lag?.limiting == 0)
        // A position in a log that the source no longer has, and nothing to compare.
        var rounds = Rounds()
        let renamed = rounds.lag(at: 0, end: "renamed.000001:329", executed: "bin.000001:100", says(0))
        #expect(renamed == nil)
        let early = rounds.lag(at: 1, end: "renamed.000001:329", executed: "bin.000001:100", says(2))
        #expect(early?.seconds == 2 && early?.limiting == nil)
    }

    @Test("The time since the exporter's own first look is no lag: the server says 0, and something is missing")
    func ownFirstLook() {
        var rounds = Rounds()
        for time in stride(from: 0.0, through: 20, by: 5) {
            let end = BinlogCoordinate("bin.000001:\(200 + Int(time))")
            #expect(rounds.lag(at: time, end: end, executed: "bin.000001:100", says(0)) == nil)
        }
    }

    @Test("Where looks contradict what the server says, a limit is compared with the most that they allow")
    func contradicted() {
        var rounds = Rounds()
        _ = rounds.lag(at: 0, end: "bin.000001:100", executed: "bin.000001:100", says(0))
        // Written between 0 and 5 s.
        let new = rounds.lag(at: 5, end: "bin.000001:200", executed: "bin.000001:100", says(0))
        #expect(new?.seconds == 0 && new?.limiting == 0)
        let late = rounds.lag(at: 8, end: "bin.000001:200", executed: "bin.000001:100", says(0))
        #expect(isNear(late, 3, .secondsBehindSource, error: 5))
        #expect(late?.limiting ?? 0 > 7.9)
        // Whole seconds are no contradiction.
        let near = rounds.lag(at: 8, end: "bin.000001:200", executed: "bin.000001:100", says(2.5))
        #expect(isNear(near, 3, .secondsBehindSource, error: 5) && near?.limiting ?? 9 < 3.1)
    }

    @Test("MySQL without GTIDs: a parallel applier writes its position down late, so that it shows no lag by itself")
    func checkpoints() {
        var rounds = Rounds()
        rounds.flavor = .mysql
        func lag(at time: Double, end: BinlogCoordinate, read: BinlogCoordinate? = nil) -> Lag? {
            rounds.lag(at: time, end: end, executed: "bin.000001:100", read: read ?? end) {
                $0.secondsBehindSource = 0
                $0.workers = .init(total: 4)
            }
        }
        _ = lag(at: 0, end: "bin.000001:100")
        _ = lag(at: 2, end: "bin.000001:200")
        // It has just been freed, and has applied everything.
        let freed = lag(at: 20, end: "bin.000001:900")
        #expect(isNear(freed, 0, .secondsBehindSource, error: 20))
        #expect(freed?.limiting ?? 0 > 19.9)
        // What it has not received is another matter.
        let stalled = lag(at: 40, end: "bin.000001:950", read: "bin.000001:200")
        #expect(isNear(stalled, 20, .secondsBehindSource, error: 20))
    }

    @Test("A frozen source: a lag that was seen grows on; otherwise nothing is known by looks alone")
    func frozen() {
        var rounds = Rounds()
        _ = rounds.lag(at: 0, end: "bin.000001:100", executed: "bin.000001:100", says(0))
        #expect(rounds.lag(at: 10, end: nil, executed: "bin.000001:100", stopped) == nil)
        #expect(
            isNear(
                rounds.lag(at: 10, end: nil, executed: "bin.000001:100", says(0)), 0, .secondsBehindSource, error: 10))
        _ = rounds.lag(at: 20, end: "bin.000001:200", executed: "bin.000001:100", says(0))
        #expect(
            isNear(
                rounds.lag(at: 50, end: nil, executed: "bin.000001:100", says(0)), 30, .secondsBehindSource, error: 20))
    }

    @Test(
        "Another log begins anew: another server, a shorter end, another name; not a restart",
        arguments: [
            ("bin.000001:50", 1), ("bin.000001:200", 7), ("log.000001:200", 1),
        ] as [(BinlogCoordinate, UInt32)])
    func otherLog(end: BinlogCoordinate, id: UInt32) {
        var rounds = Rounds()
        _ = rounds.lag(at: 0, end: "bin.000001:100", executed: "bin.000001:100", says(0))
        _ = rounds.lag(at: 10, end: end, executed: end, id: id, stopped)
        // The look at 0 s says nothing about this log.
        #expect(rounds.memory.looks["db1"]?.looks.count == 1)
    }

    @Test("An older answer that arrives late changes nothing")
    func overlap() {
        var rounds = Rounds()
        _ = rounds.lag(at: 10, end: "bin.000001:300", executed: "bin.000001:300", says(0))
        let late = node("db1", id: 1, binlog: "bin.000001:200").read(at: 9, taking: 3)
        _ = rounds.memory.fold(ReplicationSetReport(late, silent("db2")))
        #expect(rounds.memory.looks["db1"]?.looks.map(\.end) == ["bin.000001:300"])
    }

    @Test("What GTIDs have once shown to be applied stays applied, though the reported position is still behind")
    func stalePosition() {
        var memory = SetMemory()
        func lag(at time: Double, end: BinlogCoordinate, source: String, replica: String, executed: BinlogCoordinate)
            -> Lag?
        {
            let db1 = node("db1", id: 1, uuid: 1, binlog: end).executed(source)
            let db2 = node(
                "db2", id: 2, uuid: 2,
                from: channel(from: "db1", id: 1, uuid: 1, io: .stopped, read: end, executed: executed)
            ).executed(replica)
            return memory.fold(ReplicationSetReport(db1.read(at: time), db2.read(at: time))).nodes[1].channels[0].lag
        }
        _ = lag(at: 0, end: "bin.000001:100", source: "1:1-5", replica: "1:1-5", executed: "bin.000001:50")
        let late = lag(at: 10, end: "bin.000001:200", source: "1:1-6", replica: "1:1-5", executed: "bin.000001:50")
        #expect(isNear(late, 0, .observed, error: 10))
        // A replica that has lost something starts again.
        #expect(
            lag(at: 20, end: "bin.000001:200", source: "1:1-6", replica: "1:1-4", executed: "bin.000001:40") == nil)
    }

    @Test("What was applied of a log says nothing about that of another server at the node's next address")
    func otherAddress() {
        var memory = SetMemory()
        func lag(at time: Double, _ address: AddressText, uuid: Int, end: BinlogCoordinate, source: String) -> Lag? {
            let db1 = node("db1", id: 1, uuid: uuid, at: address, binlog: end).executed(source)
            let db2 = node(
                "db2", id: 2, uuid: 2,
                from: channel(
                    from: address, id: 1, uuid: uuid, applies: false, read: "bin.000001:100", executed: "bin.000001:50")
            ).executed("1:1-5")
            return memory.fold(ReplicationSetReport(db1.read(at: time), db2.read(at: time))).nodes[1].channels[0].lag
        }
        #expect(isNear(lag(at: 0, "old", uuid: 1, end: "bin.000001:100", source: "1:1-5"), 0, .observed, error: 0.01))
        for time in [10.0, 20] {
            #expect(lag(at: time, "new", uuid: 3, end: "bin.000001:90", source: "1:1-5,3:1") == nil)
        }
    }

    @Test("MySQL: GTIDs show what is applied while the reported position stays behind, as behind a delay")
    func delayed() {
        var memory = SetMemory()
        func lag(at time: Double, source: Int, replica: Int) -> Lag? {
            let end = BinlogCoordinate("bin.000001:\(source)")
            let db1 = node("db1", id: 1, uuid: 1, binlog: end).executed("1:1-\(source)")
            let db2 = node(
                "db2", id: 2, uuid: 2,
                from: channel(from: "db1", id: 1, uuid: 1, read: end, executed: "bin.000001:5", behind: 3).with {
                    $0.usesGTID = true
                }
            ).executed("1:1-\(replica)")
            return memory.fold(ReplicationSetReport(db1.read(at: time), db2.read(at: time))).nodes[1].channels[0].lag
        }
        _ = lag(at: 0, source: 10, replica: 9)
        for second in 1...20 { _ = lag(at: Double(second), source: 10 + second, replica: 10 + max(0, second - 3)) }
        #expect(isNear(lag(at: 21, source: 31, replica: 28), 3, .secondsBehindSource, error: 1))
    }

    @Test("MySQL: a transaction that is in the log before it is committed is not applied by those that were")
    func flushed() {
        var memory = SetMemory()
        func lag(at time: Double, end: BinlogCoordinate, source: String) -> Lag? {
            let db1 = node("db1", id: 1, uuid: 1, binlog: end).executed(source)
            let db2 = node(
                "db2", id: 2, uuid: 2,
                from: channel(
                    from: "db1", id: 1, uuid: 1, read: "bin.000001:100", executed: "bin.000001:100", behind: 0
                )
                .with { $0.usesGTID = true }
            ).executed("1:1-5")
            return memory.fold(ReplicationSetReport(db1.read(at: time), db2.read(at: time))).nodes[1].channels[0].lag
        }
        _ = lag(at: 0, end: "bin.000001:100", source: "1:1-5")
        // Written to the log, and waiting for the disk or for an acknowledgement.
        #expect(isNear(lag(at: 1, end: "bin.000001:200", source: "1:1-5"), 0, .secondsBehindSource, error: 0.01))
        #expect(isNear(lag(at: 2, end: "bin.000001:200", source: "1:1-6"), 0, .secondsBehindSource, error: 1))
        for second in 3...20 {
            let late = lag(at: Double(second), end: "bin.000001:200", source: "1:1-6")
            #expect(isNear(late, Double(second) - 2, .secondsBehindSource, error: 1))
        }
    }

    @Test("The receiver follows another source while the applier is late: its position is one in the log before")
    func repointed() {
        var memory = SetMemory()
        func lag(
            at time: Double, end: BinlogCoordinate, source: String, executed: BinlogCoordinate = "bin.000013:198",
            byGTID: Bool
        ) -> Lag? {
            let db1 = node("db1", id: 1, uuid: 1, binlog: end).executed(source)
            let db2 = node(
                "db2", id: 2, uuid: 2,
                from: channel(from: "db1", id: 1, uuid: 1, read: end, executed: executed, behind: 0)
                    .with { $0.usesGTID = byGTID }
            ).executed("7:1-5")
            return memory.fold(ReplicationSetReport(db1.read(at: time), db2.read(at: time))).nodes[1].channels[0].lag
        }
        _ = lag(at: 0, end: "bin.000001:100", source: "7:1-5", byGTID: true)
        _ = lag(at: 1, end: "bin.000001:200", source: "7:1-6", byGTID: true)
        #expect(
            isNear(
                lag(at: 10, end: "bin.000001:900", source: "7:1-20", byGTID: true), 9, .secondsBehindSource, error: 1))
        // Nor is it if there is such a place in the new log too.
        #expect(
            isNear(
                lag(at: 11, end: "bin.000001:950", source: "7:1-21", executed: "bin.000001:920", byGTID: true), 10,
                .secondsBehindSource, error: 1))
        memory = SetMemory()
        _ = lag(at: 0, end: "bin.000001:100", source: "8:1", byGTID: false)
        #expect(lag(at: 9, end: "bin.000001:900", source: "8:1", byGTID: false) == nil)
    }

    @Test("MySQL without GTIDs: behind a delay, a position that stands still does not show how late the replica is")
    func heldBack() throws {
        var rounds = Rounds()
        func lag(at time: Double, end: BinlogCoordinate) -> Lag? {
            rounds.lag(at: time, end: end, executed: "bin.000001:100", read: end) {
                $0.secondsBehindSource = 1
                $0.configuredDelay = 10
                $0.workers = .init(total: 4)
            }
        }
        _ = lag(at: 0, end: "bin.000001:100")
        _ = lag(at: 1, end: "bin.000001:200")
        let late = try #require(lag(at: 20, end: "bin.000001:900"))
        #expect(late.seconds > 18.9)
        rounds = Rounds()
        rounds.flavor = .mysql
        _ = lag(at: 0, end: "bin.000001:100")
        _ = lag(at: 1, end: "bin.000001:200")
        let unsure = lag(at: 20, end: "bin.000001:900")
        #expect(isNear(unsure, 1, .secondsBehindSource, error: 19))
        #expect(unsure?.limiting ?? 0 > 19.9)
    }

    @Test("MySQL without GTIDs: behind a delay and a stalled network, what has not been received is not applied")
    func heldBackAndStalled() throws {
        var rounds = Rounds()
        rounds.flavor = .mysql
        func lag(at time: Double, end: BinlogCoordinate, read: BinlogCoordinate, applies: Bool = true) -> Lag? {
            rounds.lag(at: time, end: end, executed: "bin.000001:100", read: read) {
                $0.secondsBehindSource = 0
                $0.configuredDelay = 5
                $0.workers = .init(total: 4)
                $0.isApplierRunning = applies
            }
        }
        _ = lag(at: 0, end: "bin.000001:100", read: "bin.000001:100")
        _ = lag(at: 1, end: "bin.000001:200", read: "bin.000001:200")
        _ = lag(at: 10, end: "bin.000001:300", read: "bin.000001:200")
        let late = lag(at: 50, end: "bin.000001:900", read: "bin.000001:200")
        #expect(isNear(late, 40, .secondsBehindSource, error: 10))
        #expect(late?.limiting ?? 0 > 49.9)
        // A stopped applier waits for nothing: its position is where it is.
        let stopped = lag(at: 51, end: "bin.000001:900", read: "bin.000001:200", applies: false)
        #expect(isNear(stopped, 50, .observed, error: 1))
    }

    @Test("MySQL with GTIDs, without auto-positioning: behind a delay they show what the position does not")
    func heldBackWithGTIDs() {
        var memory = SetMemory()
        func lag(at time: Double, source: Int) -> Lag? {
            let end = BinlogCoordinate("bin.000001:\(source)")
            let db1 = node("db1", id: 1, uuid: 1, binlog: end).executed("1:1-\(source)")
            let db2 = node(
                "db2", id: 2, uuid: 2,
                from: channel(from: "db1", id: 1, uuid: 1, read: end, executed: "bin.000001:10", behind: 0).with {
                    $0.configuredDelay = 5
                    $0.workers = .init(total: 4)
                }
            ).executed("1:1-10")
            return memory.fold(ReplicationSetReport(db1.read(at: time), db2.read(at: time))).nodes[1].channels[0].lag
        }
        _ = lag(at: 0, source: 10)
        _ = lag(at: 1, source: 20)
        #expect(isNear(lag(at: 50, source: 30), 49, .secondsBehindSource, error: 1))
    }

    @Test("Behind a silent source, the check of the lag passes only as long as the most that it can be does")
    func checkOfSilent() throws {
        var rounds = Rounds()
        _ = rounds.lag(at: 0, end: "bin.000001:100", executed: "bin.000001:100", says(0))
        func look(at time: Double, _ source: ReplicationSetReport.Node) throws -> ChannelFindings {
            let replica = node("db2", id: 2, from: channel(from: "db1", read: "bin.000001:100", behind: 0))
            return try rounds.memory.fold(ReplicationSetReport(source, replica.read(at: time)))["db2"].channel()
        }
        #expect(try look(at: 20, silent("db1")).checks[.lag] == true)
        let late = try look(at: 40, silent("db1"))
        #expect(late.checks[.lag] == nil)
        // What balancers compare is another question: perhaps only the exporter has lost the source.
        #expect(late.lag?.seconds == 0 && late.lag?.limiting == 0)
        let again = try look(at: 41, node("db1", id: 1, binlog: "bin.000001:100").read(at: 41))
        #expect(again.checks[.lag] == true)
    }

    @Test("MariaDB: numbers of two servers in one domain do not show that everything is applied")
    func sharedDomain() {
        var memory = SetMemory()
        func lag(at time: Double, end: BinlogCoordinate, logged: String) -> ChannelFindings {
            let db1 = node("db1", id: 1, binlog: end).positions(logged: logged, state: logged)
            let db2 = node("db2", id: 2, binlog: "bin.000001:900").positions(logged: "0-2-500", state: "0-2-500")
            let db3 = node(
                "db3", id: 3,
                from: channel("a", from: "db1", id: 1, applies: false, read: end, executed: "bin.000001:100"),
                channel("b", from: "db2", id: 2, read: "bin.000001:900", executed: "bin.000001:900", behind: 0)
            ).positions(replicated: "0-2-500")
            return memory.fold(
                ReplicationSetReport(db1.read(at: time), db2.read(at: time), db3.read(at: time))
            ).nodes[2].channels[0]
        }
        #expect(isNear(lag(at: 0, end: "bin.000001:100", logged: "0-1-10").lag, 0, .observed, error: 0.01))
        _ = lag(at: 5, end: "bin.000001:200", logged: "0-1-11")
        let late = lag(at: 15, end: "bin.000001:300", logged: "0-1-12")
        #expect(isNear(late.lag, 10, .observed, error: 5))
        #expect(late.distance.missing == nil)
    }

    @Test("MariaDB: a replica that has everything by GTID is up to date, whatever position it reports after a crash")
    func afterCrash() {
        var memory = SetMemory()
        func lag(at time: Double, logged: String) -> Lag? {
            let db1 = node("db1", id: 1, binlog: "bin.000001:900").positions(logged: logged, state: logged)
            let db2 = node(
                "db2", id: 2,
                from: channel(from: "db1", id: 1, read: "bin.000001:4", executed: "bin.000001:4", behind: 0)
            ).positions(replicated: "0-1-10")
            return memory.fold(ReplicationSetReport(db1.read(at: time), db2.read(at: time))).nodes[1].channels[0].lag
        }
        for time in [0.0, 10] {
            let lag = lag(at: time, logged: "0-1-10")
            #expect(isNear(lag, 0, .secondsBehindSource, error: 0.01) && lag?.limiting == 0)
        }
        // Another server's number shows nothing.
        #expect(lag(at: 20, logged: "0-7-9")?.limiting == nil)
        // Nor does a higher one of which the source has no record: it may have begun anew.
        memory = SetMemory()
        #expect(lag(at: 30, logged: "0-1-5")?.limiting == nil)
    }

    @Test("By GTIDs, where there are no positions: what was new from look to look has to be there")
    func gtidOnly() {
        var memory = SetMemory()
        func lag(at time: Double, source: String, replica: String) -> Lag? {
            let db1 = node("db1", id: 1, uuid: 1, binlog: BinlogCoordinate("bin.000001:\(Int(time * 100) + 100)"))
                .executed(source)
            let db2 = node(
                "db2", id: 2, uuid: 2,
                from: channel(from: "db1", id: 1, uuid: 1).with {
                    $0.usesGTID = true
                    $0.isApplierRunning = false
                }
            ).executed(replica)
            return memory.fold(ReplicationSetReport(db1.read(at: time), db2.read(at: time))).nodes[1].channels[0].lag
        }
        #expect(isNear(lag(at: 0, source: "1:1-10", replica: "1:1-10"), 0, .observed, error: 0.01))
        #expect(isNear(lag(at: 10, source: "1:1-10", replica: "1:1-10"), 0, .observed, error: 0.01))
        _ = lag(at: 20, source: "1:1-20", replica: "1:1-15")
        // Another node's transactions do not come from this source's log.
        #expect(isNear(lag(at: 30, source: "1:1-30", replica: "1:1-15,9:1-100"), 10, .observed, error: 10))
        #expect(isNear(lag(at: 40, source: "1:1-40", replica: "1:1-20,9:1-100"), 10, .observed, error: 10))
    }

    @Test("MariaDB: domains are applied independently, so that a position of one says nothing about another")
    func domains() {
        var memory = SetMemory()
        func lag(at time: Double, end: BinlogCoordinate, logged: String, replicated: String) -> Lag? {
            let db1 = node("db1", id: 1, binlog: end).positions(logged: logged)
            let db2 = node(
                "db2", id: 2,
                from: channel(from: "db1", id: 1, read: end).with {
                    $0.usesGTID = true
                    $0.workers = .init(total: 4)
                    $0.secondsBehindSource = 0
                }
            ).positions(replicated: replicated)
            return memory.fold(ReplicationSetReport(db1.read(at: time), db2.read(at: time))).nodes[1].channels[0].lag
        }
        _ = lag(at: 0, end: "bin.000001:100", logged: "0-1-5,1-1-5", replicated: "0-1-5,1-1-5")
        _ = lag(at: 10, end: "bin.000001:200", logged: "0-1-5,1-1-6", replicated: "0-1-5,1-1-5")
        // Domain 0 went on, domain 1 did not.
        let late = lag(at: 20, end: "bin.000001:300", logged: "0-1-9,1-1-6", replicated: "0-1-9,1-1-5")
        #expect(isNear(late, 10, .secondsBehindSource, error: 10))
    }

    @Test(
        "Whatever servers say, and at whatever times they are asked, the truth is within the error", arguments: 0..<40)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var rounds = Rounds()
        var time = 0.0
        /// The times at which transactions were committed; the n-th ends at byte 100 (n + 1).
        var commits: [Double] = []
        var applied = 0
        var known = 0
        for _ in 0..<400 {
            let next = time + Double.random(in: 0...(Bool.random(using: &random) ? 1 : 60), using: &random)
            while Bool.random(using: &random) { commits.append(Double.random(in: time...next, using: &random)) }
            commits.sort()
            time = next
            if Int.random(in: 0..<10, using: &random) < 6 {
                applied = Int.random(in: applied...commits.count, using: &random)
            }
            let isSilent = Int.random(in: 0..<10, using: &random) == 0
            let lie = Double.random(in: 0...1000, using: &random)
            let thread = Int.random(in: 0..<3, using: &random)
            let lag = rounds.lag(
                at: time, end: isSilent ? nil : coordinate(commits.count), executed: coordinate(applied)
            ) {
                $0.isApplierRunning = thread > 0
                $0.secondsBehindSource = thread == 1 ? 0 : lie
            }
            guard let lag else { continue }
            let truth = applied < commits.count ? time - commits[applied] : 0
            if let error = lag.error {
                known += 1
                #expect(abs(lag.seconds - truth) <= error + 0.02, "\(lag), but \(truth)")
                if !isSilent {
                    #expect(lag.method != .observed || lag.limiting ?? 0 >= truth - 0.02, "\(lag), but \(truth)")
                }
            }
        }
        #expect(known > 100)
        #expect(rounds.memory.looks["db1"]?.looks.count ?? 0 < 200)
    }

    private func coordinate(_ transactions: Int) -> BinlogCoordinate {
        BinlogCoordinate("bin.000001:\(100 * (transactions + 1))")
    }

    @Test(
        "Looks are thinned as they age: the bracket stays below a tenth of the age, and a node that feeds nobody keeps two"
    )
    func thinned() throws {
        var rounds = Rounds()
        var looks = SetLooks()
        _ = rounds.lag(at: 0, end: "bin.000001:100", executed: "bin.000001:100", says(0))
        for second in 1..<50_000 {
            let end = BinlogCoordinate("bin.000001:\(second + 100)")
            let report = ReplicationSetReport(node("db1", id: 1, binlog: end).read(at: Double(second)))
            rounds.memory.looks.note(report, writers: [])
            looks.note(report, writers: [])
        }
        #expect(looks["db1"]?.looks.count == 2)
        let kept = try #require(rounds.memory.looks["db1"]?.looks)
        #expect(kept.count < 150)
        for back in [1, 10, 100, 1000, 10_000, 40_000] {
            let executed = BinlogCoordinate("bin.000001:\(49_999 - back + 100)")
            let lag = rounds.lag(at: 50_000, end: "bin.000001:50099", executed: executed, stopped)
            let error = try #require(lag?.error)
            #expect(abs((lag?.seconds ?? 0) - Double(back)) <= error + 1)
            #expect(error <= max(1.1, Double(back) * 0.12 + 1), "\(back) s: \(error)")
        }
    }
}
