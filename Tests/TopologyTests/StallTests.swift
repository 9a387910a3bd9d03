import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// Rounds over db1 and its replica db2, which last received something at 0 s unless it says otherwise.
private struct Rounds {
    private var memory = SetMemory()

    mutating func see(
        at time: Double, end: BinlogCoordinate?, read: BinlogCoordinate? = "bin.000001:100", silence: Double? = nil,
        id: UInt32 = 1, index: BinlogIndex? = nil, _ change: (inout Channel) -> Void = { _ in }
    ) throws -> ChannelFindings {
        let source =
            end.map { node("db1", id: id, binlog: $0).with { $0.binaryLog?.index = index }.read(at: time) }
            ?? silent("db1")
        let channel = channel(from: "db1", id: id, read: read).with {
            $0.heartbeatPeriod = 30
            $0.secondsBehindSource = 0
            $0.observedSilence = silence ?? time
            $0.sourceSilence = $0.observedSilence
            change(&$0)
        }
        let report = ReplicationSetReport(source, node("db2", id: 2, from: channel).read(at: time))
        return try memory.fold(report)["db2"].channel()
    }
}

extension ChannelFindings {
    fileprivate var transfers: Bool? { checks[.transfer] }
}

@Suite("A source's log goes on and nothing arrives")
struct StallTests {
    @Test("It fails the transfer check after 10 s, long before heartbeats are missed, until something arrives")
    func stalled() throws {
        var rounds = Rounds()
        #expect(try rounds.see(at: 0, end: "bin.000001:100").transfers == true)
        #expect(try rounds.see(at: 15, end: "bin.000001:100").transfers == true, "an idle source")
        #expect(try rounds.see(at: 20, end: "bin.000001:200").transfers == true, "written a moment ago")
        #expect(try rounds.see(at: 29, end: "bin.000001:900").transfers == true)
        let stalled = try rounds.see(at: 31, end: "bin.000001:900")
        #expect(stalled.transfers == false)
        #expect(
            stalled.troubles.filter { $0.kind == .sourceSilent } == [
                Trouble(
                    .sourceSilent, "nothing has arrived from the source for 31 s, and its binary log has gone on")
            ])
        #expect(try rounds.see(at: 40, end: nil).transfers == false, "a source that has fallen silent since")
        let arriving = try rounds.see(at: 41, end: "bin.000001:900", read: "bin.000001:150", silence: 0)
        #expect(arriving.transfers == true)
        #expect(try rounds.see(at: 50, end: "bin.000001:900", read: "bin.000001:150", silence: 9).transfers == true)
        #expect(try rounds.see(at: 60, end: "bin.000001:900", read: "bin.000001:150", silence: 19).transfers == false)
        #expect(try rounds.see(at: 61, end: "bin.000001:900", read: "bin.000001:900", silence: 0).transfers == true)
    }

    @Test(
        "A source that leaves out what is marked may have nothing to send: neither its log nor missing heartbeats are a stall"
    )
    func filteredBySource() throws {
        var rounds = Rounds()
        func see(at time: Double, end: BinlogCoordinate) throws -> ChannelFindings {
            try rounds.see(at: time, end: end) { $0.isFilteredBySource = true }
        }
        let complete = try see(at: 0, end: "bin.000001:100")
        #expect(complete.transfers == true && complete.readDelta == 0)
        for time in [40.0, 55] { #expect(try see(at: time, end: "bin.000001:900").transfers == true) }
        let silent = try see(at: 70, end: "bin.000001:900")
        #expect(silent.transfers == nil && silent.readDelta == nil && silent.troubles.isEmpty)
        // A limit is compared with the most that the lag can be.
        #expect(silent.lag?.method == .observed && silent.lag?.seconds == 0 && silent.lag?.limiting ?? 0 > 69)
        let stopped = try rounds.see(at: 80, end: "bin.000001:900") {
            $0.isFilteredBySource = true
            $0.ioThread = .connecting
        }
        #expect(stopped.transfers == false)
    }

    @Test("The log may go on in another file")
    func rotation() throws {
        var rounds = Rounds()
        func rotated(at time: Double) throws -> Bool? {
            try rounds.see(
                at: time, end: "bin.000002:50", index: binlogIndex([("bin.000001", 300), ("bin.000002", 50)])
            ).transfers
        }
        _ = try rounds.see(at: 0, end: "bin.000001:100")
        #expect(try rotated(at: 20) == true)
        #expect(try rotated(at: 31) == false)
    }

    @Test("A large event gets the time that its way takes, at half a megabyte a second")
    func largeEvent() throws {
        var rounds = Rounds()
        _ = try rounds.see(at: 0, end: "bin.000001:100")
        for time in [10.0, 20, 30, 40, 49] {
            #expect(try rounds.see(at: time, end: "bin.000001:15000100").transfers == true)
        }
        #expect(try rounds.see(at: 51, end: "bin.000001:15000100").transfers == false)
        // What is written behind it does not matter.
        #expect(try rounds.see(at: 55, end: "bin.000001:900000000").transfers == false)
    }

    @Test("Nothing is concluded from a position that is not known, while the relay log is full, and without looks")
    func unknown() throws {
        let changes: [(String, (inout Channel) -> Void)] = [
            ("no position", { $0.readPosition = nil }),
            ("a full relay log", { $0.isRelayLogFull = true }),
            ("the first look", { $0.observedSilence = nil }),
            ("arrivals", { $0.observedSilence = 9 }),
            ("another log", { $0.readPosition = "other.000001:100" }),
        ]
        for (what, change) in changes {
            var rounds = Rounds()
            for time in [0.0, 15, 30, 45] {
                let end: BinlogCoordinate = time == 0 ? "bin.000001:100" : "bin.000001:200"
                #expect(try rounds.see(at: time, end: end, change).transfers == true, "\(what)")
            }
        }
    }

    @Test("A channel that is not connected has its own words, and a parked one has no check")
    func notRunning() throws {
        var rounds = Rounds()
        _ = try rounds.see(at: 0, end: "bin.000001:100")
        _ = try rounds.see(at: 15, end: "bin.000001:200")
        let connecting = try rounds.see(at: 30, end: "bin.000001:200") { $0.ioThread = .connecting }
        #expect(connecting.transfers == false && !connecting.troubles.map(\.kind).contains(.sourceSilent))
        let parked = try rounds.see(at: 31, end: "bin.000001:200") { $0.source.host = "//db1" }
        #expect(parked.transfers == nil && parked.stall == nil)
    }

    @Test("A position may stand still while GTIDs show that everything has been received")
    func received() throws {
        func transfers(retrieved: String) throws -> Bool? {
            var rounds = Rounds()
            var last: Bool?
            for time in [0.0, 15, 30] {
                let source = node(
                    "db1", id: 1, uuid: 1, binlog: time == 0 ? "bin.000001:100" : "bin.000001:200"
                ).executed("1:1-6").read(at: time)
                let channel = channel(from: "db1", id: 1, uuid: 1, read: "bin.000001:100").with {
                    $0.usesGTID = true
                    $0.observedSilence = time
                    $0.fetched = .set(gtidSet(retrieved))
                }
                let replica = node("db2", id: 2, uuid: 2, from: channel).executed("1:1-5").read(at: time)
                last = try rounds.fold(ReplicationSetReport(source, replica))["db2"].channel().checks[.transfer]
            }
            return last
        }
        #expect(try transfers(retrieved: "1:1-6") == true)
        #expect(try transfers(retrieved: "1:1-5") == false)
    }

    @Test("Another log at the source begins anew")
    func otherLog() throws {
        var rounds = Rounds()
        _ = try rounds.see(at: 0, end: "bin.000001:100")
        _ = try rounds.see(at: 15, end: "bin.000001:200")
        #expect(try rounds.see(at: 30, end: "bin.000001:150", id: 7).transfers == true)
        #expect(try rounds.see(at: 41, end: "bin.000001:150", id: 7).transfers == false)
    }
}

extension Rounds {
    fileprivate mutating func fold(_ report: ReplicationSetReport) -> SetFindings { memory.fold(report) }
}
