/// How the last attempt to read the configuration went, for the two gauges that report it.
package struct ReloadRecord: Sendable, Equatable {
    package private(set) var isFresh = true
    /// When the configuration in effect was read, epoch seconds.
    package private(set) var loadedAt: Double

    /// - Parameter time: when the program started and read its first configuration; epoch seconds.
    package init(startedAt time: Double) { loadedAt = time }

    package mutating func succeeded(at time: Double) {
        isFresh = true
        loadedAt = time
    }

    package mutating func failed() { isFresh = false }
}

/// A configuration that did not take effect.
package struct ReloadRefusal: Error, CustomStringConvertible {
    /// At least one; each is one line.
    package let problems: [String]

    package var description: String { problems.joined(separator: "\n") }
}
