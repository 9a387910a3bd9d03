import Replication
import ReplicationTesting
import Testing

private let a = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
private let b = "4e11fa47-71ca-11e1-9e33-c80aa9429562"
private let largest = "9223372036854775806"

@Suite("The text of MySQL GTID sets")
struct GTIDSetTextTests {
    @Test(
        "A set prints as the server arranges it, however it was written",
        arguments: [
            ("", "", 0),
            (" \n\t ", "", 0),
            (",,", "", 0),
            ("\(a):1", "\(a):1", 1),
            ("\(a):1-3", "\(a):1-3", 3),
            ("\(a):1-1", "\(a):1", 1),
            ("\(a):1-3:5", "\(a):1-3:5", 4),
            ("\(a.uppercased()):1-3", "\(a):1-3", 3),
            ("\(a):1-3,\n\(b):7", "\(a):1-3,\(b):7", 4),
            (" \(a) : 1 - 3 : 5 ,\r\n \(b):7 \n", "\(a):1-3:5,\(b):7", 5),
            // Sorted and joined.
            ("\(b):7,\(a):1-3", "\(a):1-3,\(b):7", 4),
            ("\(a):5:1-3", "\(a):1-3:5", 4),
            ("\(a):1-3:4", "\(a):1-4", 4),
            ("\(a):1-5:3-9:2", "\(a):1-9", 9),
            ("\(a):1-9:2-3:5", "\(a):1-9", 9),
            ("\(a):1,\(b):1,\(a):2", "\(a):1-2,\(b):1", 3),
            // Empty: no interval, or one that ends before it begins.
            ("\(a)", "", 0),
            ("\(a),\(b):1", "\(b):1", 1),
            ("\(a):5-3", "", 0),
            ("\(a):5-0", "", 0),
            ("\(a):5-4:7", "\(a):7", 1),
            (",\(a):1,,\(b):2,", "\(a):1,\(b):2", 2),
            // Tags, each with its own numbers.
            ("\(a):tag:1", "\(a):tag:1", 1),
            ("\(a):TAG:1", "\(a):tag:1", 1),
            ("\(a):1-3:tag:1-5:tag2:7", "\(a):1-3:tag:1-5:tag2:7", 9),
            ("\(a):tag2:7,\(a):1-3,\(a):tag:1-5", "\(a):1-3:tag:1-5:tag2:7", 9),
            ("\(a):tag:1:1:other:2:tag:2", "\(a):other:2:tag:1-2", 3),
            ("\(a):tag,\(b):1", "\(b):1", 1),
            ("\(a):tag:other:1", "\(a):other:1", 1),
            ("\(a):_x9: 4 ,\(b):1", "\(a):_x9:4,\(b):1", 2),
            // A tag does not outlive its UUID.
            ("\(a):tag:1,\(b):2", "\(a):tag:1,\(b):2", 2),
            ("\(a):tag:1,\(a):2", "\(a):2:tag:1", 2),
            ("\(a):\(String(repeating: "t", count: 32)):1", "\(a):\(String(repeating: "t", count: 32)):1", 1),
            // The largest possible number.
            ("\(a):1-9223372036854775806", "\(a):1-9223372036854775806", 9_223_372_036_854_775_806),
            ("\(a):9223372036854775806:9223372036854775805", "\(a):9223372036854775805-9223372036854775806", 2),
        ] as [(String, String, UInt64)])
    func reads(text: String, canonical: String, count: UInt64) throws {
        let set = try GTIDSet(parsing: text)
        #expect(set.description == canonical)
        #expect(set.count == count)
        #expect(set.isEmpty == (count == 0))
        #expect(set.isCanonical)
        #expect(try GTIDSet(parsing: canonical) == set)
    }

