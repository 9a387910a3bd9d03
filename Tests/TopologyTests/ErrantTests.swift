import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("Transactions that only a replica has")
struct ErrantTests {
    /// What is asked again after the first look, and what is reported of `db2` by the looks given.
    func errant(_ nodes: ReplicationSetReport.Node..., of name: String = "db2") throws -> UInt64? {
        try SetFindings(ReplicationSetReport(name: "shop", nodes: nodes))[name].channels.first?.errant
    }

    func askedAgain(_ nodes: ReplicationSetReport.Node...) -> Set<String> {
        let asks = followUps(of: ReplicationSetReport(name: "shop", nodes: nodes))
        return Set(asks.filter { $0.value.contains(.transactions) }.keys)
    }

    func mysql(
        _ number: Int, _ executed: String, again: Bool = false, from sources: Int...
    ) -> ReplicationSetReport.Node {
        node("db\(number)", id: UInt32(number), uuid: number)
            .with { $0.channels = sources.map { channel("c\($0)", uuid: $0) } }
            .executed(executed, askedAgain: again)
    }

    func mariadb(
        _ number: Int, _ state: String, again: Bool = false, from sources: Int...
    ) -> ReplicationSetReport.Node {
        node("db\(number)", id: UInt32(number))
            .with { $0.channels = sources.map { channel("c\($0)", id: UInt32($0)) } }
            .positions(logged: "", state: state, askedAgain: again)
    }

    @Test("None on the first look: nothing is asked again")
    func none() throws {
        #expect(try errant(mysql(1, "1:1-100"), mysql(2, "1:1-90", from: 1)) == 0)
        #expect(askedAgain(mysql(1, "1:1-100"), mysql(2, "1:1-90", from: 1)) == [])
        #expect(try errant(mariadb(1, "0-1-100"), mariadb(2, "0-1-90", from: 1)) == 0)
        #expect(askedAgain(mariadb(1, "0-1-100"), mariadb(2, "0-1-90", from: 1)) == [])
    }

    @Test("What the source committed after its answer is not suspicious if it is new since the last round")
    func skew() throws {
        let sets = (mysql(1, "1:1-100"), mysql(2, "1:1-103", from: 1).after(mysql(2, "1:1-99", from: 1)))
        #expect(try errant(sets.0, sets.1) == 0)
        #expect(askedAgain(sets.0, sets.1) == [])
        // Whether commits were waiting was not asked, as there is nothing to judge.
        #expect(try errant(sets.0.with { $0.isStatusKept = true }, sets.1) == 0)
        let states = (mariadb(1, "0-1-100"), mariadb(2, "0-1-103", from: 1).after(mariadb(2, "0-1-99", from: 1)))
        #expect(try errant(states.0, states.1) == 0)
        #expect(askedAgain(states.0, states.1) == [])
    }

    @Test("The same goes for what was committed above the source")
    func skewFromAbove() throws {
        let last = mysql(3, "1:1-105", from: 2).after(mysql(3, "1:1-100", from: 2))
        let chain = [mysql(1, "1:1-100"), mysql(2, "1:1-100", from: 1), last]
        #expect(try errant(chain[0], chain[1], chain[2], of: "db3") == 0)
        #expect(askedAgain(chain[0], chain[1], chain[2]) == [])
    }

    @Test("Without a round before, the nodes above are asked again, and until then it is unknown")
    func firstLook() throws {
        #expect(try errant(mysql(1, "1:1-100"), mysql(2, "1:1-103", from: 1)) == nil)
        #expect(askedAgain(mysql(1, "1:1-100"), mysql(2, "1:1-103", from: 1)) == ["db1"])
        #expect(try errant(mysql(1, "1:1-103", again: true), mysql(2, "1:1-103", from: 1)) == 0)
        #expect(try errant(mysql(1, "1:1-100", again: true), mysql(2, "1:1-103", from: 1)) == 3)
        let chain = [mysql(1, "1:1-100"), mysql(2, "1:1-100", from: 1), mysql(3, "1:1-105", from: 2)]
        #expect(askedAgain(chain[0], chain[1], chain[2]) == ["db1", "db2"])
    }

