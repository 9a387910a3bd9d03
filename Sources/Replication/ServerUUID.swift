/// A MySQL `server_uuid`, as its 128 bits.
package struct ServerUUID: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// The form `3e11fa47-71ca-11e1-9e33-c80aa9429562`, in either case; nil for any other.
    package init?(_ text: String) {
        var cursor = ASCIICursor(text)
        self.init(from: &cursor)
        guard cursor.isAtEnd else { return nil }
    }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the 36 characters at the cursor. Nil if they are not a UUID; the cursor is then left somewhere among them.
    init?(from cursor: inout ASCIICursor) {
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        for digit in 0..<32 {
            if Self.hasDash(before: digit), !cursor.take(UInt8(ascii: "-")) { return nil }
            guard let value = cursor.current?.hexValue else { return nil }
            cursor.advance()
            if digit < 16 {
                halves.high = halves.high << 4 | UInt64(value)
            } else {
                halves.low = halves.low << 4 | UInt64(value)
            }
        }
        self.init(high: halves.high, low: halves.low)
    }

    private static func hasDash(before digit: Int) -> Bool {
        digit == 8 || digit == 12 || digit == 16 || digit == 20
    }
}

extension ServerUUID: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension ServerUUID: CustomStringConvertible {
    /// 36 characters, in lower case.
    package var description: String {
        var text = ""
        for digit in 0..<32 {
            if Self.hasDash(before: digit) { text += "-" }
            let half = digit < 16 ? high : low
            let value = half >> UInt64(60 - digit % 16 * 4) & 0xf
            text += String(value, radix: 16)
        }
        return text
    }
}
