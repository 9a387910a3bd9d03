extension UInt64 {
    /// The sum, or the largest value on overflow. A sum of bogus sizes or counts from a server must not trap.
    package func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
