import Testing

@testable import MariaDB

@Suite("Result tables")
struct ResultTableTests {
    private func row(_ cell: String?) -> ResultTable.Row? {
        ResultTable(columns: ["before", "x", "after"], rows: [["b", cell, "a"]]).first
    }

    @Test("Cells keep their positions next to NULL and empty ones")
    func places() {
        let cells: [[String?]] = [[nil, "", "c"], ["a", nil, nil], ["", "b", nil], [nil, nil, nil]]
        let table = ResultTable(columns: ["1", "2", "3"], rows: cells)
        #expect(table.rowCount == 4)
        #expect(table.rows.map { row in ["1", "2", "3"].map(row.text) } == cells)
    }

    @Test("A missing column is nil, and distinguishable from NULL")
    func missing() {
        #expect(row(nil)?.text("x") == nil)
        #expect(row(nil)?.has("x") == true)
        #expect(row("1")?.text("y") == nil)
        #expect(row("1")?.unsigned("y") == nil)
        #expect(row("1")?.has("y") == false)
    }

    @Test(
        "Unsigned whole numbers",
        arguments: [
            ("0", 0), ("007", 7), ("18446744073709551615", UInt64.max), ("18446744073709551616", nil), ("-1", nil),
            ("+1", nil), ("1.0", nil), (" 1", nil), ("1e3", nil), ("", nil), ("٣", nil), (nil, nil),
        ] as [(String?, UInt64?)])
    func unsigned(text: String?, value: UInt64?) {
        #expect(row(text)?.unsigned("x") == value)
    }

    @Test(
        "Signed whole numbers",
        arguments: [
            ("-5", -5), ("9223372036854775807", Int64.max), ("9223372036854775808", nil), ("x", nil), (nil, nil),
        ] as [(String?, Int64?)])
    func integer(text: String?, value: Int64?) {
        #expect(row(text)?.integer("x") == value)
    }

    @Test(
        "Decimal numbers; nil for text that is not a number",
        arguments: [
            ("1763694000.123456", 1_763_694_000.123456), ("-0.5", -0.5), ("nan", nil), ("inf", nil), ("1e999", nil),
            ("", nil), ("0x10 ", nil), (nil, nil), ("0", 0), ("5", 5), ("-12.25", -12.25),
            ("9007199254740991", 0x1p53 - 1), ("9007199254740993", 9_007_199_254_740_992), ("0.1", 0.1),
            ("0.000001", 0.000001), ("1e3", 1000), ("-", nil), (".", nil), ("1.2.3", nil), ("--1", nil), ("1,5", nil),
        ] as [(String?, Double?)])
    func number(text: String?, value: Double?) {
        #expect(row(text)?.number("x") == value)
    }

    @Test("Decimals read digit by digit are the same as the standard library reads", arguments: 0..<20)
    func decimals(seed: UInt64) {
        var state = seed
        for _ in 0..<200 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let digits = "\(state >> (state & 31 + 11))"
            let point = Int(state >> 59) % (digits.count + 1)
            let text = "\(digits.prefix(point)).\(digits.dropFirst(point))"
            let value = Array(text.utf8).withUnsafeBufferPointer(\.shortDecimal)
            if let value { #expect(value == Double(text), "\(text)") }
        }
    }

    @Test(
        "32-bit numbers; a larger one is nil, and does not crash",
        arguments: [("4294967295", UInt32.max), ("4294967296", nil), ("18446744073709551616", nil), ("-1", nil)]
            as [(String?, UInt32?)])
    func unsigned32(text: String?, value: UInt32?) {
        #expect(row(text)?.unsigned32("x") == value)
    }

    @Test(
        "Times; nil for a value that is not a time",
        arguments: [
            ("1763694000.5", 1_763_694_000.5), ("0", 0), ("000000000001e+300", nil), ("-1", nil), ("nan", nil),
            ("100000000001", nil), ("18446744073709551616", nil), (String(repeating: "9", count: 400), nil),
        ] as [(String?, Double?)])
    func time(text: String?, value: Double?) {
        #expect(row(text)?.time("x") == value)
    }

