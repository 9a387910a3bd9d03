import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("Bytes between a replica and its source")
struct ByteDeltaTests {
    /// A source at byte 500 of file 5; it holds files 3 (100 bytes), 4 (200 bytes) and 5.
    let source = node("db1", id: 1, binlog: "bin.000005:500")
        .holding(("bin.000003", 100), ("bin.000004", 200), ("bin.000005", 450))

    func findings(_ source: ReplicationSetReport.Node, _ replicated: Channel) throws -> ChannelFindings {
        try SetFindings(ReplicationSetReport(source, node("db2", id: 2, from: replicated)))["db2"].channel()
    }

    @Test(
        "From the replica's position to the end of the source's binary log, and how much may be purged until it is lost",
        arguments: [
            // position, bytes to the end, bytes held before it, whether its file is held
            ("bin.000005:400", 100, 700, true),
            ("bin.000005:500", 0, 800, true),
            // Read just after the source was asked.
            ("bin.000005:620", 0, 920, true),
            ("bin.000004:50", 150 + 500, 150, true),
            ("bin.000003:40", 60 + 200 + 500, 40, true),
            ("bin.000003:0", 100 + 200 + 500, 0, true),
            // Purged.
            ("bin.000002:40", nil, nil, false),
            // The source opened a file between two looks, or several (F15): no verdict.
            ("bin.000006:4", 0, nil, nil),
            ("bin.000007:4", nil, nil, nil),
            ("bin.000500:4", nil, nil, nil),
            // log_bin was renamed, or it is another server.
            ("old.000005:4", nil, nil, false),
        ] as [(String, UInt64?, UInt64?, Bool?)])
    func deltas(position: String, delta: UInt64?, headroom: UInt64?, isHeld: Bool?) throws {
        let findings = try findings(source, channel(id: 1, read: BinlogCoordinate(position)))
        #expect(findings.readDelta == delta)
        #expect(findings.applyDelta == delta)
        #expect(findings.purgeHeadroom == headroom)
        #expect(findings.checks[.binaryLog] == isHeld)
    }

    @Test(
        "A position beyond the end of its source's log, asked after the replica: the log is gone, whatever the threads say",
        arguments: ["bin.000005:620", "bin.000006:4", "bin.000007:4", "bin.000004:201"])
    func gone(position: String) throws {
        for state in Channel.IOThreadState.allCases {
            var channel = channel(id: 1, read: BinlogCoordinate(position), behind: 0)
            channel.ioThread = state
            let replica = node("db2", id: 2, from: channel).looked()
            for (source, replica) in [
                (source.logAskedAgain(), replica), (source.looked(), replica.after(replica)),
            ] {
                let findings = try SetFindings(ReplicationSetReport(source, replica))["db2"].channel()
                #expect(findings.readDelta == nil && findings.applyDelta == nil && findings.purgeHeadroom == nil)
                #expect(findings.checks[.binaryLog] == false)
                let end = position.hasPrefix("bin.000004") ? "bin.000004:200" : "bin.000005:500"
                #expect(findings.logLoss?.read == BinlogCoordinate(position))
                #expect(findings.logLoss?.end == BinlogCoordinate(end))
                #expect(findings.troubles.contains { $0.text.contains("\(position), beyond the end") })
                #expect(findings.lag == nil)
            }
        }
    }

    @Test("Whether a position beyond the end is of the moment is asked at once, if there is no earlier round to tell")
    func doubt() throws {
        func asks(_ position: String, after earlier: String? = nil, from host: AddressText = "db1") -> Set<FollowUp> {
            var replica = node("db2", id: 2, from: channel(from: "db1", id: 1, read: BinlogCoordinate(position)))
                .looked()
            if let earlier {
                replica = replica.after(
                    node("db2", id: 2, from: channel(from: host, id: 1, read: BinlogCoordinate(earlier))))
            }
            return followUps(of: ReplicationSetReport(source.looked(), replica))["db1"] ?? []
        }
        #expect(asks("bin.000005:620") == [.binaryLog, .transactions])
        #expect(asks("bin.000007:4") == [.binaryLog, .transactions, .binlogIndex])
        #expect(asks("bin.000005:620", after: "bin.000005:400") == [])
        // Settled by the round before.
        #expect(asks("bin.000005:620", after: "bin.000005:620") == [])
        // It had another source then.
        #expect(asks("bin.000005:620", after: "bin.000005:400", from: "db9") == [.binaryLog, .transactions])
    }

