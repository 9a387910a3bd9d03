import MariaDB
import Replication
import Testing

@testable import Checksums

@Suite("Checksum statements")
struct ChecksumTextTests {
    private static let key = ChunkKey(
        name: "PRIMARY",
        columns: [
            .init(name: "a", kind: .integer), .init(name: "b`c", kind: .text(characterSet: "latin1")),
            .init(name: "d", kind: .binary),
        ])
    private static let single = ChunkKey(name: "PRIMARY", columns: [.init(name: "id", kind: .integer)])

    @Test(
        "A range of one column",
        arguments: [
            (.whole, "1 = 1", "the whole table"),
            (
                .from(["-1"], through: ["18446744073709551615"]), "(`id` >= -1) AND (`id` <= 18446744073709551615)",
                "id >= -1 and id <= 18446744073709551615"
            ),
            (.after(["1"], through: ["2"]), "(`id` > 1) AND (`id` <= 2)", "id > 1 and id <= 2"),
            (.before(["1"]), "(`id` < 1)", "id < 1"), (.after(["2"]), "(`id` > 2)", "id > 2"),
        ] as [(ChunkRange, String, String)])
    func singleRange(range: ChunkRange, condition: String, words: String) {
        #expect(range.condition(Self.single) == condition)
        #expect(range.words(Self.single) == words)
    }

    @Test("A range of several columns compares them from the first to the last")
    func compositeRange() {
        #expect(
            ChunkRange.after(["1", "x", "0A"], through: ["2", "y'", ""]).condition(Self.key)
                == "((`a` > 1) OR (`a` = 1 AND `b``c` > 'x') OR (`a` = 1 AND `b``c` = 'x' AND `d` > X'0A')) AND "
                + "((`a` < 2) OR (`a` = 2 AND `b``c` < _utf8mb4 X'7927') OR "
                + "(`a` = 2 AND `b``c` = _utf8mb4 X'7927' AND `d` <= X''))")
        #expect(
            ChunkRange.after(["1", "x", "0A"]).words(Self.key) == "(a, b`c, d) > (1, 'x', '0A')")
    }

    @Test(
        "A boundary that is not a value of its column goes into no statement",
        arguments: [
            (.integer, "1 OR 1=1"), (.integer, ""), (.integer, "-"), (.integer, "1.5"), (.integer, "--1"),
            (.decimal, "1.2.3"), (.decimal, "1e5"), (.decimal, "."), (.member, "x"), (.binary, "0"), (.binary, "0g"),
            (.binary, "' OR '1"),
        ] as [(ChunkKey.Kind, String)])
    func notAValue(kind: ChunkKey.Kind, value: String) {
        let key = ChunkKey(name: "k", columns: [.init(name: "c", kind: kind)])
        #expect(ChunkRange.after([value]).condition(key) == nil)
        #expect(ChunkRange.after(["1", "2"]).condition(key) == nil)
    }

    @Test(
        "Text does not end a literal, whatever it contains",
        arguments: ["'", "\\", "\0", "é", "`", "a'; DROP TABLE x; --"])
    func literals(text: String) {
        let literal = SQLText.literal(text)
        #expect(literal.hasPrefix("_utf8mb4 X'"))
        let digits = literal.dropFirst(11).dropLast()
        #expect(!digits.contains { !$0.isHexDigit })
        #expect(digits.count == text.utf8.count * 2)
    }

    @Test(
        "A boundary reads back as it was written, and a key of several columns as pt-table-checksum lists it",
        arguments: [
            (["1"], "1"), ([""], ""), (["a,b"], "a\\,b"), (["\\"], "\\\\"), (["a\r\nb"], "a\r\nb"),
            (["1", "x"], "1,1,x"), (["1", "x", "y"], "1,1,x,1,x,y"), (["", ""], ",,"),
        ])
    func boundaryText(values: [String], text: String) {
        #expect(BoundaryText.text(values) == text)
        #expect(BoundaryText.boundary(text) == values)
    }

    @Test("A boundary of any scalars reads back as it was written")
    func anyBoundary() {
        let scalars: [Unicode.Scalar] = [",", "\\", "\u{301}", "\u{200D}", "\r", "\n", "a", "\u{FE0F}", "\0"]
        for first in scalars {
            for second in scalars {
                for third in scalars {
                    let value = String(String.UnicodeScalarView([first, second, third]))
                    for values in [[value], ["1", value], [value, value, ","]] {
                        let back = BoundaryText.boundary(BoundaryText.text(values))
                        #expect(back.map { Array($0.utf8) } == values.map { Array($0.utf8) })
                    }
                }
            }
        }
    }

    @Test(
        "A character set is used unquoted in statements, so it must be a name",
        arguments: [
            ("latin1", true), ("utf8mb4", true), ("latin1) + SLEEP(1", false), ("latin1\u{301}", false), ("", false),
        ])
    func characterSet(name: String, isUsable: Bool) {
        let table = TableStructure(
            engine: "InnoDB", rows: 1,
            columns: [.init(name: "a", type: "char", isNullable: false, characterSet: name, collation: name)],
            keys: [.init(name: "PRIMARY", columns: ["a"], isWalkable: true)])
        #expect((ChunkKey(table) != nil) == isUsable)
    }

    private static func column(_ name: String, _ type: String) -> TableStructure.Column {
        .init(name: name, type: type, isNullable: false)
    }

    @Test("A row's checksum is a hash of its columns, unambiguously delimited, and of which are NULL")
    func rowChecksum() throws {
        let columns = [
            ("id", "bigint"), ("n", "varchar"), ("t", "timestamp"), ("b", "mediumblob"), ("e", "enum"), ("f", "float"),
        ].map(Self.column)
        #expect(
            try RowChecksum(columns: columns).row
                == "SHA2(CONCAT_WS('#', `id`, HEX(`n`), UNIX_TIMESTAMP(`t`), SHA2(`b`, 256), `e` + 0, HEX(`e`), "
                + "SIGN(`f`), ABS(`f` + 0e0), ABS(`f` + 0e0) - (CONCAT(ABS(`f` + 0e0)) + 0e0), "
                + "CONCAT(ISNULL(`id`), ISNULL(`n`), ISNULL(`t`), ISNULL(`b`), ISNULL(`e`), ISNULL(`f`))), 256)")
        #expect(
            try RowChecksum(columns: [Self.column("n", "char")], converting: ["n"]).row
                == "SHA2(CONCAT_WS('#', HEX(CONVERT(`n` USING utf8mb4)), CONCAT(ISNULL(`n`))), 256)")
        #expect(
            try RowChecksum(columns: [Self.column("i", "int")]).chunk
                == "COUNT(*) AS cnt, CONCAT('sha2:', IF(COUNT(*) = 0, 0, SUM(CAST(CONV(LEFT("
                + "SHA2(CONCAT_WS('#', `i`, CONCAT(ISNULL(`i`))), 256), 16), 16, 10) AS UNSIGNED)))) AS crc")
    }

    @Test("A column of an unknown type is not compared", arguments: ["xml", "", "int) + SLEEP(1"])
    func unknownType(type: String) {
        #expect(throws: RowChecksum.UnknownType.self) { try RowChecksum(columns: [Self.column("c", type)]) }
    }

    @Test("The checksum table is recognised in any case, if the server ignores case")
    func itself() {
        let statements = ChecksumTableStatements(table: TableName(database: "Probe_DB", table: "CheckSums"))
        let folded = TableName(database: "probe_db", table: "checksums")
        #expect(statements.isItself(folded, ignoringCase: true))
        #expect(!statements.isItself(folded, ignoringCase: false))
        #expect(statements.isItself(statements.table, ignoringCase: false))
        #expect(!statements.isItself(TableName(database: "probe_db", table: "other"), ignoringCase: true))
    }

    @Test(
        "An impossible delay does not trap",
        arguments: [
            (nil, 0), (3600, 3600), (-1, 0), (.nan, 0), (1e300, 2_147_483_647), (.infinity, 2_147_483_647),
        ] as [(Double?, Int64)])
    func delay(told: Double?, seconds: Int64) {
        #expect(ChecksumRun.delay(told) == .seconds(seconds))
    }
}

