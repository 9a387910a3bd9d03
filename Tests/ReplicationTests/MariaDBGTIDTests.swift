import Replication
import Testing

@Suite("MariaDB GTID positions")
struct GTIDPositionTests {
    @Test(
        "A position has the last transaction of each domain",
        arguments: [
            ("", "", 0),
            (" \n", "", 0),
            ("0-1-100", "0-1-100", 100),
            ("1-2-30,0-1-100", "0-1-100,1-2-30", 130),
            ("0-1-100, 10-7-5,\n2-9-1", "0-1-100,2-9-1,10-7-5", 106),
            ("0-0-0", "0-0-0", 0),
            ("4294967295-4294967295-18446744073709551615", "4294967295-4294967295-18446744073709551615", .max),
            ("0-1-18446744073709551615,1-1-1", "0-1-18446744073709551615,1-1-1", .max),
        ] as [(String, String, UInt64)])
    func reads(text: String, canonical: String, sum: UInt64) throws {
        let position = try GTIDPosition(parsing: text)
        #expect(position.description == canonical)
        #expect(position.sequenceSum == sum)
        #expect(position.isEmpty == canonical.isEmpty)
        #expect(try GTIDPosition(parsing: canonical) == position)
    }

    @Test("A domain is looked up by its number")
    func lookUp() throws {
        let position = try GTIDPosition(parsing: "5-1-50,1-2-10,3-3-30")
        #expect(position[5] == MariaDBGTID(domain: 5, server: 1, sequence: 50))
        #expect(position[1] == MariaDBGTID(domain: 1, server: 2, sequence: 10))
        #expect(position[3] == MariaDBGTID(domain: 3, server: 3, sequence: 30))
        #expect([0, 2, 4, 6].allSatisfy { position[$0] == nil })
    }

    @Test(
        "A malformed position is refused, with the offending piece",
        arguments: [
            ("x", 1, "expected a domain ID (0 to 4294967295), found \"x\""),
            (",", 1, "expected a domain ID (0 to 4294967295), found \",\""),
            ("0-1-2,", 7, "expected a domain ID (0 to 4294967295), found the end"),
            ("0-1-2,,1-1-1", 7, "expected a domain ID (0 to 4294967295), found \",\""),
            ("4294967296-1-2", 1, "expected a domain ID (0 to 4294967295), found \"4294967296-1-2\""),
            ("-1-1-2", 1, "expected a domain ID (0 to 4294967295), found \"-1-1-2\""),
            ("0", 2, "expected \"-\" after the domain ID, found the end"),
            ("0_1_2", 2, "expected \"-\" after the domain ID, found \"_1_2\""),
            ("0-", 3, "expected a server ID (0 to 4294967295), found the end"),
            ("0-4294967296-2", 3, "expected a server ID (0 to 4294967295), found \"4294967296-2\""),
            ("0-1", 4, "expected \"-\" after the server ID, found the end"),
            ("0-1-", 5, "expected a sequence number (0 to 18446744073709551615), found the end"),
            (
                "0-1-18446744073709551616", 5,
                "expected a sequence number (0 to 18446744073709551615), found \"18446744073709551616\""
            ),
            ("0-1-2-3", 6, "expected \",\" or the end, found \"-3\""),
            ("0-1-2 1-1-1", 7, "expected \",\" or the end, found \"1-1-1\""),
            ("0-1-2,1-1-1,0-2-3", 13, "expected each domain once, found \"0-2-3\""),
            (
                "3e11fa47-71ca-11e1-9e33-c80aa9429562:1", 2,
                "expected \"-\" after the domain ID, found \"e11fa47-71ca-11e1-9e33-c80aa9429562\""
            ),
        ])
    func refuses(text: String, character: Int, message: String) throws {
        let error = try #require(throws: GTIDError.self) { try GTIDPosition(parsing: text) }
        #expect(error.description == "malformed GTID position at character \(character): \(message)")
    }

    @Test(
        "What is missing is counted per domain of the source",
        arguments: [
            ("0-1-90", "0-1-100", [(0, 10)]),
            ("0-1-100", "0-1-100", [(0, 0)]),
            // Ahead, because the two were read at different times.
            ("0-1-105", "0-1-100", [(0, 0)]),
            // After a change of source the server ID differs; the sequence continues.
            ("0-1-90", "0-2-100", [(0, 10)]),
            // Two servers have written at the same time: their numbers say nothing about each other's.
            ("0-2-130", "0-1-105,7-1-3", [(7, 3)]),
            // A domain that the replica lacks counts in full; one that only the replica has does not count.
            ("0-1-90", "0-1-100,7-1-30", [(0, 10), (7, 30)]),
            ("0-1-90,9-9-9", "0-1-100", [(0, 10)]),
            ("", "2-1-5,1-1-3", [(1, 3), (2, 5)]),
            ("0-1-90", "", []),
            ("0-1-0", "0-1-18446744073709551615", [(0, .max)]),
        ] as [(String, String, [(UInt32, UInt64)])])
    func missing(replica: String, source: String, expected: [(UInt32, UInt64)]) throws {
        let missing = try GTIDPosition(parsing: replica).missing(from: GTIDPosition(parsing: source))
        #expect(missing == expected.map { GTIDDomainDistance(domain: $0.0, sequenceNumbers: $0.1) })
    }

