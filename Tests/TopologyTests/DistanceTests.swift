import Replication
import ReplicationTesting
import Testing

@testable import Topology

@Suite("How far a replica is behind, in transactions")
struct DistanceTests {
    @Test("MySQL: missing, not fetched, fetched but not applied")
    func mysql() throws {
        let replica = node(
            "db2", id: 2, uuid: 2, from: channel(uuid: 1).with { $0.fetched = .set(gtidSet("1:40-90")) }
        ).executed("1:1-60")
        let findings = SetFindings(ReplicationSetReport(node("db1", id: 1, uuid: 1).executed("1:1-100"), replica))
        let distance = try findings["db2"].channel().distance
        #expect(distance.missing == 40)
        #expect(distance.unfetched == 10)
        #expect(distance.unapplied == 30)
        #expect(distance.isExact)
    }

    @Test("MariaDB: by domain, from the replica's own position; a distance in sequence numbers")
    func mariadb() throws {
        let fetched = try GTIDPosition(parsing: "0-1-95,1-1-7")
        let replica = node("db2", id: 2, from: channel(id: 1).with { $0.fetched = .position(fetched) })
            .positions(replicated: "0-1-90,1-1-7", logged: "0-1-90,1-1-7")
        let source = node("db1", id: 1).positions(logged: "0-1-100,1-1-7,2-1-3")
        let distance = try SetFindings(ReplicationSetReport(source, replica))["db2"].channel().distance
        #expect(distance.missing == 10 + 0 + 3)
        #expect(distance.unfetched == 5 + 0 + 3)
        #expect(distance.unapplied == 5)
        #expect(!distance.isExact)
        #expect(
            distance.missingByDomain == [
                .init(domain: 0, sequenceNumbers: 10), .init(domain: 1, sequenceNumbers: 0),
                .init(domain: 2, sequenceNumbers: 3),
            ])
    }

    @Test("MariaDB: a former primary that has applied nothing yet is at the position it wrote to")
    func formerPrimary() throws {
        let replica = node("db2", id: 2, from: channel(id: 1)).positions(replicated: "", logged: "0-2-90")
        let source = node("db1", id: 1).positions(replicated: "0-2-90", logged: "0-1-100")
        #expect(try SetFindings(ReplicationSetReport(source, replica))["db2"].channel().distance.missing == 10)
    }

    @Test(
        "MariaDB: what was written here and comes back from the source is not missing, whatever the replicated position"
    )
    func cameBack() throws {
        func missing(_ state: String, _ sourceState: String) throws -> GTIDDistance {
            let replica = node("db2", id: 2, from: channel(id: 1))
                .positions(replicated: "0-1-30", logged: "0-2-60", state: state)
            let source = node("db1", id: 1).positions(logged: "0-2-60", state: sourceState)
            return try SetFindings(ReplicationSetReport(source, replica))["db2"].channel().distance
        }
        // A switchover back and forth, with master_use_gtid=current_pos.
        let all = try missing("0-1-30,0-2-60", "0-1-30,0-2-60")
        #expect(all.missing == 0 && all.missingByDomain == [.init(domain: 0, sequenceNumbers: 0)])
        // The source has written something meanwhile that has not come.
        #expect(try missing("0-1-30,0-2-60", "0-1-59,0-2-60").missing == 30)
    }

    @Test("Nothing is known without comparable GTIDs of both the source and the replica")
    func unknown() throws {
        let source = node("db1", id: 1, uuid: 1).executed("1:1-100")
        let replica = node("db2", id: 2, uuid: 2, from: channel(from: "db1:3306", uuid: 1))
        let nothing = GTIDDistance()
        #expect(
            try SetFindings(ReplicationSetReport(silent("db1"), replica.executed("1:1-9")))["db2"].channel().distance
                == nothing)
        #expect(try SetFindings(ReplicationSetReport(source, replica))["db2"].channel().distance == nothing)
        #expect(
            try SetFindings(ReplicationSetReport(source, replica.positions(logged: "0-1-9")))["db2"].channel().distance
                == nothing)
        // B04: a source without a binary log gives its own transactions no GTID.
        let unrecorded = source.with { $0.binaryLog = BinaryLog(isEnabled: false) }
        let findings = try SetFindings(ReplicationSetReport(unrecorded, replica.executed("1:1-100")))["db2"].channel()
        #expect(findings.distance == nothing)
        #expect(findings.applyDelta == nil)
        #expect(findings.checks[.binaryLog] == false)
    }

    @Test("MariaDB: a replica above its source in a domain lacks an unknown number of transactions, and that is told")
    func above() throws {
        func findings(_ source: ReplicationSetReport.Node, _ replicated: String, after: String? = nil) throws
            -> ChannelFindings
        {
            var replica = node("db2", id: 2, from: channel(id: 1)).positions(replicated: replicated)
            if let after {
                replica = replica.after(node("db2", id: 2, from: channel(id: 1)).positions(replicated: after))
            }
            return try SetFindings(ReplicationSetReport(source, replica))["db2"].channel()
        }
        func source(_ logged: String, again: Bool) -> ReplicationSetReport.Node {
            node("db1", id: 1).positions(logged: logged, state: logged, askedAgain: again)
        }
        // F5: restored from a snapshot, and written to since.
        let ahead = try findings(source("0-1-5", again: true), "0-1-62")
        #expect(ahead.distance == GTIDDistance())
        #expect(ahead.troubles.map(\.text) == ["is ahead of its source: it has 0-1-62, the source only 0-1-5"])
        // By the next round.
        #expect(try findings(source("0-1-5", again: false), "0-1-63", after: "0-1-62").distance == GTIDDistance())
        // Of the moment.
        #expect(try findings(source("0-1-62", again: false), "0-1-63", after: "0-1-62").distance.missing == 0)
        #expect(try findings(source("0-1-63", again: true), "0-1-63").distance.missing == 0)
        // Reset: it has nothing of its own any more.
        let reset = try findings(source("", again: true), "0-1-62")
        #expect(reset.distance == GTIDDistance())
        #expect(
            reset.troubles.map(\.text) == ["is ahead of its source: it has 0-1-62, the source nothing in domain 0"])
        // A ring: the source has it, and has written a lower number since, which may not have arrived.
        let ring = node("db1", id: 1).positions(logged: "0-1-103", state: "0-1-103,0-2-105", askedAgain: true)
        #expect(try findings(ring, "0-2-105").distance.missing == nil)
        #expect(try findings(ring, "0-2-105").troubles.isEmpty)
        // Another server's, in a domain that this source does not have.
        #expect(try findings(source("0-1-5", again: true), "0-1-5,7-9-3").distance.missing == 0)
        // Its own, in a domain that was deleted from its log.
        let deleted = try findings(source("0-1-5", again: true), "0-1-5,7-1-3")
        #expect(deleted.distance.missing == 0 && deleted.troubles.isEmpty)
        // The source is asked again only if there is no earlier round to compare with.
        func asks(after: String?) -> Set<FollowUp> {
            var replica = node("db2", id: 2, from: channel(id: 1)).positions(replicated: "0-1-63")
            if let after {
                replica = replica.after(node("db2", id: 2, from: channel(id: 1)).positions(replicated: after))
            }
            return followUps(of: ReplicationSetReport(source("0-1-62", again: false), replica))["db1"] ?? []
        }
        #expect(asks(after: nil) == [.transactions])
        #expect(asks(after: "0-1-62") == [])
    }

    @Test("MariaDB: a higher number than the source's shows nothing with several channels either")
    func aboveOneOfSeveral() throws {
        func findings(_ source: ReplicationSetReport.Node, replicated: String) throws -> NodeFindings {
            let db2 = node("db2", id: 2).positions(logged: "2-2-1", state: "2-2-1", askedAgain: true)
            let db3 = node(
                "db3", id: 3, from: channel("a", from: "db1", id: 1, behind: 0),
                channel("b", from: "db2", id: 2, behind: 0)
            ).positions(replicated: replicated)
            return try SetFindings(ReplicationSetReport(source, db2, db3))["db3"]
        }
        func source(_ logged: String, replicated: String = "") -> ReplicationSetReport.Node {
            node("db1", id: 1).positions(replicated: replicated, logged: logged, state: logged, askedAgain: true)
        }
        // Reset, and written to since.
        for logged in ["", "0-1-5"] {
            let ahead = try findings(source(logged), replicated: "0-1-32,2-2-1")
            let channel = try ahead.channel("a")
            #expect(channel.distance == GTIDDistance() && channel.lag == nil)
            #expect(channel.troubles.contains { $0.text.hasPrefix("is ahead of its source: it has 0-1-32") })
            #expect(try ahead.channel("b").distance.missing == 0 && ahead.channel("b").lag?.seconds == 0)
        }
        // Another server's may have come through the other channel, before this source had it.
        let before = try findings(source("0-7-5"), replicated: "0-7-32,2-2-1").channel("a")
        #expect(before.distance == GTIDDistance() && before.leads.isEmpty && before.lag == nil)
        // A restored copy has it, though its log has not.
        let copy = try findings(source("", replicated: "0-1-32"), replicated: "0-1-32,2-2-1").channel("a")
        #expect(copy.distance.missing == 0 && copy.leads.isEmpty)
    }

    @Test("MariaDB: what a source is told not to send is not known to be missing")
    func filteredBySource() throws {
        func distance(replicated: String, isFiltered: Bool = true) throws -> GTIDDistance {
            let replica = node("db2", id: 2, from: channel(id: 1).with { $0.isFilteredBySource = isFiltered })
                .positions(replicated: replicated)
            return try SetFindings(ReplicationSetReport(node("db1", id: 1).positions(logged: "0-1-9"), replica))["db2"]
                .channel().distance
        }
        #expect(try distance(replicated: "0-1-5") == GTIDDistance())
        #expect(try distance(replicated: "0-1-5", isFiltered: false).missing == 4)
        #expect(try distance(replicated: "0-1-9").missing == 0)
    }

    @Test("MySQL: missing is the sum of unfetched and unapplied, for any fetched part of the source's set")
    func law() throws {
        var random = SeededGenerator(seed: 4)
        func some(of numbers: [Int], _ random: inout SeededGenerator) -> [Int] {
            numbers.filter { _ in Bool.random(using: &random) }
        }
        func set(_ numbers: [Int]) -> String { "1:" + numbers.map(String.init).joined(separator: ":") }
        for _ in 0..<200 {
            let all = some(of: Array(1...40), &random)
            let fetched = some(of: all, &random)
            let applied = some(of: Array(1...40), &random)
            let replica = node(
                "db2", id: 2, uuid: 2, from: channel(uuid: 1).with { $0.fetched = .set(gtidSet(set(fetched))) }
            ).executed(set(applied))
            let source = node("db1", id: 1, uuid: 1).executed(set(all))
            let distance = try SetFindings(ReplicationSetReport(source, replica))["db2"].channel().distance
            let missing = Set(all).subtracting(applied)
            #expect(distance.missing == UInt64(missing.count))
            #expect(distance.unfetched == UInt64(missing.subtracting(fetched).count))
            #expect(distance.unapplied == UInt64(Set(fetched).subtracting(applied).count))
            #expect(distance.missing == (distance.unfetched ?? 0) + (distance.unapplied ?? 0))
        }
    }
}
