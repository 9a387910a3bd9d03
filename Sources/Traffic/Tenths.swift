extension Double {
    /// To display: with one decimal, or none if that is zero.
    var text: String {
        let tenths = (self * 10).rounded()
        guard abs(tenths) < 1e15 else { return "\(self)" }
        let whole = Int64(tenths) / 10
        let fraction = Int64(tenths) % 10
        return fraction == 0 ? "\(whole)" : "\(whole).\(fraction)"
    }
}
