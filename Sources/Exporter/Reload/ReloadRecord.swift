/// How the last attempt to read the configuration went, for the two gauges that tell.
struct ReloadRecord: Sendable, Equatable {
    private(set) var isFresh = true
    /// When what runs was read, epoch seconds.
    private(set) var loadedAt: Double

    /// - Parameter time: of the start, when the first configuration was read; epoch seconds.
    init(startedAt time: Double) { loadedAt = time }

    mutating func succeeded(at time: Double) {
        isFresh = true
        loadedAt = time
    }

    mutating func failed() { isFresh = false }
}

/// A configuration that did not take effect.
struct ReloadRefusal: Error, CustomStringConvertible {
    /// At least one, a line each.
    let problems: [String]

    var description: String { problems.joined(separator: "\n") }
}
