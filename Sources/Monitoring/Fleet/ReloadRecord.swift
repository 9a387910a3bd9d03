/// How the last attempt to read the configuration went, for the two gauges that tell.
package struct ReloadRecord: Sendable, Equatable {
    package private(set) var isFresh = true
    /// When what runs was read, epoch seconds.
    package private(set) var loadedAt: Double

    /// - Parameter time: of the start, when the first configuration was read; epoch seconds.
    package init(startedAt time: Double) { loadedAt = time }

    package mutating func succeeded(at time: Double) {
        isFresh = true
        loadedAt = time
    }

    package mutating func failed() { isFresh = false }
}

/// A configuration that did not take effect.
package struct ReloadRefusal: Error, CustomStringConvertible {
    /// At least one, a line each.
    package let problems: [String]

    package var description: String { problems.joined(separator: "\n") }
}
