extension UInt64 {
    /// The sum, or the largest value where it does not fit. A sum of sizes or counts that a lying server blew up must
    /// not trap.
    package func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