    @Test(
        "Time spans, either way; nil for one longer than history",
        arguments: [
            ("0", 0), ("-1.5", -1.5), ("86400", 86_400), ("1e300", nil), ("-1e300", nil), ("inf", nil), ("nan", nil),
            ("18446744073709551615", nil), ("", nil), (nil, nil),
        ] as [(String?, Double?)])
    func span(text: String?, value: Double?) {
        #expect(row(text)?.span("x") == value)
    }

    @Test(
        "Switches; a state that is neither on nor off is nil",
        arguments: [
            ("Yes", true), ("ON", true), ("1", true), ("TRUE", true), ("No", false), ("OFF", false), ("0", false),
            ("yes", true), ("oN", true), ("true", true), ("FALSE", false), ("\u{11}", nil), ("Y", nil),
            ("Connecting", nil), ("", nil), ("2", nil), (nil, nil),
        ] as [(String?, Bool?)])
    func flag(text: String?, value: Bool?) {
        #expect(row(text)?.flag("x") == value)
    }

    @Test("Bytes that are not UTF-8 still become text")
    func invalidText() {
        var reply = ReplyBuilder(like: .usual)
        [0x61, 0xFF, 0x62].withUnsafeBufferPointer { reply.append(cell: $0) }
        reply.endTable(ColumnNames(["x"]))
        #expect(reply.reply(sent: .now, received: .now, refusal: nil).tables.first?.first?.text("x") == "a\u{FFFD}b")
    }

    @Test("Tables that share memory end where the next begins, also with NULL and empty cells")
    func neighbours() {
        var reply = ReplyBuilder(like: .usual)
        func append(_ text: String?) {
            guard let text else { return reply.append(cell: nil) }
            Array(text.utf8).withUnsafeBufferPointer { reply.append(cell: $0) }
        }
        for cell in ["a", nil] { append(cell) }
        reply.endTable(ColumnNames(["x", "y"]))
        for cell in [nil, "", "b", nil] { append(cell) }
        reply.endTable(ColumnNames(["x", "y"]))
        reply.endTable(.none, affectedRows: 3)
        append("c")
        reply.endTable(ColumnNames(["x"]))
        append("of a table that never ended")
        let tables = reply.reply(sent: .now, received: .now, refusal: nil).tables
        #expect(tables.map { $0.rows.map(\.texts) } == [[["a", nil]], [[nil, ""], ["b", nil]], [], [["c"]]])
        #expect(tables.map(\.affectedRows) == [0, 0, 3, 0])
    }

    @Test("If two columns share a name, the first one counts")
    func duplicates() {
        #expect(ResultTable(columns: ["x", "x"], rows: [["1", "2"]]).first?.text("x") == "1")
        let many = ColumnNames((0..<300).map { "column \($0 / 2)" })
        #expect(many["column 7"] == 14)
    }

    @Test(
        "Every column is found by its name, and no other, however many and however similar they are",
        arguments: [0, 1, 7, 64, 200, 201, 5000])
    func manyColumns(count: Int) {
        let ends = ["", "a", "Ä", "Master_Host", "Replicate_Wild_Do_Table"]
        let names = (0..<count).map { number in
            number % 3 == 0 ? "\(number)" : "prefix_\(number)_\(ends[number % ends.count])_suffix"
        }
        let columns = ColumnNames(names)
        for (index, name) in names.enumerated() { #expect(columns[name] == index) }
        for name in ["", "prefix_", "Prefix_1_a_suffix", "5001"] { #expect(columns[name] == nil) }
    }

    @Test("A table without rows or columns")
    func empty() {
        #expect(ResultTable(columns: ["x"], rows: []).first == nil)
        #expect(ResultTable(columns: [], rows: []).rowCount == 0)
    }
}
