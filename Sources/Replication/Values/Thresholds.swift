/// What the nodes of one replication set are held to.
package struct Thresholds: Sendable, Hashable {
    /// The lag that is still in order.
    package var lag: Duration
    /// How many bytes a replica may be behind its source and still be in order.
    package var bytes: UInt64

    package init(lag: Duration = .seconds(30), bytes: UInt64 = 100_000_000) {
        self.lag = lag
        self.bytes = bytes
    }
}
