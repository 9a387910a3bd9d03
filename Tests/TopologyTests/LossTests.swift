import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// Rounds over db1 and its replica db2, one a second.
private struct Rounds {
    var memory = SetMemory()
    var time = 0.0

    mutating func channel(
        _ source: ReplicationSetReport.Node, _ replica: ReplicationSetReport.Node
    ) throws -> ChannelFindings {
        time += 1
        // The source was asked after the replica had answered.
        return try memory.fold(ReplicationSetReport(source.read(at: time + 0.1), replica.read(at: time)))["db2"]
            .channel()
    }
}

@Suite("A replica whose source has begun anew")
struct LossTests {
    private func source(_ end: BinlogCoordinate, _ executed: String) -> ReplicationSetReport.Node {
        node("db1", id: 1, uuid: 1, binlog: end).executed(executed)
    }

    private func replica(
        _ executed: String, read: BinlogCoordinate, byGTID: Bool = true, uuid: Int = 2, log: BinlogCoordinate? = nil,
        hasLog: Bool = true, io: Channel.IOThreadState = .running
    ) -> ReplicationSetReport.Node {
        node(
            "db2", id: 2, uuid: uuid, binlog: log,
            from: channel(from: "db1", id: 1, uuid: 1, io: io, read: read, executed: read, behind: 0).with {
                $0.usesGTID = byGTID
            }
        ).executed(executed).with { if !hasLog { $0.binaryLog = BinaryLog(isEnabled: false) } }
    }

    @Test("stays lost when the source has passed its place again, until it is rebuilt", arguments: [true, false])
    func overtaken(byGTID: Bool) throws {
        var rounds = Rounds()
        _ = try rounds.channel(
            source("bin.000001:5000", "1:1-50"),
            replica("1:1-50", read: "bin.000001:5000", byGTID: byGTID, log: "a.000001:100"))
        let seen = try rounds.channel(
            source("bin.000001:300", "1:1-3"),
            replica("1:1-50", read: "bin.000001:5000", byGTID: byGTID, log: "a.000001:100"))
        #expect(seen.checks[.binaryLog] == false)
        #expect(seen.troubles.contains { $0.text.contains("has read to bin.000001:5000, beyond the end") })
        for end in ["bin.000001:9000", "bin.000002:100"] as [BinlogCoordinate] {
            let later = try rounds.channel(
                source(end, "1:1-90"), replica("1:1-90", read: end, byGTID: byGTID, log: "a.000001:200"))
            #expect(later.checks[.binaryLog] == false)
            #expect(later.distance == GTIDDistance() && later.lag == nil)
            // Its GTIDs have been used again, for other transactions.
            #expect(later.errant == nil)
            #expect(later.readDelta == nil && later.applyDelta == nil && later.purgeHeadroom == nil)
            #expect(later.troubles.contains { $0.text.contains("had read to bin.000001:5000") })
        }
        // Restored from a copy of the source: it begins a log of its own.
        let rebuilt = try rounds.channel(
            source("bin.000002:100", "1:1-90"),
            replica("1:1-90", read: "bin.000002:100", byGTID: byGTID, log: "a.000001:50"))
        #expect(rebuilt.checks[.binaryLog] == true && rebuilt.logLoss == nil && rebuilt.lag?.seconds == 0)
    }

