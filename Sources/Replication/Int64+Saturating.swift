extension Int64 {
    /// The nearest integer, clamped to the range of `Int64`; 0 for NaN.
    ///
    /// `Int64(_:)` traps on values out of range and on NaN, and a server may send either.
    package init(saturating value: Double) {
        // 2⁶³ itself is out of range; the largest Double below it is not.
        if value.isNaN {
            self = 0
        } else if value >= 0x1p63 {
            self = .max
        } else if value <= -0x1p63 {
            self = .min
        } else {
            self = Int64(value.rounded())
        }
    }
}