@Suite("The pace of chunks")
struct ChunkPaceTests {
    @Test("It converges on the rows that take the target time, and at most doubles")
    func settles() {
        var pace = ChunkPace(target: 0.5, rows: 1000)
        var sizes: [Int] = []
        // 100000 rows per second.
        for _ in 0..<30 {
            pace.done(rows: UInt64(pace.rows), seconds: Double(pace.rows) / 100_000)
            sizes.append(pace.rows)
        }
        #expect(sizes.prefix(3) == [2000, 4000, 8000])
        #expect(abs(sizes[29] - 50_000) < 500)
    }

    @Test("A chunk with fewer rows than asked for does not make later ones larger")
    func fewRows() {
        var pace = ChunkPace(target: 0.5, rows: 1000)
        pace.done(rows: 3, seconds: 0.0001)
        #expect(pace.rows == 1000)
        pace.done(rows: 0, seconds: 1)
        #expect(pace.rows == 1000)
    }

    @Test("Without a target time, chunks have a constant number of rows, which recovers after locks")
    func fixed() {
        var pace = ChunkPace(target: 0, rows: 100)
        pace.done(rows: 100, seconds: 50)
        #expect(pace.rows == 100)
        pace.metLock()
        #expect(pace.rows == 50)
        pace.done(rows: 50, seconds: 1)
        #expect(pace.rows == 100)
    }

    @Test("A slow chunk makes the next one small at once; never less than a row, never more than a million")
    func bounds() {
        var pace = ChunkPace(target: 0.5, rows: 1000)
        pace.done(rows: 1000, seconds: 1000)
        #expect(pace.rows == 1)
        var fast = ChunkPace(target: 0.5, rows: 900_000)
        fast.done(rows: 900_000, seconds: 0.000_001)
        #expect(fast.rows == 1_000_000)
        fast.metLock()
        #expect(fast.rows == 500_000)
        pace.metLock()
        #expect(pace.rows == 1)
    }
}