    @Test("A chain: what its middle has and nobody above is counted there, whatever the replica below has of its own")
    func middleOfChain() throws {
        // F7: db1 has lost a transaction that db2 and db3 have. db2 is asked again too, for db3's sake.
        let chain = [
            mysql(1, "1:1-100", again: true),
            mysql(2, "1:1-100:6000", from: 1).first(mysql(2, "1:1-100:6000", from: 1)),
            mysql(3, "1:1-100:6000,3:1", from: 2),
        ]
        #expect(try errant(chain[0], chain[1], chain[2]) == 1)
        #expect(try errant(chain[0], chain[1], chain[2], of: "db3") == 1)
        let states = [
            mariadb(1, "0-1-100", again: true),
            mariadb(2, "0-1-101", from: 1).first(mariadb(2, "0-1-101", from: 1)),
            mariadb(3, "0-1-101,0-3-102", from: 2),
        ]
        #expect(try errant(states[0], states[1], states[2]) == 1)
        #expect(try errant(states[0], states[1], states[2], of: "db3") == 1)
    }

    @Test("A chain: what only its last node has is counted there, though it bears the identity of the first")
    func endOfChain() throws {
        // F7b
        let above = [mysql(1, "1:1-100", again: true), mysql(2, "1:1-100", again: true, from: 1)]
        #expect(try errant(above[0], above[1], mysql(3, "1:1-100:5000", from: 2), of: "db3") == 1)
        let states = [mariadb(1, "0-1-100", again: true), mariadb(2, "0-1-100", again: true, from: 1)]
        #expect(try errant(states[0], states[1], mariadb(3, "0-1-101", from: 2), of: "db3") == 1)
        // It is asked for: it was there a round ago.
        let last = mysql(3, "1:1-100:5000", from: 2).after(mysql(3, "1:1-100:5000", from: 2))
        #expect(
            askedAgain(mysql(1, "1:1-100"), mysql(2, "1:1-100", from: 1), last) == ["db1", "db2"])
    }

    @Test("What the writer has is not errant, even if it is not above the node; another writable node is not enough")
    func writer() throws {
        let source = mysql(2, "1:1-80", again: true).with { $0.isReadOnly = true }
        let moved = mysql(3, "1:1-80,4:1-5", from: 2).with { $0.isReadOnly = true }
        func writer(_ executed: String) -> ReplicationSetReport.Node {
            mysql(4, executed, again: true).with { $0.isReadOnly = false }
        }
        #expect(try errant(source, moved, writer("1:1-80,4:1-5"), of: "db3") == 0)
        #expect(try errant(source, moved, writer("1:1-80,4:1-4"), of: "db3") == 1)
        // Two of them: neither is the writer by this look alone.
        let rival = mysql(5, "1:1-80,4:1-5", again: true).with { $0.isReadOnly = false }
        #expect(try errant(source, moved, writer("1:1-80,4:1-4"), rival, of: "db3") == 5)
        // Each node that may be the writer is asked again.
        let early = mysql(2, "1:1-80").with { $0.isReadOnly = true }
        #expect(askedAgain(early, moved, writer("4:1"), rival) == ["db2", "db4", "db5"])
    }

    @Test("Transactions of servers that are written to on purpose are not errant")
    func allowed() throws {
        func errant(
            uuids: [Int] = [], ids: Set<UInt32> = [], _ nodes: ReplicationSetReport.Node...
        ) throws -> UInt64? {
            var report = ReplicationSetReport(name: "shop", nodes: nodes)
            report.errantAllowed.uuids = Set(uuids.compactMap { ServerUUID(uuidText($0)) })
            report.errantAllowed.serverIDs = ids
            return try SetFindings(report)["db2"].channels.first?.errant
        }
        let sets = (mysql(1, "1:1-100", again: true), mysql(2, "1:1-100,2:1-3,7:1", from: 1))
        #expect(try errant(sets.0, sets.1) == 4)
        #expect(try errant(uuids: [2], sets.0, sets.1) == 1)
        #expect(try errant(uuids: [2, 7], sets.0, sets.1) == 0)
        let positions = (mariadb(1, "0-1-100", again: true), mariadb(2, "0-1-100,0-2-101", from: 1))
        #expect(try errant(ids: [2], positions.0, positions.1) == 0)
        // Nothing is asked again for their sake.
        var report = ReplicationSetReport(name: "shop", nodes: [mysql(1, "1:1"), mysql(2, "1:1,2:1", from: 1)])
        report.errantAllowed.uuids = Set([ServerUUID(uuidText(2))].compactMap(\.self))
        #expect(followUps(of: report) == [:])
    }

    @Test("Which ones, and on which node they were written; the first five of many")
    func which() throws {
        let findings = SetFindings(
            ReplicationSetReport(mysql(1, "1:1-100", again: true), mysql(2, "1:1-100,2:1-3,7:1", from: 1)))
        let list = try #require(try findings["db2"].channels.first?.errantTransactions)
        #expect(list.description == "\(uuidText(2)):1-3 (written on db2), \(uuidText(7)):1")
        #expect(
            try findings["db2"].channels.first?.troubles.map(\.text) == [
                "4 errant transactions: \(uuidText(2)):1-3 (written on db2), \(uuidText(7)):1"
            ])
        let many = SetFindings(
            ReplicationSetReport(mysql(1, "1:1-100", again: true), mysql(2, "2:1:3:5:7:9:11:13", from: 1)))
        let cut = try #require(try many["db2"].channels.first?.errantTransactions)
        #expect(cut.items.count == 5 && cut.omitted == 2)
        #expect(cut.description.hasSuffix("\(uuidText(2)):9 (written on db2) and 2 more"))
        let states = SetFindings(
            ReplicationSetReport(
                mariadb(1, "0-1-100", again: true), mariadb(2, "0-1-103,0-2-104,1-9-7", from: 1)))
        #expect(
            try states["db2"].channels.first?.errantTransactions?.description
                == "0-1-103 after 0-1-100 (written on db1), 0-2-104 (written on db2)")
    }

    @Test("A write on the replica is a suspicion on the first look, and errant on the second")
    func localWrite() throws {
        #expect(askedAgain(mysql(1, "1:1-100"), mysql(2, "1:1-100,2:1-3", from: 1)) == ["db1"])
        #expect(try errant(mysql(1, "1:1-100"), mysql(2, "1:1-100,2:1-3", from: 1)) == nil)
        #expect(try errant(mysql(1, "1:1-100", again: true), mysql(2, "1:1-100,2:1-3", from: 1)) == 3)

        #expect(askedAgain(mariadb(1, "0-1-100"), mariadb(2, "0-1-100,0-2-101", from: 1)) == ["db1"])
        #expect(try errant(mariadb(1, "0-1-100"), mariadb(2, "0-1-100,0-2-101", from: 1)) == nil)
        #expect(try errant(mariadb(1, "0-1-100", again: true), mariadb(2, "0-1-100,0-2-101", from: 1)) == 1)
    }

    @Test(
        "While commits on the source wait for an acknowledgement, an excess is not judged; no excess still counts as none"
    )
    func waitingCommits() throws {
        func source(waiting: UInt64?, _ number: Int = 1) -> ReplicationSetReport.Node {
            mysql(number, "1:1-8", again: true).with {
                $0.semiSync = SemiSync()
                $0.semiSync?.isSourceEnabled = true
                $0.semiSync?.waitingSessions = waiting
            }
        }
        for replica in [mysql(2, "1:1-9", from: 1), mysql(2, "1:1-8,7:1", from: 1)] {
            #expect(try errant(source(waiting: 1), replica) == nil)
            #expect(try errant(source(waiting: 0), replica) == 1)
            #expect(try errant(source(waiting: nil), replica) == 1)
            // The number of waiting sessions could not be read.
            #expect(try errant(source(waiting: 0).with { $0.missing[.status] = .error }, replica) == nil)
            // The number of waiting sessions is from an earlier round.
            #expect(try errant(source(waiting: 0).with { $0.isStatusKept = true }, replica) == nil)
        }
        #expect(try errant(source(waiting: 1), mysql(2, "1:1-8", from: 1)) == 0)
        let waiting = mariadb(1, "0-1-100", again: true).with {
            $0.semiSync = SemiSync()
            $0.semiSync?.waitingSessions = 2
        }
        #expect(try errant(waiting, mariadb(2, "0-1-100,0-7-101", from: 1)) == nil)
        // What the replica wrote itself cannot be what waits.
        #expect(try errant(waiting, mariadb(2, "0-1-100,0-2-101", from: 1)) == 1)
        #expect(try errant(source(waiting: 1), mysql(2, "1:1-9,2:1", from: 1)) == 1)
    }

    @Test("The second look clears a replica whose source was asked too early")
    func cleared() throws {
        // Written by a server that is not configured, on its way through db1.
        #expect(askedAgain(mysql(1, "1:1-100,9:1-50"), mysql(2, "1:1-100,9:1-52", from: 1)) == ["db1"])
        #expect(try errant(mysql(1, "1:1-100,9:1-53", again: true), mysql(2, "1:1-100,9:1-52", from: 1)) == 0)
    }

    @Test("On the second look the source's own transactions count: it lost them in a crash")
    func lostBySource() throws {
        #expect(try errant(mysql(1, "1:1-90", again: true), mysql(2, "1:1-100", from: 1)) == 10)
        #expect(try errant(mariadb(1, "0-1-90", again: true), mariadb(2, "0-1-100", from: 1)) == 1)
    }

    @Test("Answers that are in order but lack the counter of waiting commits are not enough: the source is asked again")
    func keptStatus() {
        let replica = mysql(2, "1:1-8,2:1", from: 1)
        func asks(isStatusKept: Bool) -> Set<FollowUp>? {
            // Shared with an overlapping round: the source was asked after the replica all the same.
            let source = mysql(1, "1:1-8").with {
                $0.transactionsRead = .look(2)
                $0.isStatusKept = isStatusKept
            }
            return followUps(of: ReplicationSetReport(source, replica))["db1"]
        }
        #expect(asks(isStatusKept: true)?.contains(.transactions) == true)
        #expect(asks(isStatusKept: false) == nil)
    }

    @Test("What the source lacks although the replica had it a round ago is not skew: the source is asked again")
    func lostSinceTheLastRound() throws {
        func asked(_ source: ReplicationSetReport.Node, _ replica: ReplicationSetReport.Node, had: TransactionHistory?)
            -> Set<String>
        {
            var replica = replica
            if let had { replica = replica.after(replica.with { $0.transactions = had }) }
            let asks = followUps(of: ReplicationSetReport(name: "shop", nodes: [source, replica]))
            return Set(asks.filter { $0.value.contains(.transactions) }.keys)
        }
        func history(_ node: ReplicationSetReport.Node) -> TransactionHistory? { node.report.facts?.transactions }
        let sets = (mysql(1, "1:1-90"), mysql(2, "1:1-100", from: 1))
        #expect(asked(sets.0, sets.1, had: history(mysql(2, "1:1-95"))) == ["db1"])
        #expect(asked(sets.0, sets.1, had: history(mysql(2, "1:1-90"))) == [])
        #expect(asked(sets.0, sets.1, had: nil) == ["db1"])
        let positions = (mariadb(1, "0-1-90"), mariadb(2, "0-1-100", from: 1))
        #expect(asked(positions.0, positions.1, had: history(mariadb(2, "0-1-95"))) == ["db1"])
        #expect(asked(positions.0, positions.1, had: history(mariadb(2, "0-1-90"))) == [])
    }

    @Test("What was written above the source is still on its way to it")
    func ahead() throws {
        // db3 was moved from db1 to db2, which lags.
        let primary = mysql(1, "1:1-100", again: true)
        #expect(
            try errant(primary, mysql(2, "1:1-80", again: true, from: 1), mysql(3, "1:1-100", from: 2), of: "db3") == 0)
        #expect(
            try errant(primary, mysql(2, "1:1-80", again: true, from: 1), mysql(3, "1:1-100,3:1", from: 2), of: "db3")
                == 1)
    }

    @Test("In a ring of two, what a node wrote is on its way to the other")
    func ring() throws {
        let one = mysql(1, "1:1-100,2:1-50", again: true, from: 2)
        let two = mysql(2, "1:1-90,2:1-55", again: false, from: 1)
        #expect(try errant(one, two, of: "db2") == 0)
        #expect(askedAgain(one, two) == [])
        // But not what a third server left on one of them.
        #expect(try errant(one, mysql(2, "1:1-90,2:1-55,7:1-2", from: 1), of: "db2") == 2)
        #expect(
            try errant(
                mariadb(1, "0-1-100,0-2-99", again: true, from: 2), mariadb(2, "0-1-90,0-2-105", from: 1), of: "db2")
                == 0)
    }

    @Test("With several sources, what any of them has is not errant, and every channel reports the same")
    func multiSource() throws {
        let replica = mysql(3, "1:1-10,2:1-20,3:1-4", from: 1, 2)
        #expect(askedAgain(mysql(1, "1:1-10"), mysql(2, "2:1-20"), replica) == ["db1", "db2"])
        let findings = SetFindings(
            ReplicationSetReport(mysql(1, "1:1-10", again: true), mysql(2, "2:1-20", again: true), replica))
        #expect(try findings["db3"].channels.map(\.errant) == [4, 4])
        #expect(
            try errant(
                mariadb(1, "0-1-10", again: true), mariadb(2, "1-2-20", again: true),
                mariadb(3, "0-1-10,1-2-20,1-3-21", from: 1, 2), of: "db3") == 1)
    }

    @Test("If one of several sources is unknown, or was not asked again, the result is unknown")
    func unknownSource() throws {
        let replica = mysql(3, "1:1-10,2:1-20,3:1-4", from: 1, 2)
        #expect(try errant(mysql(1, "1:1-10", again: true), replica, of: "db3") == nil)
        #expect(try errant(mysql(1, "1:1-10", again: true), mysql(2, "2:1-20"), replica, of: "db3") == nil)
        #expect(askedAgain(mysql(1, "1:1-10"), replica) == [])
    }

    @Test("If both were asked again at once, what the node had on the first look counts")
    func bothAskedAgain() throws {
        let primary = mysql(1, "1:1-103", again: true)
        func replica(_ first: String, then second: String) -> ReplicationSetReport.Node {
            mysql(2, second, from: 1).first(mysql(2, first, from: 1))
        }
        #expect(try errant(primary, replica("1:1-103", then: "1:1-105")) == 0)
        #expect(try errant(primary, replica("1:1-103,2:1", then: "1:1-105,2:1")) == 1)
        #expect(try errant(primary, replica("1:1-104", then: "1:1-105")) == 1)
    }

    @Test("What comes from a source outside the set cannot be judged: it may be on its way to the node's own source")
    func outside() throws {
        let fed = mysql(1, "9:1-100", again: true, from: 9)
        #expect(try errant(fed, mysql(2, "9:1-103", from: 1)) == nil)
        #expect(try errant(fed, mysql(2, "9:1-99", from: 1)) == 0)
        #expect(try errant(fed, mysql(2, "9:1-103,2:1", from: 1)) == 1)
    }

    @Test("A silent node above may have it")
    func silentAbove() throws {
        let middle = mysql(2, "1:1-100", again: true, from: 1)
        let last = mysql(3, "1:1-103", from: 2)
        let top = ReplicationSetReport.Node(
            mysql(1, "").description, NodeReport(failure: NodeFailure(reason: .timeout, message: "no answer")))
        var memory = SetMemory()
        _ = memory.fold(ReplicationSetReport(mysql(1, "1:1-100"), middle, last))
        let findings = memory.fold(ReplicationSetReport(top, middle, last))
        let channel = try #require(try findings["db3"].channels.first)
        #expect(channel.errant == nil)
    }

    @Test("MariaDB without a binary log keeps no record, and is not reported as clean")
    func noRecord() throws {
        let replica = mariadb(2, "", from: 1).with { $0.binaryLog = BinaryLog(isEnabled: false) }
        #expect(try errant(mariadb(1, "0-1-100"), replica) == nil)
        // B04b: MySQL gives what is written on it no GTID.
        let mysqlReplica = mysql(2, "1:1-100", from: 1).with { $0.binaryLog = BinaryLog(isEnabled: false) }
        #expect(try errant(mysql(1, "1:1-100"), mysqlReplica) == nil)
        // Nor is anything known of a source without one.
        let source = mysql(1, "1:1-100", again: true).with { $0.binaryLog = BinaryLog(isEnabled: false) }
        #expect(try errant(source, mysql(2, "1:1-100,2:1", from: 1)) == nil)
        #expect(try errant(source, mysql(2, "1:1-100", from: 1)) == nil)
    }

    @Test("Servers of different flavors cannot be compared")
    func mixed() throws {
        #expect(try errant(mysql(1, "1:1-10"), mariadb(2, "0-2-5", from: 1)) == nil)
        #expect(askedAgain(mysql(1, "1:1-10"), mariadb(2, "0-2-5", from: 1)) == [])
    }

    @Test("A node without a source, without GTIDs, or below one without them, is not judged")
    func notJudged() throws {
        #expect(try errant(mysql(1, "1:1-10,2:1"), of: "db1") == nil)
        #expect(try errant(mysql(1, "1:1-10"), mysql(2, "", from: 1).with { $0.transactions = nil }) == nil)
        #expect(try errant(mysql(1, "").with { $0.transactions = nil }, mysql(2, "1:1", from: 1)) == nil)
    }
}
