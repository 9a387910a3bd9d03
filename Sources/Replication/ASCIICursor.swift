/// Reads server text byte by byte, from left to right.
///
/// The formats read with it (GTIDs, versions, binary log names) are ASCII; any other byte simply matches nothing. Every
/// access is bounds-checked: the text comes from a server that may send anything. It is read in place, not copied: each
/// scrape reads several of these from every node.
struct ASCIICursor {
    typealias Position = String.UTF8View.Index

    private let bytes: String.UTF8View
    private(set) var position: Position

    init(_ text: String) {
        bytes = text.utf8
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    mutating func advance() {
        if position < bytes.endIndex { bytes.formIndex(after: &position) }
    }

    mutating func skipWhitespace() {
        while let byte = current, byte.isASCIIWhitespace { advance() }
    }

    /// Steps over `byte` if it is next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        advance()
        return true
    }

    /// Reads a decimal number of at most `limit`.
    ///
    /// Returns nil without moving if there is no digit, the number is larger, or it starts with a superfluous zero: no
    /// server writes one, and MySQL reads it as octal, so any guess at what was meant could be wrong.
    mutating func takeDecimal(upTo limit: UInt64) -> UInt64? {
        let start = position
        var length = 0
        var value: UInt64 = 0
        while let byte = current, byte.isASCIIDigit {
            let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (next, carried) = tens.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0")))
            guard !tooLarge, !carried, next <= limit else {
                position = start
                return nil
            }
            value = next
            length += 1
            advance()
        }
        guard length > 0, length == 1 || bytes[start] != UInt8(ascii: "0") else {
            position = start
            return nil
        }
        return value
    }

    /// In bytes from the beginning.
    func offset(of position: Position) -> Int { bytes.distance(from: bytes.startIndex, to: position) }

    /// The text at `start`, for an error message: up to the next separator, and shortened, since a server may send
    /// anything.
    func piece(from start: Position) -> String {
        let longest = 40
        let rest = bytes[start...]
        // At a separator, the separator itself is the offending piece.
        let length = max(
            rest.prefix { !$0.isASCIIWhitespace && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: ":") }.count,
            min(1, rest.count))
        let shown = String(decoding: rest.prefix(min(length, longest)), as: UTF8.self)
        return length > longest ? shown + "…" : shown
    }
}

extension UInt8 {
    var isASCIIDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    /// Space, tab, line feed, vertical tab, form feed, carriage return: the bytes that servers skip.
    var isASCIIWhitespace: Bool { self == UInt8(ascii: " ") || (self >= 9 && self <= 13) }

    /// A letter in lower case, any other byte as it is.
    var lowercasedASCII: UInt8 {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
    }

    /// The value of a hexadecimal digit, in either case.
    var hexValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
