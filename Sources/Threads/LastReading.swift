/// What was last read from files, for callers that cannot wait for a file system that hangs. It counts for a minute: meanwhile
/// others may have changed the files.
package struct LastReading<Value: Sendable>: Sendable {
    /// How long it counts.
    package static var trust: Duration { .seconds(60) }

    package let value: Value
    private let read: ContinuousClock.Instant

    /// - Parameter instant: when it was read.
    package init(_ value: Value, at instant: ContinuousClock.Instant = .now) {
        self.value = value
        read = instant
    }

    /// Whether it still counts. If not, what is in the files is unknown.
    package func counts(at now: ContinuousClock.Instant = .now) -> Bool { read.duration(to: now) <= Self.trust }
}