    @Test(
        "A malformed set is refused, with the offending piece",
        arguments: [
            ("x", 1, "expected a server UUID, found \"x\""),
            ("ANONYMOUS", 1, "expected a server UUID, found \"ANONYMOUS\""),
            ("+\(a):1", 1, "expected a server UUID, found \"+3e11fa47-71ca-11e1-9e33-c80aa9429562\""),
            (
                "3e11fa47-71ca-11e1-9e33-c80aa942956", 1,
                "expected a server UUID, found \"3e11fa47-71ca-11e1-9e33-c80aa942956\""
            ),
            (
                "3e11fa4771ca11e19e33c80aa9429562:1", 1,
                "expected a server UUID, found \"3e11fa4771ca11e19e33c80aa9429562\""
            ),
            (
                "3e11fa47-71ca-11e1-9e33-c80aa942956g:1", 1,
                "expected a server UUID, found \"3e11fa47-71ca-11e1-9e33-c80aa942956g\""
            ),
            (":1", 1, "expected a server UUID, found \":\""),
            ("\(a)9:1", 37, "expected \":\", \",\" or the end, found \"9\""),
            ("\(a):1 2", 40, "expected \":\", \",\" or the end, found \"2\""),
            ("\(a):1-2-3", 41, "expected \":\", \",\" or the end, found \"-3\""),
            ("\(a):1;\(b):1", 39, "expected \":\", \",\" or the end, found \";4e11fa47-71ca-11e1-9e33-c80aa9429562\""),
            ("\(a):tag-1:1", 41, "expected \":\", \",\" or the end, found \"-1\""),
            ("\(a):", 38, "expected a transaction number (1 to \(largest)) or a tag, found the end"),
            ("\(a):1:", 40, "expected a transaction number (1 to \(largest)) or a tag, found the end"),
            ("\(a)::1", 38, "expected a transaction number (1 to \(largest)) or a tag, found \":\""),
            ("\(a):0", 38, "expected a transaction number (1 to \(largest)) or a tag, found \"0\""),
            ("\(a):0-5", 38, "expected a transaction number (1 to \(largest)) or a tag, found \"0-5\""),
            ("\(a):-5", 38, "expected a transaction number (1 to \(largest)) or a tag, found \"-5\""),
            ("\(a):010", 38, "expected a transaction number (1 to \(largest)) or a tag, found \"010\""),
            (
                "\(a):9223372036854775807", 38,
                "expected a transaction number (1 to \(largest)) or a tag, found \"9223372036854775807\""
            ),
            (
                "\(a):1,\(b):99999999999999999999999", 77,
                "expected a transaction number (1 to \(largest)) or a tag, found \"99999999999999999999999\""
            ),
            ("\(a):é", 38, "expected a transaction number (1 to \(largest)) or a tag, found \"é\""),
            ("\(a):\u{0}", 38, "expected a transaction number (1 to \(largest)) or a tag, found \"\\0\""),
            (
                "\(a):1-", 40,
                "expected the last transaction number of an interval (up to \(largest)), found the end"
            ),
            (
                "\(a):1-:3", 40,
                "expected the last transaction number of an interval (up to \(largest)), found \":\""
            ),
            (
                "\(a):1--3", 40,
                "expected the last transaction number of an interval (up to \(largest)), found \"-3\""
            ),
            (
                "\(a):1-9223372036854775807", 40,
                "expected the last transaction number of an interval (up to \(largest)), found \"9223372036854775807\""
            ),
            (
                "\(a):\(String(repeating: "t", count: 33)):1", 38,
                "expected a tag of at most 32 characters, found \"\(String(repeating: "t", count: 33))\""
            ),
            (
                String(repeating: "z", count: 1_000_000), 1,
                "expected a server UUID, found \"\(String(repeating: "z", count: 40))…\""
            ),
        ] as [(String, Int, String)])
    func refuses(text: String, character: Int, message: String) throws {
        let error = try #require(throws: GTIDError.self) { try GTIDSet(parsing: text) }
        #expect(error.description == "malformed GTID set at character \(character): \(message)")
        #expect(error.character == character)
    }

    @Test("Sets with the same transactions are equal, in whatever order they were written")
    func equality() throws {
        let one = try GTIDSet(parsing: "\(a):1-3:tag:5,\(b):1-2")
        let two = try GTIDSet(parsing: "\(b):2:1,\(a):tag:5,\(a):2-3:1")
        #expect(one == two)
        #expect(one.hashValue == two.hashValue)
        #expect(one != (try GTIDSet(parsing: "\(a):1-3:5,\(b):1-2")))
    }

    @Test("A sum past 64 bits counts as the largest number")
    func saturates() throws {
        let text = GTIDSetGenerator.uuids.map { "\($0):1-9223372036854775806" }.joined(separator: ",")
        #expect(try GTIDSet(parsing: text).count == .max)
    }
}

@Suite("Server UUIDs")
struct ServerUUIDTests {
    @Test(
        "A UUID prints in lower case, with all its zeros",
        arguments: [
            "00000000-0000-0000-0000-000000000000", "00000000-0000-0001-0000-000000000002",
            "3e11fa47-71ca-11e1-9e33-c80aa9429562", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ])
    func roundTrips(text: String) throws {
        #expect(try #require(ServerUUID(text)).description == text)
        #expect(ServerUUID(text.uppercased()) == ServerUUID(text))
    }

    @Test(
        "Anything else is not a UUID",
        arguments: ["", a + "0", String(a.dropLast()), "{\(a)}", " \(a)", a.replacing("-", with: "")])
    func refuses(text: String) {
        #expect(ServerUUID(text) == nil)
    }

    @Test("UUIDs sort as their text does")
    func order() {
        let sorted = GTIDSetGenerator.uuids.sorted()
        #expect(GTIDSetGenerator.uuids.compactMap(ServerUUID.init).sorted().map(\.description) == sorted)
    }
}