    @Test("is well again once it is another server, or (without GTID) at another place")
    func ended() throws {
        var rounds = Rounds()
        func lose(byGTID: Bool = false, hasLog: Bool = true) throws {
            rounds = Rounds()
            for source in [source("bin.000001:900", "1:1-9"), source("bin.000001:300", "1:1-3")] {
                let seen = try rounds.channel(
                    source, replica("1:1-9", read: "bin.000001:900", byGTID: byGTID, hasLog: hasLog))
                #expect((seen.logLoss != nil) == (rounds.time > 1))
            }
        }
        try lose()
        #expect(
            try rounds.channel(
                source("bin.000001:300", "1:1-3"), replica("1:1-3", read: "bin.000001:300", byGTID: false)
            ).logLoss == nil)
        // An earlier place in the new log, with all that it had.
        try lose()
        #expect(
            try rounds.channel(
                source("bin.000001:999", "1:1-20"), replica("1:1-20", read: "bin.000001:800", byGTID: false)
            ).logLoss == nil)
        for hasLog in [true, false] {
            try lose(hasLog: hasLog)
            #expect(
                try rounds.channel(
                    source("bin.000001:999", "1:1-20"),
                    replica("1:1-20", read: "bin.000001:999", byGTID: false, uuid: 3, hasLog: hasLog)
                ).logLoss == nil)
        }
        // Without a binary log of its own: it has fewer transactions than before.
        for (executed, isLost) in [("1:1-9", true), ("1:1-8", false)] {
            try lose(byGTID: true, hasLog: false)
            let later = try rounds.channel(
                source("bin.000001:999", "1:1-20"), replica(executed, read: "bin.000001:999", hasLog: false))
            #expect((later.logLoss != nil) == isLost)
        }
        // Its relay logs begin anew, and its place is the same.
        func relayed(_ relay: BinlogCoordinate, byGTID: Bool) throws -> LogLoss? {
            let replica = node(
                "db2", id: 2, uuid: 2,
                from: channel(
                    from: "db1", id: 1, uuid: 1, read: "bin.000001:999", executed: "bin.000001:999", behind: 0
                ).with {
                    $0.usesGTID = byGTID
                    $0.relayPosition = relay
                }
            ).executed("1:1-20")
            return try rounds.channel(source("bin.000001:999", "1:1-20"), replica).logLoss
        }
        for byGTID in [true, false] {
            rounds = Rounds()
            let lost = node(
                "db2", id: 2, uuid: 2,
                from: channel(from: "db1", id: 1, uuid: 1, read: "bin.000001:900", executed: "bin.000001:900").with {
                    $0.usesGTID = byGTID
                    $0.relayPosition = "relay.000002:5000"
                }
            ).executed("1:1-9")
            #expect(try rounds.channel(source("bin.000001:300", "1:1-3"), lost).logLoss != nil)
            #expect(try relayed("relay.000003:300", byGTID: byGTID) != nil)
            // Every CHANGE deletes them, and MariaDB also a START of a channel that finds its place by GTID.
            #expect(try relayed("relay.000002:300", byGTID: byGTID) != nil)
        }
        // A stopped channel shows nothing new, and neither does a silent source.
        try lose()
        _ = rounds.memory.fold(
            ReplicationSetReport(silent("db1"), replica("1:1-9", read: "bin.000001:900", byGTID: false)))
        #expect(
            try rounds.channel(
                source("bin.000001:999", "1:1-20"),
                replica("1:1-9", read: "bin.000001:900", byGTID: false, io: .stopped)
            ).logLoss != nil)
    }

    @Test("is seen though the new log is already longer: the source lacks transactions that both had")
    func longer() throws {
        var rounds = Rounds()
        _ = try rounds.channel(source("bin.000001:900", "1:1-10"), replica("1:1-10", read: "bin.000001:900"))
        // Its own errant transactions are no such thing.
        let errant = try rounds.channel(
            source("bin.000001:900", "1:1-10"), replica("1:1-10,2:1", read: "bin.000001:900"))
        #expect(errant.logLoss == nil && errant.errant == 1)
        let lost = try rounds.channel(
            source("bin.000001:9000", "1:1-5"), replica("1:1-10", read: "bin.000001:900", io: .stopped))
        #expect(lost.logLoss != nil && lost.lag == nil && lost.checks[.binaryLog] == false)
        #expect(lost.troubles.contains { $0.text.contains("its new log lacks transactions") })
        #expect(lost.errant == 5 && lost.isErrantAtLeast)
        let later = try rounds.channel(
            source("bin.000001:9900", "1:1-20"), replica("1:1-20", read: "bin.000001:9900"))
        #expect(later.logLoss != nil)
    }

    @Test("MySQL: nothing is lost if the source is rebuilt in place with its GTIDs, whatever else the replica has")
    func rebuiltInPlace() throws {
        func loss(
            now: String, of executed: String, retrieved: String? = nil, channels: Int = 1, wasSeen: Bool = true
        ) throws -> LogLoss? {
            var rounds = Rounds()
            func round(_ source: ReplicationSetReport.Node, io: Channel.IOThreadState) throws -> LogLoss? {
                var list = (0..<channels).map { number in
                    channel(number == 0 ? "" : "c\(number)", from: "elsewhere", read: "bin.000007:4")
                }
                list[0] = channel(
                    from: "db1", id: 1, uuid: 1, io: io, read: "bin.000001:9000", executed: "bin.000001:9000", behind: 0
                ).with {
                    $0.usesGTID = true
                    $0.fetched = retrieved.map { .set(gtidSet($0)) }
                }
                let replica = node("db2", id: 2, uuid: 2, binlog: "a.000001:100").executed(executed)
                return try rounds.channel(source, replica.with { $0.channels = list }).logLoss
            }
            if wasSeen { #expect(try round(source("bin.000001:9000", "1:1-30,5:1-9"), io: .running) == nil) }
            return try round(source("bin.000001:158", now), io: .stopped)
        }
        let all = "1:1-30,5:1-9"
        // Its own errant transaction; what comes through another channel.
        #expect(try loss(now: all, of: all + ",2:1") == nil)
        #expect(try loss(now: all, of: all + ",8:1-5", channels: 2) == nil)
        #expect(try loss(now: all, of: all + ",2:1", retrieved: all, wasSeen: false) == nil)
        #expect(try loss(now: all, of: all + ",2:1", wasSeen: false) == nil)
        for retrieved in [nil, "1:1-30"] {
            #expect(try loss(now: all, of: all + ",8:1-5", retrieved: retrieved, channels: 2, wasSeen: false) == nil)
        }
        // What it has lost: of its own, though written since the last look, and of others'.
        #expect(try loss(now: "1:1-20,5:1-9", of: all + ",8:1-5", channels: 2) != nil)
        #expect(try loss(now: all, of: "1:1-35,5:1-9,8:1-5", channels: 2) != nil)
        #expect(try loss(now: "1:1-30", of: all + ",8:1-5", channels: 2) != nil)
        #expect(try loss(now: "1:1-30", of: all + ",2:1", wasSeen: false) != nil)
        #expect(try loss(now: "1:1-30", of: all, retrieved: "5:8-9", channels: 2, wasSeen: false) != nil)
    }

    @Test("MariaDB: nothing is lost if the source is rebuilt in place with its GTIDs, whatever else the replica has")
    func rebuiltInPlaceMariaDB() throws {
        func loss(
            now: ReplicationSetReport.Node, of replicated: String = "0-1-32,2-2-1", channels: Int = 2,
            wasSeen: Bool = true
        ) throws -> LogLoss? {
            var rounds = Rounds()
            func round(_ source: ReplicationSetReport.Node, io: Channel.IOThreadState) throws -> LogLoss? {
                var list = (0..<channels).map { number in
                    channel(number == 0 ? "" : "c\(number)", from: "elsewhere", read: "bin.000007:4")
                }
                list[0] = channel(
                    from: "db1", id: 1, io: io, read: "bin.000001:9000", executed: "bin.000001:9000", behind: 0
                ).with {
                    $0.usesGTID = true
                    $0.fetched = (try? GTIDPosition(parsing: replicated)).map(FetchedTransactions.position)
                }
                let replica = node("db2", id: 3, binlog: "a.000001:100").positions(replicated: replicated)
                return try rounds.channel(source, replica.with { $0.channels = list }).logLoss
            }
            let before = node("db1", id: 1, binlog: "bin.000001:9000").positions(logged: "0-1-32", state: "0-1-32")
            if wasSeen { #expect(try round(before, io: .running) == nil) }
            return try round(now, io: .stopped)
        }
        func source(_ state: String, replicated: String = "") -> ReplicationSetReport.Node {
            node("db1", id: 1, binlog: "bin.000001:336").positions(replicated: replicated, logged: state, state: state)
        }
        for wasSeen in [true, false] {
            #expect(try loss(now: source("0-1-32"), wasSeen: wasSeen) == nil)
            // A restored copy has it by its position.
            #expect(try loss(now: source("", replicated: "0-1-32"), wasSeen: wasSeen) == nil)
            for channels in [1, 2] {
                #expect(try loss(now: source("0-1-20"), channels: channels, wasSeen: wasSeen) != nil)
                #expect(try loss(now: source(""), channels: channels, wasSeen: wasSeen) != nil)
            }
        }
    }

    @Test("MariaDB: a replica that was ahead of its source is not well once the source has used the same numbers again")
    func overtakenNumbers() throws {
        var rounds = Rounds()
        func round(
            source: String, _ end: BinlogCoordinate, replicated: String, log: BinlogCoordinate? = nil, id: UInt32 = 2
        ) throws -> ChannelFindings {
            try rounds.channel(
                node("db1", id: 1, binlog: end).positions(logged: source, state: source),
                node(
                    "db2", id: id, binlog: log,
                    from: channel(from: "db1", id: 1, read: end, executed: end, behind: 0).with { $0.usesGTID = true }
                ).positions(replicated: replicated))
        }
        func isAhead(_ channel: ChannelFindings, _ word: String) -> Bool {
            channel.lag == nil && channel.distance == GTIDDistance() && channel.checks[.lag] == nil
                && channel.troubles.contains { $0.text.hasPrefix("\(word) ahead of its source: ") }
        }
        // The source was reset before the exporter started.
        #expect(isAhead(try round(source: "", "bin.000001:329", replicated: "0-1-12"), "is"))
        #expect(isAhead(try round(source: "0-1-11", "bin.000001:900", replicated: "0-1-12"), "is"))
        for end in ["bin.000001:2000", "bin.000002:100"] as [BinlogCoordinate] {
            #expect(isAhead(try round(source: "0-1-20", end, replicated: "0-1-20"), "was"))
        }
        // Set back to a place in the new log; another server.
        let before = rounds
        #expect(try round(source: "0-1-20", "bin.000002:100", replicated: "0-1-5").leads.isEmpty)
        let caughtUp = try round(source: "0-1-20", "bin.000002:100", replicated: "0-1-20")
        #expect(caughtUp.leads.isEmpty && caughtUp.lag?.seconds == 0)
        rounds = before
        #expect(try round(source: "0-1-20", "bin.000002:100", replicated: "0-1-20", id: 9).lag?.seconds == 0)
        // RESET MASTER on the replica.
        rounds = Rounds()
        #expect(isAhead(try round(source: "0-1-5", "bin.000001:500", replicated: "0-1-12", log: "a.000001:900"), "is"))
        let past = try round(source: "0-1-20", "bin.000001:800", replicated: "0-1-20", log: "a.000001:990")
        #expect(isAhead(past, "was"))
        let reset = try round(source: "0-1-20", "bin.000001:800", replicated: "0-1-20", log: "a.000001:300")
        #expect(reset.leads.isEmpty && reset.lag?.seconds == 0)
        // What another server wrote was still on its way to the source.
        rounds = Rounds()
        #expect(isAhead(try round(source: "0-7-5", "bin.000001:500", replicated: "0-7-12"), "is"))
        let arrived = try round(source: "0-7-12", "bin.000001:900", replicated: "0-7-12")
        #expect(arrived.leads.isEmpty && arrived.lag?.seconds == 0 && arrived.troubles.isEmpty)
    }

    @Test("MariaDB: is well when the source is started with its former log again, unless that has lost something too")
    func renamedLog() throws {
        var rounds = Rounds()
        func round(source: String, _ end: BinlogCoordinate, read: BinlogCoordinate) throws -> ChannelFindings {
            try rounds.channel(
                node("db1", id: 1, binlog: end).positions(logged: source, state: source),
                node(
                    "db2", id: 2,
                    from: channel(from: "db1", id: 1, read: read, executed: read, behind: 0).with {
                        $0.usesGTID = false
                    }
                ).positions(replicated: "0-1-12"))
        }
        #expect(try round(source: "0-1-12", "bin.000001:900", read: "bin.000001:900").lag?.seconds == 0)
        let renamed = try round(source: "", "renamed.000001:329", read: "bin.000001:900")
        #expect(renamed.lag == nil && renamed.leads.count == 1)
        let back = try round(source: "0-1-12", "bin.000002:339", read: "bin.000002:339")
        #expect(back.leads.isEmpty && back.lag?.seconds == 0 && back.distance.missing == 0 && back.troubles.isEmpty)
        // It was reset while it had this name.
        #expect(try round(source: "0-1-3", "bin.000003:500", read: "bin.000002:339").leads.count == 1)
        #expect(try round(source: "", "renamed.000002:329", read: "bin.000002:339").leads.count == 1)
        let used = try round(source: "0-1-12", "bin.000004:339", read: "bin.000004:339")
        #expect(used.leads.count == 1 && used.lag == nil && used.distance.missing == nil)
    }

    @Test("MySQL without GTIDs: lacks what its source wrote in another log, and never sent")
    func unreadLog() throws {
        func at(_ read: BinlogCoordinate, uuid: Int = 2) -> ReplicationSetReport.Node {
            node(
                "db2", id: 2, uuid: uuid, binlog: "own.000001:100",
                from: channel(from: "db1", id: 1, uuid: 1, read: read, executed: read, behind: 0).with {
                    $0.usesGTID = false
                }
            )
        }
        /// The source is started with another log_bin, and goes back to the former one.
        func back(
            in rounds: inout Rounds, other end: BinlogCoordinate = "renamed.000001:900",
            meanwhile: BinlogCoordinate? = nil, isAnswering: Bool = true,
            place: BinlogCoordinate = "bin.000002:158", uuid: Int = 2
        ) throws -> ChannelFindings {
            func round(_ end: BinlogCoordinate, _ replica: ReplicationSetReport.Node?) throws -> ChannelFindings? {
                let source = node("db1", id: 1, uuid: 1, binlog: end)
                guard let replica else {
                    rounds.time += 1
                    _ = rounds.memory.fold(ReplicationSetReport(source.read(at: rounds.time), silent("db2")))
                    return nil
                }
                return try rounds.channel(source, replica)
            }
            #expect(try round("bin.000001:900", at("bin.000001:900"))?.lag?.seconds == 0)
            let other = try round(
                end, isAnswering ? at(meanwhile ?? "bin.000001:900") : nil)
            #expect(meanwhile != nil || other?.lag == nil)
            return try #require(try round("bin.000002:158", at(place, uuid: uuid)))
        }
        for isAnswering in [true, false] {
            var rounds = Rounds()
            let lost = try back(in: &rounds, isAnswering: isAnswering)
            #expect(lost.logLoss != nil && lost.lag == nil && lost.checks[.binaryLog] == false)
            #expect(lost.troubles.contains { $0.text.contains("or wrote in another binary log") })
            let later = try rounds.channel(
                node("db1", id: 1, uuid: 1, binlog: "bin.000002:900"),
                at("bin.000002:900"))
            #expect(later.logLoss?.isPast == true && later.lag == nil)
        }
        var rounds = Rounds()
        #expect(try back(in: &rounds, meanwhile: "renamed.000001:158").logLoss == nil, "it was read")
        rounds = Rounds()
        #expect(try back(in: &rounds, other: "renamed.000001:158").logLoss == nil, "nothing was written in it")
        rounds = Rounds()
        #expect(
            try back(in: &rounds, place: "bin.000001:700").logLoss == nil,
            "it was given another place")
        rounds = Rounds()
        #expect(try back(in: &rounds, uuid: 3).logLoss == nil, "it is another server")
    }

    @Test(
        "MySQL without GTIDs: a replica of a log that its source has begun anew has lost its place, though the new one has it"
    )
    func begunAnew() throws {
        func at(_ read: BinlogCoordinate) -> ReplicationSetReport.Node {
            node(
                "db2", id: 2, uuid: 2, binlog: "own.000001:100",
                from: channel(
                    from: "db1", id: 1, uuid: 1, io: .stopped, applies: false, read: read, executed: read
                ).with {
                    $0.usesGTID = false
                }
            )
        }
        func source(_ end: BinlogCoordinate) -> ReplicationSetReport.Node {
            node("db1", id: 1, uuid: 1, binlog: end)
        }
        var rounds = Rounds()
        _ = try rounds.channel(source("bin.000004:300"), at("bin.000001:900"))
        for _ in 0..<2 {
            let lost = try rounds.channel(source("bin.000001:9000"), at("bin.000001:900"))
            #expect(lost.logLoss != nil && lost.checks[.binaryLog] == false)
        }
        let moved = try rounds.channel(source("bin.000001:9000"), at("bin.000001:158"))
        #expect(moved.logLoss == nil)
    }

    @Test("MariaDB: a domain deleted from the log is no loss")
    func deletedDomain() throws {
        var rounds = Rounds()
        func round(_ end: BinlogCoordinate, state: String) throws -> ChannelFindings {
            try rounds.channel(
                node("db1", id: 1, binlog: end).positions(logged: state, state: state),
                node("db2", id: 2, from: channel(from: "db1", id: 1, read: end, executed: end, behind: 0))
                    .positions(replicated: "0-1-9,7-2-1"))
        }
        // With several domains left, so that what the log has is remembered.
        _ = try round("bin.000001:900", state: "0-1-9,3-1-1,7-2-1")
        #expect(try round("bin.000002:300", state: "0-1-9,3-1-1").logLoss == nil)
        #expect(rounds.memory.looks["db1"]?.hasLostTransactions == false)
    }

    /// MariaDB: db1, whose log has what it wrote, and perhaps what a former source did, and db2 with a log of its own.
    private struct MariaDB {
        var rounds = Rounds()
        var source = "db1"
        var log: BinlogCoordinate = "a.000001:900"
        var id: UInt32 = 2
        var start: Double? = 100

        mutating func round(
            _ end: BinlogCoordinate, state: String, replicated: String, slave: String = "",
            read: BinlogCoordinate? = nil,
            detour: Bool = false, removed: Bool = false
        ) throws -> ChannelFindings? {
            let db1 = node("db1", id: 1, binlog: end).positions(
                replicated: slave, logged: state.split(separator: ",").last.map(String.init) ?? "", state: state)
            let db3 = node("db3", id: 3, binlog: "c.000001:100").positions(logged: "5-3-1", state: "5-3-1")
            var list = [
                channel(
                    from: detour ? "db3" : "db1", id: detour ? 3 : 1, read: read ?? end, executed: read ?? end,
                    behind: 0
                ).with { $0.usesGTID = true }
            ]
            if removed { list = [] }
            let db2 = node("db2", id: id, binlog: log).positions(replicated: replicated).with {
                $0.channels = list
                $0.startTime = start
            }
            rounds.time += 1
            let report = ReplicationSetReport(
                db1.read(at: rounds.time + 0.1), db3.read(at: rounds.time + 0.1), db2.read(at: rounds.time))
            return try rounds.memory.fold(report)["db2"].channels.first
        }

        /// Three transactions that the replica had are gone, and their numbers used again.
        mutating func lose() throws {
            _ = try round("bin.000001:900", state: "0-1-12", replicated: "0-1-12")
            let seen = try #require(
                try round("bin.000001:329", state: "", replicated: "0-1-12", read: "bin.000001:900"))
            #expect(seen.lag == nil)
            let past = try #require(try round("bin.000001:2000", state: "0-1-40", replicated: "0-1-40"))
            #expect(past.lag == nil && !past.leads.isEmpty)
            // Nobody knows whose transactions those numbers are.
            #expect(past.errant == nil)
        }

        mutating func isLost() throws -> Bool {
            let now = try #require(try round("bin.000001:2200", state: "0-1-43", replicated: "0-1-43"))
            return now.lag == nil && now.errant == nil && now.distance.missing == nil
        }
    }

    @Test(
        "MariaDB: what is known stays known when the channel is made again, follows another source for a while, or its server's log or id is renamed"
    )
    func operatorsActions() throws {
        var removed = MariaDB()
        try removed.lose()
        for _ in 0..<2 {
            #expect(try removed.round("bin.000001:2100", state: "0-1-41", replicated: "0-1-40", removed: true) == nil)
        }
        #expect(try removed.isLost())
        var detour = MariaDB()
        try detour.lose()
        for _ in 0..<2 { _ = try detour.round("bin.000001:2100", state: "0-1-41", replicated: "0-1-40", detour: true) }
        #expect(try detour.isLost())
        var renamed = MariaDB()
        try renamed.lose()
        renamed.log = "other.000001:329"
        renamed.start = 200
        #expect(try renamed.isLost())
        #expect(try renamed.isLost())
        var id = MariaDB()
        try id.lose()
        id.id = 22
        #expect(try id.isLost())
        // Another server; RESET MASTER.
        id.id = 23
        id.start = 300
        #expect(try !id.isLost())
        renamed.log = "other.000001:200"
        #expect(try !renamed.isLost())
    }

    @Test("MySQL: what is known stays known when the channel is made again, or its server's log or id is renamed")
    func operatorsActionsMySQL() throws {
        var log: BinlogCoordinate = "a.000001:100"
        var id: UInt32 = 2
        var uuid = 2
        var rounds = Rounds()
        func round(_ source: ReplicationSetReport.Node, _ executed: String, removed: Bool = false) throws
            -> ChannelFindings?
        {
            let end = source.report.facts?.binaryLog?.end
            let list =
                removed
                ? []
                : [
                    channel(from: "db1", id: 1, uuid: 1, read: end, executed: end, behind: 0).with {
                        $0.usesGTID = true
                    }
                ]
            let db2 = node("db2", id: id, uuid: uuid, binlog: log).executed(executed).with { $0.channels = list }
            rounds.time += 1
            return try rounds.memory.fold(
                ReplicationSetReport(source.read(at: rounds.time + 0.1), db2.read(at: rounds.time)))["db2"].channels
                .first
        }
        func lose() throws {
            rounds = Rounds()
            (log, id, uuid) = ("a.000001:100", 2, 2)
            _ = try rounds.channel(
                source("bin.000001:900", "1:1-12"), replica("1:1-12", read: "bin.000001:900", log: log))
            let seen = try rounds.channel(
                source("bin.000001:158", "1:1"), replica("1:1-12", read: "bin.000001:900", log: log))
            #expect(seen.logLoss != nil)
        }
        let later = source("bin.000001:5000", "1:1-40")
        try lose()
        #expect(try round(later, "1:1-12", removed: true) == nil)
        #expect(try round(later, "1:1-40")?.logLoss != nil)
        try lose()
        log = "other.000001:158"
        #expect(try round(later, "1:1-40")?.logLoss != nil)
        #expect(try round(later, "1:1-40")?.logLoss != nil)
        id = 22
        #expect(try round(later, "1:1-40")?.logLoss != nil)
        uuid = 9
        #expect(try round(later, "1:1-40")?.logLoss == nil)
        // Its log has another name, and it has less than before: it was restored.
        try lose()
        log = "other.000001:158"
        #expect(try round(source("bin.000001:5000", "1:1-40"), "1:1-11")?.logLoss == nil)
    }

    @Test("MariaDB: what was written in a log of another name is lost when the source has its former log again")
    func writtenInOtherLog() throws {
        var world = MariaDB()
        _ = try world.round("bin.000001:900", state: "0-1-12", replicated: "0-1-12")
        _ = try world.round("renamed.000001:329", state: "", replicated: "0-1-12", read: "bin.000001:900")
        _ = try world.round("renamed.000001:900", state: "0-1-4", replicated: "0-1-12", read: "bin.000001:900")
        let back = try #require(try world.round("bin.000002:600", state: "0-1-14", replicated: "0-1-14"))
        #expect(back.lag == nil && back.leads.count == 1 && back.errant == nil)
    }

    @Test(
        "MariaDB: what a source was seen to lose is a loss for a replica that had not applied it, however long its new log is"
    )
    func vanished() throws {
        for end in ["bin.000001:400", "bin.000001:9000", "renamed.000001:400"] as [BinlogCoordinate] {
            var world = MariaDB()
            // What the replica has, a former source wrote.
            _ = try world.round(
                "bin.000001:900", state: "0-9-10,0-1-15", replicated: "0-9-10", slave: "0-9-10", read: "bin.000001:700")
            let lost = try #require(
                try world.round(end, state: "", replicated: "0-9-10", slave: "0-9-10", read: "bin.000001:700"))
            #expect(lost.lag == nil && lost.distance.missing == nil && lost.checks[.binaryLog] == false)
            #expect(lost.troubles.contains { $0.text.contains("had not applied everything when its source lost") })
            let later = try #require(try world.round("bin.000001:9900", state: "0-1-17", replicated: "0-1-17"))
            #expect(later.lag == nil && later.checks[.binaryLog] == false && later.errant == nil)
        }
        // It had everything.
        var world = MariaDB()
        _ = try world.round("bin.000001:900", state: "0-9-10", replicated: "0-9-10", slave: "0-9-10")
        let all = try #require(try world.round("bin.000001:9000", state: "", replicated: "0-9-10", slave: "0-9-10"))
        #expect(all.logLoss == nil)
        // Its source has its former log again, and nothing was written in the other.
        world = MariaDB()
        _ = try world.round("bin.000001:900", state: "0-1-15", replicated: "0-1-12", read: "bin.000001:700")
        let renamed = try #require(
            try world.round("renamed.000001:329", state: "", replicated: "0-1-12", read: "bin.000001:700"))
        #expect(renamed.logLoss != nil)
        let back = try #require(try world.round("bin.000002:329", state: "0-1-15", replicated: "0-1-15"))
        #expect(back.logLoss == nil && back.lag?.seconds == 0)
    }

    @Test(
        "MySQL: what a source was seen to lose is a loss for a replica that had not applied it, until that is rebuilt")
    func vanishedMySQL() throws {
        var rounds = Rounds()
        _ = try rounds.channel(
            source("bin.000001:900", "1:1-42"), replica("1:1-12", read: "bin.000001:300", log: "a.000001:100"))
        let lost = try rounds.channel(
            source("bin.000001:9000", "1:1-20"), replica("1:1-12", read: "bin.000001:300", log: "a.000001:100"))
        #expect(lost.logLoss?.isPast == false && lost.lag == nil)
        let later = try rounds.channel(
            source("bin.000001:9900", "1:1-50"), replica("1:1-50", read: "bin.000001:9900", log: "a.000001:300"))
        #expect(later.logLoss != nil && later.errant == nil)
        let rebuilt = try rounds.channel(
            source("bin.000001:9900", "1:1-50"), replica("1:1-30", read: "bin.000001:9000", log: "a.000001:50"))
        #expect(rebuilt.logLoss == nil)
        // It has received the rest, and will apply it.
        rounds = Rounds()
        func received(_ end: BinlogCoordinate, _ executed: String) throws -> ChannelFindings {
            try rounds.channel(
                source(end, executed),
                replica("1:1-12", read: "bin.000001:300", log: "a.000001:100").with {
                    $0.channels?[0].fetched = .set(gtidSet("1:10-42"))
                })
        }
        _ = try received("bin.000001:900", "1:1-42")
        #expect(try received("bin.000001:9000", "1:1-20").logLoss == nil)
        // One that comes later was not there when it happened.
        rounds = Rounds()
        _ = rounds.memory.fold(
            ReplicationSetReport(source("bin.000001:900", "1:1-42").read(at: 0.5), node("db2", id: 2, uuid: 2)))
        #expect(
            try rounds.channel(source("bin.000001:9000", "1:1-20"), replica("1:1-12", read: "bin.000001:300")).logLoss
                == nil)
        // A silent one is compared when it answers again.
        rounds = Rounds()
        _ = try rounds.channel(source("bin.000001:900", "1:1-42"), replica("1:1-12", read: "bin.000001:300"))
        _ = rounds.memory.fold(ReplicationSetReport(source("bin.000001:9000", "1:1-20").read(at: 2), silent("db2")))
        rounds.time = 3
        #expect(
            try rounds.channel(source("bin.000001:9900", "1:1-30"), replica("1:1-25", read: "bin.000001:9000")).logLoss
                != nil)
    }
}
