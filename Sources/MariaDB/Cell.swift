/// What a cell means, read from its bytes.
extension UnsafeBufferPointer<UInt8> {
    /// Whether these bytes spell an ASCII word, which is given in lower case; ignores case.
    func reads(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        for index in indices {
            let byte = self[index]
            let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            if (isCapital ? byte | 0x20 : byte) != word.utf8Start[index] { return false }
        }
        return true
    }

    /// The value of digits and nothing else, up to the largest `UInt64`.
    var wholeNumber: UInt64? {
        guard !isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in self {
            guard let digit = byte.digit else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            value = sum
        }
        return value
    }

    /// Digits with at most one decimal point, read as a number below 2^53 divided by a power of ten: both are exact, so their
    /// quotient is correctly rounded. Nil for anything else, even if it is a number.
    var shortDecimal: Double? {
        let isNegative = first == UInt8(ascii: "-")
        var digits: UInt64 = 0
        var count = 0
        var pointAfter: Int?
        for byte in dropFirst(isNegative ? 1 : 0) {
            if let digit = byte.digit {
                digits = digits &* 10 &+ digit
                count += 1
                if count > 19 { return nil }
            } else if byte == UInt8(ascii: "."), pointAfter == nil, count > 0 {
                pointAfter = count
            } else {
                return nil
            }
        }
        guard count > 0, pointAfter != count, digits < 1 << 53 else { return nil }
        var scale = 1.0
        for _ in 0..<(pointAfter.map { count - $0 } ?? 0) { scale *= 10 }
        let value = Double(digits) / scale
        return isNegative ? -value : value
    }
}

extension UInt8 {
    fileprivate var digit: UInt64? {
        self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") ? UInt64(self - UInt8(ascii: "0")) : nil
    }
}
