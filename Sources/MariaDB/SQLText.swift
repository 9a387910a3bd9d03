/// Names and values on their way into a statement: the one place that quotes.
///
/// It works on bytes, as servers do. A Swift `Character` may be a quote followed by a combining mark, which compares unequal to
/// the quote and yet ends a string on the server.
package enum SQLText {
    private static let backtick = UInt8(ascii: "`")

    /// A name in backticks (manual: Schema Object Names). Whatever the `sql_mode`, only the backtick is special there.
    package static func identifier(_ name: String) -> String {
        var bytes = [backtick]
        for byte in name.utf8 {
            if byte == backtick { bytes.append(backtick) }
            bytes.append(byte)
        }
        bytes.append(backtick)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A string literal. Anything but plain ASCII is written in hexadecimal, which every `sql_mode` and character set reads the
    /// same way.
    package static func literal(_ text: String) -> String {
        if text.utf8.allSatisfy(isPlain) { return "'\(text)'" }
        return "_utf8mb4 X'\(hexadecimal(text.utf8))'"
    }

    /// The user or the host of an account, for a person to read (manual: Specifying Account Names). Single quotes where the
    /// name is plain. Otherwise backticks: whether a backslash escapes inside single quotes depends on NO_BACKSLASH_ESCAPES,
    /// and an account name cannot be written in hexadecimal.
    package static func accountPart(_ name: String) -> String {
        name.utf8.allSatisfy { $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\\") } ? "'\(name)'" : identifier(name)
    }

    package static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: " "),
            UInt8(ascii: ","), UInt8(ascii: "$"), UInt8(ascii: "@"):
            true
        default: false
        }
    }
}
