/// Text on its way into a statement.
enum SQLText {
    /// A name in backticks (manual: Schema Object Names).
    static func identifier(_ name: String) -> String {
        "`" + String(name.flatMap { $0 == "`" ? "``" : String($0) }) + "`"
    }

    /// A string literal. What is not plain goes as hexadecimal, which no sql_mode and no character set reads differently.
    static func literal(_ text: String) -> String {
        if text.utf8.allSatisfy(isPlain) { return "'\(text)'" }
        return "_utf8mb4 X'\(hexadecimal(text.utf8))'"
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
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
