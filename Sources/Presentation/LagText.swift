import Topology

extension Lag {
    /// A range where only a range is known.
    var text: String {
        guard method == .observed, let limiting, limiting - seconds >= 1 else { return Amount.seconds(seconds) }
        return "\(Amount.seconds(seconds)) to \(Amount.seconds(limiting))"
    }
}

extension Lag? {
    var words: String { map { "lag \($0.text)" } ?? "lag unknown" }
}
