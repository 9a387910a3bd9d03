extension Int64 {
    /// The nearest whole number; the bound for what lies beyond it, and 0 for what is not a number.
    ///
    /// `Int64(_:)` ends the process on any of these, and a number that comes from a server may be any.
    package init(saturating value: Double) {
        // 2⁶³ itself is beyond; the largest Double below it is not.
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
