import Replication
import ReplicationTesting
import Testing

@testable import Topology

/// What MariaDB's sequence numbers show, and what not.
extension ErrantTests {
    @Test("MariaDB does not show how many there are: numbers are skipped, and shared by the servers of a domain")
    func atLeast() throws {
        // F7b: one write after SET gtid_seq_no=600.
        let findings = SetFindings(
            ReplicationSetReport(mariadb(1, "0-1-103,0-2-102", again: true), mariadb(2, "0-1-103,0-2-600", from: 1)))
        let channel = try findings["db2"].channel("c1")
        #expect(channel.errant == 1 && channel.isErrantAtLeast)
        #expect(
            channel.troubles.map(\.text) == ["at least 1 errant transaction: 0-2-600 after 0-2-102 (written on db2)"])
        // One of each server in each domain.
        #expect(
            try errant(mariadb(1, "0-1-103", again: true), mariadb(2, "0-1-110,0-2-600,3-2-9", from: 1)) == 3)
        // MySQL's sets show it, and so does a node that has none.
        let sets = SetFindings(ReplicationSetReport(mysql(1, "1:1", again: true), mysql(2, "1:1,2:5", from: 1)))
        #expect(try !sets["db2"].channel("c1").isErrantAtLeast)
    }

    @Test("MariaDB: a domain of which the nodes above have nothing may have been deleted there")
    func deletedDomain() throws {
        // Written by a server that is above, or by one that has gone.
        for state in ["0-1-100,7-1-30", "0-1-100,7-9-30"] {
            #expect(try errant(mariadb(1, "0-1-100", again: true), mariadb(2, state, from: 1)) == nil)
            // Others are counted all the same.
            #expect(try errant(mariadb(1, "0-1-100", again: true), mariadb(2, state + ",0-2-101", from: 1)) == 1)
            // A source that has begun anew has lost them.
            #expect(try errant(mariadb(1, "", again: true), mariadb(2, state, from: 1)) == 2)
        }
        // Nobody deletes a domain on the nodes above because of what a replica writes in it.
        #expect(try errant(mariadb(1, "0-1-100", again: true), mariadb(2, "0-1-100,7-2-30", from: 1)) == 1)
        // It is there.
        #expect(try errant(mariadb(1, "0-1-100,7-1-1", again: true), mariadb(2, "0-1-100,7-9-30", from: 1)) == 1)
        let received = node("db1", id: 1)
            .positions(replicated: "7-1-1", logged: "0-1-100", state: "0-1-100", askedAgain: true)
        #expect(try errant(received, mariadb(2, "0-1-100,7-9-30", from: 1)) == 1)
    }

    @Test("MariaDB: what a restored copy had before its own log began is not errant below it")
    func beforeTheLog() throws {
        func source(_ replicated: String, state: String = "0-1-8") -> ReplicationSetReport.Node {
            node("db1", id: 1).positions(replicated: replicated, logged: "0-1-8", state: state, askedAgain: true)
        }
        // Server 9 was an earlier primary; the copy that became db1 was restored at 0-9-7.
        let replica = mariadb(2, "0-9-7,0-1-8", from: 1)
        #expect(try errant(source("0-9-7"), replica) == 0)
        // It has gone on with another server's.
        #expect(try errant(source("0-1-8"), replica) == nil)
        #expect(try errant(source("0-9-6"), replica) == 1)
        #expect(try errant(source(""), replica) == 1)
        // What a node of the set wrote is errant all the same.
        #expect(try errant(source("0-9-7"), mariadb(2, "0-2-5,0-1-8", from: 1)) == 1)
    }

    @Test("A divergence: the same sequence number from two servers, without a distance between them")
    func divergence() throws {
        #expect(
            try errant(mariadb(71, "0-71-36", again: true), mariadb(72, "0-72-36,0-71-36", from: 71), of: "db72") == 1)
    }

    @Test("MariaDB: a promoted source without log_slave_updates has no record of what it once replicated")
    func promotedSource() throws {
        func promoted(recordsReplicated: Bool) -> ReplicationSetReport.Node {
            mariadb(1, "0-1-100", again: true)
                .positions(replicated: "0-9-80", logged: "0-1-100", state: "0-1-100", askedAgain: true)
                .with { $0.binaryLog?.recordsReplicated = recordsReplicated }
        }
        let replica = mariadb(2, "0-9-80,0-1-100", from: 1)
        // By its position, it has it.
        #expect(try errant(promoted(recordsReplicated: false), replica) == 0)
        #expect(try errant(promoted(recordsReplicated: true), replica) == 0)
        let later = mariadb(2, "0-9-81,0-1-100", from: 1)
        #expect(try errant(promoted(recordsReplicated: false), later) == nil)
        #expect(askedAgain(promoted(recordsReplicated: false), later) == [])
        #expect(try errant(promoted(recordsReplicated: true), later) == 1)
        #expect(try errant(promoted(recordsReplicated: false), mariadb(2, "0-1-100", from: 1)) == 0)
    }
}