    @Test("Distances in transactions are unknown as well once the log is gone, and equal sets do not make it 0 bytes")
    func goneByGTID() throws {
        func findings(_ source: String, _ replica: String, usesGTID: Bool) throws -> ChannelFindings {
            let channel = channel(uuid: 1, read: "bin.000009:400").with { $0.usesGTID = usesGTID }
            let report = ReplicationSetReport(
                node("db1", id: 1, uuid: 1, binlog: "bin.000001:500").executed(source, askedAgain: true)
                    .logAskedAgain(),
                node("db2", id: 2, uuid: 2, from: channel).executed(replica).looked())
            return try SetFindings(report)["db2"].channel()
        }
        for usesGTID in [true, false] {
            let reset = try findings("1:1-3", "1:1-90", usesGTID: usesGTID)
            #expect(reset.checks[.binaryLog] == false)
            #expect(reset.distance == GTIDDistance() && reset.applyDelta == nil && reset.readDelta == nil)
        }
        // The source was set up again, with all that the replica has: by GTID it goes on from there.
        let renewed = try findings("1:1-99", "1:1-90", usesGTID: true)
        #expect(renewed.checks[.binaryLog] == nil && renewed.logLoss == nil)
        #expect(renewed.distance.missing == 9)
    }

    @Test("A channel that finds its place by GTID is judged by what its source has purged, not by files")
    func purged() throws {
        func isHeld(
            _ purged: PurgedTransactions?, read: BinlogCoordinate = "bin.000002:40",
            io: Channel.IOThreadState = .stopped,
            fetched: FetchedTransactions? = nil, _ change: (ReplicationSetReport.Node) -> ReplicationSetReport.Node
        ) throws -> Bool? {
            let channel = channel(id: 1, uuid: 1, io: io, read: read).with {
                $0.usesGTID = true
                $0.fetched = fetched
            }
            let source = node("db1", id: 1, uuid: 1, binlog: "bin.000005:500").holding(("bin.000005", 500))
                .with { $0.binaryLog?.purged = purged }
            let replica = change(node("db2", id: 2, uuid: 2, from: channel))
            return try SetFindings(ReplicationSetReport(source, replica))["db2"].channel().checks[.binaryLog]
        }
        let set = PurgedTransactions.set(gtidSet("1:1-50"))
        // F3: all that was purged was read.
        #expect(try isHeld(set) { $0.executed("1:1-50") } == true)
        #expect(try isHeld(set) { $0.executed("1:1-49") } == false)
        #expect(try isHeld(set, read: "bin.000005:400") { $0.executed("1:1-49") } == false)
        #expect(try isHeld(set, fetched: .set(gtidSet("1:40-50"))) { $0.executed("1:1-45") } == true)
        #expect(try isHeld(nil) { $0.executed("1:1-49") } == nil)
        // While it is connected, the source sends what it needs.
        #expect(try isHeld(nil, io: .running) { $0.executed("1:1-49") } == nil)
        #expect(try isHeld(nil, read: "bin.000005:400", io: .running) { $0.executed("1:1-49") } == true)
        let oldest = PurgedTransactions.position(try GTIDPosition(parsing: "0-1-50,1-1-7"))
        #expect(try isHeld(oldest) { $0.positions(replicated: "0-1-50,1-1-9") } == true)
        #expect(try isHeld(oldest) { $0.positions(replicated: "0-1-49,1-1-9") } == false)
        #expect(try isHeld(oldest) { $0.positions(replicated: "0-1-50") } == false)

        // That is asked of the source of a channel that is not connected.
        let stopped = channel(id: 1, io: .stopped, read: "bin.000005:400").with { $0.usesGTID = true }
        #expect(
            followUps(of: ReplicationSetReport(source, node("db2", id: 2, from: stopped))) == ["db1": [.purged]])
    }

    @Test("A server that itself says that its source has purged what it needs is believed")
    func saysSo() throws {
        let message =
            "Got fatal error 1236 from source when reading data from binary log: 'Cannot replicate because the source purged "
            + "required binary logs.'"
        for number in [1236, 13114] as [UInt32] {
            let stopped = channel(id: 1, io: .stopped, read: "bin.000005:400").with {
                $0.ioError = .init(number: number, message: message)
            }
            #expect(try findings(source, stopped).checks[.binaryLog] == false)
        }
        #expect(try findings(source, channel(id: 1, io: .stopped, read: "bin.000005:400")).checks[.binaryLog] == true)
    }

    @Test("What has been read and what has been applied are two distances")
    func readAndApplied() throws {
        let findings = try findings(source, channel(id: 1, read: "bin.000005:490", executed: "bin.000004:190"))
        #expect(findings.readDelta == 10)
        #expect(findings.applyDelta == 510)
        #expect(findings.purgeHeadroom == 790)
    }

    @Test("The applied position may be in a file that is already purged while the read position is not")
    func appliedPurged() throws {
        let findings = try findings(source, channel(id: 1, read: "bin.000005:490", executed: "bin.000001:190"))
        #expect(findings.readDelta == 10)
        #expect(findings.applyDelta == nil)
        #expect(findings.checks[.binaryLog] == true)
    }

    @Test("MySQL's GTID set decides what has been applied: a parallel applier records its position only now and then")
    func settledByGTID() throws {
        let mysql = node("db1", id: 1, uuid: 1, binlog: "bin.000005:500").executed("1:1-9")
        func delta(_ executed: String) throws -> UInt64? {
            let replica = node(
                "db2", id: 2, uuid: 2, from: channel(uuid: 1, read: "bin.000005:500", executed: "bin.000005:100"))
            return try SetFindings(ReplicationSetReport(mysql, replica.executed(executed)))["db2"].channel().applyDelta
        }
        #expect(try delta("1:1-9") == 0)
        #expect(try delta("1:1-8") == 400)
        let mariadb = node("db1", id: 1, binlog: "bin.000005:500").positions(logged: "0-1-9", state: "0-1-9")
        let replica = node("db2", id: 2, from: channel(id: 1, read: "bin.000005:500", executed: "bin.000005:100"))
            .positions(replicated: "0-1-9", state: "0-1-9")
        #expect(try SetFindings(ReplicationSetReport(mariadb, replica))["db2"].channel().applyDelta == 400)
    }

    @Test("Without the list of files, only distances in the newest can be measured")
    func noIndex() throws {
        let bare = node("db1", id: 1, binlog: "bin.000005:500")
        let near = try findings(bare, channel(id: 1, read: "bin.000005:490"))
        #expect(near.readDelta == 10)
        #expect(near.checks[.binaryLog] == true)
        #expect(near.purgeHeadroom == nil)
        let far = try findings(bare, channel(id: 1, read: "bin.000004:190"))
        #expect(far.readDelta == nil)
        #expect(far.checks[.binaryLog] == nil)
    }

    @Test("A file that is missing between the two makes the distance unknown")
    func gap() throws {
        let source = node("db1", id: 1, binlog: "bin.000005:500").holding(("bin.000003", 100), ("bin.000005", 500))
        #expect(try findings(source, channel(id: 1, read: "bin.000003:10")).readDelta == nil)
    }

    @Test("After log_bin was renamed, a replica in the old files is a finding, though they are still there")
    func renamed() throws {
        let source = node("db1", id: 1, binlog: "new.000002:500").holding(("old.000001", 100), ("new.000002", 500))
        let findings = try findings(source, channel(id: 1, read: "old.000001:10"))
        #expect(findings.checks[.binaryLog] == false)
        #expect(findings.readDelta == nil)
        #expect(findings.purgeHeadroom == 10)
    }

    @Test("Nothing is known about a source that is down, not configured, or denies its position")
    func unknownSource() throws {
        let read = channel(from: "db1:3306", id: 1, read: "bin.000005:490")
        for source in [silent("db1"), node("db5", id: 5), node("db1", id: 1)] {
            let findings = try findings(source, read)
            #expect(findings.readDelta == nil && findings.applyDelta == nil && findings.purgeHeadroom == nil)
            #expect(findings.checks[.binaryLog] == nil)
        }
    }

    @Test("A source without a binary log does not have the file")
    func noBinaryLog() throws {
        let source = node("db1", id: 1).with { $0.binaryLog = BinaryLog(isEnabled: false) }
        let findings = try findings(source, channel(id: 1, read: "bin.000005:490"))
        #expect(findings.checks[.binaryLog] == false)
        #expect(findings.readDelta == nil)
    }

    @Test("Numbers at the ends of their range do not trap")
    func extremes() throws {
        let last = "bin.18446744073709551615"
        let newest = node("db1", id: 1, binlog: BinlogCoordinate("\(last):18446744073709551615"))
            .holding(("bin.18446744073709551614", .max), (last, .max))
        let oldest = node("db1", id: 1, binlog: "bin.0:4")
        let cases: [(ReplicationSetReport.Node, BinlogCoordinate, UInt64?)] = [
            (newest, BinlogCoordinate("\(last):1"), UInt64.max - 1),
            (newest, "bin.18446744073709551614:0", UInt64.max),
            (newest, "bin.0:1", nil),
            (oldest, "bin.0:1", 3),
            (oldest, BinlogCoordinate("\(last):1"), nil),
        ]
        for (source, read, delta) in cases {
            #expect(try findings(source, channel(id: 1, read: read)).readDelta == delta)
        }
    }

    @Test(
        "Distances add up: applied to end = applied to read + read to end; held before + to the end = all that is held")
    func laws() throws {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<300 {
            let first = UInt64.random(in: 1...999_998, using: &random)
            let sizes = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                UInt64.random(in: 4...1000, using: &random)
            }
            let files = sizes.enumerated().map { ("bin.\(first + UInt64($0))", $1) }
            let total = sizes.reduce(0, +)
            let end = BinlogCoordinate("\(files[files.count - 1].0):\(sizes[sizes.count - 1])")

            /// The coordinate `offset` bytes into all files together.
            func place(_ offset: UInt64) -> BinlogCoordinate {
                var rest = offset
                for (name, size) in files {
                    if rest < size { return BinlogCoordinate("\(name):\(rest)") }
                    rest -= size
                }
                return end
            }
            let applied = UInt64.random(in: 0...total, using: &random)
            let read = UInt64.random(in: applied...total, using: &random)
            let source = node("db1", id: 1, binlog: end).with { $0.binaryLog?.index = binlogIndex(files) }
            let findings = try findings(source, channel(id: 1, read: place(read), executed: place(applied)))
            #expect(findings.readDelta == total - read)
            #expect(findings.applyDelta == total - applied)
            #expect(findings.purgeHeadroom == read)
        }
    }
}