    @Test("Where a domain comes by several ways, only numbers of one server can be compared")
    func severalStreams() throws {
        let here = try GTIDPosition(parsing: "0-1-90")
        #expect(here.missingCount(from: try GTIDPosition(parsing: "0-2-100"), isOnlyStream: false) == nil)
        #expect(here.missingCount(from: try GTIDPosition(parsing: "0-1-100"), isOnlyStream: false) == 10)
        #expect(here.missingCount(from: try GTIDPosition(parsing: "0-2-80")) == nil)
    }
}

@Suite("MariaDB GTID positions made from transactions")
struct GTIDPositionFromTransactionsTests {
    @Test("Order does not matter")
    func sorts() throws {
        let transactions = [(5, 50), (1, 10), (3, 30)].map { MariaDBGTID(domain: $0, server: 1, sequence: $1) }
        #expect(GTIDPosition(transactions) == (try GTIDPosition(parsing: "1-1-10,3-1-30,5-1-50")))
    }
}

@Suite("MariaDB binary log states")
struct GTIDBinlogStateTests {
    @Test(
        "A state has the last transaction of each server in each domain",
        arguments: [
            ("", ""),
            ("0-72-36,0-71-36", "0-71-36,0-72-36"),
            ("1-1-5,0-2-9, 0-1-7", "0-1-7,0-2-9,1-1-5"),
        ])
    func reads(text: String, canonical: String) throws {
        let state = try GTIDBinlogState(parsing: text)
        #expect(state.description == canonical)
        #expect(state.isEmpty == canonical.isEmpty)
        #expect(try GTIDBinlogState(parsing: canonical) == state)
    }

    @Test(
        "A malformed state is refused, with the offending piece",
        arguments: [
            ("0-1-7,0-2-9,0-1-8", 13, "expected each server once in a domain, found \"0-1-8\""),
            ("0-1-7;0-2-9", 6, "expected \",\" or the end, found \";0-2-9\""),
        ])
    func refuses(text: String, character: Int, message: String) throws {
        let error = try #require(throws: GTIDError.self) { try GTIDBinlogState(parsing: text) }
        #expect(error.description == "malformed GTID binlog state at character \(character): \(message)")
    }

    @Test(
        "Errant transactions were written by servers other than the source, and the source does not have them",
        arguments: [
            // In step, ahead by skew, behind: nothing errant.
            ("0-71-36", "0-71-36", []),
            ("0-71-37", "0-71-36", []),
            ("0-71-30,0-70-9", "0-71-36,0-70-9", []),
            ("", "0-71-36", []),
            // Measured on MariaDB 10.11: one local write on replica 72, which positions cannot see.
            ("0-72-36,0-71-36", "0-71-36", ["0-72-36"]),
            // A former source's old transactions are known below, new ones are errant.
            ("0-72-20,0-71-36", "0-72-20,0-71-36", []),
            ("0-72-41,0-71-36", "0-72-20,0-71-36", ["0-72-41"]),
            ("0-72-15,0-71-36", "0-72-20,0-71-36", []),
            // The same server counts as another writer in another domain.
            ("1-72-20,0-71-36", "0-72-20,0-71-36", ["1-72-20"]),
            ("0-5-8,0-72-25,1-72-4,2-71-9", "0-72-20,1-71-1,1-72-1,1-73-5", ["0-5-8", "0-72-25", "1-72-4"]),
            // The source starts over after RESET MASTER, or has no binary log.
            ("0-72-20,0-71-36", "", ["0-72-20"]),
        ] as [(String, String, [String])])
    func errant(replica: String, source: String, entries: [String]) throws {
        let errant = try GTIDBinlogState(parsing: replica)
            .errant(against: GTIDBinlogState(parsing: source), sourceServers: [71])
        #expect(errant.entries.map(\.gtid.description) == entries)
        // Whatever the difference of their numbers is.
        #expect(errant.transactionsAtLeast == UInt64(entries.count))
        #expect(errant.isEmpty == entries.isEmpty)
    }

    @Test("Each errant writer comes with the source's last sequence number of it")
    func knownSequence() throws {
        let errant = try GTIDBinlogState(parsing: "0-72-25,0-73-4")
            .errant(against: GTIDBinlogState(parsing: "0-72-20"), sourceServers: [71])
        #expect(errant.entries.map(\.sourceSequence) == [20, nil])
    }

    @Test(
        "Several states together have the newest transaction of each writer",
        arguments: [
            ([], ""),
            (["0-1-5"], "0-1-5"),
            (["0-1-5,0-2-9", "0-1-7,0-2-3", ""], "0-1-7,0-2-9"),
            (["1-1-5", "0-2-9"], "0-2-9,1-1-5"),
            (["0-1-0"], "0-1-0"),
        ])
    func newest(states: [String], expected: String) throws {
        #expect(GTIDBinlogState(newestOf: try states.map { try GTIDBinlogState(parsing: $0) }).description == expected)
    }

    @Test("Transactions of the writers above the source are not errant either")
    func ancestors() throws {
        let replica = try GTIDBinlogState(parsing: "0-70-40,0-71-36,0-72-36")
        let source = try GTIDBinlogState(parsing: "0-70-39,0-71-36")
        #expect(replica.errant(against: source, sourceServers: [71]).transactionsAtLeast == 2)
        #expect(replica.errant(against: source, sourceServers: [70, 71]).entries.map(\.gtid.server) == [72])
    }
}
