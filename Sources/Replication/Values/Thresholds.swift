/// The limits for the nodes of one replication set.
package struct Thresholds: Sendable, Hashable {
    /// The highest acceptable lag.
    package var lag: Duration
    /// The most bytes that a replica may acceptably be behind its source.
    package var bytes: UInt64

    package init(lag: Duration = .seconds(30), bytes: UInt64 = 100_000_000) {
        self.lag = lag
        self.bytes = bytes
    }
}
