import Replication
import Testing

@Suite("The binary logs a source holds")
struct BinlogIndexTests {
    /// Files 8 to 11, of 100, 200, 300 and 50 bytes.
    let index: BinlogIndex

    init() throws {
        index = try held([("bin.000008", 100), ("bin.000009", 200), ("bin.000010", 300), ("bin.000011", 50)])
    }

    @Test(
        "The distance runs across files",
        arguments: [
            // The rest of the first file, everything between, the start of the last.
            (("bin.000008", 40), ("bin.000011", 7), 60 + 200 + 300 + 7),
            (("bin.000008", 40), ("bin.000009", 7), 60 + 7),
            (("bin.000009", 200), ("bin.000010", 4), 4),
            (("bin.000010", 10), ("bin.000010", 250), 240),
            (("bin.000010", 10), ("bin.000010", 10), 0),
            // The target may have grown past what was listed.
            (("bin.000010", 0), ("bin.000011", 5000), 5300),
            // Beyond the recorded end of a closed file, nothing is left to read.
            (("bin.000008", 101), ("bin.000010", 4), 204),
            // Ahead, because the two were read at different times.
            (("bin.000010", 250), ("bin.000010", 10), 0),
            (("bin.000011", 4), ("bin.000010", 250), 0),
            // The same file needs no index, nor does one ahead.
            (("bin.000099", 10), ("bin.000099", 25), 15),
            (("bin.000099", 10), ("bin.000011", 25), 0),
        ] as [((String, UInt64), (String, UInt64), UInt64)])
    func bytes(from: (String, UInt64), to: (String, UInt64), expected: UInt64) throws {
        #expect(index.bytes(from: try at(from.0, from.1), to: try at(to.0, to.1)) == expected)
    }

    @Test(
        "The distance is unknown without the files, or under another base name",
        arguments: [
            ("bin.000007", "bin.000010"), ("bin.000008", "bin.000012"), ("old.000008", "bin.000010"),
            ("old.000010", "bin.000010"),
            ("bin.000010", "old.000008"),
        ])
    func unknown(from: String, to: String) throws {
        #expect(index.bytes(from: try at(from, 4), to: try at(to, 4)) == nil)
    }

    @Test("A file missing between the two makes the distance unknown")
    func gap() throws {
        let index = try held([("bin.000008", 100), ("bin.000010", 300), ("bin.000011", 50)])
        #expect(index.bytes(from: try at("bin.000008", 4), to: try at("bin.000010", 4)) == nil)
        #expect(index.bytes(from: try at("bin.000010", 4), to: try at("bin.000011", 4)) == 300)
    }

    @Test(
        "Purge headroom is what the source holds before the coordinate",
        arguments: [
            ("bin.000008", 0, 0), ("bin.000008", 4, 4), ("bin.000009", 0, 100), ("bin.000011", 20, 620),
            // Past the end: a closed file stays within its size, the newest may have grown.
            ("bin.000008", 500, 100), ("bin.000011", 70, 670),
            ("bin.000007", 4, nil), ("bin.000012", 4, nil), ("old.000008", 4, nil),
        ] as [(String, UInt64, UInt64?)])
    func headroom(name: String, position: UInt64, expected: UInt64?) throws {
        #expect(index.bytesHeld(before: try at(name, position)) == expected)
    }

    @Test("It reports which files are held")
    func contents() throws {
        #expect(index.totalBytes == 650)
        #expect(index.count == 4)
        #expect(index.oldest?.name == "bin.000008")
        #expect(index.newest?.name == "bin.000011")
        #expect(index.contains(try at("bin.10", 0).file))
        #expect(!index.contains(try at("bin.000012", 0).file))
        #expect(!index.contains(try at("old.000010", 0).file))
    }

    @Test("An empty index holds no files and gives no distances")
    func empty() throws {
        let index = try held([])
        #expect(index.totalBytes == 0)
        #expect(index.count == 0)
        #expect(index.oldest == nil)
        #expect(index.bytes(from: try at("bin.000001", 4), to: try at("bin.000002", 4)) == nil)
        #expect(index.bytesHeld(before: try at("bin.000001", 4)) == nil)
    }

    @Test("Order does not matter, and a file listed twice counts once with its larger size")
    func unordered() throws {
        let index = try held([
            ("bin.000010", 300), ("bin.000008", 90), ("bin.000009", 200), ("bin.000008", 100), ("bin.8", 30),
        ])
        #expect(index.count == 3)
        #expect(index.totalBytes == 600)
        #expect(index.bytes(from: try at("bin.000008", 40), to: try at("bin.000010", 1)) == 261)
    }

    @Test("Files from before log_bin was renamed come first, whatever their numbers")
    func renamed() throws {
        let index = try held([("old.000998", 10), ("old.000999", 20), ("new.000001", 40), ("new.000002", 80)])
        #expect(index.bytesHeld(before: try at("new.000002", 5)) == 75)
        #expect(index.bytes(from: try at("old.000998", 4), to: try at("old.000999", 7)) == 13)
        #expect(index.bytes(from: try at("old.000999", 4), to: try at("new.000001", 7)) == nil)
        #expect(index.newest?.name == "new.000002")
    }

    @Test("Numbers continue past the padding")
    func pastPadding() throws {
        let index = try held([("bin.999998", 10), ("bin.999999", 20), ("bin.1000000", 40), ("bin.1000001", 80)])
        #expect(index.bytes(from: try at("bin.999998", 4), to: try at("bin.1000001", 7)) == 6 + 20 + 40 + 7)
    }

    @Test("Impossibly large sizes do not trap")
    func absurdSizes() throws {
        let index = try held([("bin.000001", .max), ("bin.000002", .max), ("bin.000003", .max)])
        #expect(index.totalBytes == .max)
        #expect(index.bytes(from: try at("bin.000001", 0), to: try at("bin.000003", .max)) == .max)
        #expect(index.bytesHeld(before: try at("bin.000003", .max)) == .max)
        let apart = try held([("bin.0", 1), ("bin.18446744073709551615", 1)])
        #expect(apart.bytes(from: try at("bin.0", 0), to: try at("bin.18446744073709551615", 0)) == nil)
    }

    @Test(
        "Distances between any two of a hundred thousand files",
        arguments: [(1, 100_000), (2, 3), (49_999, 50_001), (99_999, 100_000)])
    func many(first: Int, last: Int) throws {
        // File n has n bytes.
        let index = try held((1...100_000).map { ("bin.\($0)", UInt64($0)) })
        let between = (first..<last).reduce(0, +)
        #expect(index.bytes(from: try at("bin.\(first)", 0), to: try at("bin.\(last)", 9)) == UInt64(between + 9))
    }
}

private func held(_ files: [(String, UInt64)]) throws -> BinlogIndex {
    BinlogIndex(entries: try files.map { (file: try #require(BinlogFile($0)), size: $1) })
}
