import Replication
import Testing

@testable import MariaDB

/// Quoted text is read back by a parser that follows the manuals' rules byte by byte, and shares no code with the program.
@Suite("Quoting for SQL")
struct SQLTextTests {
    /// The scalars that are likely to cause trouble, and any others.
    static let dangerous: [Unicode.Scalar] = [
        "`", "'", "\"", "\\", "\0", "\r", "\n", ";", "#", "-", "/", "*", "?", "|", ",", "=", ".", " ", "a", "é",
        "\u{301}",
        "\u{327}", "\u{200D}", "\u{FE0F}", "\u{1F468}", "\u{1F3FD}", "\u{2028}", "\u{60}", "\u{FF07}", "\u{2019}",
        "\u{BF}",
        "\u{5C}", "\u{A0}", "\u{10FFFF}",
    ]

    static let texts: [String] = {
        var random = SplitMix(state: 20260117)
        var texts = ["", "`", "`\u{301}", "a`\u{301};create table percona.pwn select user() u,@@hostname h#"]
        for length in 1...12 {
            for _ in 0..<300 {
                var text = String.UnicodeScalarView()
                for _ in 0..<length {
                    let any = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random))
                    text.append(
                        Int.random(in: 0..<8, using: &random) == 0
                            ? any ?? "x" : dangerous[Int.random(in: 0..<dangerous.count, using: &random)])
                }
                texts.append(String(text))
            }
        }
        return texts
    }()

    @Test("An identifier is read back unchanged, and ends where it should")
    func identifiers() throws {
        for text in Self.texts {
            var parser = MySQLParser("\(SQLText.identifier(text)).\(SQLText.identifier(text)) WHERE")
            let database = parser.quoted(by: "`")
            let hasDot = parser.take(".")
            let table = parser.quoted(by: "`")
            #expect(database == Array(text.utf8) && hasDot && table == Array(text.utf8))
            #expect(parser.rest == " WHERE")
        }
    }

    @Test("A literal is read back unchanged, whether backslashes escape or not", arguments: [true, false])
    func literals(escapes: Bool) throws {
        for text in Self.texts {
            var parser = MySQLParser("\(SQLText.literal(text)), 'DO 0'", backslashEscapes: escapes)
            let value = parser.literal()
            #expect(value == Array(text.utf8))
            #expect(parser.rest == ", 'DO 0'")
        }
    }

    @Test("An account's name is read back unchanged, whether backslashes escape or not", arguments: [true, false])
    func accounts(escapes: Bool) throws {
        for text in Self.texts {
            var parser = MySQLParser("\(SQLText.accountPart(text))@'%'", backslashEscapes: escapes)
            let quote: Unicode.Scalar = SQLText.accountPart(text).utf8.first == UInt8(ascii: "'") ? "'" : "`"
            let value = parser.quoted(by: quote)
            #expect(value == Array(text.utf8))
            #expect(parser.rest == "@'%'")
        }
        #expect(SQLText.accountPart("exporter") == "'exporter'")
        #expect(SQLText.accountPart("10.0.170.%") == "'10.0.170.%'")
        #expect(SQLText.accountPart("o'b\\") == "`o'b\\`")
    }

    @Test("Table names are compared by bytes")
    func names() {
        let composed = TableName(database: "s", table: "\u{E9}")
        let decomposed = TableName(database: "s", table: "e\u{301}")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(decomposed < composed)
        #expect(TableName(database: "a", table: "b") == TableName(database: "a", table: "b"))
        #expect(TableName(database: "a`\u{301}", table: "b").quoted == "`a``\u{301}`.`b`")
    }
}

/// The manuals' "String Literals" and "Schema Object Names", over bytes.
struct MySQLParser {
    private let bytes: [UInt8]
    private var index = 0
    private let backslashEscapes: Bool

    init(_ text: String, backslashEscapes: Bool = true) {
        bytes = Array(text.utf8)
        self.backslashEscapes = backslashEscapes
    }

    var rest: String { String(decoding: bytes[index...], as: UTF8.self) }

    mutating func take(_ text: String) -> Bool {
        guard bytes[index...].starts(with: text.utf8) else { return false }
        index += text.utf8.count
        return true
    }

    /// Nil if there are no quotes, or none at the end.
    mutating func quoted(by quote: Unicode.Scalar) -> [UInt8]? {
        let quote = UInt8(quote.value)
        guard index < bytes.count, bytes[index] == quote else { return nil }
        index += 1
        var value: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == quote {
                guard index < bytes.count, bytes[index] == quote else { return value }
                value.append(quote)
                index += 1
            } else if byte == UInt8(ascii: "\\"), backslashEscapes, quote != UInt8(ascii: "`") {
                guard index < bytes.count else { return nil }
                value.append(Self.escaped(bytes[index]))
                index += 1
            } else {
                value.append(byte)
            }
        }
        return nil
    }

    mutating func literal() -> [UInt8]? {
        guard take("_utf8mb4 X") else { return quoted(by: "'") }
        guard let digits = quoted(by: "'"), digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) ?? 0
        }
    }

    private static func escaped(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0"): 0
        case UInt8(ascii: "b"): 8
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "r"): 13
        case UInt8(ascii: "t"): 9
        case UInt8(ascii: "Z"): 26
        default: byte
        }
    }
}

/// The same numbers for the same seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
