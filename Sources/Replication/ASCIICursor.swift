/// Reads server text byte by byte, from left to right.
///
/// The formats read with it (GTIDs, versions, binary log names) are ASCII; any other byte simply matches nothing. The
/// bytes are copied once, which costs little beside reading them and keeps every access bounds-checked: the text
/// comes from a server that may send anything.
struct ASCIICursor {
    private let bytes: [UInt8]
    private(set) var index = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    var isAtEnd: Bool { index == bytes.count }

    var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func advance() {
        if index < bytes.count { index += 1 }
    }

    mutating func skipWhitespace() {
        while let byte = current, byte.isASCIIWhitespace { index += 1 }
    }

    /// Steps over `byte` if it is next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        index += 1
        return true
    }

    /// Reads a decimal number of at most `limit`.
    ///
    /// Returns nil without moving if there is no digit, the number is larger, or it starts with a superfluous zero: no
    /// server writes one, and MySQL reads it as octal, so any guess at what was meant could be wrong.
    mutating func takeDecimal(upTo limit: UInt64) -> UInt64? {
        let start = index
        var value: UInt64 = 0
        while let byte = current, byte.isASCIIDigit {
            let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (next, carried) = tens.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0")))
            guard !tooLarge, !carried, next <= limit else {
                index = start
                return nil
            }
            value = next
            index += 1
        }
        let length = index - start
        guard length > 0, length == 1 || bytes[start] != UInt8(ascii: "0") else {
            index = start
            return nil
        }
        return value
    }

    /// The text at `start`, for an error message: up to the next separator, and shortened, since a server may send
    /// anything.
    func piece(from start: Int) -> String {
        let longest = 40
        let end = bytes[start...].firstIndex {
            $0.isASCIIWhitespace || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ":")
        }
        // At a separator, the separator itself is the offending piece.
        let stop = max(end ?? bytes.count, min(start + 1, bytes.count))
        let shown = String(decoding: bytes[start..<min(stop, start + longest)], as: UTF8.self)
        return stop - start > longest ? shown + "…" : shown
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
