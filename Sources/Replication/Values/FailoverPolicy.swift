/// Which of two nodes behind a load balancer should get its requests.
///
/// The preferred node gets them as long as its checks are unbroken. During a gap the standby may have been written to,
/// so after one the preferred node must first have caught up with it.
package struct FailoverPolicy: Sendable, Hashable {
    /// By name.
    package var preferred: String
    package var standby: String
    /// Where the time of the last good check is kept, on the preferred node.
    package var table: TableName
    /// The longest time between two checks that does not count as a gap.
    package var maxGap: Duration
    /// After a gap: the most the preferred node, as a replica of the standby, may lag to serve again.
    package var maxLag: Duration

    package init(
        preferred: String, standby: String, table: TableName, maxGap: Duration = .seconds(20),
        maxLag: Duration = .seconds(1)
    ) {
        self.preferred = preferred
        self.standby = standby
        self.table = table
        self.maxGap = maxGap
        self.maxLag = maxLag
    }
}
